// The mesoscopic level: the mean field of each population driven by the shot noise of its N neurons.
#pragma once

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

/// Markovian noises of all populations, which trials of the same model share.
class MarkovianFamilies {
 public:
  explicit MarkovianFamilies(const model::Model& model);
  MarkovianFamily& of(std::size_t k) { return *families_[k]; }

 private:
  std::vector<std::unique_ptr<MarkovianFamily>> families_;
};

/// Whether the model has a stationary input and start and a single stable state, so that its noise is of one state.
[[nodiscard]] bool stays_at_one_state(const model::Model& model);

/// Simulates the stochastic neural mass model of trial `trial`: tau x' = x^2 + eta + i Delta + I + tau J (r + chi),
/// with the noise chi that mesoscopic.noise selects, for transient + duration. Returns the activities r + chi (and the
/// mean voltages) as network::simulate does for the network of the same trial, whose mean rates it has. The cost per
/// step does not depend on N; the set-up grows up to N = 10^6 and is constant beyond. Same seed and trial, same result.
/// Errors, stop requests and `observer`: as in network::simulate; spectral noise needs a stationary start and input
/// (InputError).
[[nodiscard]] Activity simulate(const model::Model& model, std::uint64_t trial = 0, const Execution& execution = {},
                                const ActivityObserver& observer = {}, MarkovianFamilies* families = nullptr);

}  // namespace popshot::mesoscopic
