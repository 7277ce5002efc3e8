// Round numbers.
#include "popshot/model/ladder.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace popshot::model {
namespace {

TEST(Ladder, HasFiveValuesADecade) {
  const std::vector<double> expected{0.1, 0.05, 0.04, 0.025, 0.02, 0.01, 0.005, 0.004, 0.0025, 0.002, 0.001};
  double value = ladder_value(0.13, 1.0);
  for (const double next : expected) {
    EXPECT_EQ(value, next);
    value = ladder_below(value, 1.0);
  }
}

TEST(Ladder, TakesTheLimitItselfAndKeepsToTheUnit) {
  EXPECT_EQ(ladder_value(0.04, 1.0), 0.04);
  EXPECT_EQ(ladder_value(0.0399, 1.0), 0.025);
  EXPECT_EQ(ladder_value(1.0, 1.0), 1.0);
  EXPECT_EQ(ladder_value(999.0, 1.0), 500.0);
  EXPECT_DOUBLE_EQ(ladder_value(0.1, 20.0), 0.1);
  EXPECT_DOUBLE_EQ(ladder_value(0.7, 15.0), 0.6);
  EXPECT_NEAR(ladder_value(1e-7, 0.01), 1e-7, 1e-18);
}

TEST(Ladder, FindsTheNextValueAbove) {
  EXPECT_EQ(ladder_at_least(0.04, 1.0), 0.04);
  EXPECT_EQ(ladder_at_least(0.0401, 1.0), 0.05);
  const std::vector<double> expected{1.0, 2.0, 2.5, 4.0, 5.0, 10.0, 20.0};
  for (std::size_t i = 1; i < expected.size(); ++i) {
    EXPECT_EQ(ladder_at_least(expected[i - 1] * 1.01, 1.0), expected[i]);
    EXPECT_EQ(ladder_at_least(expected[i] * (1.0 + 1e-8), 1.0), expected[i]) << "rounding of a build";
  }
  EXPECT_DOUBLE_EQ(ladder_at_least(0.7, 15.0), 0.75);
}

TEST(Ladder, KnowsMultiples) {
  EXPECT_TRUE(is_multiple(0.04, 0.02));
  EXPECT_TRUE(is_multiple(0.0003, 0.0001));
  EXPECT_FALSE(is_multiple(0.04, 0.025));
  EXPECT_FALSE(is_multiple(0.01, 0.02));
}

}  // namespace
}  // namespace popshot::model
