// The mesoscopic level: the mean field of each population driven by the shot noise of its N neurons.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "popshot/core/activity.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/mesoscopic/finite_size.hpp"
#include "popshot/mesoscopic/markovian_noise.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mesoscopic {

/// The band (spectrum.frequency_range) and the tolerance that the model asks of Markovian noise.
[[nodiscard]] MarkovianSettings markovian_settings(const model::Model& model);

/// The power spectral density of the noise that the mesoscopic level makes at an operating point, for
/// theory::Options::uncoupled: with it, theory gives the exact linear spectrum of each stochastic neural mass model.
/// Ensemble: S0 itself, which its neurons have in the mean over their places in their cells. Spectral: of the filter,
/// for simulation.time_step. Markovian: |G(2 pi i f)|^2. The model must outlive the returned function. Throws Stopped
/// after a stop request.
[[nodiscard]] std::function<double(std::size_t k, double f)> noise_density(const model::Model& model,
                                                                           const mean_field::OperatingPoint& point,
                                                                           model::MesoscopicNoise noise,
                                                                           const std::stop_token& stop = {});

/// Markovian noises of all populations that have them, which trials of the same model share.
class MarkovianFamilies {
 public:
  explicit MarkovianFamilies(const model::Model& model);
  MarkovianFamily& of(std::size_t k) { return *families_[k]; }

 private:
  std::vector<std::unique_ptr<MarkovianFamily>> families_;
};

/// Whether the model has a stationary input and start and a single stable state, so that its noise is of one state.
/// Throws Stopped after a stop request.
[[nodiscard]] bool stays_at_one_state(const model::Model& model, const std::stop_token& stop = {});

/// Simulates the stochastic neural mass model of trial `trial`: tau x' = x^2 + eta + i Delta + I + tau J (r + chi),
/// with the noise chi that mesoscopic.noise selects, for transient + duration. Returns the activities r + chi (and the
/// mean voltages) as network::simulate does for the network of the same trial, whose mean rates it has. The cost per
/// step does not depend on N; the set-up grows up to N = 10^6 and is constant beyond. Same seed and trial, same result.
/// Errors, phases, stop requests and `observer`: as in network::simulate; spectral noise needs a stationary start and
/// input (InputError).
[[nodiscard]] Activity simulate(const model::Model& model, std::uint64_t trial = 0, const Execution& execution = {},
                                const ActivityObserver& observer = {}, MarkovianFamilies* families = nullptr);

}  // namespace popshot::mesoscopic
