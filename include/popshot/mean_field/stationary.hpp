// Stationary states of the mean field (N = inf), their stability, and the response to small input. Equations
// (S1)-(S19) are those of docs/theory/stationary.md; their source is Montbrio, Pazo & Roxin, Phys. Rev. X 5, 021028
// (2015).
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <stop_token>
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
  /// True if interval arithmetic has shown that there are no others, and that each of these exists. False at a
  /// fold (to rounding in the parameters: the two states, or none, are then reported as one) and where the search would
  /// take too long (strong coupling between many populations: then `states` holds what Newton's method found).
  bool complete = false;
};

/// x* = i sqrt(center + i Delta + input), the stationary complex state v + i pi tau r of one population (dimensionless,
/// Im x* > 0, Re x* < 0): (S2). Valid for any finite input and Delta > 0; both parts exact to a few roundings.
[[nodiscard]] std::complex<double> stationary_state_variable(const model::Population& population, double input);
/// F(input) = Im x* / (pi tau), spikes per neuron and time unit: (S4). Increasing, positive.
[[nodiscard]] double stationary_rate(const model::Population& population, double input);
/// F'(input), rate per current: (S5). Positive, largest where center + input = Delta/sqrt(3).
[[nodiscard]] double stationary_rate_slope(const model::Population& population, double input);

/// The stationary rate of the population in the kick-drift scheme: constant current `constant`, and at the end of every
/// time step a voltage kick of `kick`. The fixed point of the kicked Moebius map; tends to stationary_rate(population,
/// constant + tau kick/time_step) in second order. theory.md (10a).
[[nodiscard]] double kicked_rate(const model::Population& population, double constant, double kick, double time_step);

/// The matrix tau_k J_kl (populations x populations), summed over parallel projections.
[[nodiscard]] Eigen::MatrixXd coupling_matrix(const model::Model& model);
/// The same with the synaptic transfer functions: tau_k J_kl s_kl at the Laplace variable s, in continuous time.
[[nodiscard]] Eigen::MatrixXcd coupling_matrix(const model::Model& model, std::complex<double> s);

/// All stationary states with the constant stimuli (time-dependent stimuli count as zero), each to about machine
/// precision, by interval branch and bound over the rates: (S13)-(S19). Microseconds for one population, milliseconds
/// for four; minutes where many populations have several states. Throws InputError if a weight, a current or a
/// heterogeneity is not finite, Stopped after a stop request.
[[nodiscard]] StationaryStates stationary_states(const model::Model& model, const std::stop_token& stop = {});

/// What a stable state is asked for, which decides what can be done without one.
enum class StateUse {
  start,  ///< of a simulation, which can start from a given rate and voltage
  theory  ///< linear theory around it, for which nothing takes its place
};

/// The stable state of lowest or highest mean rate over the populations, as simulation.state says. Throws InputError if
/// there is no stable stationary state, with the leading eigenvalue of the state of highest rate and what works without
/// one; Stopped after a stop request.
[[nodiscard]] StationaryState selected_state(const model::Model& model, const std::stop_token& stop = {},
                                             StateUse use = StateUse::start);

/// The eigenvalues of the mean field linearised about the rest states x*(point.input) of its K populations, 1 / time
/// unit, by descending real part: for Lorentzian populations with instantaneous synapses all 2K of them, (S11). With
/// delays there are infinitely many: those are returned that a polynomial of degree 20 along each delay finds,
/// corrected to zeros of det(1 - K(s)); the rightmost are among them. The continuous spectrum of densities without
/// poles is left out. any_model.md (51)-(53). Only point.input is used, so that they belong to linear_response at the
/// same point also if that is the operating point of a finite network.
[[nodiscard]] std::vector<std::complex<double>> eigenvalues(const model::Model& model, const OperatingPoint& point);

/// Response H_k(s) of the rate of population k to its input current, at the Laplace variable s (for a frequency f,
/// s = 2 pi i f): (S9). Units: rate per current. Analytic for Re s >= 0; its poles, 2 x*/tau and its conjugate, have
/// Re s < 0. H(0) = stationary_rate_slope.
[[nodiscard]] std::complex<double> linear_response(const model::Population& population, double input,
                                                   std::complex<double> s);

}  // namespace popshot::mean_field
