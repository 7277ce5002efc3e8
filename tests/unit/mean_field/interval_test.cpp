// Interval arithmetic against the exact results of random operands in extended precision.
#include "mean_field/interval.hpp"

#include <gtest/gtest.h>

#include <random>

namespace popshot::mean_field {
namespace {

using Exact = long double;  // 64-bit significand: operations on doubles are exact enough to see a missing ulp

/// A point of an interval: a bound, or somewhere between.
Exact point_of(const Interval& x, std::mt19937_64& generator) {
  switch (generator() % 3) {
    case 0:
      return x.lower;
    case 1:
      return x.upper;
    default:
      return x.middle();
  }
}

Interval random_interval(std::mt19937_64& generator) {
  std::normal_distribution<double> normal;
  const double scale = std::exp(4.0 * normal(generator));
  const double a = scale * normal(generator);
  const double b = generator() % 4 == 0 ? a : a + scale * normal(generator);
  return {std::min(a, b), std::max(a, b)};
}

void expect_contains(const Interval& x, Exact value) {
  EXPECT_LE(static_cast<Exact>(x.lower), value);
  EXPECT_GE(static_cast<Exact>(x.upper), value);
}

TEST(Interval, OperationsContainTheExactResult) {
  std::mt19937_64 generator(1);
  for (int i = 0; i < 20000; ++i) {
    const Interval x = random_interval(generator);
    const Interval y = random_interval(generator);
    const Exact a = point_of(x, generator);
    const Exact b = point_of(y, generator);
    expect_contains(x + y, a + b);
    expect_contains(x - y, a - b);
    expect_contains(x * y, a * b);
    expect_contains(y.lower * x, static_cast<Exact>(y.lower) * a);
  }
}

TEST(Interval, RoundingIsOutwardByAtLeastOneUlpAndNotMuchMore) {
  for (const double x : {1.0, -1.0, 3.7e200, -2.5e-200, 0x1p52, -0x1.fffffffffffffp3}) {
    EXPECT_LE(rounded_down(x), std::nextafter(x, -INFINITY));
    EXPECT_GE(rounded_up(x), std::nextafter(x, INFINITY));
    EXPECT_LE(rounded_up(x) - rounded_down(x), 0x1p-50 * std::abs(x));
  }
  EXPECT_LT(rounded_down(0.0), 0.0);
  EXPECT_GT(rounded_up(0.0), 0.0);
}

TEST(Interval, KnowsEmptinessAndInclusion) {
  EXPECT_TRUE(intersection({0.0, 1.0}, {2.0, 3.0}).empty());
  EXPECT_FALSE(intersection({0.0, 2.0}, {2.0, 3.0}).empty());
  EXPECT_TRUE((Interval{0.0, 1.0}.inside({0.0, 1.0})));
  EXPECT_FALSE((Interval{0.0, 1.0}.strictly_inside({0.0, 2.0})));
  EXPECT_TRUE((Interval{0.5, 1.0}.strictly_inside({0.0, 2.0})));
}

}  // namespace
}  // namespace popshot::mean_field
