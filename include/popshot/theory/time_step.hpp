// Which time step a simulation needs. docs/theory.md (21)-(21e), docs/guide.md "How large a step".
#pragma once

#include <stop_token>
#include <string>

#include "popshot/model/model.hpp"

namespace popshot::theory {

/// How a time step was found.
struct TimeStepChoice {
  /// In time units; the longest of the ladder (model::ladder_value) that meets every bound.
  double time_step = 0.0;
  /// What a longer one would not meet, in words: "the record interval", "eigenvalues of the mean field", ..
  std::string limit;
  /// Whether it is from the rule, and not from the scheme's linear theory at the model's stable states.
  bool by_rule = false;
};

/// The longest round time step with which a simulation of the model is that of continuous time to what its spectra
/// show: it divides record_interval, is at most a tenth of the smallest tau, and at every stable stationary state (with
/// constant stimuli) the scheme's own linear theory has
///
/// * eigenvalues within 0.5 % of max(|Re lambda|, pi resolution, 1/duration): those with a damping up to three times
///   that of the slowest, and those that are resonances within the range of frequencies;
/// * power in spectrum.bands bands of the range within 0.5 %, or 0.5 % of r/N, for every population;
/// * no unstable mode.
///
/// All to 0.8 of these bounds, so that every build finds the same. Where there is no stable state, or more than 8
/// populations, Gaussian noise in neurons or anything that would take long, a rule takes their place (from tau,
/// synapses, noise, coupling and the largest rate; docs/guide.md), and for stimuli that move it is asked as well.
/// simulation.time_step is not looked at; all else must be chosen (with_defaults). Deterministic; milliseconds for one
/// population, well below a second for several. Throws Stopped after a stop request.
[[nodiscard]] TimeStepChoice choose_time_step(const model::Model& model, const std::stop_token& stop = {});

/// How far a time step misses the bounds of choose_time_step.
struct TimeStepExcess {
  /// The largest of errors over bounds: at most 1 for a step that would do, infinite with an instability of its own.
  double ratio = 0.0;
  /// Of what it is.
  std::string what;
};
/// Of an explicit simulation.time_step > 0. Throws Stopped after a stop request.
[[nodiscard]] TimeStepExcess time_step_excess(const model::Model& model, const std::stop_token& stop = {});

/// The model with everything chosen that it leaves open: with_defaults (defaults.hpp), and a time step if it has none.
/// Throws InputError if delays or the run are too long for it.
[[nodiscard]] model::Model with_time_step(model::Model model);
/// The same with a choice that was made already.
[[nodiscard]] model::Model with_time_step(model::Model model, const TimeStepChoice& choice);

}  // namespace popshot::theory
