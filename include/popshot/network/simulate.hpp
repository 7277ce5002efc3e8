// The microscopic level: a network of quadratic integrate-and-fire neurons, spike by spike.
#pragma once

#include <span>
#include <vector>

#include "popshot/core/activity.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/network/sample.hpp"

namespace popshot::network {

/// Simulates the network of a sample for simulation.transient + simulation.duration and returns the
/// activity after the transient; time 0 is the end of the transient.
///
/// Scheme (theory.md (6)-(8)): the voltage of every neuron is carried exactly over a time step; the spikes of
/// the step are counted and delivered to all at its end. Bit for bit the same for any number of threads.
/// `point` is the operating point that a stationary start is made at (from operating_point).
/// Throws InputError if memory does not suffice; NumericalError, naming time and population, if the input to
/// the neurons stops being finite. A stop request ends the run early with finished = false. An `observer` gets the
/// rates in place of the returned activity; its wish to end the run is carried out one time step later.
[[nodiscard]] Activity simulate(const model::Model& model, const Sample& sample,
                                const mean_field::OperatingPoint& point, const Execution& execution = {},
                                const ActivityObserver& observer = {});

/// One of several networks to be simulated together: a trial, or a point of a parameter scan.
struct NetworkRun {
  const model::Model* model;
  const Sample* sample;
  mean_field::OperatingPoint point;  ///< as for simulate
  ActivityObserver observer = {};    ///< as for simulate
};
/// Simulates several networks in this thread, a time step of each in turn: the arithmetic of one fills the time in
/// which another waits for its spikes to be counted, which makes pairs of small networks up to 1.7 times as fast
/// (docs/benchmarks.md). Returns the activities in order, bit for bit those of simulate.
/// Throws as simulate does, for the first network that fails, when all have ended.
[[nodiscard]] std::vector<Activity> simulate(std::span<const NetworkRun> runs, const Execution& execution = {});
/// How many networks like that of this model are best simulated together: 2 if small, else 1.
[[nodiscard]] std::size_t best_together(const model::Model& model);

/// The operating point that a simulation of the sample starts at: near the state that simulation.state selects; zeros
/// if simulation.start needs none. Throws Stopped after a stop request.
[[nodiscard]] mean_field::OperatingPoint start_point(const model::Model& model, const Sample& sample,
                                                     const std::stop_token& stop = {});

/// The same from the model alone: draws the sample of the trial, finds its operating point near the state
/// that simulation.state selects, and simulates. Its phases are "set-up" and "simulation".
[[nodiscard]] Activity simulate(const model::Model& model, std::uint64_t trial = 0, const Execution& execution = {},
                                const ActivityObserver& observer = {});

}  // namespace popshot::network
