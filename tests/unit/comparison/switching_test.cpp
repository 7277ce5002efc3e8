// Residence times: the estimator against its closed forms and its coverage; the run on a small scale.
#include "popshot/comparison/switching.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "popshot/core/error.hpp"
#include "popshot/core/random.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

TEST(Residence, HasTheClosedForms) {
  const auto never = residence(0, 100.0);
  EXPECT_TRUE(std::isinf(never.mean));
  EXPECT_TRUE(std::isinf(never.high));
  EXPECT_NEAR(never.low, 100.0 / -std::log(0.025), 1e-9);  // exp(-100/low) = 0.025
  const auto once = residence(1, 100.0);
  EXPECT_DOUBLE_EQ(once.mean, 100.0);
  EXPECT_NEAR(once.high, 100.0 / -std::log(0.975), 1e-7);
  EXPECT_LT(once.low, once.mean);
}

TEST(Residence, CoversTheTruthInNinetyFivePercentWithCensoring) {
  // Trials of length 50 with a true mean of 80: most are censored.
  const int repeats = 2000;
  int covered = 0;
  for (int i = 0; i < repeats; ++i) {
    std::int64_t exits = 0;
    double time = 0.0;
    for (int j = 0; j < 20; ++j) {
      const double u =
          uniform_number(9, RandomStream::noise, {static_cast<std::uint64_t>(i), 0}, static_cast<std::uint64_t>(j));
      const double left = -80.0 * std::log(u);
      exits += left < 50.0 ? 1 : 0;
      time += std::min(left, 50.0);
    }
    const auto r = residence(exits, time);
    covered += r.low <= 80.0 && 80.0 <= r.high ? 1 : 0;
  }
  // The interval is conservative: at least 95 % within four sigma, and not everything.
  EXPECT_GT(covered, repeats * 0.95 - 4 * std::sqrt(repeats * 0.95 * 0.05));
  EXPECT_LT(covered, repeats * 0.995);
}

TEST(Ageing, IsTheBinomialProbability) {
  EXPECT_DOUBLE_EQ(ageing(0, 10.0, 0, 5.0), 1.0);
  EXPECT_NEAR(ageing(4, 10.0, 0, 5.0), 1.0 / 16.0, 1e-12);
  EXPECT_NEAR(ageing(4, 10.0, 1, 5.0), 5.0 / 16.0, 1e-12);
  EXPECT_NEAR(ageing(4, 10.0, 4, 5.0), 1.0, 1e-12);
}

model::Model bistable() {
  auto m = testing_support::figure1(1000, model::Sampling::quantile, 15.0);
  m.populations[0].heterogeneity = model::Lorentzian{-5.65, 1.0};
  m.simulation.time_step = 0.02;
  m.simulation.record_interval = 0.2;
  m.simulation.duration = 300.0;
  m.spectrum.trials = 6;
  return m;
}

TEST(Switching, AccountsForAllTimeAndDoesNotDependOnThreads) {
  const auto m = bistable();
  const auto one = switching(m, {600, 3000}, {"network", "mesoscopic"}, {.threads = 1});
  const auto two = switching(m, {600, 3000}, {"network", "mesoscopic"}, {.threads = 3});
  ASSERT_EQ(one.levels.size(), 2U);
  for (std::size_t l = 0; l < 2; ++l) {
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& r = one.levels[l].residence[i];
      EXPECT_NEAR(r[0].time + r[1].time + r[0].early_time + r[1].early_time, 6 * 300.0, 1e-6);
      EXPECT_EQ(r[1].exits, two.levels[l].residence[i][1].exits);
      EXPECT_EQ(r[1].time, two.levels[l].residence[i][1].time);
    }
    // 600 neurons cut the tails so far that the high state is left at once; 3000 do not.
    EXPECT_EQ(one.levels[l].residence[0][1].exits, 3);
    EXPECT_LT(one.levels[l].residence[0][1].mean, 20.0);
    EXPECT_LT(one.levels[l].residence[1][1].exits, 3);
  }
}

TEST(Switching, NeedsTwoStableStates) {
  EXPECT_THROW((void)switching(testing_support::figure1(), {1000}, {"network"}), InputError);
  auto m = bistable();
  m.stimuli.push_back({0, model::StepCurrent{1.0, 1.0, 2.0}});
  EXPECT_THROW((void)switching(m, {1000}, {"network"}), InputError);
}

}  // namespace
}  // namespace popshot::comparison
