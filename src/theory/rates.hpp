// Estimates of stationary rates that cost nothing: where an answer is needed before, or without, the search for states.
#pragma once

#include <Eigen/Dense>
#include <optional>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::theory {

[[nodiscard]] double smallest_tau(const model::Model& model);

/// The same population with Cauchy noise of about the same effect in place of Gaussian noise, for estimates that cost
/// nothing.
[[nodiscard]] model::Population simplified(model::Population population);

/// The rates under constant input `extra` on top of the model's, from a start with the rates `start`/tau: the iteration
/// r = F(I), damped. An estimate.
[[nodiscard]] Eigen::VectorXd estimated_rates(const model::Model& model, const Eigen::VectorXd& extra, double start);

/// The stationary state that Newton's method finds from those estimates, without extra input; nothing if it finds none.
/// Of several states it is one of low rates for start = 0, of high rates for start = 1. Gaussian noise is simplified.
[[nodiscard]] std::optional<mean_field::OperatingPoint> state_near_estimate(const model::Model& model, double start);

}  // namespace popshot::theory
