#include "popshot/theory/mean_rate.hpp"

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "popshot/model/heterogeneity.hpp"
#include "popshot/model/synapse.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;

/// Midpoints of [0, inf) under x = scale u/(1 - u), with the weights dx.
struct HalfLine {
  std::vector<double> x;
  std::vector<double> weight;

  HalfLine(std::size_t points, double scale) {
    for (std::size_t i = 0; i < points; ++i) {
      const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(points);
      x.push_back(scale * u / (1.0 - u));
      weight.push_back(scale / ((1.0 - u) * (1.0 - u)) / static_cast<double>(points));
    }
  }
};

/// Power spectral density of the input current to population k at the given frequencies: (M S M^dagger)_kk.
std::vector<double> input_spectrum(const Eigen::MatrixXd& coupling, const Spectrum& spectrum, Eigen::Index k) {
  std::vector<double> values;
  const Eigen::RowVectorXcd row = coupling.row(k).cast<std::complex<double>>();
  for (const auto& density : spectrum.density) values.push_back((row * density * row.adjoint()).value().real());
  return values;
}

}  // namespace

Eigen::VectorXd own_echo(const model::Model& model, const mean_field::OperatingPoint& point, double time_step) {
  constexpr std::size_t neuron_points = 1000;
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  const Eigen::MatrixXcd identity = Eigen::MatrixXcd::Identity(count, count);
  Eigen::VectorXd direct = Eigen::VectorXd::Zero(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const double tau = population.tau;
    const double input = point.input(k);
    // Neuron by neuron: w = sqrt(eta + I), rate nu = w/(pi tau), density 2 w g(w^2 - I), nu d nu/d I = 1/(2 pi^2
    // tau^2).
    const HalfLine neurons(neuron_points, std::abs(mean_field::stationary_state_variable(population, input)));
    for (std::size_t i = 0; i < neuron_points; ++i) {
      const double w = neurons.x[i];
      const double nu = w / (pi * tau);
      const Eigen::MatrixXcd gain = loop_gain(model, point, nu, time_step);
      const Eigen::MatrixXcd echo = coupling.cast<std::complex<double>>() * (identity - gain).inverse();
      const double shift = -(echo(k, k) * model::delivery(nu, time_step)).real() /
                           (2.0 * pi * pi * tau * tau * static_cast<double>(population.size));  // (29)
      direct(k) += neurons.weight[i] * 2.0 * w * model::density(population.heterogeneity, w * w - input) * shift;
    }
  }
  return direct;
}

Eigen::VectorXd mean_rate_shift(const model::Model& model, const mean_field::OperatingPoint& point, double time_step) {
  constexpr std::size_t frequency_points = 4000;
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  Eigen::VectorXd direct = own_echo(model, point, time_step);
  Eigen::VectorXd slope(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const double tau = population.tau;
    const double input = point.input(k);
    slope(k) = mean_field::stationary_rate_slope(population, input);

    // Noise of the input, in second order: x2 = -<x1^2>/(2 x0) with x1 = dI/(2 pi i f tau - 2 x0), exact for the
    // Lorentzian population as a whole, neurons at their threshold included. (28)
    const std::complex<double> x0 = mean_field::stationary_state_variable(population, input);
    const HalfLine frequencies(frequency_points, std::abs(x0) / (pi * tau));
    const auto spectra = shot_noise(model, point, frequencies.x, {.time_step = time_step}).total;
    const auto noise = input_spectrum(coupling, spectra, k);
    std::complex<double> square = 0.0;
    for (std::size_t m = 0; m < frequency_points; ++m) {
      const double omega = 2.0 * pi * tau * frequencies.x[m];
      square += 2.0 * frequencies.weight[m] * noise[m] / (4.0 * x0 * x0 + omega * omega);
    }
    direct(k) -= (square / (2.0 * x0)).imag() / (pi * tau);
  }
  const Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(count, count) - slope.asDiagonal() * coupling;
  return jacobian.partialPivLu().solve(direct);
}

}  // namespace popshot::theory
