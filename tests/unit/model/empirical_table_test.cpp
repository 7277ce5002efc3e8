// The table of an empirical density against sums over its values in extended precision.
#include "popshot/model/empirical_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "popshot/core/random.hpp"
#include "popshot/model/heterogeneity.hpp"

namespace popshot::model {
namespace {

/// The part of the density below eta, or above it.
long double part(const Empirical& g, long double eta, bool below) {
  long double sum = 0.0L;
  for (const double value : g.value) {
    const long double z = (eta - value) / (g.bandwidth * std::numbers::sqrt2_v<long double>);
    sum += 0.5L * std::erfc(below ? -z : z);
  }
  return sum / static_cast<long double>(g.value.size());
}

/// The quantile by bisection, from the nearer end as the table has it.
double slow_quantile(const Empirical& g, double p) {
  const bool below = p <= 0.5;
  const long double wanted = below ? p : 1.0L - p;
  const Support ends = support(g);
  long double low = ends.low - g.bandwidth;
  long double high = ends.high + g.bandwidth;
  while (high - low > 1e-17L * (std::abs(low) + std::abs(high))) {
    const long double middle = 0.5L * (low + high);
    if (!(middle > low && middle < high)) break;
    ((part(g, middle, below) < wanted) == below ? low : high) = middle;
  }
  return static_cast<double>(low);
}

struct Named {
  std::string name;
  Empirical g;
};

/// Log-normal.
Empirical log_normal(int count, double bandwidth) {
  Empirical g{{}, bandwidth};
  for (int i = 0; i < count; ++i) g.value.push_back(std::exp(quantile(Gaussian{2.5, 0.3}, (i + 0.5) / count)));
  return g;
}

std::vector<Named> cases() {
  Empirical cauchy{{}, 0.01};
  for (int i = 0; i < 300; ++i) cauchy.value.push_back(quantile(Lorentzian{0.0, 1.0}, (i + 0.5) / 300));
  Empirical shuffled = log_normal(50, 0.5);
  std::reverse(shuffled.value.begin(), shuffled.value.begin() + 30);
  return {{"one value", {{-2.0}, 0.3}},
          {"few values", {{-1.0, 0.3, 0.4, 2.5}, 0.4}},
          {"log-normal", log_normal(500, 1.0)},
          {"log-normal, narrow", log_normal(200, 0.02)},
          {"in no order", shuffled},
          {"two parts with a gap", {{-3.0, -2.9, 8.0, 8.1, 8.2}, 0.1}},
          {"heavy tails, most values alone", cauchy},
          {"equal values", {std::vector<double>(40, 5.0), 0.2}}};
}

TEST(EmpiricalTable, HasTheDensity) {
  for (const auto& [name, g] : cases()) {
    const EmpiricalTable table(g);
    const Support ends = support(g);
    double highest = 0.0;
    for (const double value : g.value) highest = std::max(highest, density(g, value));
    for (int i = 0; i <= 2000; ++i) {
      const double eta = ends.low + (ends.high - ends.low) * (i - 10) / 1980;
      ASSERT_NEAR(table.density(eta), density(g, eta), 1e-12 * highest) << name << " at " << eta;
    }
  }
}

TEST(EmpiricalTable, HasTheQuantilesToTenDigits) {
  for (const auto& [name, g] : cases()) {
    const EmpiricalTable table(g);
    std::vector<double> all{1e-12, 1e-9, 1e-6, 1e-4, 0.5, 0.9999, 1.0 - 1e-6};
    for (int i = 0; i < 20; ++i) all.push_back((i + 0.37) / 20);
    for (const double p : all) {
      const double expected = slow_quantile(g, p);
      const double tolerance = 1e-10 * std::min(std::abs(expected), g.bandwidth);
      ASSERT_NEAR(table.quantile(p), expected, tolerance + 1e-15) << name << " at p = " << p;
    }
  }
}

TEST(EmpiricalTable, QuantilesAscendAndLieInTheSupport) {
  for (const auto& [name, g] : cases()) {
    const EmpiricalTable table(g);
    const Support ends = support(g);
    double before = ends.low - g.bandwidth;
    for (int i = 0; i < 20000; ++i) {
      const double eta = table.quantile((i + 0.5) / 20000);
      ASSERT_LT(before, eta) << name << ", " << i;
      before = eta;
    }
    EXPECT_LT(before, ends.high) << name;
    EXPECT_GE(table.quantile(1e-300), ends.low - 2.5 * g.bandwidth) << name;
    EXPECT_LE(table.quantile(1.0 - 0x1p-53), ends.high + 2.5 * g.bandwidth) << name;
  }
}

TEST(EmpiricalTable, OfValuesNoWiderThanTheirRoundingIsTheValues) {
  const EmpiricalTable table({{1.0, 1.0 + 1e-12, 2.0}, 1e-18});
  EXPECT_DOUBLE_EQ(table.quantile(0.1), 1.0);
  EXPECT_DOUBLE_EQ(table.quantile(0.5), 1.0 + 1e-12);
  EXPECT_DOUBLE_EQ(table.quantile(0.9), 2.0);
}

TEST(EmpiricalTable, OfManyValuesIsThatOfTheDensityTheyComeFrom) {
  // 10^5 quantiles of a normal density: with a narrow bandwidth b its own standard deviation is sqrt(1 + b^2).
  Empirical g{{}, 0.1};
  constexpr int count = 100'000;
  for (int i = 0; i < count; ++i) g.value.push_back(quantile(Gaussian{}, (i + 0.5) / count));
  const EmpiricalTable table(g);
  const Heterogeneity same = Gaussian{0.0, std::sqrt(1.01)};
  for (const double p : {0.001, 0.1, 0.4, 0.8, 0.99}) EXPECT_NEAR(table.quantile(p), quantile(same, p), 1e-5) << p;
  for (const double eta : {-3.0, 0.2, 1.7}) EXPECT_NEAR(table.density(eta), density(same, eta), 1e-5) << eta;
}

}  // namespace
}  // namespace popshot::model
