// What a model file leaves open of a run and of the look at its spectra, chosen from the model. docs/guide.md "What is
// chosen for you".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "popshot/model/model.hpp"
#include "popshot/theory/modes.hpp"

namespace popshot::theory {

/// The lengths of a run and what is looked at in its spectra, all of them: those that the model gives, and those that
/// were chosen to fit them.
struct Defaults {
  double duration = 0.0;  ///< time units, as all but the frequencies
  double transient = 0.0;
  double record_interval = 0.0;
  double frequency_min = 0.0;  ///< cycles per time unit
  double frequency_max = 0.0;
  double resolution = 0.0;
  /// The keys of what was chosen, of duration, transient, record_interval, frequency_range, resolution.
  std::vector<std::string> chosen;
  /// From what, in words and time units: "resonance at 0.0423, width 0.00551; slowest mode 57.8".
  std::string evidence;
  /// What is known of the model's modes.
  Modes modes;

  [[nodiscard]] bool was_chosen(const std::string& key) const;
};

/// Chooses what the model leaves open (Simulation, SpectrumSettings: "not chosen yet"); the rest is kept, and the
/// choice fits it. With u the smallest tau, T the largest, and values 1, 2, 2.5, 4, 5 times a power of ten times u (or
/// 1/u), so that the run is the same in any unit of time:
///
/// * frequency_range: from a fifth to a tenth of the lowest resonance to 3 times the largest of resonances, rates
///   and 1/(2 pi u), rounded up. Without a resonance from a fifth of the lesser of the slowest mode's 1/(2 pi time) and
///   the largest rate, but within 0.02/T .. 0.2/T.
/// * resolution: at most a third of the width of the narrowest resonance, and half of the lowest frequency; no finer
///   than 0.005/T, unless the range asks for that; such that three segments fit into a duration that is given.
/// * duration: 5/resolution, so that 16 trials have 80 segments, and more for fewer than 12 trials. Where stimuli move
///   or no state is stable: 100 T, 20 times the slowest mode, 20 periods of the resonance, 10 of a stimulus, or until
///   ten times the slowest mode after the last change of a stimulus, whichever is longest; at most 2000 T.
/// * transient: ten times the slowest mode, at least 10 T and at most 500 T.
/// * record_interval: the longest whose Nyquist frequency is not below the range, at most u and the duration; a
///   multiple of a time step that is given.
///
/// Throws InputError where what is given leaves no choice: a time step too long for the range, or a run of more than
/// 1e9 recorded values. Deterministic; takes about a second at most (known_modes).
[[nodiscard]] Defaults choose_defaults(const model::Model& model);

/// Whether the model leaves nothing of this open.
[[nodiscard]] bool is_complete(const model::Model& model);

/// The model with what it leaves open, chosen. Nothing is computed if it is complete.
[[nodiscard]] model::Model with_defaults(model::Model model);
/// The same with a choice that was made already, perhaps for another model.
[[nodiscard]] model::Model with_defaults(model::Model model, const Defaults& defaults);

/// The least damped resonance if it lies outside the model's range of frequencies; else nothing. Only of a model with
/// stationary input.
[[nodiscard]] std::optional<ResonantMode> resonance_outside(const model::Model& model, const Modes& modes);

}  // namespace popshot::theory
