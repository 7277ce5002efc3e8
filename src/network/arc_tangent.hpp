// The arc tangent by a polynomial: it rounds alike on every processor, as the library's need not.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace popshot::network {

/// Of atan t = t sum_i c_i t^2i for |t| <= 1, to 2e-8: Abramowitz & Stegun (1964), 4.4.49.
inline constexpr std::array<double, 9> arc_coefficients{1.0,           -0.3333314528, 0.1999355085,
                                                        -0.1420889944, 0.1065626393,  -0.0752896400,
                                                        0.0429096138,  -0.0161657367, 0.0028662257};

/// The angle of the point (x, y), x >= 0 or y >= 0: from -pi/2 to pi, to 2e-8.
[[nodiscard]] inline double arc_tangent(double y, double x) {
  const bool steep = std::abs(y) > std::abs(x);
  const double t = steep ? x / y : y / x;
  const double s = t * t;
  double sum = arc_coefficients.back();
  for (std::size_t i = arc_coefficients.size() - 1; i-- > 0;) sum = arc_coefficients[i] + s * sum;
  const double arc = t * sum;
  if (steep) return (y < 0.0 ? -std::numbers::pi / 2 : std::numbers::pi / 2) - arc;
  return x < 0.0 ? std::numbers::pi + arc : arc;
}

}  // namespace popshot::network
