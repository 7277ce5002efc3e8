#include "popshot/theory/shot_noise.hpp"

#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/model/heterogeneity.hpp"
#include "popshot/model/synapse.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

}  // namespace

double firing_rate_density(const model::Population& population, double input, double nu) {
  // eta = (pi tau nu)^2 - input, d eta / d nu = 2 (pi tau)^2 nu
  const double scale = pi * population.tau;
  return 2.0 * scale * scale * nu * model::density(population.heterogeneity, scale * scale * nu * nu - input);
}

double uncoupled_spectrum(const model::Population& population, double input, double f) {
  f = std::abs(f);
  if (f == 0.0) return 0.0;
  // q(k) = p(f/k) (f/k)^2 / k is summed up to `last`; beyond, p is smooth and the Euler-Maclaurin formula gives the
  // rest, whose integral is that of p(nu) nu over 0 < nu < f/last.
  const auto term = [&](double k) {
    const double nu = f / k;
    return firing_rate_density(population, input, nu) * nu * nu / k;
  };
  // The width in nu over which p varies is about sqrt(Delta)/(pi tau) or larger.
  const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
  const double width = std::sqrt(g.half_width) / (pi * population.tau);
  const double last = 32.0 + std::ceil(16.0 * f / width);
  double sum = 0.0;
  for (double k = 1.0; k < last; k += 1.0) sum += term(k);
  // Half of the last term, the integral of the tail (four-point Gauss-Legendre on nu in [0, f/last], where the
  // integrand is almost a pure square), and the first correction from the derivative.
  constexpr std::array node{0.06943184420297371, 0.33000947820757187, 0.66999052179242813, 0.93056815579702629};
  constexpr std::array weight{0.17392742256872693, 0.32607257743127307, 0.32607257743127307, 0.17392742256872693};
  const double edge = f / last;
  double tail = 0.0;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const double nu = edge * node[i];
    tail += edge * weight[i] * firing_rate_density(population, input, nu) * nu;
  }
  const double slope = (term(last + 0.5) - term(last - 0.5));
  return sum + 0.5 * term(last) + tail - slope / 12.0;
}

double uncoupled_spectrum_tail(const model::Population& population, double input, double f) {
  const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
  return mean_field::stationary_rate(population, input) -
         g.half_width / (pi * pi * pi * population.tau * population.tau * std::abs(f));
}

Eigen::MatrixXcd loop_gain(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                           double time_step) {
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  const Complex synapse = model::delivery(f, time_step);
  Eigen::MatrixXcd gain(coupling.rows(), coupling.cols());
  for (Eigen::Index k = 0; k < coupling.rows(); ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const Complex response = mean_field::linear_response(population, point.input(k), Complex{0.0, 2.0 * pi * f});
    for (Eigen::Index l = 0; l < coupling.cols(); ++l) gain(k, l) = response * coupling(k, l) * synapse;
  }
  return gain;
}

Eigen::MatrixXcd response_matrix(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                                 double time_step) {
  const auto count = point.input.size();
  Eigen::VectorXcd response(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    response(k) = mean_field::linear_response(population, point.input(k), Complex{0.0, 2.0 * pi * f});
  }
  const Eigen::MatrixXcd loop = Eigen::MatrixXcd::Identity(count, count) - loop_gain(model, point, f, time_step);
  return loop.partialPivLu().solve(Eigen::MatrixXcd(response.asDiagonal()));
}

ShotNoise shot_noise(const model::Model& model, const mean_field::OperatingPoint& point,
                     const std::vector<double>& frequencies, const Options& options) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXcd identity = Eigen::MatrixXcd::Identity(count, count);
  ShotNoise result;
  result.uncoupled.frequency = result.induced.frequency = result.total.frequency = frequencies;
  for (const double f : frequencies) {
    Eigen::MatrixXcd uncoupled = Eigen::MatrixXcd::Zero(count, count);
    for (Eigen::Index k = 0; k < count; ++k) {
      const auto& population = model.populations[static_cast<std::size_t>(k)];
      if (options.uncoupled) {
        uncoupled(k, k) = options.uncoupled(static_cast<std::size_t>(k), f);
        continue;
      }
      const double per_neuron = options.noise == Noise::shot ? uncoupled_spectrum(population, point.input(k), f)
                                                             : mean_field::stationary_rate(population, point.input(k));
      uncoupled(k, k) = per_neuron / static_cast<double>(population.size);
    }
    const Eigen::MatrixXcd gain = loop_gain(model, point, f, options.time_step);
    const Eigen::MatrixXcd amplification = (identity - gain).partialPivLu().inverse();
    const Eigen::MatrixXcd transfer = gain * amplification;
    result.uncoupled.density.push_back(uncoupled);
    result.induced.density.push_back(transfer * uncoupled * transfer.adjoint());
    result.total.density.push_back(amplification * uncoupled * amplification.adjoint());
  }
  return result;
}

}  // namespace popshot::theory
