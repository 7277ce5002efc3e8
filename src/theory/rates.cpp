#include "rates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "popshot/mean_field/population.hpp"

namespace popshot::theory {

namespace {

using Eigen::Index;

/// Nodes of densities to this accuracy.
constexpr double accuracy = 1e-6;

}  // namespace

double smallest_tau(const model::Model& model) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const auto& population : model.populations) smallest = std::min(smallest, population.tau);
  return smallest;
}

model::Population simplified(model::Population population) {
  if (const auto* noise = std::get_if<model::GaussianNoise>(&population.noise)) {
    population.noise = model::CauchyNoise{std::pow(noise->intensity, 2.0 / 3.0)};
  }
  return population;
}

Eigen::VectorXd estimated_rates(const model::Model& model, const Eigen::VectorXd& extra, double start) {
  constexpr int iterations = 60;
  const auto count = static_cast<Index>(model.populations.size());
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  std::vector<mean_field::ComplexNeurons> neurons;
  Eigen::VectorXd rate(count);
  for (const auto& population : model.populations) neurons.emplace_back(simplified(population), accuracy);
  for (Index k = 0; k < count; ++k) rate(k) = start / model.populations[static_cast<std::size_t>(k)].tau;
  for (int i = 0; i < iterations; ++i) {
    const Eigen::VectorXd synaptic = coupling * rate;
    for (Index k = 0; k < count; ++k) {
      const auto index = static_cast<std::size_t>(k);
      const double input = constant_current(model, index) + extra(k) + synaptic(k);
      rate(k) = 0.5 * (rate(k) + neurons[index].rate(input));
    }
  }
  return rate;
}

std::optional<mean_field::OperatingPoint> state_near_estimate(const model::Model& model, double start) {
  constexpr int iterations = 50;
  constexpr double enough = 1e-10;
  const auto count = static_cast<Index>(model.populations.size());
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  Eigen::VectorXd constant(count);
  std::vector<mean_field::ComplexNeurons> neurons;
  for (Index k = 0; k < count; ++k) {
    const auto index = static_cast<std::size_t>(k);
    constant(k) = constant_current(model, index);
    neurons.emplace_back(simplified(model.populations[index]), accuracy);
  }
  Eigen::VectorXd rate = estimated_rates(model, Eigen::VectorXd::Zero(count), start);
  for (int i = 0; i < iterations; ++i) {
    const Eigen::VectorXd input = constant + coupling * rate;
    Eigen::VectorXd miss(count);
    Eigen::MatrixXd jacobian = -coupling;
    for (Index k = 0; k < count; ++k) {
      const auto& population = neurons[static_cast<std::size_t>(k)];
      miss(k) = rate(k) - population.rate(input(k));
      jacobian.row(k) *= population.slope(input(k));
      jacobian(k, k) += 1.0;
    }
    if (!miss.allFinite()) return std::nullopt;
    if (miss.cwiseAbs().maxCoeff() <= enough * rate.cwiseAbs().maxCoeff()) {
      return mean_field::OperatingPoint{rate, input};
    }
    const Eigen::VectorXd change = jacobian.partialPivLu().solve(miss);
    // Rates are positive, and no step takes more than most of one away.
    rate = (rate - change).cwiseMax(0.1 * rate);
  }
  return std::nullopt;
}

}  // namespace popshot::theory
