// The fixed point of the kick-drift scheme.
#pragma once

#include <complex>

#include "popshot/core/riccati.hpp"

namespace popshot::mean_field {

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
