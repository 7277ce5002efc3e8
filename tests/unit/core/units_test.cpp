// The unit of rates, and numbers that can be told apart.
#include "popshot/core/units.hpp"

#include <gtest/gtest.h>

namespace popshot {
namespace {

TEST(Units, MillisecondsAndSecondsAreShownInHertz) {
  EXPECT_EQ(rate_unit("ms").name, "Hz");
  EXPECT_EQ(rate_unit("ms").factor, 1000.0);
  EXPECT_EQ(rate_unit("s").name, "Hz");
  EXPECT_EQ(rate_unit("s").factor, 1.0);
}

TEST(Units, OtherNamesStayAsTheyAre) {
  for (const std::string name : {"tau", "tau_e", "Ms", "sec", ""}) {
    EXPECT_EQ(rate_unit(name).name, "1/" + name);
    EXPECT_EQ(rate_unit(name).factor, 1.0);
  }
}

TEST(Units, ScalingMultipliesEveryValue) {
  EXPECT_EQ(scaled({0.042, 1.0}, rate_unit("ms")), (std::vector<double>{42.0, 1000.0}));
}

TEST(Units, DigitsAreSignificantAndNoneBeforeThePointIsCutOff) {
  EXPECT_EQ(with_digits(0.0099996, 3), "0.0100");
  EXPECT_EQ(with_digits(0.00925, 3), "0.00925");
  EXPECT_EQ(with_digits(12.0, 3), "12.0");
  EXPECT_EQ(with_digits(-12.0, 3), "-12.0");
  EXPECT_EQ(with_digits(12345.0, 3), "12345");
  EXPECT_EQ(with_digits(0.0, 3), "0.00");
  EXPECT_EQ(with_digits(1.5e-6, 3), "1.50e-06");
  EXPECT_EQ(with_digits(2e9, 2), "2.0e+09");
  EXPECT_EQ(with_digits(1.0 / 0.0, 3), "inf");
}

TEST(Units, AListHasAsManyDigitsAsTellItsNeighboursApart) {
  EXPECT_EQ(told_apart({0.009, 0.01}), (std::vector<std::string>{"0.00900", "0.0100"}));
  EXPECT_EQ(told_apart({0.01001, 0.01002}), (std::vector<std::string>{"0.01001", "0.01002"}));
  EXPECT_EQ(told_apart({1.0, 1.0001, 1.0002}).back(), "1.0002");
  EXPECT_EQ(told_apart({1.0, 1.0}).front(), "1.00");
  EXPECT_EQ(told_apart({1.0, 1.0 + 1e-9}).back(), "1.0000");
  EXPECT_TRUE(told_apart({}).empty());
}

}  // namespace
}  // namespace popshot
