#include "popshot/analysis/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "popshot/core/random.hpp"

namespace popshot::analysis {
namespace {

TEST(Statistics, MeanAndItsError) {
  const auto estimate = mean_with_error({1.0, 2.0, 3.0, 6.0});
  EXPECT_DOUBLE_EQ(estimate.value, 3.0);
  EXPECT_DOUBLE_EQ(estimate.error, std::sqrt(14.0 / 12.0));
  EXPECT_EQ(estimate.trials, 4U);
  EXPECT_TRUE(std::isinf(mean_with_error({1.0}).error));
}

TEST(Statistics, RatioOfProportionalListsHasNoError) {
  const auto estimate = ratio_with_error({2.0, 4.0, 6.0}, {1.0, 2.0, 3.0});
  EXPECT_DOUBLE_EQ(estimate.value, 2.0);
  EXPECT_NEAR(estimate.error, 0.0, 1e-15);
}

TEST(Statistics, DeviationAllowsForFewTrials) {
  // Student's t: the two-sided 5 % point is 12.706 for one degree of freedom, 2.131 for 15; a Gaussian's is 1.960.
  EXPECT_NEAR(deviation_in_sigma({12.706, 1.0, 2}, 0.0), 1.960, 1e-3);
  EXPECT_NEAR(deviation_in_sigma({-2.1314, 1.0, 16}, 0.0), -1.960, 1e-3);
  EXPECT_EQ(deviation_in_sigma({5.0, std::numeric_limits<double>::infinity(), 1}, 0.0), 0.0);
  EXPECT_EQ(deviation_in_sigma({5.0, 0.0, 4}, 0.0), 37.0);
  EXPECT_EQ(deviation_in_sigma({5.0, 1e-9, 400}, 0.0), 37.0);
}

TEST(Statistics, ThresholdGrowsWithTheNumberOfComparisons) {
  EXPECT_NEAR(threshold_in_sigma(1, 0.0455003), 2.0, 1e-5);
  EXPECT_NEAR(threshold_in_sigma(10, 1.0 - std::pow(1.0 - 0.0455003, 10)), 2.0, 1e-5);
  EXPECT_GT(threshold_in_sigma(100, 1e-3), threshold_in_sigma(10, 1e-3));
}

TEST(Statistics, FalseAlarmsAreAsRareAsSaid) {
  // 13 comparisons of 8 Gaussian trials each, 4000 times over, at a false-alarm probability of 5 %: 200 +- 13.8
  // expected.
  std::mt19937_64 generator(5);
  std::normal_distribution<double> normal;
  const double threshold = threshold_in_sigma(13, 0.05);
  int alarms = 0;
  for (int run = 0; run < 4000; ++run) {
    bool alarm = false;
    for (int comparison = 0; comparison < 13; ++comparison) {
      std::vector<double> trials(8);
      for (auto& x : trials) x = normal(generator);
      alarm = alarm || std::abs(deviation_in_sigma(mean_with_error(trials), 0.0)) > threshold;
    }
    alarms += alarm ? 1 : 0;
  }
  EXPECT_NEAR(alarms, 200, 4 * 13.8);
}

TEST(PooledVariance, IsThatOfWhatIsKnownForFewAndOfWhatIsSeenForMany) {
  EXPECT_DOUBLE_EQ(pooled_variance(4.0, 3.0, 1.0, 0.0).value, 4.0);
  EXPECT_DOUBLE_EQ(pooled_variance(4.0, 0.0, 1.0, 20.0).value, 1.0);
  EXPECT_NEAR(pooled_variance(4.0, 1e6, 1.0, 20.0).value, 4.0, 1e-3);
  EXPECT_DOUBLE_EQ(pooled_variance(4.0, 5.0, 1.0, 10.0).value, 2.0);
  EXPECT_DOUBLE_EQ(pooled_variance(4.0, 5.0, 1.0, 10.0).degrees, 15.0);
}

/// Means of n powers of this many degrees of freedom each, and what is known of them.
MeanPower sampled_power(std::uint64_t member, std::size_t n, int degrees, double factor) {
  std::vector<double> power;
  std::uint64_t i = 0;
  for (std::size_t t = 0; t < n; ++t) {
    double sum = 0.0;
    for (int k = 0; k < degrees; ++k) {
      const auto u = uniform_numbers(6, RandomStream::noise, {member, 0}, i++);
      sum += -2.0 * std::log(u[0]) * std::pow(std::cos(6.283185307179586 * u[1]), 2);
    }
    power.push_back(factor * sum / degrees);
  }
  return mean_power(power, std::vector<double>(n, 1.0), 2.0 / degrees, 20.0);
}

TEST(MeanPower, DeviatesAsOftenAsItShouldHoweverFewTheTrials) {
  const int repeats = 3000;
  for (const std::size_t n : {2U, 4U, 16U}) {
    for (const int degrees : {6, 40}) {
      int high = 0;
      int low = 0;
      int ratio = 0;
      for (int i = 0; i < repeats; ++i) {
        const auto member = static_cast<std::uint64_t>(2 * i);
        const auto one = sampled_power(member, n, degrees, 1.0);
        high += deviation_in_sigma(one) > 1.96 ? 1 : 0;
        low += deviation_in_sigma(one) < -1.96 ? 1 : 0;
        ratio += std::abs(deviation_in_sigma(one, sampled_power(member + 1, n, degrees, 1.0))) > 1.96 ? 1 : 0;
      }
      // 2.5 % on either side; the pooled variance sees the mean that it belongs to, which costs up to a percent.
      const double error = 4.0 * std::sqrt(0.025 / repeats);
      EXPECT_NEAR(static_cast<double>(high) / repeats, 0.025, error + 0.01) << n << ' ' << degrees;
      EXPECT_NEAR(static_cast<double>(low) / repeats, 0.025, error + 0.01) << n << ' ' << degrees;
      EXPECT_NEAR(static_cast<double>(ratio) / repeats, 0.05, error * 1.5 + 0.01) << n << ' ' << degrees;
    }
  }
  // And it has power where the scatter of four values alone has none.
  EXPECT_GT(deviation_in_sigma(sampled_power(1, 4, 40, 3.0)), 5.0);
}

}  // namespace
}  // namespace popshot::analysis
