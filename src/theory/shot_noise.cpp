#include "popshot/theory/shot_noise.hpp"

#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/mean_field/population.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// What the spectra of a model at one operating point consist of.
class Populations {
 public:
  Populations(const model::Model& model, const mean_field::OperatingPoint& point, double time_step)
      : model_(model), time_step_(time_step) {
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      response_.emplace_back(model.populations[k], point.input(static_cast<Eigen::Index>(k)));
    }
  }

  [[nodiscard]] Eigen::VectorXcd response(double f) const {
    Eigen::VectorXcd result(static_cast<Eigen::Index>(response_.size()));
    for (Eigen::Index k = 0; k < result.size(); ++k) {
      result(k) = response_[static_cast<std::size_t>(k)](Complex{0.0, 2.0 * pi * f});
    }
    return result;
  }

  [[nodiscard]] Eigen::MatrixXcd loop_gain(const Eigen::VectorXcd& response, double f) const {
    return response.asDiagonal() * mean_field::coupling_matrix(model_, f, time_step_);
  }

 private:
  const model::Model& model_;
  double time_step_;
  std::vector<mean_field::Response> response_;
};

Eigen::MatrixXcd one_minus(const Eigen::MatrixXcd& gain) {
  return Eigen::MatrixXcd::Identity(gain.rows(), gain.cols()) - gain;
}

/// The spectral density matrix of the rates that random stimuli would make in uncoupled populations: H S_I H^dagger.
Eigen::MatrixXcd stimulated(const model::Model& model, const Eigen::VectorXcd& response, double f) {
  Eigen::MatrixXcd result = Eigen::MatrixXcd::Zero(response.size(), response.size());
  for (const auto& stimulus : model.stimuli) {
    const double power = stimulus_spectrum(stimulus, f);
    if (power == 0.0) continue;
    Eigen::VectorXcd driven = Eigen::VectorXcd::Zero(response.size());
    for (Eigen::Index k = 0; k < response.size(); ++k) {
      if (receives(model, static_cast<std::size_t>(k), stimulus)) driven(k) = response(k);
    }
    result += power * driven * driven.adjoint();
  }
  return result;
}

}  // namespace

Eigen::MatrixXcd loop_gain(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                           double time_step) {
  const Populations populations(model, point, time_step);
  return populations.loop_gain(populations.response(f), f);
}

Eigen::MatrixXcd response_matrix(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                                 double time_step) {
  const Populations populations(model, point, time_step);
  const Eigen::VectorXcd response = populations.response(f);
  return one_minus(populations.loop_gain(response, f)).partialPivLu().solve(Eigen::MatrixXcd(response.asDiagonal()));
}

ShotNoise shot_noise(const model::Model& model, const mean_field::OperatingPoint& point,
                     const std::vector<double>& frequencies, const Options& options) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  std::vector<std::function<double(double)>> noise;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    const double input = point.input(static_cast<Eigen::Index>(k));
    const double neurons = static_cast<double>(population.size);
    if (options.uncoupled) {
      noise.emplace_back([&options, k](double f) { return options.uncoupled(k, f); });
    } else if (options.noise == Noise::white) {
      noise.emplace_back([value = mean_field::stationary_rate(population, input) / neurons](double) { return value; });
    } else {
      noise.emplace_back(
          [density = UncoupledSpectrum(population, input), neurons](double f) { return density(f) / neurons; });
    }
  }
  const bool stimulated_at_random = std::any_of(model.stimuli.begin(), model.stimuli.end(), model::is_random);
  const Populations populations(model, point, options.time_step);
  ShotNoise result;
  result.uncoupled.frequency = result.induced.frequency = result.total.frequency = frequencies;
  for (const double f : frequencies) {
    Eigen::VectorXcd uncoupled(count);
    for (Eigen::Index k = 0; k < count; ++k) uncoupled(k) = noise[static_cast<std::size_t>(k)](f);
    const Eigen::VectorXcd response = populations.response(f);
    const Eigen::MatrixXcd amplification = one_minus(populations.loop_gain(response, f)).partialPivLu().inverse();
    // total = A S0 A^dagger; with T = A - 1, induced = T S0 T^dagger = total - A S0 - (A S0)^dagger + S0.
    const Eigen::MatrixXcd diagonal = uncoupled.asDiagonal();
    Eigen::MatrixXcd total;
    if (count <= 8) {  // without cancellation in the induced part
      const Eigen::MatrixXcd transfer = populations.loop_gain(response, f) * amplification;
      total = amplification * diagonal * amplification.adjoint();
      result.induced.density.push_back(transfer * diagonal * transfer.adjoint());
    } else {
      total = Eigen::MatrixXcd::Zero(count, count);
      total.selfadjointView<Eigen::Lower>().rankUpdate(
          Eigen::MatrixXcd(amplification * uncoupled.cwiseSqrt().asDiagonal()));
      total.triangularView<Eigen::StrictlyUpper>() = total.adjoint();
      const Eigen::MatrixXcd amplified = amplification * uncoupled.asDiagonal();
      result.induced.density.push_back(total - amplified - amplified.adjoint() + diagonal);
    }
    if (stimulated_at_random) total += amplification * stimulated(model, response, f) * amplification.adjoint();
    result.uncoupled.density.push_back(diagonal);
    result.total.density.push_back(std::move(total));
  }
  return result;
}

}  // namespace popshot::theory
