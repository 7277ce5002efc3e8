// The sample of eta that the neurons of a finite network have, and the state that this very network rests in.
#pragma once

#include <cstdint>
#include <vector>

#include "popshot/core/execution.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::network {

/// eta of every neuron: eta[k][j] for neuron j of population k. It is fixed by (model, seed, trial).
struct Sample {
  std::uint64_t trial = 0;
  std::vector<std::vector<double>> eta;
};

/// Draws the sample of a trial; eight bytes a neuron. Trials differ only where sampling is random.
/// After a stop request (`execution.stop`) the eta that are left are zeros, and the sample is of no use.
[[nodiscard]] Sample draw_sample(const model::Model& model, std::uint64_t trial, const Execution& execution = {});

/// The mean rates of the neurons of a sample under the constant currents and the constant synaptic input
/// `synaptic`(k) = tau_k sum_l J_kl r_l: in continuous time (time_step = 0), or delivered in kicks. theory.md (9),
/// (10).
[[nodiscard]] Eigen::VectorXd rates_at(const model::Model& model, const Sample& sample, const Eigen::VectorXd& synaptic,
                                       double time_step = 0.0);

/// The operating point of a finite network: rates r_k that solve
///
///     r_k = (1/N_k) sum_j nu(eta_j + input_k),   input_k = constant current + tau_k sum_l J_kl r_l ,
///
/// with nu(eta) = Re sqrt(eta)/(pi tau): the N of theory.md (9), which truncates the tails of g. `nearby` says
/// which solution where there are several. time_step = 0: continuous time. time_step > 0: the rates of the
/// kick-drift scheme with that step, which differ in second order (theory.md (10)).
/// Throws NumericalError if no solution is found near `nearby`.
[[nodiscard]] mean_field::OperatingPoint operating_point(const model::Model& model, const Sample& sample,
                                                         const mean_field::OperatingPoint& nearby,
                                                         double time_step = 0.0);

}  // namespace popshot::network
