#include "scheme_spectrum.hpp"

#include <cmath>
#include <complex>
#include <numbers>

#include "inverse.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using Eigen::Index;

/// The power spectral density of what a random stimulus delivers in steps, its integrals over them divided by their
/// length: with the images of all frequencies.
double delivered_spectrum(const model::Stimulus& stimulus, double f, double time_step) {
  if (!std::holds_alternative<model::OrnsteinUhlenbeckCurrent>(stimulus.current)) return stimulus_spectrum(stimulus, f);
  const double sine = std::sin(pi * f * time_step);
  constexpr int images = 40;
  double sum = 0.0;
  for (int m = -images; m <= images; ++m) {
    const double place = f + static_cast<double>(m) / time_step;
    const double phase = pi * place * time_step;
    const double mean = phase == 0.0 ? 1.0 : sine / phase;
    sum += mean * mean * stimulus_spectrum(stimulus, place);
  }
  return sum;
}

}  // namespace

SchemeSpectrum::SchemeSpectrum(const model::Model& model, const mean_field::OperatingPoint& point, double time_step)
    : model_(model), time_step_(time_step), loop_(model, point, time_step) {
  const auto count = static_cast<Index>(model.populations.size());
  tau_.resize(count);
  noise_.resize(count);
  for (Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    tau_(k) = population.tau;
    noise_(k) = mean_field::stationary_rate(population, point.input(k)) / static_cast<double>(population.size);
  }
}

SchemeSpectrum::At SchemeSpectrum::at(double f) const {
  const Index count = tau_.size();
  At result;
  if (!(std::abs(f) * time_step_ < 0.5)) {
    result.amplification = Eigen::MatrixXcd::Identity(count, count);
    result.response = result.jitter = result.per_kick = Eigen::MatrixXcd::Zero(count, count);
    return result;
  }
  const Complex x{0.0, 2.0 * pi * f * time_step_};
  const Complex z = std::exp(x);
  const auto responses = loop_.responses(z);
  const auto transfers = loop_.transfers(z);
  // The rate exp(s t) that a count stands for.
  const auto moments = mean_field::step_moments(x);
  const Eigen::MatrixXcd loop = mean_field::scheme_loop(responses, transfers, z);
  const Eigen::VectorXcd rate = responses.col(0) / moments[0];
  result.per_kick = rate.asDiagonal() * inverse_of(Eigen::MatrixXcd::Identity(count, count) - loop);
  // The kicks at the end of a step, where the phase is that of z, by the rate during it.
  Eigen::MatrixXcd weight = Eigen::MatrixXcd::Zero(count, count);
  for (std::size_t i = 0; i < 3; ++i) weight += moments[i] / z * transfers[i];
  result.amplification = Eigen::MatrixXcd::Identity(count, count) + result.per_kick * weight;
  const double phase = pi * f * time_step_;
  const double mean = phase == 0.0 ? 1.0 : std::sin(phase) / phase;
  result.response = result.per_kick * (mean * tau_.cwiseInverse()).asDiagonal();
  // Column l of the kicks by one spike of population l, sum_i u^i M_i: their covariance over u in (0, 1), with the
  // images of the spike's time but without the frequency f itself.
  result.jitter = Eigen::MatrixXcd::Zero(count, count);
  for (Index l = 0; l < count; ++l) {
    Eigen::MatrixXcd covariance = -weight.col(l) * weight.col(l).adjoint();
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        covariance += transfers[i].col(l) * transfers[j].col(l).adjoint() / static_cast<double>(i + j + 1);
      }
    }
    result.jitter += noise_(l) * covariance;
  }
  result.jitter = (result.per_kick * result.jitter * result.per_kick.adjoint()).eval();
  // The images are counted as well as delivered, a step earlier: sum over them of the count's conjugate times the kick.
  Eigen::MatrixXcd common = -std::conj(moments[0]) * weight;
  for (std::size_t i = 0; i < 3; ++i) common += transfers[i] / (z * static_cast<double>(i + 1));
  const Eigen::MatrixXcd counted =
      result.per_kick * common * (noise_.cast<Complex>() / std::conj(moments[0])).asDiagonal();
  result.jitter += counted + counted.adjoint();
  return result;
}

Eigen::MatrixXcd SchemeSpectrum::stimulated(const At& at, double f) const {
  Eigen::MatrixXcd result = Eigen::MatrixXcd::Zero(tau_.size(), tau_.size());
  if (!(std::abs(f) * time_step_ < 0.5)) return result;
  for (const auto& stimulus : model_.stimuli) {
    if (!model::is_random(stimulus)) continue;
    Eigen::VectorXcd kick = Eigen::VectorXcd::Zero(tau_.size());
    for (Index k = 0; k < kick.size(); ++k) {
      if (receives(model_, static_cast<std::size_t>(k), stimulus)) kick(k) = 1.0 / tau_(k);
    }
    const Eigen::VectorXcd driven = at.per_kick * kick;
    result += delivered_spectrum(stimulus, f, time_step_) * driven * driven.adjoint();
  }
  return result;
}

}  // namespace popshot::theory
