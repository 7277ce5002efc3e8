// What a finite population's sample of eta does to its mean rate, at a cost that does not grow with N.
#pragma once

#include <Eigen/Dense>
#include <cstdint>

#include "popshot/core/execution.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mesoscopic {

/// The operating point of a finite network and how far its rates lie from those of the mean field at the same input.
struct FinitePoint {
  mean_field::OperatingPoint point;
  /// r_k of the sample minus the rate of infinitely many neurons, both at `point.input` and in the simulation's scheme.
  Eigen::VectorXd offset;
  /// Whether `point` is stationary for the sample.
  bool stationary = true;
};

/// The operating point of the network that `network::simulate` would simulate with this trial: same sample, same rates.
/// Populations of more than 10^6 neurons are represented by a sample of 10^6, whose offset is scaled with 1/sqrt(N): so
/// fall the truncation of the tails (quantile sampling) and the spread of the samples (random). theory.md (36).
/// If the sample has no operating point near the selected state, everything is evaluated at the mean field's; if the
/// model has no stable state at all, at the input of the start. Throws Stopped after a stop request.
[[nodiscard]] FinitePoint finite_point(const model::Model& model, std::uint64_t trial, const Execution& execution = {});

}  // namespace popshot::mesoscopic
