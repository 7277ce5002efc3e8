#include "popshot/theory/mean_rate.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "popshot/mean_field/population.hpp"
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

/// The power spectral densities of the input currents to all populations, [frequency](population): G S0 G^dagger of the
/// activities, G = M (1-K)^-1, and (1 + G H) S_I (1 + G H)^dagger of random stimuli, which come with their
/// consequences.
std::vector<Eigen::VectorXd> input_spectra(const model::Model& model, const mean_field::OperatingPoint& point,
                                           const std::vector<double>& frequency) {
  model::Model quiet = model;
  std::erase_if(quiet.stimuli, model::is_random);
  const auto spectra = shot_noise(quiet, point, frequency).total;
  const auto count = point.input.size();
  std::vector<Eigen::VectorXd> values;
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    const double f = frequency[i];
    const Eigen::MatrixXcd coupling = mean_field::coupling_matrix(model, std::complex<double>{0.0, 2.0 * pi * f});
    Eigen::VectorXd diagonal(count);
    const Eigen::MatrixXcd received = coupling * spectra.density[i];
    for (Eigen::Index k = 0; k < count; ++k) diagonal(k) = received.row(k).dot(coupling.row(k)).real();
    for (const auto& stimulus : model.stimuli) {
      const double power = stimulus_spectrum(stimulus, f);
      if (power == 0.0) continue;
      Eigen::VectorXcd current = Eigen::VectorXcd::Zero(count);
      for (Eigen::Index k = 0; k < count; ++k) {
        if (receives(model, static_cast<std::size_t>(k), stimulus)) current(k) = 1.0;
      }
      current += coupling * (response_matrix(model, point, f) * current);
      diagonal += power * current.cwiseAbs2();
    }
    values.push_back(std::move(diagonal));
  }
  return values;
}

}  // namespace

Eigen::VectorXd own_echo(const model::Model& model, const mean_field::OperatingPoint& point) {
  constexpr std::size_t neuron_points = 1000;
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXcd identity = Eigen::MatrixXcd::Identity(count, count);
  Eigen::VectorXd direct = Eigen::VectorXd::Zero(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    if (!std::holds_alternative<model::NoNoise>(population.noise)) continue;
    const double tau = population.tau;
    const double input = point.input(k);
    // Neuron by neuron: w = sqrt(eta + I), rate nu = w/(pi tau), density 2 w g(w^2 - I), nu d nu/d I = 1/(2 pi^2
    // tau^2).
    const HalfLine neurons(neuron_points, std::abs(mean_field::stationary_state_variable(population, input)));
    for (std::size_t i = 0; i < neuron_points; ++i) {
      const double w = neurons.x[i];
      const double nu = w / (pi * tau);
      const double part = 2.0 * w * model::density(population.heterogeneity, w * w - input);
      if (part == 0.0) continue;
      const Eigen::MatrixXcd gain = loop_gain(model, point, nu);
      const Eigen::MatrixXcd echo =
          mean_field::coupling_matrix(model, std::complex<double>{0.0, 2.0 * pi * nu}) * (identity - gain).inverse();
      const double shift =
          -echo(k, k).real() / (2.0 * pi * pi * tau * tau * static_cast<double>(population.size));  // (29)
      direct(k) += neurons.weight[i] * part * shift;
    }
  }
  return direct;
}

Eigen::VectorXd mean_rate_shift(const model::Model& model, const mean_field::OperatingPoint& point) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const std::size_t frequency_points = count <= 16 ? 4000 : 1000;
  Eigen::VectorXd direct = own_echo(model, point);
  Eigen::VectorXd slope(count);
  double fastest = 0.0;
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const auto rest = mean_field::stationary_state_variable(population, point.input(k));
    fastest = std::max(fastest, std::abs(rest) / (pi * population.tau));
  }
  const bool noisy = std::all_of(model.populations.begin(), model.populations.end(), [](const auto& population) {
    return std::holds_alternative<model::GaussianNoise>(population.noise);
  });
  if (noisy) return Eigen::VectorXd::Zero(count);
  const HalfLine frequencies(frequency_points, fastest);
  const auto noise = input_spectra(model, point, frequencies.x);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    slope(k) = mean_field::stationary_rate_slope(population, point.input(k));
    // Noise of the input, in second order: x2 = -<x1^2>/(2 x0) with x1 = dI/(2 pi i f tau - 2 x0), exact for every
    // complex neuron and so for the population as a whole, neurons at their threshold included. (28)
    if (std::holds_alternative<model::GaussianNoise>(population.noise)) continue;
    const mean_field::ComplexNeurons neurons(population);
    for (std::size_t m = 0; m < neurons.eta.size(); ++m) {
      const std::complex<double> x0 = neurons.rest(m, point.input(k));
      std::complex<double> square = 0.0;
      for (std::size_t i = 0; i < frequency_points; ++i) {
        const double omega = 2.0 * pi * population.tau * frequencies.x[i];
        square += 2.0 * frequencies.weight[i] * noise[i](k) / (4.0 * x0 * x0 + omega * omega);
      }
      direct(k) -= (neurons.weight[m] * square / (2.0 * x0)).imag() / (pi * population.tau);
    }
  }
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  const Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(count, count) - slope.asDiagonal() * coupling;
  return jacobian.partialPivLu().solve(direct);
}

}  // namespace popshot::theory
