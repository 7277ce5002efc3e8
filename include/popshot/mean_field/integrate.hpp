// The macroscopic level: the mean field of infinitely many neurons, stepped by the scheme of the network.
#pragma once

#include "popshot/core/activity.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// Integrates tau_k x_k' = x_k^2 + eta_k + i Delta_k + I_k(t) + tau_k sum_l J_kl r_l (Montbrio, Pazo & Roxin 2015,
/// eq. 12, in the complex form of theory.md (3)) for transient + duration and returns rates (means over the
/// record intervals) and mean voltages (at their ends) after the transient.
///
/// Scheme: the kick-drift steps of the network, theory.md (6)-(8): exact for uncoupled populations with
/// constant input; second order in the time step for stationary states and for stimuli; a coupled transient lags by
/// half a time step, which is first order.
/// Throws NumericalError, naming time and population, if the state stops being finite; InputError if a stationary start
/// is asked for and there is no stable stationary state. A stop request ends the run early with finished = false.
[[nodiscard]] Activity simulate(const model::Model& model, const Execution& execution = {});

}  // namespace popshot::mean_field
