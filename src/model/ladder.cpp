#include "popshot/model/ladder.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace popshot::model {

namespace {

constexpr double rounding = 1e-9;

}  // namespace

double shortest(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.12g", value);
  return std::strtod(text.data(), nullptr);
}

double ladder_value(double limit, double unit) {
  const double wanted = limit / unit * (1.0 + rounding);
  const auto power = static_cast<int>(std::floor(std::log10(wanted)));
  // Quotients of whole numbers, so that 0.04 is the nearest number to 0.04.
  const auto value = [](int tenths, int exponent) {
    return exponent > 0 ? tenths * std::pow(10.0, exponent - 1) : tenths / std::pow(10.0, 1 - exponent);
  };
  for (const int exponent : {power + 1, power, power - 1}) {
    for (const int tenths : {50, 40, 25, 20, 10}) {
      if (value(tenths, exponent) <= wanted) return shortest(value(tenths, exponent) * unit);
    }
  }
  return limit;  // not reached
}

double ladder_below(double value, double unit) { return ladder_value(value * (1.0 - 1e-6), unit); }

double ladder_at_least(double limit, double unit) {
  constexpr double slack = 1e-6;
  const double below = ladder_value(limit * (1.0 + slack), unit);
  if (below >= limit * (1.0 - slack)) return below;
  // The next one is 5/4, 8/5 or twice as large.
  for (const double factor : {1.25, 1.6, 2.0}) {
    const double next = ladder_value(below * factor * (1.0 + slack), unit);
    if (next > below * (1.0 + slack)) return next;
  }
  return limit;  // not reached
}

bool is_multiple(double whole, double part) {
  const double quotient = whole / part;
  const double nearest = std::round(quotient);
  return nearest >= 1.0 && std::abs(quotient - nearest) <= rounding * quotient;
}

}  // namespace popshot::model
