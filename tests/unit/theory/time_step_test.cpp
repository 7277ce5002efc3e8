// Which time step is chosen, and why; and that it holds what it promises.
#include "popshot/theory/time_step.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/scheme.hpp"
#include "popshot/model/ladder.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {
namespace {

using model::Model;

Model single(model::Heterogeneity heterogeneity, double weight) {
  Model m;
  model::Population p;
  p.name = "p";
  p.size = 10000;
  p.heterogeneity = std::move(heterogeneity);
  m.populations = {p};
  m.projections = {{0, 0, weight}};
  m.simulation.time_step = 0.0;
  m.simulation.record_interval = 0.1;
  m.spectrum.frequency_min = 0.1;
  m.spectrum.frequency_max = 4.0;
  return m;
}

Model figure1() { return single(model::Lorentzian{0.0, 1.0}, 10.0); }

Model bimodal() {
  return single(model::Mixture{{{0.5, model::Lorentzian{1.0, 0.05}}, {0.5, model::Lorentzian{-20.0, 0.05}}}}, 20.0);
}

/// The largest relative error of the spectrum of population 0 in the scheme, with r/N as the floor.
double power_error(const Model& m, double h) {
  const auto point = mean_field::selected_state(m).point;
  std::vector<double> f;
  for (double x = m.spectrum.frequency_min; x <= m.spectrum.frequency_max; x *= 1.05) f.push_back(x);
  const auto exact = shot_noise(m, point, f).total.power(0);
  const auto scheme = shot_noise(m, point, f, {.time_step = h}).total.power(0);
  const double floor = point.rate(0) / static_cast<double>(m.populations[0].size);
  double largest = 0.0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    largest = std::max(largest, std::abs(scheme[i] - exact[i]) / std::max(exact[i], floor));
  }
  return largest;
}

TEST(TimeStep, IsTheLongestThatMeetsTheBounds) {
  for (const auto& m : {figure1(), bimodal(), single(model::Gaussian{0.5, 1.0}, 8.0)}) {
    const auto choice = choose_time_step(m);
    EXPECT_FALSE(choice.by_rule);
    EXPECT_TRUE(model::is_multiple(m.simulation.record_interval, choice.time_step));
    EXPECT_LE(choice.time_step, 0.1);
    EXPECT_LT(power_error(m, choice.time_step), 0.02);  // pointwise; 0.005 in bands
    auto with = m;
    with.simulation.time_step = choice.time_step;
    EXPECT_LE(time_step_excess(with).ratio, 0.8);
    double next = choice.time_step;
    for (double h = 0.1; h > choice.time_step * 1.0001; h = model::ladder_below(h, 1.0)) {
      if (model::is_multiple(m.simulation.record_interval, h)) next = h;
    }
    if (next == choice.time_step) continue;
    with.simulation.time_step = next;
    const auto excess = time_step_excess(with);
    EXPECT_GT(excess.ratio, 0.8);
    EXPECT_FALSE(choice.limit.empty());
  }
}

TEST(TimeStep, IsWhatItIsForKnownModels) {
  auto m = figure1();
  m.simulation.record_interval = 0.04;
  m.spectrum.frequency_min = 0.3;
  m.spectrum.frequency_max = 12.0;
  EXPECT_DOUBLE_EQ(choose_time_step(m).time_step, 0.02);
  EXPECT_DOUBLE_EQ(with_time_step(m).simulation.time_step, 0.02);
  m.spectrum.frequency_max = 2.0;
  EXPECT_DOUBLE_EQ(choose_time_step(m).time_step, 0.04);
  EXPECT_EQ(choose_time_step(m).limit, "the record interval");
  auto slow = bimodal();
  slow.simulation.record_interval = 0.02;
  EXPECT_DOUBLE_EQ(choose_time_step(slow).time_step, 0.02);
}

TEST(TimeStep, ScalesWithTau) {
  auto m = figure1();
  const double step = choose_time_step(m).time_step;
  m.populations[0].tau = 20.0;
  m.simulation.record_interval *= 20.0;
  m.simulation.duration *= 20.0;
  m.spectrum.frequency_min /= 20.0;
  m.spectrum.frequency_max /= 20.0;
  m.spectrum.resolution /= 20.0;
  EXPECT_NEAR(choose_time_step(m).time_step, 20.0 * step, 1e-9);
}

TEST(TimeStep, OfSeveralStableStatesIsTheLeast) {
  // Bistable: with a silent state, in which nothing limits it, and an active one.
  const auto m = single(model::Lorentzian{-5.0, 1.0}, 15.0);
  const auto states = mean_field::stationary_states(m).states;
  ASSERT_EQ(states.size(), 3u);
  const auto choice = choose_time_step(m);
  EXPECT_FALSE(choice.by_rule);
  EXPECT_LE(choice.time_step, 0.05);
}

TEST(TimeStep, DividesARecordIntervalThatNoRoundNumberDivides) {
  auto m = figure1();
  m.simulation.record_interval = 0.0777777;
  const auto choice = choose_time_step(m);
  EXPECT_TRUE(model::is_multiple(m.simulation.record_interval, choice.time_step));
  EXPECT_GT(choice.time_step, 0.01);
  m.simulation.record_interval = 0.0123;  // 0.0001 divides it
  EXPECT_EQ(choose_time_step(m).time_step, 0.0123);
}

TEST(TimeStep, IsByRuleWhereThereIsNoTheory) {
  auto noisy = figure1();
  noisy.populations[0].noise = model::GaussianNoise{0.3};
  const auto choice = choose_time_step(noisy);
  EXPECT_TRUE(choice.by_rule);
  EXPECT_LE(choice.time_step, 0.04);
  // Oscillating: no stable state.
  auto oscillating = single(model::Lorentzian{4.0, 0.5}, -4.0);
  oscillating.projections[0].delay = 0.6;
  oscillating.projections[0].synapse = {0.1, 0.1};
  const auto by_rule = choose_time_step(oscillating);
  EXPECT_TRUE(by_rule.by_rule);
  EXPECT_LE(by_rule.time_step, 0.04);
  EXPECT_GE(by_rule.time_step, 0.01);
  // Strong fast inhibition.
  auto strong = noisy;
  strong.projections[0].weight = -30000.0;
  EXPECT_LT(choose_time_step(strong).time_step, choice.time_step);
}

TEST(TimeStep, FollowsMovingStimuli) {
  auto m = figure1();
  const double still = choose_time_step(m).time_step;
  m.stimuli.push_back({0, model::SineCurrent{1.0, 4.0, 0.0, 0.0, 100.0}});
  const auto choice = choose_time_step(m);
  EXPECT_LE(choice.time_step, 0.01);  // 25 steps a period
  EXPECT_LT(choice.time_step, still);
  EXPECT_EQ(choice.limit, "the stimuli");
}

TEST(TimeStep, IsQuickInLargeModels) {
  // Of 20 populations only the rule is asked (not the clock).
  Model m;
  for (int k = 0; k < 20; ++k) {
    model::Population p;
    p.name = "p" + std::to_string(k);
    p.size = 1000;
    p.heterogeneity = model::Lorentzian{-4.6, 0.7};
    m.populations.push_back(p);
    m.projections.push_back({static_cast<std::size_t>(k), static_cast<std::size_t>(k), 14.5});
  }
  m.simulation.time_step = 0.0;
  EXPECT_TRUE(choose_time_step(m).by_rule);
}

TEST(TimeStep, ExplicitStepsAreJudged) {
  auto m = figure1();
  m.simulation.time_step = 0.005;
  EXPECT_LT(time_step_excess(m).ratio, 0.1);
  m.simulation.time_step = 0.1;
  EXPECT_GT(time_step_excess(m).ratio, 10.0);
  auto unstable = bimodal();
  unstable.simulation.time_step = 0.1;
  EXPECT_TRUE(std::isinf(time_step_excess(unstable).ratio));
}

TEST(TimeStep, IsRefusedWhereDelaysOrRunsAreTooLongForIt) {
  auto m = figure1();
  m.projections[0].delay = 2e5;
  EXPECT_THROW((void)with_time_step(m), InputError);
  m.projections[0].delay = 0.0;
  m.simulation.transient = 1e15;
  EXPECT_THROW((void)with_time_step(m), InputError);
  // One that is there already is left alone.
  m.simulation.time_step = 0.03;
  EXPECT_EQ(with_time_step(m).simulation.time_step, 0.03);
}

}  // namespace
}  // namespace popshot::theory
