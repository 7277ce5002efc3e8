// The comparison where the input varies in time: many trials of the network and of its mesoscopic model, and the mean
// field.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "popshot/comparison/verdict.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/core/result.hpp"
#include "popshot/model/model.hpp"

namespace popshot::comparison {

/// The activity of one population over time in many trials, one value per record interval.
struct TrialBand {
  std::vector<double> mean;
  std::vector<double> mean_error;          ///< standard error of the mean
  std::vector<double> standard_deviation;  ///< between trials
  std::vector<double> low;                 ///< 10 % of the trials lie below
  std::vector<double> high;                ///< 90 %
};

struct TransientComparison {
  std::vector<std::string> populations;
  std::vector<std::int64_t> sizes;
  std::size_t trials = 0;  ///< finished ones
  std::size_t trials_wanted = 0;
  std::vector<double> time;                     ///< middle of the record interval
  std::vector<std::vector<double>> mean_field;  ///< [population][time]
  std::vector<TrialBand> network;               ///< [population]
  std::vector<TrialBand> mesoscopic;            ///< [population]
  /// Judged are means over windows of so many recorded times that the neurons that make the noise (those of an ensemble
  /// are few) have some 30 spikes in them; a time has the deviation of its window.
  std::vector<std::size_t> windows;  ///< [population]: their number
  /// [population][time], in sigma: mean of the mesoscopic model - that of the network, trial by trial.
  std::vector<std::vector<double>> mean_deviation;
  /// [population][time], in sigma: variance of the mesoscopic model against that of the network (Pitman's test, exact
  /// for paired Gaussian trials).
  std::vector<std::vector<double>> spread_deviation;
  /// [population], in sigma: the same for the means and for the variances of all times together.
  std::vector<double> total_mean_deviation;
  std::vector<double> total_spread_deviation;
  /// [population]: whether the mesoscopic model of this output is the network itself; then it is not judged.
  std::vector<char> itself;
  /// Its band factor is that of the mean rate, at times when this exceeds a tenth of its largest value; its total
  /// factor that of the variance of all times together.
  Judgement judgement;
  std::vector<std::string> notes;
};

/// Whether the model is to be compared over time: its stimuli vary in time, or it starts from given rates and voltages
/// and has no stable stationary state for linear theory (it oscillates). Throws Stopped after a stop request.
[[nodiscard]] bool needs_transient(const model::Model& model, const std::stop_token& stop = {});

/// Simulates spectrum.trials trials of network and mesoscopic model and compares their means and variances at all
/// recorded times and over all of them together; theory of this kind is the mean field, which is shown and not judged
/// (the mean of finite networks differs from it). `false_alarm`: the probability that equal levels are declared
/// different, anywhere; it is measured on the trials themselves, by exchanging levels within pairs of trials (theory.md
/// (26b)). A stop request ends it after the trials that are finished; Stopped is thrown if there is none. Throws as the
/// simulations do. `twin`: as in comparison::Settings.
[[nodiscard]] TransientComparison compare_transient(const model::Model& model, double false_alarm = 1e-3,
                                                    const Execution& execution = {},
                                                    const std::optional<double>& twin = std::nullopt);

/// The labelled arrays of it (kind "transient").
[[nodiscard]] Dataset to_dataset(const TransientComparison& comparison, const std::string& time_unit);

}  // namespace popshot::comparison
