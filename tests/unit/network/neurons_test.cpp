// The neurons of a population as the kernels take them: which coefficients lie on lines, and which parts go where.
#include "network/neurons.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace popshot::network {
namespace {

constexpr double h = 0.005;
using Group = std::array<double, kernel_group>;

/// a = 4 sin^2(w h/2), for either sign of eta.
double coefficient(double eta) {
  const double half = std::sqrt(std::abs(eta)) * h / 2;
  return eta < 0 ? -4 * std::pow(std::sinh(half), 2) : 4 * std::pow(std::sin(half), 2);
}

/// kernel_group quantiles of a standard Lorentzian density of n neurons, around the fraction p.
Group quantiles(double p, double n) {
  Group eta{};
  for (std::size_t i = 0; i < eta.size(); ++i) {
    eta[i] = std::tan(std::numbers::pi * (p + static_cast<double>(i) / n - 0.5));
  }
  return eta;
}

TEST(Neurons, OnALineHaveTheirCoefficientsToARounding) {
  const Neurons neurons(64, h, model::Precision::single, "lines");
  for (const double p : {0.1, 0.3, 0.49, 0.501, 0.7, 0.9}) {
    const Group eta = quantiles(p, 1e6);
    const auto line = neurons.line(eta);
    ASSERT_TRUE(line) << p;
    // Its multiples are exact, which the kernel counts on.
    for (std::size_t i = 1; i < eta.size(); ++i) {
      const float multiple = line->slope * static_cast<float>(i);
      EXPECT_EQ(static_cast<double>(multiple), static_cast<double>(line->slope) * static_cast<double>(i));
    }
    double largest = 0.0;
    for (const double one : eta) largest = std::max(largest, std::abs(coefficient(one)));
    for (std::size_t i = 0; i < eta.size(); ++i) {
      EXPECT_NEAR(static_cast<double>((*line)(i)), coefficient(eta[i]), 0x1p-23 * largest) << p << ' ' << i;
    }
  }
}

TEST(Neurons, OnACurveOrWithLargeCoefficientsHaveNoLine) {
  const Neurons neurons(64, h, model::Precision::single, "lines");
  EXPECT_FALSE(neurons.line(quantiles(0.9, 1e4)));
  Group eta{};
  eta.fill(5.0);
  EXPECT_TRUE(neurons.line(eta));
  eta[7] += 1e-5;
  EXPECT_FALSE(neurons.line(eta));
  // kernel_near_a = 1/160 is reached at eta h^2 = 1/160, eta = 250.
  eta.fill(249.0);
  EXPECT_TRUE(neurons.line(eta));
  eta.fill(251.0);
  EXPECT_FALSE(neurons.line(eta));
  EXPECT_FALSE(Neurons(64, h, model::Precision::double_, "doubles").line(Group{}));
}

TEST(Neurons, AreCutIntoViewsThatTogetherHoldAll) {
  Neurons neurons(1000, h, model::Precision::single, "views");
  // 3 groups on lines, then near ones up to 70 in all, then others.
  neurons.resize({3 * kernel_group, 22, 30, 0});
  for (std::size_t i = 0; i < neurons.singles; ++i) neurons.start_single(i, 1.0 + static_cast<double>(i), 0.0);
  const std::vector<std::size_t> cuts{0, kernel_group, 4 * kernel_group, 5 * kernel_group, neurons.singles};
  for (std::size_t c = 0; c + 1 < cuts.size(); ++c) {
    const auto view = neurons.view_of_singles(cuts[c], cuts[c + 1]);
    EXPECT_EQ(view.y, neurons.y.get() + cuts[c]);
    EXPECT_EQ(view.count, cuts[c + 1] - cuts[c]);
    EXPECT_EQ(view.lined % kernel_group, 0U);
    EXPECT_EQ(view.near % kernel_group, 0U);
    EXPECT_LE(view.lined, view.near);
    EXPECT_EQ(view.lines, neurons.lines.data() + std::min<std::size_t>(cuts[c] / kernel_group, 3));
    for (std::size_t i = view.lined; i < view.count; ++i) {
      const double eta = 1.0 + static_cast<double>(cuts[c] + i);
      EXPECT_FLOAT_EQ(view.coefficients[i - view.lined], static_cast<float>(coefficient(eta)));
    }
  }
  EXPECT_EQ(neurons.view_of_singles(0, neurons.singles).lined, 3 * kernel_group);
  EXPECT_EQ(neurons.view_of_singles(0, neurons.singles).near, 4 * kernel_group);  // 70, whole groups
}

}  // namespace
}  // namespace popshot::network
