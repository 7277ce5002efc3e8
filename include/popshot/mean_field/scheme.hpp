// The scheme's own linear theory: what small disturbances do in a simulation with a time step. docs/theory.md
// (21a)-(21c).
#pragma once

#include <Eigen/Dense>
#include <Eigen/SparseCore>
#include <array>
#include <complex>
#include <optional>
#include <vector>

#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// The integrals over a step of u^i exp(x (1 - u)), i = 0, 1, 2: the count, the sum of u and the sum of u^2 (over the
/// length h of the step) that a rate exp(s t) makes in the step that begins at t = 0, for x = s h.
[[nodiscard]] std::array<std::complex<double>, 3> step_moments(std::complex<double> x);

/// One population at rest in the scheme, and its response to small kicks: for kicks that go as z^n, n the number of the
/// step that a kick begins, the count, the sum of u and the sum of u^2 of StepSpikes of that step, per kick (before its
/// correction, constant_current_kick). theory.md (21a). Of populations with Gaussian noise in the neurons it is the
/// response in continuous time to the current that the kicks stand for, which leaves their images out.
class SchemeResponse {
 public:
  /// constant: current that acts during the steps; synaptic: current that comes in kicks, tau sum_l J_kl r_l.
  /// time_step > 0, in time units.
  SchemeResponse(const model::Population& population, double constant, double synaptic, double time_step);

  /// |z| > the largest of multipliers().
  [[nodiscard]] std::array<std::complex<double>, 3> operator()(std::complex<double> z) const;
  /// The factors by which disturbances of its complex neurons go on from step to step; none with Gaussian noise.
  [[nodiscard]] const std::vector<std::complex<double>>& multipliers() const { return multiplier_; }
  /// The stationary rate in the scheme, spikes per neuron and time unit; with Gaussian noise that of continuous time.
  [[nodiscard]] double rate() const { return rate_; }

 private:
  double tau_;
  double time_step_;
  double rate_ = 0.0;
  std::vector<std::complex<double>> multiplier_;
  std::vector<std::array<std::complex<double>, 3>> moments_;
  std::optional<Response> noisy_;
};

/// The responses and loops of a model at an operating point, of which only `input` is used, for a simulation with a
/// time step. One object for many z. Both the model and the results of its functions are populations x populations.
class SchemeLoop {
 public:
  /// The model must outlive it.
  SchemeLoop(const model::Model& model, const OperatingPoint& point, double time_step);

  /// Per kick into population k: moment i of the spikes of population k is responses(z)(k, i).
  [[nodiscard]] Eigen::MatrixX3cd responses(std::complex<double> z) const;
  /// Moment i of the spikes (per neuron) of population l in a step makes kicks transfers(z)[i](k, l) of population k at
  /// its end.
  [[nodiscard]] std::array<Eigen::MatrixXcd, 3> transfers(std::complex<double> z) const;
  /// P(z) of theory.md (21b): kicks of population k per kick of population l, once around.
  [[nodiscard]] Eigen::MatrixXcd loop(std::complex<double> z) const;
  /// det(1 - P(z)); its zeros are the factors by which the modes of the coupled scheme go on from step to step.
  [[nodiscard]] std::complex<double> characteristic(std::complex<double> z) const;

  [[nodiscard]] double time_step() const { return time_step_; }
  [[nodiscard]] const std::vector<SchemeResponse>& populations() const { return responses_; }
  /// The model's projections by what they have in common in time: synapse and delay.
  struct Channel {
    model::Projection like;
    std::vector<Eigen::Triplet<double>> weight;  ///< J_kl
  };
  [[nodiscard]] const std::vector<Channel>& channels() const { return channels_; }

 private:
  double time_step_;
  std::vector<SchemeResponse> responses_;
  std::vector<Channel> channels_;
};

/// P(z) for responses and transfers that have been computed already.
[[nodiscard]] Eigen::MatrixXcd scheme_loop(const Eigen::MatrixX3cd& responses,
                                           const std::array<Eigen::MatrixXcd, 3>& transfers, std::complex<double> z);

/// The eigenvalue of the scheme, ln z/time_step, that an eigenvalue `lambda` of the mean field becomes, 1/time unit:
/// by Newton's method, or that of an uncoupled mode; nothing if neither is near.
[[nodiscard]] std::optional<std::complex<double>> scheme_eigenvalue_near(const SchemeLoop& scheme,
                                                                         std::complex<double> lambda);
[[nodiscard]] std::optional<std::complex<double>> scheme_eigenvalue_near(const model::Model& model,
                                                                         const OperatingPoint& point, double time_step,
                                                                         std::complex<double> lambda);

/// How many modes of the scheme grow: the zeros of det(1 - P(z)) with |z| > 1, by the argument principle on |z| = 1.
/// `eigenvalues` of the mean field tell where narrow resonances are, which are sampled closely. theory.md (21c).
[[nodiscard]] int unstable_modes(const SchemeLoop& scheme, const std::vector<std::complex<double>>& eigenvalues = {});
[[nodiscard]] int unstable_modes(const model::Model& model, const OperatingPoint& point, double time_step);

}  // namespace popshot::mean_field
