// Switching between the two stable states of a bistable model by the noise of its finite populations.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

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
  std::vector<SwitchingLevel> levels;
  bool finished = true;
};

/// Runs spectrum.trials trials of simulation.duration for every size and level ("network", "mesoscopic"), half of them
/// from either state, and follows their mean rate over the populations, low-passed over 5 of the largest tau: a state
/// is left when this crosses the middle between the saddle and the other state. `sizes` are those of the first
/// population; the sizes of the others are scaled with it. Throws InputError unless the model has exactly two stable
/// states with one unstable state between them and a stationary input; Stopped after a stop request before any trial
/// has ended. Progress counts neuron-steps as switching_work does.
[[nodiscard]] Switching switching(const model::Model& model, const std::vector<std::int64_t>& sizes,
                                  const std::vector<std::string>& levels, const Execution& execution = {});

/// The neuron-steps of all trials at one of the sizes and levels, transients included: of the networks, or of what
/// stands for their neurons at the mesoscopic level.
[[nodiscard]] double switching_work(const model::Model& model, std::int64_t size, const std::string& level);

/// The labelled arrays of it (kind "switching").
[[nodiscard]] Dataset to_dataset(const Switching& switching, const std::string& time_unit);

}  // namespace popshot::comparison
