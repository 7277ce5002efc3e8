// What can be known of the modes of a model's mean field in a bounded time: how slow the slowest is, and where
// resonances are. For choices that are made before a run.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::theory {

/// A damped oscillation of the linearised mean field (eigenvalues lambda and its conjugate), or one that grows.
struct ResonantMode {
  /// Im lambda/(2 pi), cycles per time unit.
  double frequency = 0.0;
  /// Width of its peak in a power spectrum at half of its height, |Re lambda|/pi.
  double width = 0.0;
  bool growing = false;
  /// frequency/width = Im lambda/(2 |Re lambda|).
  [[nodiscard]] double quality() const { return frequency / width; }
};

struct Modes {
  /// What they are known from.
  enum class Source {
    eigenvalues,  ///< of the mean field at the state that simulation.state selects (or at an unstable one)
    estimate,     ///< the same with Cauchy in place of Gaussian noise in the neurons
    response,     ///< peaks of the response of the mean field over frequency
    rates,        ///< nothing but estimated rates, tau, synapses and delays
  };
  Source source = Source::rates;
  /// Of the populations, spikes per neuron and time unit; for the last source an estimate.
  Eigen::VectorXd rate;
  /// 1/|Re lambda| of the slowest mode, in time units; at least the largest tau.
  double slowest = 1.0;
  /// Whether the source is a state, and every mode that was found decays.
  bool stable = false;
  /// Those of a quality above 1/2, the least damped first, of modes of the populations: at most five times as strongly
  /// damped as the first, and decaying in no less than a fifth of the smallest tau, which modes of a delay alone do.
  std::vector<ResonantMode> resonances;
};

/// The modes of the model with its constant currents. Up to four populations all stationary states are searched for;
/// in larger models Newton's method finds one from an estimate of the rates; where the matrix of the linearised mean
/// field is large its eigenvalues are not computed, but (up to some hundred populations) its response at 120
/// frequencies. Deterministic, milliseconds for small models, about a second at most. Throws InputError as
/// mean_field::stationary_states does.
[[nodiscard]] Modes known_modes(const model::Model& model);

}  // namespace popshot::theory
