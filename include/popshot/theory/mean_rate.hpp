// The mean rate of a finite network beyond r_N: the shift of order 1/N that the neurons' own noise makes.
#pragma once

#include <Eigen/Dense>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::theory {

/// The first of the two effects below alone, before the mean field amplifies it: the mean shift of the rates of the
/// neurons of each population by their own echo, theory.md (29). A model that has the noise but no neurons lacks it.
/// Throws Stopped after a stop request.
[[nodiscard]] Eigen::VectorXd own_echo(const model::Model& model, const mean_field::OperatingPoint& point,
                                       const std::stop_token& stop = {});

/// The difference, to first order in 1/N, between the mean rates of a finite network and the rates r_N at which its
/// operating point is self-consistent (network::operating_point). Two effects, both of order J/N:
///
/// * a neuron's spikes return to it, directly and through the response of the others, in a fixed phase of its own
/// cycle;
/// * the noise of the others bends its phase in second order.
///
/// Both change the mean frequency of a firing neuron, the mean input follows, and the mean field amplifies:
/// (1 - F' M) shift = own echo + noise; theory.md (27)-(31), our derivation. `point` is the operating point. The
/// scheme shifts rates as continuous time does, to the order of its coupling. Of populations with noise in their
/// neurons the own echo, and with Gaussian noise the second effect too, are not computed: zero. Unit: rate, one value
/// per population. Throws Stopped after a stop request.
[[nodiscard]] Eigen::VectorXd mean_rate_shift(const model::Model& model, const mean_field::OperatingPoint& point,
                                              const std::stop_token& stop = {});

}  // namespace popshot::theory
