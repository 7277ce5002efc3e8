// The estimate of a run's time before it.
#include "popshot/comparison/run_time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/models.hpp"

namespace popshot::comparison {
namespace {

using testing::HasSubstr;
using testing::Not;

const RunPart& part(const RunTime& time, const std::string& name) {
  for (const auto& one : time.parts) {
    if (one.name == name) return one;
  }
  throw std::runtime_error("no part " + name);
}

model::Model figure1() {
  auto m = testing_support::figure1(10000);
  m.simulation.duration = 500.0;
  m.simulation.transient = 100.0;
  m.simulation.time_step = 0.02;
  m.simulation.record_interval = 0.04;
  return m;
}

constexpr Speed speed{1e-9, 1e-5};

TEST(RunTime, CountsTheWork) {
  const auto time =
      estimate_run_time(figure1(), {.mesoscopic = true, .theory = true, .trials = 16, .threads = 1}, speed);
  const double steps = 600.0 / 0.02;
  EXPECT_DOUBLE_EQ(part(time, "network").count, 16.0 * 1e4 * steps);
  EXPECT_DOUBLE_EQ(part(time, "network").seconds, 16.0 * 1e4 * steps * 1e-9);
  EXPECT_DOUBLE_EQ(part(time, "mesoscopic model").count, 16.0 * steps);
  EXPECT_EQ(part(time, "theory").count, 16.0 * (12.0 * 500.0 + 600.0)) << "segments of 1.5/resolution";
  EXPECT_DOUBLE_EQ(part(time, "set-up").count, 16.0 * 1e4);
  EXPECT_GT(time.seconds(), part(time, "network").seconds + part(time, "theory").seconds);
  EXPECT_THAT(describe(time), HasSubstr("network 4.8e+09 neuron-steps"));
  EXPECT_THAT(describe(time), HasSubstr("on 1 thread ("));
  EXPECT_THAT(describe(time), Not(HasSubstr("set-up"))) << "a small part";
}

TEST(RunTime, OfTrialsSideBySideIsShared) {
  const RunPlan plan{.trials = 16, .threads = 1};
  const double alone = estimate_run_time(figure1(), plan, speed).seconds();
  auto four = plan;
  four.threads = 4;
  EXPECT_NEAR(estimate_run_time(figure1(), four, speed).seconds(), alone / 4.0, 1e-9 * alone);
  auto five = four;
  five.trials = 5;  // two rounds
  EXPECT_NEAR(estimate_run_time(figure1(), five, speed).seconds(), alone / 8.0, 1e-9 * alone);
}

TEST(RunTime, OfSeveralSizesAddsUp) {
  const auto one = estimate_run_time(figure1(), {.trials = 4, .threads = 1}, speed);
  const auto both = estimate_run_time(figure1(), {.trials = 4, .scale = {1.0, 0.5}, .threads = 1}, speed);
  EXPECT_NEAR(both.seconds(), 1.5 * one.seconds(), 1e-9 * one.seconds());
  ASSERT_EQ(both.parts.size(), one.parts.size());
}

TEST(RunTime, OfNetworksLargerThanTheCachesIsThatOfMemory) {
  auto m = figure1();
  m.populations[0].size = 100'000'000;
  const auto time = estimate_run_time(m, {.threads = 64}, speed);
  EXPECT_GT(part(time, "network").seconds, part(time, "network").count * 1e-9);
}

TEST(RunTime, IsMeasuredAndSaidInWords) {
  const auto measured = measure_speed(figure1());
  EXPECT_GT(measured.neuron_step, 0.0);
  EXPECT_GE(measured.theory_frequency, 0.0);
  auto m = figure1();
  m.simulation.duration = 1e8;
  EXPECT_THAT(describe(estimate_run_time(m, {.threads = 1}, speed)), HasSubstr("about 14 h"));
  EXPECT_GT(estimate_run_time(m, {.threads = 1}).seconds(), 10.0);
}

}  // namespace
}  // namespace popshot::comparison
