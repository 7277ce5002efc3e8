#include "popshot/theory/mean_rate.hpp"

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "popshot/model/heterogeneity.hpp"
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

Eigen::VectorXd mean_rate_shift(const model::Model& model, const mean_field::OperatingPoint& point, double time_step) {
  constexpr std::size_t frequency_points = 4000;
  constexpr std::size_t neuron_points = 400;
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  const Eigen::MatrixXcd identity = Eigen::MatrixXcd::Identity(count, count);
  Eigen::VectorXd direct = Eigen::VectorXd::Zero(count);
  Eigen::VectorXd slope(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const double tau = population.tau;
    const double input = point.input(k);
    slope(k) = mean_field::stationary_rate_slope(population, input);

    // Neurons by w = sqrt(eta + I): rate nu = w/(pi tau), d nu / d I = 1/(2 pi tau w), density 2 w g(w^2 - I).
    const double scale = std::abs(mean_field::stationary_state_variable(population, input));
    const HalfLine neurons(neuron_points, scale);
    const HalfLine frequencies(frequency_points, scale / (pi * tau));
    const auto noise = input_spectrum(coupling, shot_noise(model, point, frequencies.x).total, k);
    std::vector<double> nu;
    for (const double w : neurons.x) nu.push_back(w / (pi * tau));
    const auto noise_at_nu = input_spectrum(coupling, shot_noise(model, point, nu).total, k);

    for (std::size_t i = 0; i < neuron_points; ++i) {
      const double w = neurons.x[i];
      const double sensitivity = 1.0 / (2.0 * pi * tau * w);
      // Own echo: the input that spikes of this population's neurons make, seen in phase with them. (28)
      const Eigen::MatrixXcd gain = loop_gain(model, point, nu[i], time_step);
      const std::complex<double> delivery =
          nu[i] * time_step == 0.0 ? 1.0
                                   : std::sin(pi * nu[i] * time_step) / (pi * nu[i] * time_step) *
                                         std::polar(1.0, -pi * nu[i] * time_step);
      const Eigen::MatrixXcd echo = coupling.cast<std::complex<double>>() * (identity - gain).inverse() * delivery;
      double shift = -sensitivity * nu[i] / static_cast<double>(population.size) * echo(k, k).real();
      // Noise: PV of S(f) nu/(nu^2 - f^2) over f > 0, from which the vanishing PV of S(nu) nu/(nu^2 - f^2) is taken. (29)
      double principal = 0.0;
      for (std::size_t m = 0; m < frequency_points; ++m) {
        const double f = frequencies.x[m];
        const double distance = nu[i] - f;
        if (std::abs(distance) < 1e-9 * nu[i]) continue;
        principal += frequencies.weight[m] * (noise[m] - noise_at_nu[i]) * nu[i] / (distance * (nu[i] + f));
      }
      shift -= sensitivity * sensitivity * principal;
      direct(k) += neurons.weight[i] * 2.0 * w * model::density(population.heterogeneity, w * w - input) * shift;
    }
  }
  const Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(count, count) - slope.asDiagonal() * coupling;
  return jacobian.partialPivLu().solve(direct);
}

}  // namespace popshot::theory
