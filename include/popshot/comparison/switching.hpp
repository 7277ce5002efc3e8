// Switching between the two stable states of a bistable model by the noise of its finite populations.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "popshot/comparison/verdict.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/core/result.hpp"
#include "popshot/model/model.hpp"

namespace popshot::comparison {

/// The time spent in a state, over all trials, and the number of times it was left.
struct Residence {
  std::int64_t exits = 0;
  double time = 0.0;
  /// time/exits, the maximum-likelihood estimate of the mean residence time if exits occur at a constant rate; time
  /// spent in the state at the end of a trial counts (censoring). Infinite without an exit.
  double mean = 0.0;
  /// 95 % confidence interval, exact for a constant rate (chi-squared distribution); `high` is infinite without an
  /// exit.
  double low = 0.0;
  double high = 0.0;
  /// The probability that at a constant rate so few of the exits, or fewer, fall into the second half of the trials.
  /// Where it is small the state is left early or never: networks of deterministic neurons remember their start.
  double ageing = 1.0;
  /// Exits within the slowest relaxation time of the state after a start in it: falling off the start, not escape. They
  /// and the time until then are counted here and nowhere else.
  std::int64_t early_exits = 0;
  double early_time = 0.0;
};

/// That probability for `late_exits` of `exits` in `late_time` of `time` (binomial distribution); 1 without exits.
[[nodiscard]] double ageing(std::int64_t exits, double time, std::int64_t late_exits, double late_time);

/// Estimate of a residence time from `exits` exits in `time`, time > 0, exits >= 0.
[[nodiscard]] Residence residence(std::int64_t exits, double time);

/// log mean = intercept + slope N, by least squares weighted with the numbers of exits.
struct LargeDeviationFit {
  double slope = 0.0;
  double slope_error = 0.0;
  double intercept = 0.0;
  /// Sum of squared deviations over their variances, per degree of freedom (0 if there are none left).
  double chi_squared = 0.0;
  std::size_t points = 0;  ///< sizes with at least five exits; without two of them nothing is fitted
};

/// States: 0 the lower, 1 the higher one.
struct SwitchingLevel {
  std::string name;
  std::vector<std::array<Residence, 2>> residence;  ///< [size][state]
  std::array<LargeDeviationFit, 2> fit;
};

struct Switching {
  std::vector<std::int64_t> sizes;  ///< of the first population; the others in proportion
  std::array<double, 3> rate{};     ///< mean rate over the populations in the lower state, the saddle, the higher state
  /// Slowest relaxation time of the lower and the higher state, 1/|Re lambda|.
  std::array<double, 2> relaxation{};
  std::vector<SwitchingLevel> levels;
  bool finished = true;
  std::size_t trials = 0;  ///< of each size and level
  /// [size]: whether the mesoscopic model is the network itself, so that the two are not compared.
  std::vector<char> itself;
  /// [size][state]: log of the mean time of the mesoscopic model over that of the network, in sigma (Poisson numbers of
  /// exits); if there are both levels.
  std::vector<std::array<double, 2>> deviation;
  /// Of the two levels, if there are both: exits of all sizes and states. Its total factor is that of the mean times
  /// over all sizes and states, its band factor that of the largest of those with five exits at both levels.
  Judgement judgement;
  std::vector<std::string> notes;
  [[nodiscard]] bool judged() const { return levels.size() == 2; }
};

/// Runs spectrum.trials trials of simulation.duration for every size and level ("network", "mesoscopic"), half of them
/// from either state, and follows their mean rate over the populations, low-passed over 5 of the largest tau: a state
/// is left when this crosses the middle between the saddle and the other state. `sizes` are those of the first
/// population; the sizes of the others are scaled with it. Network and mesoscopic model are judged by their exits: by
/// labels of trials exchanged at random from 8 trials on, for networks with fixed eta have no constant rate. Throws
/// InputError unless the model has exactly two stable states with one unstable state between them and a stationary
/// input; Stopped after a stop request before any trial has ended. Progress counts neuron-steps as switching_work does.
[[nodiscard]] Switching switching(const model::Model& model, const std::vector<std::int64_t>& sizes,
                                  const std::vector<std::string>& levels, const Execution& execution = {},
                                  double false_alarm = 1e-3);

/// The neuron-steps of all trials at one of the sizes and levels, transients included: of the networks, or of what
/// stands for their neurons at the mesoscopic level.
[[nodiscard]] double switching_work(const model::Model& model, std::int64_t size, const std::string& level);

/// The labelled arrays of it (kind "switching").
[[nodiscard]] Dataset to_dataset(const Switching& switching, const std::string& time_unit);

}  // namespace popshot::comparison
