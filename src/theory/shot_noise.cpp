#include "popshot/theory/shot_noise.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <optional>

#include "inverse.hpp"
#include "populations.hpp"
#include "scheme_spectrum.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

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

/// What is added to the spectra at one frequency.
struct Part {
  Eigen::MatrixXcd induced;
  Eigen::MatrixXcd total;
};

/// total = A S0 A^dagger; with T = A - 1, induced = T S0 T^dagger = total - A S0 - (A S0)^dagger + S0. `transfer` gives
/// T.
template <class Transfer>
Part amplified(const Eigen::MatrixXcd& amplification, const Eigen::VectorXcd& uncoupled, Transfer&& transfer) {
  const Eigen::Index count = uncoupled.size();
  const Eigen::MatrixXcd diagonal = uncoupled.asDiagonal();
  Part part;
  if (count <= 8) {  // without cancellation in the induced part
    const Eigen::MatrixXcd induced = transfer();
    part.total = amplification * diagonal * amplification.adjoint();
    part.induced = induced * diagonal * induced.adjoint();
    return part;
  }
  part.total = Eigen::MatrixXcd::Zero(count, count);
  part.total.selfadjointView<Eigen::Lower>().rankUpdate(
      Eigen::MatrixXcd(amplification * uncoupled.cwiseSqrt().asDiagonal()));
  part.total.triangularView<Eigen::StrictlyUpper>() = part.total.adjoint();
  const Eigen::MatrixXcd driven = amplification * uncoupled.asDiagonal();
  part.induced = part.total - driven - driven.adjoint() + diagonal;
  return part;
}

}  // namespace

Eigen::MatrixXcd loop_gain(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                           double time_step) {
  if (time_step > 0.0) {
    return one_minus(inverse_of(SchemeSpectrum(model, point, time_step).at(f).amplification));
  }
  const Populations populations(model, point);
  return populations.loop_gain(populations.response(f), f);
}

Eigen::MatrixXcd response_matrix(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                                 double time_step) {
  if (time_step > 0.0) return SchemeSpectrum(model, point, time_step).at(f).response;
  const Populations populations(model, point);
  const Eigen::VectorXcd response = populations.response(f);
  return one_minus(populations.loop_gain(response, f)).partialPivLu().solve(Eigen::MatrixXcd(response.asDiagonal()));
}

ShotNoise shot_noise(const model::Model& model, const mean_field::OperatingPoint& point,
                     const std::vector<double>& frequencies, const Options& options) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const auto noise = uncoupled_densities(model, point, options);
  const bool stimulated_at_random = std::any_of(model.stimuli.begin(), model.stimuli.end(), model::is_random);
  double highest = 0.0;
  for (const double f : frequencies) highest = std::max(highest, std::abs(f));
  std::optional<SchemeSpectrum> scheme;
  std::optional<Populations> populations;
  if (options.time_step > 0.0) {
    scheme.emplace(model, point, options.time_step);
  } else {
    populations.emplace(model, point, frequencies.size() > 100 ? highest : 0.0);
  }
  ShotNoise result;
  result.uncoupled.frequency = result.induced.frequency = result.total.frequency = frequencies;
  for (const double f : frequencies) {
    Eigen::VectorXcd uncoupled(count);
    for (Eigen::Index k = 0; k < count; ++k) uncoupled(k) = noise[static_cast<std::size_t>(k)](f);
    Part part;
    if (scheme) {
      const auto at = scheme->at(f);
      part = amplified(at.amplification, uncoupled, [&]() -> Eigen::MatrixXcd { return -one_minus(at.amplification); });
      if (!options.uncoupled) {
        part.total += at.jitter;
        part.induced += at.jitter;
      }
      if (stimulated_at_random) part.total += scheme->stimulated(at, f);
    } else {
      const Eigen::VectorXcd response = populations->response(f);
      const Eigen::MatrixXcd amplification = inverse_of(one_minus(populations->loop_gain(response, f)));
      part = amplified(amplification, uncoupled,
                       [&]() -> Eigen::MatrixXcd { return populations->loop_gain(response, f) * amplification; });
      if (stimulated_at_random) {
        part.total += amplification * stimulated(model, response, f) * amplification.adjoint();
      }
    }
    result.uncoupled.density.emplace_back(uncoupled.asDiagonal());
    result.induced.density.push_back(std::move(part.induced));
    result.total.density.push_back(std::move(part.total));
  }
  return result;
}

}  // namespace popshot::theory
