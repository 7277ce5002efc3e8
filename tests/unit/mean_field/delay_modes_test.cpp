// Which eigenvalues are there because of a delay alone.
#include "popshot/mean_field/delay_modes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "support/models.hpp"

namespace popshot::mean_field {
namespace {

using Complex = std::complex<double>;

using testing_support::inhibitory;

TEST(DelayModes, OfWeakCouplingAreAllThatIsNotNearThePopulationsOwn) {
  // The population's own pair, 2 x*, decays within the delay as well, and is none of them.
  const auto model = inhibitory(-0.01, 2.5);
  const auto state = stationary_states(model).states.at(0);
  const Complex own = 2.0 * stationary_state_variable(model.populations[0], state.point.input(0));
  ASSERT_GT(-own.real() * 2.5, 1.0);
  const auto modes = delay_modes(model, state.point, state.eigenvalues);
  ASSERT_EQ(modes.size(), state.eigenvalues.size());
  ASSERT_GE(modes.size(), 6U);
  int not_of_delay = 0;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const Complex value = state.eigenvalues[i];
    const bool near = std::abs(value - own) < 0.1 || std::abs(std::conj(value) - own) < 0.1;
    EXPECT_EQ(modes[i], !near) << value;
    if (!modes[i]) ++not_of_delay;
  }
  EXPECT_EQ(not_of_delay, 2);
}

TEST(DelayModes, OfAShortDelayAreAllButAsManyAsTheModelWithoutItHas) {
  for (const model::Synapse synapse : {model::Synapse{}, model::Synapse{0.0, 0.4}, model::Synapse{0.2, 0.4}}) {
    auto model = inhibitory(-6.0, 0.1, synapse);
    const auto state = stationary_states(model).states.at(0);
    auto without = model;
    without.projections[0].delay = 0.0;
    const auto modes = delay_modes(model, state.point, state.eigenvalues);
    EXPECT_EQ(static_cast<std::size_t>(std::count(modes.begin(), modes.end(), false)),
              eigenvalues(without, state.point).size());
    EXPECT_GT(std::count(modes.begin(), modes.end(), true), 0);
  }
}

TEST(DelayModes, TheLeadingModeIsNoneEvenWhereItDecaysWithinTheDelay) {
  const auto model = inhibitory(-0.5, 2.5);
  const auto state = stationary_states(model).states.at(0);
  ASSERT_GT(-state.eigenvalues.at(0).real() * 2.5, 1.5);
  const auto modes = delay_modes(model, state.point, state.eigenvalues);
  EXPECT_FALSE(modes.at(0));
  EXPECT_FALSE(modes.at(1));
  EXPECT_TRUE(modes.back());
}

TEST(DelayModes, AreNoneWithoutDelays) {
  const auto model = inhibitory(-6.0, 0.0, {0.05, 0.2});
  const auto state = stationary_states(model).states.at(0);
  for (const bool mode : delay_modes(model, state.point, state.eigenvalues)) EXPECT_FALSE(mode);
  EXPECT_EQ(longest_delay(model), 0.0);
  EXPECT_EQ(longest_delay(inhibitory(-6.0, 2.5)), 2.5);
}

TEST(DelayModes, AResonanceThatADelayMakesIsNone) {
  // It does not decay within the delay.
  const auto model = inhibitory(-6.0, 0.137, {0.03, 0.1});
  const auto state = stationary_states(model).states.at(0);
  const auto modes = delay_modes(model, state.point, state.eigenvalues);
  EXPECT_FALSE(modes.at(0));
  EXPECT_GT(state.eigenvalues.at(0).imag(), 0.0);
  EXPECT_TRUE(std::find(modes.begin(), modes.end(), true) != modes.end());
}

}  // namespace
}  // namespace popshot::mean_field
