// What a time step hands on of the spikes that fell in it: how many, and when.
#pragma once

namespace popshot {

/// The spikes of a population in one time step, per neuron. u in (0, 1) is the part of the step that was left when a
/// neuron fired. Where neurons are replaced by a rate r, sums over spikes are integrals of r dt over the step.
/// theory.md (6).
struct StepSpikes {
  double count = 0.0;   ///< number of spikes
  double first = 0.0;   ///< sum of u over them
  double second = 0.0;  ///< sum of u^2 over them

  StepSpikes& operator+=(const StepSpikes& other) {
    count += other.count;
    first += other.first;
    second += other.second;
    return *this;
  }
};

/// A number of spikes per neuron that is spread evenly over the step.
[[nodiscard]] inline StepSpikes evenly_spread(double count) { return {count, count / 2.0, count / 3.0}; }

}  // namespace popshot
