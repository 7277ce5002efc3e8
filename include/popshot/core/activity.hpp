// The activity of all populations over time: what every level of simulation returns.
#pragma once

#include <cstdint>
#include <vector>

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

}  // namespace popshot
