// The fixed point of the kick-drift scheme.
#pragma once

#include <complex>

#include "popshot/core/riccati.hpp"

namespace popshot::mean_field {

/// The kick of the scheme that stands for a constant input whose integral over a step is `kick`: the common one, and
/// i times the half-width of that of Cauchy noise, of half-width noise_kick as it stands. h in units of tau. theory.md
/// (6b).
[[nodiscard]] inline std::complex<double> scheme_kick(double kick, double noise_kick, double h) {
  const double common = constant_current_kick(h * kick) / h + h * noise_kick * noise_kick / 12.0;
  return {common, noise_kick * constant_current_kick_slope(h * common)};
}

/// The state y after the kick that the kicked flow rests in: (c y + e)/(c - b y) = y - kick, that is
/// b y^2 - b kick y + c kick + e = 0, Im y > 0. theory.md (10a).
[[nodiscard]] inline std::complex<double> kicked_rest(const RiccatiFlow<std::complex<double>>& flow,
                                                      std::complex<double> kick) {
  using Complex = std::complex<double>;
  const Complex half = kick / 2.0;
  const Complex root = std::sqrt(half * half - (flow.c * kick + flow.e) / flow.b);
  const Complex y = half + root;
  return y.imag() > (half - root).imag() ? y : half - root;
}

}  // namespace popshot::mean_field
