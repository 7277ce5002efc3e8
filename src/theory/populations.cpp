#include "populations.hpp"

#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <cmath>
#include <memory>
#include <numbers>
#include <variant>

#include "popshot/mean_field/population.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// A response at real frequencies as cubic splines on a grid f = scale sinh(u), to about 1e-7.
std::function<Complex(double)> tabulated(const std::function<Complex(double)>& response, double scale, double highest) {
  using Spline = boost::math::interpolators::cardinal_cubic_b_spline<double>;
  constexpr std::size_t points = 600;
  const double spacing = 1.0001 * std::asinh(highest / scale) / static_cast<double>(points - 1);
  std::vector<double> real(points);
  std::vector<double> imaginary(points);
  for (std::size_t i = 0; i < points; ++i) {
    const Complex value = response(scale * std::sinh(spacing * static_cast<double>(i)));
    real[i] = value.real();
    imaginary[i] = value.imag();
  }
  const auto re = std::make_shared<Spline>(real.begin(), real.end(), 0.0, spacing);
  const auto im = std::make_shared<Spline>(imaginary.begin(), imaginary.end(), 0.0, spacing);
  return [=](double f) {
    const double u = std::asinh(std::abs(f) / scale);
    return Complex{(*re)(u), f < 0.0 ? -(*im)(u) : (*im)(u)};
  };
}

}  // namespace

Populations::Populations(const model::Model& model, const mean_field::OperatingPoint& point, double highest)
    : model_(model) {
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    const double input = point.input(static_cast<Eigen::Index>(k));
    const mean_field::Response exact(population, input);
    const auto at = [exact](double f) { return exact(Complex{0.0, 2.0 * pi * f}); };
    if (highest > 0.0 && std::holds_alternative<model::GaussianNoise>(population.noise)) {
      const double rest = std::abs(mean_field::stationary_state_variable(population, input));
      response_.push_back(tabulated(at, 0.1 * rest / (pi * population.tau), highest));
    } else {
      response_.emplace_back(at);
    }
  }
}

Eigen::VectorXcd Populations::response(double f) const {
  Eigen::VectorXcd result(static_cast<Eigen::Index>(response_.size()));
  for (Eigen::Index k = 0; k < result.size(); ++k) {
    result(k) = response_[static_cast<std::size_t>(k)](f);
  }
  return result;
}

Eigen::MatrixXcd Populations::loop_gain(const Eigen::VectorXcd& response, double f) const {
  return response.asDiagonal() * mean_field::coupling_matrix(model_, Complex{0.0, 2.0 * pi * f});
}

std::vector<std::function<double(double)>> uncoupled_densities(const model::Model& model,
                                                               const mean_field::OperatingPoint& point,
                                                               const Options& options) {
  std::vector<std::function<double(double)>> noise;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    const double input = point.input(static_cast<Eigen::Index>(k));
    const double neurons = static_cast<double>(population.size);
    if (options.uncoupled) {
      noise.emplace_back([uncoupled = options.uncoupled, k](double f) { return uncoupled(k, f); });
    } else if (options.noise == Noise::white) {
      noise.emplace_back([value = mean_field::stationary_rate(population, input) / neurons](double) { return value; });
    } else {
      noise.emplace_back(
          [density = UncoupledSpectrum(population, input), neurons](double f) { return density(f) / neurons; });
    }
  }
  return noise;
}

}  // namespace popshot::theory
