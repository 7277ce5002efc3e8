// The microscopic level: a network of quadratic integrate-and-fire neurons, spike by spike.
#pragma once

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

/// The operating point that a simulation of the sample starts at: near the state that simulation.state selects; zeros
/// if simulation.start needs none.
[[nodiscard]] mean_field::OperatingPoint start_point(const model::Model& model, const Sample& sample);

/// The same from the model alone: draws the sample of the trial, finds its operating point near the state
/// that simulation.state selects, and simulates.
[[nodiscard]] Activity simulate(const model::Model& model, std::uint64_t trial = 0, const Execution& execution = {},
                                const ActivityObserver& observer = {});

}  // namespace popshot::network
