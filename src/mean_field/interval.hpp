// Interval arithmetic with outward rounding: as much of it as the search for stationary states needs.
#pragma once

#include <algorithm>
#include <cmath>

namespace popshot::mean_field {

/// A number below x by at least one unit in its last place (and by 1e-300, for results that underflow), so that it
/// bounds from below what x is the rounded value of.
[[nodiscard]] inline double rounded_down(double x) { return x - std::abs(x) * 0x1p-52 - 1e-300; }
[[nodiscard]] inline double rounded_up(double x) { return x + std::abs(x) * 0x1p-52 + 1e-300; }

/// All real numbers from lower to upper. Every operation returns an interval that holds all values of the exact
/// operation on numbers of its operands. Bounds must be finite.
struct Interval {
  double lower = 0.0;
  double upper = 0.0;

  [[nodiscard]] double middle() const { return lower + 0.5 * (upper - lower); }
  [[nodiscard]] double width() const { return upper - lower; }
  [[nodiscard]] bool empty() const { return !(lower <= upper); }
  [[nodiscard]] bool contains(double x) const { return lower <= x && x <= upper; }
  [[nodiscard]] bool inside(const Interval& other) const { return other.lower <= lower && upper <= other.upper; }
  [[nodiscard]] bool strictly_inside(const Interval& other) const { return other.lower < lower && upper < other.upper; }
};

[[nodiscard]] inline Interval operator+(const Interval& x, const Interval& y) {
  return {rounded_down(x.lower + y.lower), rounded_up(x.upper + y.upper)};
}

[[nodiscard]] inline Interval operator-(const Interval& x, const Interval& y) {
  return {rounded_down(x.lower - y.upper), rounded_up(x.upper - y.lower)};
}

[[nodiscard]] inline Interval operator*(double factor, const Interval& x) {
  const double a = factor * x.lower;
  const double b = factor * x.upper;
  return {rounded_down(std::min(a, b)), rounded_up(std::max(a, b))};
}

[[nodiscard]] inline Interval operator*(const Interval& x, const Interval& y) {
  const auto [low, high] = std::minmax({x.lower * y.lower, x.lower * y.upper, x.upper * y.lower, x.upper * y.upper});
  return {rounded_down(low), rounded_up(high)};
}

/// Empty if they have no number in common.
[[nodiscard]] inline Interval intersection(const Interval& x, const Interval& y) {
  return {std::max(x.lower, y.lower), std::min(x.upper, y.upper)};
}

}  // namespace popshot::mean_field
