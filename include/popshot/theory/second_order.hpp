// Where linear theory ends: what is left of a spectrum in second order, an estimate. docs/theory.md (59)-(65).
#pragma once

#include <optional>
#include <vector>

#include "popshot/core/spectrum.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {

/// An estimate of what the spectra of the activities have beyond linear theory, in second order: S_2(f), to be added to
/// shot_noise(..).total. Linear theory is of the order 1/N; this is of the order 1/N^2, has its power mostly at low
/// frequencies (and at twice a resonance), and shows where the linear spectrum nearly vanishes. It consists of
///
/// * the quadratic response of every population's mean field to its input, which is exact in second order, and
/// * the change of the neurons' own noise by the input (multiplicative noise), at every f the part in which the input
///   meets neurons near its own frequency; this is all there is for f -> 0 (theory.md (65)),
///
/// filtered by the coupled network; theory.md (59)-(65), our derivation. Where the linear spectrum goes to zero this is
/// all of the order 1/N^2; at other frequencies terms of the same order are left out (those that are proportional to
/// the linear spectrum, the broadening of the neurons' lines among them). Measured: well below the firing rates within
/// errors of 5 to 10 %; at the rates and above, and at twice a resonance, an order of magnitude. Fig. 1 of Klinshov &
/// Kirillov: 1.74/N^2 for f -> 0.
///
/// Any model that shot_noise takes, several populations, synapses, delays and random currents included (of which the
/// quadratic response is part), at any operating point, of which `input` is used. For populations with Cauchy noise in
/// their neurons, and for options.noise or options.uncoupled other than the neurons' own noise (mesoscopic models with
/// spectral or Markovian noise, which is additive), the second part does not exist or is not known and is left out.
/// options.time_step is not looked at: continuous time. Up to 10 populations have the cross-spectra of what is made in
/// second order in different ones; above, these count as independent. Relative accuracy of the integrals about 1 %.
///
/// frequency: any order, sign and number, in cycles per time unit. Result: two-sided densities at these, in the
/// convention of Spectrum, unit 1/time. Nothing if a population has Gaussian noise in its neurons, whose quadratic
/// response is not known. Throws what shot_noise throws. Time: some ten milliseconds for a Lorentzian population,
/// about two seconds for ten populations.
[[nodiscard]] std::optional<Spectrum> second_order(const model::Model& model, const mean_field::OperatingPoint& point,
                                                   const std::vector<double>& frequency, const Options& options = {});

/// A range of neighbouring frequencies in which the second order is more than a given share of the linear spectrum.
struct BeyondLinear {
  double low = 0.0;      ///< the first of the frequencies
  double high = 0.0;     ///< the last of them
  double largest = 0.0;  ///< of second order/linear in the range
  double at = 0.0;       ///< the frequency where that is
};

/// The ranges, by ascending frequency, in which second > share * linear: there linear theory ends. One output's power
/// spectral densities at the same frequencies, ascending; share > 0. A range that begins at the first frequency means
/// "below high"; where linear is 0 and second is not, `largest` is infinite.
[[nodiscard]] std::vector<BeyondLinear> linear_theory_ends(const std::vector<double>& frequency,
                                                           const std::vector<double>& linear,
                                                           const std::vector<double>& second, double share = 0.1);

}  // namespace popshot::theory
