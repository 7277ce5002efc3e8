// What is chosen of a run that a model leaves open.
#include "popshot/theory/defaults.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/ladder.hpp"
#include "popshot/theory/time_step.hpp"
#include "support/models.hpp"

namespace popshot::theory {
namespace {

/// The model with nothing said of its run.
model::Model open(model::Model m) {
  m.simulation.duration = 0.0;
  m.simulation.transient = -1.0;
  m.simulation.record_interval = 0.0;
  m.simulation.time_step = 0.0;
  m.spectrum.frequency_min = m.spectrum.frequency_max = m.spectrum.resolution = 0.0;
  return m;
}

/// An excitatory and an inhibitory population with synapses and delays, and a resonance at 42 Hz; `ms` is a millisecond
/// in time units.
model::Model gamma(double ms) {
  model::Model m;
  m.name = "gamma";
  m.populations.resize(2);
  m.populations[0] = {.name = "E", .size = 4000, .tau = 15.0 * ms, .heterogeneity = model::Lorentzian{14.0, 1.0}};
  m.populations[1] = {.name = "I", .size = 1000, .tau = 10.0 * ms, .heterogeneity = model::Lorentzian{0.0, 1.0}};
  const double weight[2][2] = {{1.0, -10.0}, {10.0, -2.0}};
  for (std::size_t from : {0u, 1u}) {
    for (std::size_t to : {0u, 1u}) {
      const double decay = (from == 0 ? 5.0 : 8.0) * ms;
      m.projections.push_back({from, to, weight[to][from], 1.0 * ms, {0.0, decay}});
    }
  }
  return open(std::move(m));
}

double neuron_steps(const model::Model& m) {
  double neurons = 0.0;
  for (const auto& population : m.populations) neurons += static_cast<double>(population.size);
  return neurons * (m.simulation.duration + m.simulation.transient) / m.simulation.time_step *
         static_cast<double>(m.spectrum.trials);
}

TEST(Defaults, ShowTheGammaResonance) {
  const auto m = with_time_step(gamma(1.0));
  // By the eigenvalues that `popshot check` prints.
  const auto state = mean_field::selected_state(m);
  const auto lambda = state.eigenvalues.front();
  const double frequency = std::abs(lambda.imag()) / (2.0 * std::numbers::pi);
  const double width = std::abs(lambda.real()) / std::numbers::pi;
  ASSERT_NEAR(frequency, 0.0423, 1e-4);
  EXPECT_LT(m.spectrum.frequency_min, frequency / 4.0);
  EXPECT_GT(m.spectrum.frequency_max, 3.0 * frequency);
  EXPECT_GT(m.spectrum.frequency_max, 3.0 * state.point.rate.maxCoeff());
  EXPECT_LT(m.spectrum.frequency_max, 20.0 * frequency);
  EXPECT_LE(m.spectrum.resolution, width / 2.0);
  EXPECT_LE(m.spectrum.resolution, m.spectrum.frequency_min / 2.0);
  // Segments of 1.5/resolution that overlap by half, and trials that start without a memory.
  const double segments = 2.0 * m.simulation.duration * m.spectrum.resolution / 1.5 - 1.0;
  EXPECT_GE(segments * static_cast<double>(m.spectrum.trials), 50.0);
  EXPECT_LE(segments * static_cast<double>(m.spectrum.trials), 200.0);
  EXPECT_GE(m.simulation.transient, 5.0 / std::abs(lambda.real()));
  EXPECT_GE(0.5 / m.simulation.record_interval, m.spectrum.frequency_max * (1.0 - 1e-9));
  // Some seconds at some 1e9 of them in a second.
  EXPECT_LT(neuron_steps(m), 5e9);
}

TEST(Defaults, AreTheSameRunInAnyUnitOfTime) {
  const auto ms = with_time_step(gamma(1.0));
  for (const double unit : {0.001, 0.1, 1.0 / 15.0, 7.3}) {
    const auto other = with_time_step(gamma(unit));
    const auto same = [&](double a, double b) { return std::abs(a - b) < 1e-9 * b; };
    EXPECT_TRUE(same(other.simulation.duration, unit * ms.simulation.duration)) << unit;
    EXPECT_TRUE(same(other.simulation.transient, unit * ms.simulation.transient)) << unit;
    EXPECT_TRUE(same(other.simulation.record_interval, unit * ms.simulation.record_interval)) << unit;
    EXPECT_TRUE(same(other.simulation.time_step, unit * ms.simulation.time_step)) << unit;
    EXPECT_TRUE(same(other.spectrum.frequency_min, ms.spectrum.frequency_min / unit)) << unit;
    EXPECT_TRUE(same(other.spectrum.frequency_max, ms.spectrum.frequency_max / unit)) << unit;
    EXPECT_TRUE(same(other.spectrum.resolution, ms.spectrum.resolution / unit)) << unit;
  }
}

TEST(Defaults, KeepWhatIsGivenAndFitTheRest) {
  auto m = gamma(1.0);
  m.simulation.duration = 700.0;
  auto chosen = choose_defaults(m);
  EXPECT_EQ(chosen.duration, 700.0);
  EXPECT_FALSE(chosen.was_chosen("duration"));
  EXPECT_TRUE(chosen.was_chosen("resolution"));
  EXPECT_GE(700.0, 3.0 / chosen.resolution * (1.0 - 1e-9)) << "three segments";
  EXPECT_GE(chosen.frequency_min, 2.0 * chosen.resolution * (1.0 - 1e-9));

  m = gamma(1.0);
  m.spectrum.frequency_min = 0.02;
  m.spectrum.frequency_max = 1.0;
  m.simulation.time_step = 0.07;
  chosen = choose_defaults(m);
  EXPECT_EQ(chosen.frequency_max, 1.0);
  EXPECT_TRUE(model::is_multiple(chosen.record_interval, 0.07));
  EXPECT_LE(chosen.record_interval, 0.5);
  EXPECT_LE(chosen.resolution, 0.0055 / 2.0);
  m.simulation.time_step = 0.9;
  EXPECT_THROW((void)choose_defaults(m), InputError) << "the step resolves no such frequency";

  m = gamma(1.0);
  m.simulation.record_interval = 8.0;
  chosen = choose_defaults(m);
  EXPECT_EQ(chosen.record_interval, 8.0);
  EXPECT_LE(chosen.frequency_max, 0.5 / 8.0);
  EXPECT_TRUE(model::is_multiple(chosen.duration, 8.0));

  m = gamma(1.0);
  m.spectrum.resolution = 0.004;
  chosen = choose_defaults(m);
  EXPECT_EQ(chosen.resolution, 0.004);
  EXPECT_GE(chosen.frequency_min, 0.008 * (1.0 - 1e-9));

  m = gamma(1.0);
  m.simulation.duration = 1e12;
  EXPECT_THROW((void)choose_defaults(m), InputError) << "too many recorded values";

  // Nothing is chosen, nothing is changed.
  const auto complete = testing_support::figure1();
  ASSERT_TRUE(is_complete(complete));
  EXPECT_EQ(with_defaults(complete).simulation.duration, complete.simulation.duration);
}

TEST(Defaults, RecordAsOftenAsTheFrequenciesAsk) {
  const auto interval = [](double highest, double step = 0.0, double tau = 1.0, double duration = 0.0) {
    auto m = open(testing_support::figure1());
    m.populations[0].tau = tau;
    m.simulation.time_step = step;
    m.simulation.duration = duration;
    m.spectrum.frequency_min = highest / 40.0;
    m.spectrum.frequency_max = highest;
    return choose_defaults(m).record_interval;
  };
  EXPECT_EQ(interval(12.0), 0.04);
  EXPECT_EQ(interval(12.5), 0.04);
  EXPECT_EQ(interval(12.6), 0.025);
  EXPECT_EQ(interval(3.0), 0.1);
  EXPECT_EQ(interval(0.003), 1.0);  // at most tau
  EXPECT_EQ(interval(12.0, 0.0, 1.0, 0.03), 0.025) << "at most the duration";
  // It is a multiple of an explicit step.
  EXPECT_EQ(interval(12.0, 0.01), 0.04);
  EXPECT_DOUBLE_EQ(interval(12.0, 0.015), 0.03);
  // In units of the smallest tau.
  EXPECT_NEAR(interval(0.6, 0.0, 20.0), 0.8, 1e-12);
  EXPECT_NEAR(interval(1200.0, 0.0, 0.01), 0.0004, 1e-15);
}

TEST(Defaults, OfASecondModelMayBeThoseOfTheFirst) {
  const auto chosen = choose_defaults(gamma(1.0));
  auto other = gamma(1.0);
  other.projections[0].weight = 3.0;
  other.simulation.transient = 11.0;
  other = with_defaults(other, chosen);
  EXPECT_EQ(other.simulation.transient, 11.0);
  EXPECT_EQ(other.spectrum.frequency_min, chosen.frequency_min);
  EXPECT_EQ(other.simulation.duration, chosen.duration);
}

TEST(Defaults, WithoutAResonanceFollowRatesAndTau) {
  auto m = open(testing_support::figure1(1000, model::Sampling::random, 0.0));
  m.populations[0].heterogeneity = model::Lorentzian{-8.0, 1.0};
  m.populations[0].tau = 20.0;
  const auto chosen = choose_defaults(m);
  EXPECT_TRUE(chosen.modes.resonances.empty());
  EXPECT_GE(chosen.frequency_max, 3.0 / (2.0 * std::numbers::pi * 20.0) * (1.0 - 1e-6));
  EXPECT_LE(chosen.frequency_max, 0.1);
  EXPECT_GE(chosen.frequency_min, 0.01 / 20.0);
  EXPECT_GE(chosen.transient, 200.0 * (1.0 - 1e-9));
  EXPECT_LE(chosen.transient, 10000.0);
}

TEST(Defaults, OfASlowModeAreBounded) {
  auto m = open(testing_support::figure1(10000, model::Sampling::random, 12.0));
  m.populations[0].heterogeneity = model::Gaussian{-1.0, 1.5};
  const auto chosen = choose_defaults(m);
  EXPECT_GT(chosen.modes.slowest, 1000.0);
  EXPECT_EQ(chosen.transient, 500.0);
  EXPECT_LE(chosen.duration, 2000.0);
  EXPECT_GE(chosen.resolution, 0.004);
  EXPECT_LT(chosen.frequency_min, 0.744 / 4.0);
  EXPECT_GT(chosen.frequency_max, 2.0 * 0.744);
}

TEST(Defaults, CoverTheStimuliThatMove) {
  auto m = open(testing_support::figure1());
  m.stimuli.push_back({0, model::StepCurrent{3.0, 0.0, 300.0}});
  EXPECT_GE(choose_defaults(m).duration, 310.0);
  m.stimuli.back().current = model::SineCurrent{1.0, 0.01, 0.0, 0.0, INFINITY};
  EXPECT_GE(choose_defaults(m).duration, 1000.0);
  m.stimuli.back().current = model::StepCurrent{3.0, 0.0, 1e9};
  EXPECT_LE(choose_defaults(m).duration, 2000.0);
}

TEST(Defaults, OfAnOscillationHoldItsFrequency) {
  auto m = open(testing_support::figure1());
  m.populations[0].heterogeneity = model::Lorentzian{4.0, 0.5};
  m.projections[0] = {0, 0, -4.0, 0.6, {0.1, 0.1}};
  const auto chosen = choose_defaults(m);
  ASSERT_FALSE(chosen.modes.resonances.empty());
  EXPECT_TRUE(chosen.modes.resonances.front().growing);
  EXPECT_FALSE(chosen.modes.stable);
  EXPECT_NEAR(chosen.modes.resonances.front().frequency, 0.4278, 1e-3);
  EXPECT_LT(chosen.frequency_min, 0.4278 / 4.0);
  EXPECT_GT(chosen.frequency_max, 1.2);
  EXPECT_GE(chosen.duration, 20.0 / 0.4278);
}

/// The pair of gamma many times over, weakly coupled to each other.
model::Model many(std::size_t pairs) {
  const auto one = gamma(1.0);
  auto m = one;
  m.populations.clear();
  m.projections.clear();
  for (std::size_t i = 0; i < pairs; ++i) {
    for (const auto& population : one.populations) m.populations.push_back(population);
    for (auto projection : one.projections) {
      projection.from += 2 * i;
      projection.to += 2 * i;
      m.projections.push_back(projection);
    }
  }
  for (std::size_t i = 0; i < 2 * pairs; ++i) {
    for (std::size_t j = 0; j < 2 * pairs; ++j) {
      if (i / 2 != j / 2) m.projections.push_back({i, j, 0.001, 1.0, {0.0, 5.0}});
    }
  }
  return m;
}

TEST(Modes, OfManyPopulationsAreFoundWithoutASearch) {
  // 76 populations: eigenvalues would take minutes; the response shows the peak.
  const auto modes = known_modes(many(38));
  EXPECT_EQ(modes.source, Modes::Source::response);
  ASSERT_FALSE(modes.resonances.empty());
  EXPECT_NEAR(modes.resonances.front().frequency, 0.0423, 0.004);
  EXPECT_NEAR(modes.resonances.front().width, 0.0055, 0.003);
  // A few more than that: rates alone.
  const auto rates = known_modes(many(160));
  EXPECT_EQ(rates.source, Modes::Source::rates);
  EXPECT_GT(rates.rate.minCoeff(), 0.0);
  EXPECT_GE(rates.slowest, 15.0);
  EXPECT_GT(choose_defaults(many(160)).duration, 100.0);
}

TEST(Modes, OfSeveralPopulationsAreThoseOfTheirState) {
  const auto modes = known_modes(many(3));
  EXPECT_EQ(modes.source, Modes::Source::eigenvalues);
  EXPECT_TRUE(modes.stable);
  ASSERT_FALSE(modes.resonances.empty());
  EXPECT_NEAR(modes.resonances.front().frequency, 0.0423, 0.002);
}

TEST(Modes, OfTheSelectedStateCount) {
  auto m = testing_support::figure1();
  m.populations[0].heterogeneity = model::Lorentzian{-5.0, 1.0};
  m.projections[0].weight = 15.0;
  EXPECT_NEAR(known_modes(m).resonances.at(0).frequency, 0.528, 1e-3);
  m.simulation.state = model::Simulation::State::lowest;
  EXPECT_TRUE(known_modes(m).resonances.empty());
  EXPECT_EQ(known_modes(m).slowest, 1.0);  // tau, not 1/2.4
}

TEST(Modes, OfADelayAloneDoNotCount) {
  for (const auto& one : known_modes(gamma(1.0)).resonances) EXPECT_LT(one.frequency, 0.2);
}

TEST(ResonanceOutside, IsSaid) {
  auto m = with_defaults(gamma(1.0));
  const auto modes = known_modes(m);
  EXPECT_FALSE(resonance_outside(m, modes));
  m.spectrum.frequency_min = 0.3;
  m.spectrum.frequency_max = 12.0;
  ASSERT_TRUE(resonance_outside(m, modes));
  EXPECT_NEAR(resonance_outside(m, modes)->frequency, 0.0423, 1e-4);
  m.stimuli.push_back({0, model::StepCurrent{3.0, 0.0, 300.0}});
  EXPECT_FALSE(resonance_outside(m, modes)) << "there is no spectrum";
}

}  // namespace
}  // namespace popshot::theory
