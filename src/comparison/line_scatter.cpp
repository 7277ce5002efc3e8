#include "line_scatter.hpp"

#include <cmath>

#include "popshot/mean_field/population.hpp"
#include "popshot/model/heterogeneity.hpp"

namespace popshot::comparison {

namespace {

/// Quantiles that stand for the density.
constexpr std::size_t grid = 4096;

/// The number of harmonics k nu in low..high; where they are many, their mean number.
double harmonics(double nu, double low, double high) {
  const double first = low / nu;
  const double last = high / nu;
  constexpr double many = 50.0;
  if (last - first > many) return last - first;
  return std::floor(last) - std::ceil(first) + 1.0;
}

}  // namespace

std::vector<double> line_scatter(const model::Model& model, const mean_field::OperatingPoint& point,
                                 const std::vector<std::size_t>& parts, const std::vector<double>& low,
                                 const std::vector<double>& high, const std::vector<double>& gain) {
  const std::size_t bands = low.size();
  std::vector<double> power(bands + 1, 0.0);
  std::vector<double> variance(bands + 1, 0.0);
  for (const std::size_t part : parts) {
    const auto& population = model.populations[part];
    const bool lines = std::holds_alternative<model::NoNoise>(population.noise);
    const mean_field::SingleNeuron neuron(population);
    const double input = point.input(static_cast<Eigen::Index>(part));
    // The part's N neurons contribute N <w> to the power and N <w^2> to its variance, in units of one neuron's share.
    const double neurons = static_cast<double>(population.size) / static_cast<double>(grid);
    for (std::size_t j = 0; j < grid; ++j) {
      const double p = (static_cast<double>(j) + 0.5) / static_cast<double>(grid);
      const double nu = neuron.rate(model::quantile(population.heterogeneity, p) + input);
      if (!(nu > 0.0)) continue;
      double total = 0.0;
      for (std::size_t b = 0; b < bands; ++b) {
        const double weight = nu * nu * harmonics(nu, low[b], high[b]);
        total += gain[b] * weight;
        power[b] += neurons * weight;
        if (lines) variance[b] += neurons * weight * weight;
      }
      power[bands] += neurons * total;
      if (lines) variance[bands] += neurons * total * total;
    }
  }
  std::vector<double> result(bands + 1, 0.0);
  for (std::size_t b = 0; b <= bands; ++b) {
    // A band without lines in the grid has at most one neuron to speak of.
    result[b] = power[b] > 0.0 ? variance[b] / (power[b] * power[b]) : 0.0;
  }
  return result;
}

}  // namespace popshot::comparison
