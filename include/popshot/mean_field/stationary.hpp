// Stationary states of the mean field (N = inf), their stability, and the response to small input.
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// The mean input at which everything stationary is evaluated: total(k) = constant current + tau_k sum_l J_kl r_l.
/// Theory takes this and nothing else of the state, so that it can be evaluated at N = inf or at the
/// operating point of a finite network.
struct OperatingPoint {
  /// Stationary rate of each population, spikes per neuron per time unit.
  Eigen::VectorXd rate;
  /// Total constant input to each population (without eta).
  Eigen::VectorXd input;
};

struct StationaryState {
  OperatingPoint point;
  /// Mean voltage v of each population.
  Eigen::VectorXd voltage;
  /// Eigenvalues of the mean field linearised at the state, 1 / time unit, by descending real part.
  std::vector<std::complex<double>> eigenvalues;
  [[nodiscard]] bool stable() const { return eigenvalues.empty() || eigenvalues.front().real() < 0.0; }
};

struct StationaryStates {
  /// By ascending mean rate over the populations.
  std::vector<StationaryState> states;
  /// True if interval arithmetic has shown that there are no others, and that each of these exists.
  bool complete = false;
};

/// x* = i sqrt(eta_center + i Delta + input), the stationary complex state v + i pi tau r; docs/theory.md.
[[nodiscard]] std::complex<double> stationary_state_variable(const model::Population& population, double input);
/// r = Im x* / (pi tau).
[[nodiscard]] double stationary_rate(const model::Population& population, double input);
/// d r / d input.
[[nodiscard]] double stationary_rate_slope(const model::Population& population, double input);

/// The matrix tau_k J_kl (populations x populations), summed over parallel projections.
[[nodiscard]] Eigen::MatrixXd coupling_matrix(const model::Model& model);

/// All stationary states with the constant stimuli (time-dependent stimuli count as zero).
[[nodiscard]] StationaryStates stationary_states(const model::Model& model);

/// The stable state that simulation.state selects. Throws InputError if there is no stable stationary state.
[[nodiscard]] StationaryState selected_state(const model::Model& model);

/// Eigenvalues of the mean field at an operating point, by descending real part.
[[nodiscard]] std::vector<std::complex<double>> eigenvalues(const model::Model& model, const OperatingPoint& point);

/// Response H_k(s) of the rate of population k to its input current, at the Laplace variable s (for a frequency f,
/// s = 2 pi i f). Units: rate per current.
[[nodiscard]] std::complex<double> linear_response(const model::Population& population, double input,
                                                   std::complex<double> s);

}  // namespace popshot::mean_field
