// The activity of all populations over time: what every level of simulation returns, and how it is gathered.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "popshot/core/step_spikes.hpp"

namespace popshot {

/// Spike times of the neurons that were chosen for the raster, ordered by time, population and neuron.
struct SpikeTimes {
  std::vector<double> time;
  std::vector<std::int64_t> population;
  std::vector<std::int64_t> neuron;
};

/// Means over successive intervals: sample i covers [begin + i interval, begin + (i + 1) interval).
struct Activity {
  double begin = 0.0;
  double interval = 0.0;
  /// rate[k][i]: spikes per neuron of population k and time unit.
  std::vector<std::vector<double>> rate;
  /// voltage[k][i]: mean voltage at the end of the interval (mean field only; else empty).
  std::vector<std::vector<double>> voltage;
  SpikeTimes spikes;
  /// False if the run was stopped before its end; then `rate` holds the whole intervals that were finished.
  bool finished = true;

  [[nodiscard]] std::size_t samples() const { return rate.empty() ? 0 : rate.front().size(); }
};

/// Is given the rates of all populations at the end of every record interval; returns false to end the run.
using ActivityObserver = std::function<bool(const std::vector<double>& rate)>;

/// The time steps of a run: transient_steps that are thrown away, then whole record intervals of per_record steps.
/// Time 0 is the end of the transient.
struct Schedule {
  double time_step = 0.0;
  std::int64_t transient_steps = 0;
  std::int64_t per_record = 1;
  std::int64_t steps = 0;  ///< all of them

  /// As many record intervals as `duration` takes: what is no multiple of them (to rounding) is rounded up.
  Schedule(double duration, double transient, double time_step, double record_interval);

  [[nodiscard]] double interval() const { return static_cast<double>(per_record) * time_step; }
  [[nodiscard]] double time_of(std::int64_t step) const {
    return static_cast<double>(step - transient_steps) * time_step;
  }
};

/// The activity of a run that was stopped before its first step: no sample, not finished.
[[nodiscard]] Activity unstarted(const Schedule& schedule, std::size_t populations);

/// Gathers the spikes of the steps into an Activity, or hands them to an observer instead.
class Recorder {
 public:
  Recorder(const Schedule& schedule, std::size_t populations, ActivityObserver observer = {});

  /// spikes[k]: of population k in this step. Steps of the transient are passed over. Returns false if the
  /// observer asks for the end.
  bool add(std::int64_t step, const std::vector<StepSpikes>& spikes);
  /// What was gathered; call it once.
  [[nodiscard]] Activity take(bool finished);
  [[nodiscard]] Activity& activity() { return activity_; }

 private:
  bool end_record();

  Schedule schedule_;
  std::int64_t in_record_ = 0;  ///< steps of the record interval that have been added
  ActivityObserver observer_;
  std::vector<double> sum_;
  std::vector<double> rate_;
  Activity activity_;
};

}  // namespace popshot
