// Synapses and delays: their transfer functions, and what they make of the spikes of a simulation step by step.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "popshot/core/gaussian.hpp"
#include "popshot/core/step_spikes.hpp"
#include "popshot/model/model.hpp"

namespace popshot::model {

/// Transfer function of a projection in continuous time, exp(-s delay)/((1 + s rise)(1 + s decay)), at the Laplace
/// variable s (1/time; for a frequency f, s = 2 pi i f). 1 at s = 0. any_model.md (47).
[[nodiscard]] std::complex<double> synaptic_transfer(const Projection& projection, std::complex<double> s);

/// The grid points that spikes are put on which arrive `delay_in_steps` >= 0 after they fell: the ends of the steps
/// first, first + 1, .. after the one that they fell in. weight[lag][moment] is what the grid point first + lag gets of
/// the count and the sums of u and u^2 of StepSpikes. Every spike is replaced by three kicks that have its moments 0..2
/// in time (Lagrange), before or around the time of its arrival; a third difference of the counts takes the mean error
/// of the third moment out. theory.md (6).
struct Arrival {
  std::size_t first = 0;
  std::array<std::array<double, 3>, 4> weight{};
};
[[nodiscard]] Arrival arrival(double delay_in_steps);

/// One stage of a synapse in the scheme, s' = (a - s)/time_constant for kicks a at the ends of steps:
/// s_n = factor s_(n-1) + sum_k weight[k] a_(n-k). The pole is exact, the moments 0..3 of the response are too.
/// any_model.md (48).
struct SynapseStage {
  double factor = 0.0;
  std::array<double, 4> weight{1.0, 0.0, 0.0, 0.0};

  /// step_over_time_constant = time step / time constant > 0; infinity gives no stage at all.
  explicit SynapseStage(double step_over_time_constant);
};

/// A stage on its way: its output and its last inputs, in spikes per neuron and step.
struct RunningStage {
  SynapseStage stage;
  double output = 0.0;
  std::array<double, 3> before{};

  /// The output at the end of the next step, given the kick there.
  double next(double input);
};

/// What a projection makes of spikes in a simulation with this time step, for signals that go as z^n, n the number of
/// the step: the kick at the end of step n over its weight, per count, sum of u and sum of u^2 of step n. |z| > the
/// largest factor of the synapse's stages. any_model.md (48).
[[nodiscard]] std::array<std::complex<double>, 3> kick_transfer(const Projection& projection, std::complex<double> z,
                                                                double time_step);

/// The transfer function at frequency f of a projection as a simulation with this time step has it: the mean over
/// where in the step spikes fall. In fourth order of the step that of continuous time. time_step = 0: continuous time.
/// any_model.md (48).
[[nodiscard]] std::complex<double> synaptic_transfer(const Projection& projection, double f, double time_step);

/// How much farther than in continuous time a spike moves the neurons that it reaches, in second order: a spike of the
/// weight D (in voltage) acts in several kicks, which on their way move the voltage more than D by turns, and the drift
/// V^2 of the neurons feels the mean square: D^2 h excess_path, h the time step in units of their tau. theory.md (6c).
[[nodiscard]] double excess_path(const Projection& projection, double time_step);

/// Whether spikes are those of a finite number of neurons, or a density: infinitely many, each of no weight.
enum class Granularity { neurons, continuum };

/// The voltage kicks that begin the time steps: what arrives through the synapses, and the stimuli. Every spike is
/// carried to the time of its arrival by extrapolation (arrival), through the stages of its synapse; the kick is such
/// that a comb of kicks acts as the current that it stands for (constant_current_kick). Projections with the same
/// origin, synapse and delay share one state, so that the cost per step of K populations is of order K^2. theory.md
/// (6)-(8), any_model.md (48).
class Inputs {
 public:
  /// For simulation.time_step; until the start every population k has had the constant activity rate_before[k]. Random
  /// stimuli are those of the trial. The model must outlive it.
  Inputs(const Model& model, std::uint64_t trial, const std::vector<double>& rate_before,
         Granularity granularity = Granularity::neurons);

  /// The kick at the start: half of what the past delivers in a step, and the stimuli of half a step.
  [[nodiscard]] const std::vector<double>& kick() const { return kick_; }
  /// The kick at the end of step number `step`, in which population k has fired spikes[k]: record, then kick_after.
  const std::vector<double>& advance(std::int64_t step, const std::vector<StepSpikes>& spikes);

  /// How many kicks are known beyond the next one: that at the end of step n needs the spikes up to step n -
  /// look_ahead().
  [[nodiscard]] std::size_t look_ahead() const { return look_ahead_; }
  /// Takes the spikes of the next step.
  void record(const std::vector<StepSpikes>& spikes);
  /// The kick at the end of a step, in order; at most look_ahead() steps after the last one recorded.
  const std::vector<double>& kick_after(std::int64_t step);

 private:
  /// The spikes of one population through one synapse and delay.
  struct Channel {
    std::size_t from = 0;
    Synapse synapse;
    double delay = 0.0;
    Arrival arrival;
    std::vector<RunningStage> stages;
    double delivered = 0.0;  ///< spikes per neuron that act at the end of the step
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
  /// Turns kicks that stand for `part` of a step of a current into those that act as it does.
  void correct(double part);

  const Model* model_;
  Schedule schedule_;
  bool stimulated_ = false;
  std::vector<Channel> channels_;
  std::vector<Weight> weights_;           ///< by population that they lead to
  std::vector<std::size_t> weights_end_;  ///< where those of each population end, and those of the next begin
  std::vector<Random> random_;
  std::size_t look_ahead_ = 0;
  std::vector<StepSpikes> past_;  ///< of population k in a slot at slot * populations + k: a ring
  std::size_t slots_ = 0;         ///< of the ring
  std::size_t recorded_ = 0;      ///< slot of the last step recorded
  std::size_t slot_ = 0;          ///< of the step that the last kick ended
  std::vector<double> kick_;
  std::vector<double> step_;              ///< time step in units of tau of each population
  std::vector<double> per_step_;          ///< one over it
  std::vector<double> noise_correction_;  ///< of each population's kick for noise that has no path within the step
};

}  // namespace popshot::model
