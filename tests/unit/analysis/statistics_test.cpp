#include "popshot/analysis/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

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

}  // namespace
}  // namespace popshot::analysis
