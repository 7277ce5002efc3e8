// The macroscopic level: the mean field of infinitely many neurons, stepped by the scheme of the network; and the same
// equations driven by an activity that is not quite their own, which is the mesoscopic level.
#pragma once

#include <complex>
#include <cstdint>
#include <functional>
#include <variant>
#include <vector>

#include "popshot/core/activity.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/core/step_spikes.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// A population at rest under a constant total input.
struct StartAtRest {
  double input = 0.0;
};
/// At rest; or all neurons alike, with a Lorentzian density of voltages v + i pi tau r (dimensionless, Im > 0).
using PopulationStart = std::variant<StartAtRest, std::complex<double>>;

/// Where the mean field starts, and what drives it.
struct Drive {
  std::vector<PopulationStart> start;
  /// The activity of each population just before the start (its last half step is delivered at the start).
  std::vector<double> rate_before;
  /// The spikes of population k in a time step, given the voltage kick that begins the step and the spikes `expected`
  /// by the mean field. Called once for each step and population, in order. Empty: as expected, of infinitely many
  /// neurons.
  std::function<StepSpikes(std::size_t k, double kick, const StepSpikes& expected)> activity;
  /// Of which trial random stimuli are.
  std::uint64_t trial = 0;
};

/// The start that simulation.start asks for at the state that simulation.state selects, with no activity but the mean
/// field's own. Throws InputError if a stationary state is needed and there is no stable one, Stopped after a stop
/// request.
[[nodiscard]] Drive stationary_drive(const model::Model& model, const std::stop_token& stop = {});

/// Integrates tau_k x_k' = x_k^2 + eta_k + i Delta_k + I_k(t) + tau_k sum_l J_kl s_kl(t), for every complex neuron of
/// every population, with s_kl the activities A_l of `drive` (A = r without) behind synapse and delay, for transient +
/// duration; returns the activities (means over the record intervals) and the
/// mean voltages (at their ends) after the transient. Scheme, errors, stop requests and `observer`: as in simulate.
[[nodiscard]] Activity integrate(const model::Model& model, const Drive& drive, const Execution& execution = {},
                                 const ActivityObserver& observer = {});

/// Integrates the mean field of the model (Montbrio, Pazo & Roxin 2015, eq. 12, in the complex form of theory.md (3)
/// and any_model.md (42); any heterogeneity, Cauchy or Gaussian noise, synapses and delays) for transient + duration
/// and returns rates (means over the record intervals) and mean voltages (at their ends) after the transient. Random
/// stimuli are those of trial 0.
///
/// Scheme: the kick-drift steps of the network, theory.md (6)-(8): exact for uncoupled populations with
/// constant input; of second order in the time step for stimuli that vary and for populations with Gaussian noise, of
/// third or higher order else.
/// Throws NumericalError, naming time and population, if the state stops being finite; InputError if a stationary start
/// is asked for and there is no stable stationary state. A stop request ends the run early with finished = false.
/// An `observer` gets the rates of the record intervals in place of the returned activity, and can end the run.
[[nodiscard]] Activity simulate(const model::Model& model, const Execution& execution = {},
                                const ActivityObserver& observer = {});

}  // namespace popshot::mean_field
