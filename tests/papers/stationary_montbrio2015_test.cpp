// Stationary states, eigenvalues and folds of the models of Montbrio, Pazo & Roxin, Phys. Rev. X 5, 021028 (2015), and
// of Klinshov & Kirillov, Phys. Rev. E 106, L062302 (2022), Fig. 1. The reference numbers were computed from the
// equations by other code; tolerances are half a unit of their last digit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "popshot/mean_field/stationary.hpp"

namespace popshot::mean_field {
namespace {

model::Model single_population(double j, double center, double half_width) {
  model::Model model;
  model::Population population;
  population.name = "all";
  population.heterogeneity = model::Lorentzian{center, half_width};
  model.populations.push_back(population);
  model.projections.push_back({0, 0, j});
  return model;
}

std::size_t number_of_states(double j, double center, double half_width) {
  const StationaryStates found = stationary_states(single_population(j, center, half_width));
  return found.states.size();
}

/// The centre between `outside` (one state) and `inside` (three) at which the number of states changes.
double fold(double j, double half_width, double outside, double inside) {
  EXPECT_EQ(number_of_states(j, outside, half_width), 1U);
  EXPECT_EQ(number_of_states(j, inside, half_width), 3U);
  while (std::abs(inside - outside) > 1e-6) {
    const double middle = 0.5 * (inside + outside);
    (number_of_states(j, middle, half_width) == 1 ? outside : inside) = middle;
  }
  return inside;
}

TEST(KlinshovKirillov2022Fig1, StateAndResonance) {
  const StationaryStates found = stationary_states(single_population(10.0, 0.0, 1.0));
  EXPECT_TRUE(found.complete);
  ASSERT_EQ(found.states.size(), 1U);
  const StationaryState& state = found.states[0];
  EXPECT_NEAR(state.point.rate(0), 1.015661, 5e-7);
  EXPECT_NEAR(state.point.rate(0), 1.016, 5e-4);
  EXPECT_NEAR(state.voltage(0), -0.15670, 5e-6);
  EXPECT_NEAR(state.voltage(0), -1.0 / (2.0 * std::numbers::pi * 1.015661), 1e-7);  // MPR eq. (12a): 2 r v = -Delta/pi
  EXPECT_NEAR(state.eigenvalues[0].real(), -0.313, 5e-4);
  EXPECT_NEAR(state.eigenvalues[0].imag(), 4.518, 5e-4);
  EXPECT_NEAR(state.eigenvalues[1].imag(), -4.518, 5e-4);
  EXPECT_NEAR(state.eigenvalues[0].imag() / (2.0 * std::numbers::pi), 0.719, 5e-4);
  EXPECT_TRUE(state.stable());
}

TEST(KlinshovKirillov2022Fig1, BistableRange) {
  EXPECT_NEAR(fold(10.0, 1.0, -3.5, -2.4), -2.636, 5e-4);
  EXPECT_NEAR(fold(10.0, 1.0, -1.0, -2.4), -2.238, 5e-4);
}

TEST(Montbrio2015Fig2, NodeSaddleAndFocus) {
  const StationaryStates found = stationary_states(single_population(15.0, -5.0, 1.0));
  EXPECT_TRUE(found.complete);
  ASSERT_EQ(found.states.size(), 3U);
  const StationaryState& node = found.states[0];
  const StationaryState& saddle = found.states[1];
  const StationaryState& focus = found.states[2];
  EXPECT_NEAR(node.point.rate(0), 0.081134, 5e-7);
  EXPECT_TRUE(node.stable());
  EXPECT_EQ(node.eigenvalues[0].imag(), 0.0);
  EXPECT_NEAR(saddle.point.rate(0), 0.472980, 5e-7);
  EXPECT_GT(saddle.eigenvalues[0].real(), 0.0);
  EXPECT_LT(saddle.eigenvalues[1].real(), 0.0);
  EXPECT_EQ(saddle.eigenvalues[0].imag(), 0.0);
  EXPECT_NEAR(focus.point.rate(0), 1.030597, 5e-7);
  EXPECT_NEAR(focus.eigenvalues[0].real(), -0.309, 5e-4);
  EXPECT_NEAR(focus.eigenvalues[0].imag(), 3.319, 5e-4);
}

TEST(Montbrio2015Fig2, StateUnderTheStep) {
  model::Model model = single_population(15.0, -5.0, 1.0);
  model.stimuli.push_back({0, model::ConstantCurrent{3.0}});
  const StationaryStates found = stationary_states(model);
  ASSERT_EQ(found.states.size(), 1U);
  EXPECT_NEAR(found.states[0].point.rate(0), 1.373, 5e-4);
  EXPECT_NEAR(found.states[0].eigenvalues[0].real(), -0.232, 5e-4);
  EXPECT_NEAR(found.states[0].eigenvalues[0].imag(), 5.766, 5e-4);
}

TEST(Montbrio2015, BistableRange) {
  EXPECT_NEAR(fold(15.0, 1.0, -7.0, -4.0), -5.7435, 5e-5);
  EXPECT_NEAR(fold(15.0, 1.0, -2.0, -4.0), -3.1361, 5e-5);
}

TEST(Montbrio2015, Cusp) {
  // On the curve of states at the inflection p = pi r = (3/4)^(1/4) (docs/theory/stationary.md (S8)) there are three
  // states above the weight of the cusp and one below it.
  const double p = std::pow(0.75, 0.25);
  const auto center = [p](double j) { return p * p - j * p / std::numbers::pi - 1.0 / (4.0 * p * p); };
  double low = 7.0;
  double high = 9.0;
  while (high - low > 1e-5) {
    const double j = 0.5 * (low + high);
    (number_of_states(j, center(j), 1.0) == 3 ? high : low) = j;
  }
  EXPECT_NEAR(high, 7.796, 5e-4);
  EXPECT_NEAR(center(high), -std::sqrt(3.0), 1e-5);
  const StationaryStates below = stationary_states(single_population(low, center(low), 1.0));
  ASSERT_EQ(below.states.size(), 1U);
  EXPECT_NEAR(below.states[0].point.rate(0), 0.2962, 5e-5);
}

TEST(Bistable, WithTheNarrowDensity) {
  const StationaryStates found = stationary_states(single_population(14.5, -4.6, 0.7));
  ASSERT_EQ(found.states.size(), 3U);
  EXPECT_NEAR(found.states[0].point.rate(0), 0.0571, 5e-5);
  EXPECT_NEAR(found.states[2].point.rate(0), 1.008, 5e-4);
  EXPECT_TRUE(found.states[0].stable());
  EXPECT_FALSE(found.states[1].stable());
  EXPECT_TRUE(found.states[2].stable());
  EXPECT_NEAR(fold(14.5, 0.7, -7.0, -4.0), -5.349, 5e-4);
  EXPECT_NEAR(fold(14.5, 0.7, -1.0, -4.0), -2.452, 5e-4);
}

}  // namespace
}  // namespace popshot::mean_field
