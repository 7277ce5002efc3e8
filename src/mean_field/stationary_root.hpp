// The square root behind every stationary quantity of a Lorentzian population.
#pragma once

#include <cmath>
#include <complex>

namespace popshot::mean_field {

/// x* = i sqrt(a + i half_width), Im x* >= 0, for half_width >= 0: docs/theory/stationary.md (S2), (S3). Neither part
/// suffers from cancellation, for either sign of a; relative error of each part below 4 units in the last place.
[[nodiscard]] inline std::complex<double> stationary_root(double a, double half_width) {
  const double larger = std::sqrt((std::hypot(a, half_width) + std::abs(a)) / 2.0);
  const double smaller = larger > 0.0 ? half_width / (2.0 * larger) : 0.0;
  if (a >= 0.0) return {-smaller, larger};
  return {-larger, smaller};
}

}  // namespace popshot::mean_field
