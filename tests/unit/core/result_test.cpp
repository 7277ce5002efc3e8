#include "popshot/core/result.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace popshot {
namespace {

TEST(Dataset, HoldsWhatFitsItsDimensions) {
  Dataset data;
  data.add_dimension("time", 3);
  data.add_dimension("time", 3);
  data.add({"rate", {"time"}, std::vector<double>{1.0, 2.0, 3.0}, "1/tau", "rate"});
  ASSERT_NE(data.find("rate"), nullptr);
  EXPECT_EQ(data.find("voltage"), nullptr);
  EXPECT_EQ(data.dimension("time"), 3U);
}

TEST(Dataset, RefusesWhatDoesNotFit) {
  Dataset data;
  data.add_dimension("time", 3);
  EXPECT_THROW(data.add_dimension("time", 4), std::logic_error);
  EXPECT_THROW(data.add({"rate", {"time"}, std::vector<double>{1.0}, "1", ""}), std::logic_error);
  EXPECT_THROW(data.add({"rate", {"space"}, std::vector<double>{1.0}, "1", ""}), std::logic_error);
  data.add({"rate", {"time"}, std::vector<double>{1.0, 2.0, 3.0}, "1", ""});
  EXPECT_THROW(data.add({"rate", {"time"}, std::vector<double>{1.0, 2.0, 3.0}, "1", ""}), std::logic_error);
}

}  // namespace
}  // namespace popshot
