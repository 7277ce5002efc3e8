// The theory of the spectra of finite populations: shot noise of uncoupled neurons, and what coupling makes of it.
#pragma once

#include <complex>
#include <functional>
#include <stop_token>
#include <vector>

#include "popshot/core/spectrum.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::theory {

/// What is taken for the noise of the uncoupled populations.
enum class Noise {
  shot,   ///< S0 of equation (17): the neurons' own
  white,  ///< r/N at every frequency, as if spikes were a Poisson process: for comparison
};

struct Options {
  Noise noise = Noise::shot;
  /// The spectra are those of a simulation with this step, as far as it is linear: theory.md (21)-(21e). 0: continuous
  /// time.
  double time_step = 0.0;
  /// If set: the power spectral density of the noise of population k (of all its N neurons) at frequency f, in place of
  /// `noise`. So the spectrum of any stochastic neural mass model follows from that of its own noise.
  std::function<double(std::size_t k, double f)> uncoupled = {};
  /// Asked between frequencies.
  std::stop_token stop = {};
};

/// The three curves of Klinshov & Kirillov (2022), for any number of populations. They do not add up: the
/// induced fluctuations are driven by, and so correlated with, the uncoupled noise. Random stimuli are part of the
/// total: (1-K)^-1 (S0 + H S_I H^dagger) (...)^dagger, any_model.md (57).
struct ShotNoise {
  Spectrum uncoupled;  ///< S0, diagonal
  Spectrum induced;    ///< K (1-K)^-1 S0 (...)^dagger
  Spectrum total;      ///< (1-K)^-1 S0 (...)^dagger
};

/// Density p(nu) of the firing rates nu > 0 of the neurons of a population with total constant input `input`:
/// nu = sqrt(eta + input)/(pi tau), eta from the heterogeneity. Integrates to the fraction of neurons that fire;
/// unit: time. theory.md (16).
[[nodiscard]] double firing_rate_density(const model::Population& population, double input, double nu);

/// N S0(f) of an uncoupled stationary population: the two-sided power spectral density of its spike trains, per neuron.
/// One object for many frequencies. Without noise in the neurons (Klinshov & Kirillov 2022; theory.md (17))
///
///     N S0(f) = sum_{k>=1} p(f/k) (f/k)^2 / k ,
///
/// to a relative accuracy of 1e-10 for Lorentzians and about 1e-8 of the rate for other densities; it tends to the rate
/// r for large f, and to 2 zeta(4) pi^2 tau^2 g(-input) f^3 for small f. With Cauchy noise: the average over g of a
/// renewal process, any_model.md (54)-(56), interpolated to 1e-6 of the rate. f = 0 without noise gives 0; negative f
/// its mirror. Unit: 1/time.
class UncoupledSpectrum {
 public:
  /// The population must outlive it. Throws InputError for identical neurons without noise, whose spectrum is lines.
  UncoupledSpectrum(const model::Population& population, double input);
  [[nodiscard]] double operator()(double f) const { return density_(f); }

 private:
  std::function<double(double f)> density_;
};

/// The same for a single frequency.
[[nodiscard]] double uncoupled_spectrum(const model::Population& population, double input, double f);

/// N S0(f) for f far above the firing rates: r - Delta/(pi^3 tau^2 |f|), the first two terms of its expansion in 1/f
/// for a density with the tail Delta/(pi eta^2) (model::tail_weight), without noise in the neurons. theory.md (17).
/// Unit: 1/time.
[[nodiscard]] double uncoupled_spectrum_tail(const model::Population& population, double input, double f);

/// The frequency above which uncoupled_spectrum_tail may be used, which saves many terms: harmonics of different
/// neurons overlap. Infinite with noise in the neurons, where UncoupledSpectrum is as fast at all frequencies.
[[nodiscard]] double tail_frequency(const model::Population& population, double input);

/// The matrix K(f) of theory.md (20): K_kl = H_k(2 pi i f) tau_k J_kl s_kl(f), with synapses and delays. For a
/// time_step > 0 that which stands for the scheme, 1 - A^-1 with A of (21d); 0 above 1/(2 time_step), where a
/// simulation has no coupling.
[[nodiscard]] Eigen::MatrixXcd loop_gain(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                                         double time_step = 0.0);

/// The linear response of the coupled network as a matrix: element (k, l) is the response of the rate of population k
/// to a small current into population l, at frequency f: (1 - K)^-1 diag(H), with H_k of mean_field::linear_response;
/// for a time_step > 0 that of a simulation. Unit: rate per current. theory.md (20), (21d).
[[nodiscard]] Eigen::MatrixXcd response_matrix(const model::Model& model, const mean_field::OperatingPoint& point,
                                               double f, double time_step = 0.0);

/// Uncoupled, induced and total spectra at the given frequencies (any order and sign), at an operating point. Throws
/// Stopped after a stop request.
[[nodiscard]] ShotNoise shot_noise(const model::Model& model, const mean_field::OperatingPoint& point,
                                   const std::vector<double>& frequencies, const Options& options = {});

}  // namespace popshot::theory
