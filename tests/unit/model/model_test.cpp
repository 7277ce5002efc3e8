#include "popshot/model/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

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

TEST(NetworkMemory, IsSixteenBytesANeuronInSingleAndTwentyFourInDoublePrecision) {
  Model model = two_populations();
  EXPECT_DOUBLE_EQ(network_memory(model), 16.0 * 1000);
  model.simulation.precision = Precision::double_;
  EXPECT_DOUBLE_EQ(network_memory(model), 48.0 * 1000);
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
