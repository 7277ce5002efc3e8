// The noise of N neurons from a few representative ones that share the population's input. theory.md (32)-(35).
#pragma once

#include <cstdint>
#include <memory>

#include "popshot/core/step_spikes.hpp"
#include "popshot/mesoscopic/finite_size.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mesoscopic {

/// Whether the mesoscopic level simulates the population as it is, spike by spike, so that it is the network itself:
/// with the noise "ensemble" a population of at most 4 ensemble_size neurons.
[[nodiscard]] bool is_network(const model::Model& model, std::size_t k);

/// M representative neurons of a population of N, half of them with the sign +1 and half with -1. Each covers a cell of
/// equal probability of the heterogeneity, through which its eta glides to and fro, and receives every kick of the
/// population. The noise is the signed sum of their spikes,
///
///     chi = sum_j z_j s_j(t)/sqrt(M N) ,
///
/// which has mean zero and the covariance of N neurons for any history of the input.
///
/// sampling = "random": the signs are drawn, so that neurons of like eta fluctuate together as independent draws of eta
/// do. "quantile": the signs alternate; if the input is not stationary they come in pairs of like eta, so that what is
/// the same for neurons of like eta is no noise (theory.md, "What the ensemble gets wrong", (d)).
///
/// M is mesoscopic.ensemble_size, but at most N/50 (and at least 64) unless they come in pairs: `representatives`. A
/// population of at most 4 ensemble_size neurons is `resolved`: its own neurons take the place of mean field and noise.
class Ensemble {
 public:
  /// Ensemble of population k. The model must outlive it. `finite.point` is the operating point that the start is made
  /// at.
  Ensemble(const model::Model& model, std::size_t k, std::uint64_t trial, const FinitePoint& finite);
  ~Ensemble();
  Ensemble(Ensemble&&) noexcept;
  Ensemble& operator=(Ensemble&&) noexcept;

  /// The spikes of the population in the next time step, which begins with the voltage kick `kick` and in which the
  /// mean field expects `expected`.
  StepSpikes advance(double kick, const StepSpikes& expected);
  /// Whether the population is its own ensemble.
  [[nodiscard]] bool resolved() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How many neurons make the noise of population k at the mesoscopic level: M with mesoscopic.noise = "ensemble", all N
/// if the population is resolved or the noise another one.
[[nodiscard]] std::int64_t representatives(const model::Model& model, std::size_t k);

}  // namespace popshot::mesoscopic
