// Synapses and delays: their transfer functions, and what they make of the spikes of a simulation step by step.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "popshot/core/gaussian.hpp"
#include "popshot/model/model.hpp"

namespace popshot::model {

/// Transfer function of a projection in continuous time, exp(-s delay)/((1 + s rise)(1 + s decay)), at the Laplace
/// variable s (1/time; for a frequency f, s = 2 pi i f). 1 at s = 0. any_model.md (47).
[[nodiscard]] std::complex<double> synaptic_transfer(const Projection& projection, std::complex<double> s);

/// Transfer function of spikes that are delivered at the end of their time step, sinc(f h) exp(-i pi f h): a delay that
/// is uniform in [0, h]. 1 for h = 0. theory.md (21).
[[nodiscard]] std::complex<double> delivery(double f, double time_step);

/// The transfer function at frequency f of a projection as a simulation with this time step has it, delivery included;
/// in second order of the step that of continuous time if the delay is at least half a step. time_step = 0: continuous
/// time. any_model.md (48)-(50).
[[nodiscard]] std::complex<double> synaptic_transfer(const Projection& projection, double f, double time_step);

/// The voltage kicks that begin the time steps: what arrives through the synapses, and the stimuli. Spikes of a step
/// are taken as evenly spread over it; synapses are stepped exactly; delays that are no multiples of the step
/// interpolate between two steps. Projections with the same origin, synapse and delay share one state, so that the
/// cost per step of K populations is of order K^2. theory.md (6)-(8), (48).
class Inputs {
 public:
  /// For simulation.time_step; until the start every population k has had the constant activity rate_before[k]. Random
  /// stimuli are those of the trial. The model must outlive it.
  Inputs(const Model& model, std::uint64_t trial, const std::vector<double>& rate_before);

  /// The kick at the start: half of what the past delivers in a step, and the stimuli of half a step.
  [[nodiscard]] const std::vector<double>& kick() const { return kick_; }
  /// The kick at the end of step number `step`, in which population k has fired spikes[k] spikes per neuron: record,
  /// then kick_after.
  const std::vector<double>& advance(std::int64_t step, const std::vector<double>& spikes);

  /// How many kicks are known beyond the next one: that at the end of step n needs the spikes up to step n -
  /// look_ahead().
  [[nodiscard]] std::size_t look_ahead() const { return look_ahead_; }
  /// Takes the spikes of the next step.
  void record(const std::vector<double>& spikes);
  /// The kick at the end of a step, in order; at most look_ahead() steps after the last one recorded.
  const std::vector<double>& kick_after(std::int64_t step);

 private:
  /// The spikes of one population through one synapse and delay.
  struct Channel {
    std::size_t from = 0;
    Synapse synapse;
    double early = 0.0;  ///< part of the spikes that arrive after `steps` steps; the rest one later
    std::size_t steps = 0;
    double rise_factor = 0.0, decay_factor = 0.0, transfer = 0.0;
    double first = 0.0;      ///< after the rise; per time
    double second = 0.0;     ///< after the decay
    double delivered = 0.0;  ///< integral of the synaptic activity over the step
  };
  struct Weight {
    std::size_t channel;
    double weight;
  };
  struct Random {
    std::size_t stimulus;
    GaussianStream gaussian;
    double value = 0.0;  ///< Ornstein-Uhlenbeck: at the end of the last interval
  };

  /// The kick: `part` of what the channels deliver.
  void weigh(double part);
  void add_stimuli(double begin, double end);

  const Model* model_;
  Schedule schedule_;
  bool stimulated_ = false;
  std::vector<Channel> channels_;
  std::vector<Weight> weights_;           ///< by population that they lead to
  std::vector<std::size_t> weights_end_;  ///< where those of each population end, and those of the next begin
  std::vector<Random> random_;
  std::size_t look_ahead_ = 0;
  std::vector<double> past_;  ///< spikes of population k in a slot at slot * populations + k: a ring
  std::size_t slots_ = 0;     ///< of the ring
  std::size_t recorded_ = 0;  ///< slot of the last step recorded
  std::size_t slot_ = 0;      ///< of the step that the last kick ended
  std::vector<double> kick_;
};

}  // namespace popshot::model
