#include "popshot/model/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "popshot/core/error.hpp"

namespace popshot::model {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Model two_populations() {
  Model model;
  model.name = "pair";
  model.populations.resize(2);
  model.populations[0].name = "e";
  model.populations[0].size = 800;
  model.populations[1].name = "i";
  model.populations[1].size = 200;
  return model;
}

/// Midpoint rule, to compare with.
double numerical_integral(const SineCurrent& current, double begin, double end) {
  constexpr int count = 200000;
  const double step = (end - begin) / count;
  double sum = 0.0;
  for (int i = 0; i < count; ++i) {
    const double t = begin + (i + 0.5) * step;
    if (t < current.begin || t >= current.end) continue;
    sum += current.amplitude * std::sin(2.0 * std::numbers::pi * current.frequency * t + current.phase) * step;
  }
  return sum;
}

TEST(Model, FindsPopulationsByName) {
  const Model model = two_populations();
  EXPECT_EQ(model.find_population("i"), std::optional<std::size_t>(1));
  EXPECT_EQ(model.find_population("x"), std::nullopt);
}

TEST(Model, SumsConstantCurrentsPerPopulation) {
  Model model = two_populations();
  EXPECT_EQ(constant_current(model, 0), 0.0);
  model.stimuli = {{0, ConstantCurrent{1.5}}, {0, ConstantCurrent{-0.5}}, {1, ConstantCurrent{3.0}}};
  EXPECT_DOUBLE_EQ(constant_current(model, 0), 1.0);
  EXPECT_DOUBLE_EQ(constant_current(model, 1), 3.0);
  EXPECT_TRUE(is_stationary(model));
  EXPECT_EQ(current_integral(model, 0, 0.0, 10.0), 0.0) << "constant currents do not belong to the integral";
}

TEST(Model, IsNotStationaryWithATimeDependentStimulus) {
  Model model = two_populations();
  model.stimuli = {{0, ConstantCurrent{1.0}}, {1, StepCurrent{1.0, 0.0, 1.0}}};
  EXPECT_FALSE(is_stationary(model));
  EXPECT_EQ(constant_current(model, 1), 0.0);
}

TEST(Model, IsStationaryWithStimuliThatAreZeroThroughout) {
  const std::vector<decltype(Stimulus::current)> zero{StepCurrent{0.0, 0.0, 1.0}, SineCurrent{0.0, 2.0, 0.3},
                                                      PulseCurrent{0.0, 1.0, 2.0}, RampCurrent{0.0, 0.0, 1.0},
                                                      TableCurrent{{0.0, 1.0}, {0.0, 0.0}}};
  Model model = two_populations();
  for (const auto& current : zero) {
    model.stimuli = {{0, current}};
    EXPECT_TRUE(is_stationary(model)) << current.index();
  }
  const std::vector<decltype(Stimulus::current)> small{StepCurrent{1e-9, 0.0, 1.0}, SineCurrent{1e-9, 2.0, 0.3},
                                                       PulseCurrent{1e-9, 1.0, 2.0}, RampCurrent{1e-9, 0.0, 1.0},
                                                       TableCurrent{{0.0, 1.0}, {0.0, 1e-9}}};
  for (const auto& current : small) {
    model.stimuli = {{0, current}};
    EXPECT_FALSE(is_stationary(model)) << current.index();
  }
}

TEST(PerPopulation, IsOneNumberForAllOrAList) {
  EXPECT_FALSE(PerPopulation());
  EXPECT_EQ(PerPopulation().of(1), std::nullopt);
  EXPECT_EQ(PerPopulation(2.0).of(5), 2.0);
  PerPopulation list(std::vector<double>{1.0, -2.0});
  EXPECT_EQ(list.of(1), -2.0);
  list.append_that_of(1);
  EXPECT_EQ(list.of(2), -2.0);
  PerPopulation one(3.0);
  one.append_that_of(0);
  EXPECT_EQ(one.values().size(), 1U);
}

TEST(CurrentIntegral, OfASineWithoutABeginHasTheTransientToo) {
  Model model = two_populations();
  model.stimuli = {{0, SineCurrent{3.0, 0.35, 0.4}}};
  for (const double begin : {-31.7, -0.3, 4.0}) {
    // The integral of sin(w t + p) is (cos(w a + p) - cos(w b + p))/w.
    const double w = 2.0 * std::numbers::pi * 0.35;
    const double end = begin + 1.1;
    EXPECT_NEAR(current_integral(model, 0, begin, end), 3.0 * (std::cos(w * begin + 0.4) - std::cos(w * end + 0.4)) / w,
                1e-12);
  }
}

TEST(CurrentIntegral, OfPulsesWithoutABeginRepeatsItselfAtAllTimes) {
  Model model = two_populations();
  model.stimuli = {{0, PulseCurrent{2.0, 0.5, 4.0}}};
  for (const double period : {-5.0, -1.0, 0.0, 3.0}) {
    const double start = 4.0 * period;
    EXPECT_NEAR(current_integral(model, 0, start, start + 0.25), 0.5, 1e-13) << period;
    EXPECT_NEAR(current_integral(model, 0, start - 1.0, start), 0.0, 1e-13) << period;
    EXPECT_NEAR(current_integral(model, 0, start - 2.0, start + 6.0), 2.0, 1e-13) << period;
  }
}

TEST(CurrentIntegral, OfAStepCountsTheOverlapOnly) {
  Model model = two_populations();
  model.stimuli = {{1, StepCurrent{2.0, 1.0, 3.0}}};
  EXPECT_DOUBLE_EQ(current_integral(model, 1, 0.0, 0.5), 0.0);
  EXPECT_DOUBLE_EQ(current_integral(model, 1, 0.5, 1.5), 1.0);
  EXPECT_DOUBLE_EQ(current_integral(model, 1, 1.5, 2.0), 1.0);
  EXPECT_DOUBLE_EQ(current_integral(model, 1, 2.75, 9.0), 0.5);
  EXPECT_DOUBLE_EQ(current_integral(model, 1, 0.0, 9.0), 4.0);
  EXPECT_DOUBLE_EQ(current_integral(model, 1, 2.0, 2.0), 0.0);
  EXPECT_DOUBLE_EQ(current_integral(model, 0, 0.0, 9.0), 0.0) << "another population";
}

TEST(CurrentIntegral, OfASineAgreesWithQuadrature) {
  const SineCurrent current{3.0, 0.35, 0.4, -1.0, 6.0};
  Model model = two_populations();
  model.stimuli = {{0, current}};
  for (const auto& [begin, end] : {std::pair{-5.0, 10.0}, {-1.0, 6.0}, {0.3, 0.7}, {5.5, 8.0}, {7.0, 8.0}}) {
    EXPECT_NEAR(current_integral(model, 0, begin, end), numerical_integral(current, begin, end), 2e-4)
        << begin << ".." << end;
  }
}

TEST(CurrentIntegral, OfASineWithoutEndKeepsItsDigitsOverShortSteps) {
  Model model = two_populations();
  model.stimuli = {{0, SineCurrent{2.0, 0.025, 0.0, 0.0, infinity}}};
  const double step = 1e-6;
  const double t = 1000.0 / 7.0;
  const double expected = 2.0 * std::sin(2.0 * std::numbers::pi * 0.025 * (t + step / 2.0)) * step;
  EXPECT_NEAR(current_integral(model, 0, t, t + step) / expected, 1.0, 1e-7);
  EXPECT_NEAR(current_integral(model, 0, 0.0, 40.0), 0.0, 1e-13) << "one whole period";
}

/// The currents by their definitions.
double current_at(const PulseCurrent& c, double t) {
  for (int i = 0; i < 1000; ++i) {
    const double start = c.begin + i * c.period;
    if (start < c.end && t >= start && t < start + c.width) return c.amplitude;
  }
  return 0.0;
}
double current_at(const RampCurrent& c, double t) {
  return t < c.begin ? 0.0 : t >= c.end ? c.amplitude : c.amplitude * (t - c.begin) / (c.end - c.begin);
}
double current_at(const TableCurrent& c, double t) {
  if (t <= c.time.front()) return c.value.front();
  for (std::size_t i = 1; i < c.time.size(); ++i) {
    if (t > c.time[i]) continue;
    return c.value[i - 1] + (t - c.time[i - 1]) / (c.time[i] - c.time[i - 1]) * (c.value[i] - c.value[i - 1]);
  }
  return c.value.back();
}

/// Midpoint rule over [-4, 14], as sums from -4 on; an error of at most amplitude x step for each jump.
template <class Current>
void expect_brute_force(const Current& current, double tolerance) {
  Model model = two_populations();
  model.stimuli = {{0, current}};
  constexpr int per_time = 2000;
  std::vector<double> sum{0.0};
  for (int i = 0; i < 18 * per_time; ++i)
    sum.push_back(sum.back() + current_at(current, -4.0 + (i + 0.5) / per_time) / per_time);
  const auto until = [&](double t) { return sum[static_cast<std::size_t>(std::lround((t + 4.0) * per_time))]; };
  for (double begin = -4.0; begin < 14.0; begin += 0.353) {
    for (const double length : {0.005, 0.01, 0.21, 1.0, 2.9, 11.0}) {
      const double from = std::round(begin * per_time) / per_time;
      const double end = std::round((begin + length) * per_time) / per_time;
      if (end > 14.0) continue;
      ASSERT_NEAR(current_integral(model, 0, from, end), until(end) - until(from), tolerance) << from << ".." << end;
    }
  }
  // In steps it is the same as at once.
  double steps = 0.0;
  for (int i = 0; i < 3600; ++i) steps += current_integral(model, 0, -4.0 + i * 0.005, -4.0 + (i + 1) * 0.005);
  EXPECT_NEAR(steps, current_integral(model, 0, -4.0, 14.0), 1e-10);
  EXPECT_EQ(current_integral(model, 0, 3.0, 3.0), 0.0);
  EXPECT_EQ(current_integral(model, 0, 3.0, -3.0), 0.0);
  EXPECT_EQ(current_integral(model, 1, -4.0, 14.0), 0.0);
}

TEST(CurrentIntegral, OfPulsesAgreesWithBruteForce) {
  // Ends of pulses lie between grid points: each is off by 1.5/2000/2 at most, on both sides of an interval at that.
  expect_brute_force(PulseCurrent{1.5, 0.3, 0.8, 0.0, infinity}, 28 * 1.5 / 2000);
  expect_brute_force(PulseCurrent{-1.5, 0.3, 0.3, -1.1, 5.1}, 44 * 1.5 / 2000);
  expect_brute_force(PulseCurrent{1.5, 0.31, 2.27, -2.0, 7.5}, 10 * 1.5 / 2000);
}

TEST(CurrentIntegral, OfPulsesIsWholeUpToTheLastOne) {
  Model model = two_populations();
  // Pulses begin at 0, 0.1, .. 1.0; that at 1.1 is not before the end.
  model.stimuli = {{0, PulseCurrent{2.0, 0.05, 0.1, 0.0, 1.1}}};
  EXPECT_NEAR(current_integral(model, 0, -5.0, 50.0), 11 * 2.0 * 0.05, 1e-13);
  EXPECT_NEAR(current_integral(model, 0, 0.99, 50.0), 2.0 * 0.05, 1e-13);
  // The last pulse begins before the end and goes on after it.
  model.stimuli = {{0, PulseCurrent{2.0, 3.0, 4.0, 1.0, 5.5}}};
  EXPECT_NEAR(current_integral(model, 0, 5.5, 9.0), 2.0 * 2.5, 1e-13);
  EXPECT_EQ(current_integral(model, 0, 8.0, 99.0), 0.0);
}

TEST(CurrentIntegral, OfVeryShortPulsesIsTheirMean) {
  Model model = two_populations();
  for (const double period : {1e-9, 1e-20, 1e-300}) {
    model.stimuli = {{0, PulseCurrent{2.0, period / 4.0, period, 0.0, infinity}}};
    EXPECT_NEAR(current_integral(model, 0, 3.0, 7.0), 2.0, 2e-9) << period;
  }
}

TEST(CurrentIntegral, OfARampAgreesWithBruteForce) {
  expect_brute_force(RampCurrent{1.5, -1.0, 6.0}, 1e-9);
  expect_brute_force(RampCurrent{-2.5, 2.0, 2.5}, 1e-9);
}

TEST(CurrentIntegral, OfATableAgreesWithBruteForce) {
  expect_brute_force(TableCurrent{{-1.0, 0.5, 2.0, 2.5, 9.0}, {1.0, -2.0, -2.0, 4.0, 0.5}}, 1e-9);
  expect_brute_force(TableCurrent{{3.0}, {1.5}}, 1e-9);
}

TEST(Stimuli, OfRandomCurrentsHaveTheSpectrumOfTheirCovariance) {
  const Stimulus ou{0, OrnsteinUhlenbeckCurrent{1.3, 0.4}};
  EXPECT_TRUE(is_random(ou));
  for (const double f : {0.0, 0.3, 2.0}) {
    // The integral of the covariance 1.69 exp(-|t|/0.4) times cos(2 pi f t), by the midpoint rule.
    double sum = 0.0;
    constexpr double step = 1e-4;
    for (double t = 0.5 * step; t < 12.0; t += step) {
      sum += 2.0 * step * 1.69 * std::exp(-t / 0.4) * std::cos(2.0 * std::numbers::pi * f * t);
    }
    EXPECT_NEAR(stimulus_spectrum(ou, f), sum, 1e-6);
  }
  EXPECT_EQ(stimulus_spectrum({0, WhiteNoiseCurrent{0.7}}, 3.0), 0.7);
  EXPECT_EQ(stimulus_spectrum({0, StepCurrent{0.7, 0.0, 1.0}}, 3.0), 0.0);
  Model model = two_populations();
  model.stimuli = {ou, {0, WhiteNoiseCurrent{0.7}}};
  EXPECT_TRUE(is_stationary(model)) << "random currents are stationary";
  EXPECT_EQ(current_integral(model, 0, 0.0, 5.0), 0.0) << "they do not belong to the integral";
  EXPECT_EQ(constant_current(model, 0), 0.0);
}

TEST(NetworkMemory, IsSixteenBytesANeuronInSingleAndSeventyTwoInDoublePrecision) {
  Model model = two_populations();
  EXPECT_DOUBLE_EQ(network_memory(model), 16.0 * 1000);
  model.simulation.precision = Precision::double_;
  EXPECT_DOUBLE_EQ(network_memory(model), 72.0 * 1000);
}

TEST(RequireMemory, NamesTheEstimateAndWhatThereIs) {
  Model model = two_populations();
  EXPECT_NO_THROW(require_memory(model));
  model.populations[0].size = 1'000'000'000;
  EXPECT_NO_THROW(require_memory(model, 1.7e10));
  try {
    require_memory(model, 8e9);
    FAIL() << "16 GB do not fit into 8";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("\"pair\" needs about 16 GB of memory, more than the 8 GB"));
  }
}

TEST(PhysicalMemory, IsPositive) { EXPECT_GT(physical_memory(), 1e6); }

}  // namespace
}  // namespace popshot::model
