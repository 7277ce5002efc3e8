// How long a run will take, estimated before it.
#pragma once

#include <string>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::comparison {

/// What is to be run: simulations of levels in independent trials, and the theory of their spectra.
struct RunPlan {
  bool network = true;
  bool mesoscopic = false;
  bool mean_field = false;
  /// Theory of every trial, as compare evaluates it.
  bool theory = false;
  std::size_t trials = 1;
  /// Factors of the sizes of all populations: one set of trials for each.
  std::vector<double> scale = {1.0};
  /// Worker threads; 0 means one per hardware thread.
  unsigned threads = 0;
};

/// What one thread of this machine needs, in seconds.
struct Speed {
  double neuron_step = 1e-9;       ///< a neuron's share of a time step, kicks and spikes included
  double theory_frequency = 1e-5;  ///< spectra of all populations at one frequency
};

/// A part of the work.
struct RunPart {
  std::string name;  ///< "network", "mesoscopic model", "mean field", "set-up" or "theory"
  double count = 0.0;
  std::string unit;  ///< "neuron-steps", "steps", "neurons", "frequencies"
  double seconds = 0.0;
};

struct RunTime {
  std::vector<RunPart> parts;
  unsigned threads = 1;
  [[nodiscard]] double seconds() const;
};

/// Times a small network like that of the model for some thousand steps, and theory at a few frequencies: some
/// milliseconds. With Gaussian noise in the neurons theory is not timed, but assumed to take a millisecond a population
/// and frequency. The model must have its time step.
[[nodiscard]] Speed measure_speed(const model::Model& model);

/// What the plan takes: counts are exact but for the numbers of frequencies, seconds are right within a factor of two
/// or so. Networks that do not fit into a cache are taken to need 12 bytes a neuron-step of 10 GB/s. The model must
/// have its time step.
[[nodiscard]] RunTime estimate_run_time(const model::Model& model, const RunPlan& plan, const Speed& speed);
/// The same with this machine's speed, which is measured only where the run may be longer than a few seconds.
[[nodiscard]] RunTime estimate_run_time(const model::Model& model, const RunPlan& plan);

/// "about 2 min on 2 threads (network 1.1e+12 neuron-steps, theory 1.5e+05 frequencies)".
[[nodiscard]] std::string describe(const RunTime& time);

}  // namespace popshot::comparison
