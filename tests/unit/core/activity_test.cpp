// The schedule of a run.
#include "popshot/core/activity.hpp"

#include <gtest/gtest.h>

namespace popshot {
namespace {

std::int64_t records(const Schedule& schedule) {
  return (schedule.steps - schedule.transient_steps) / schedule.per_record;
}

TEST(Schedule, HasAsManyRecordIntervalsAsFit) {
  EXPECT_EQ(records(Schedule(100.0, 10.0, 0.02, 0.04)), 2500);
  EXPECT_EQ(Schedule(100.0, 10.0, 0.02, 0.04).transient_steps, 500);
  // Quotients that rounding has moved to either side of a whole number.
  EXPECT_EQ(records(Schedule(0.3, 0.0, 0.1, 0.1)), 3);
  EXPECT_EQ(records(Schedule(0.7, 0.0, 0.1, 0.1)), 7);
  for (const double tau : {1.0, 0.001, 15.0, 1.0 / 3.0}) {
    for (const std::int64_t count : {1, 7, 1000, 123'457, 999'999'999}) {
      EXPECT_EQ(records(Schedule(static_cast<double>(count) * 0.07 * tau, 0.0, 0.07 * tau, 0.07 * tau)), count) << tau;
    }
  }
}

TEST(Schedule, RoundsADurationThatIsNoMultipleUp) {
  EXPECT_EQ(records(Schedule(100.0, 0.0, 0.01, 0.03)), 3334);
  EXPECT_EQ(records(Schedule(1.0001, 0.0, 0.5, 0.5)), 3);
  EXPECT_EQ(records(Schedule(0.2, 0.0, 0.5, 0.5)), 1);
}

}  // namespace
}  // namespace popshot
