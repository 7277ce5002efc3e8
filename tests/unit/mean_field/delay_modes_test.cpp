// Which eigenvalues are there because of a delay alone.
#include "popshot/mean_field/delay_modes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>

namespace popshot::mean_field {
namespace {

using Complex = std::complex<double>;

model::Model inhibitory(double weight, double delay, model::Synapse synapse = {}) {
  model::Model model;
  model.name = "inhibitory";
  model::Population population;
  population.name = "i";
  population.heterogeneity = model::Lorentzian{12.0, 2.5};
  model.populations = {population};
  model.projections = {{0, 0, weight, delay, synapse}};
  return model;
}

TEST(DelayModes, OfWeakCouplingAreAllThatIsNotNearThePopulationsOwn) {
  // The population's own pair, 2 x*, decays within the delay as well, and is none of them.
  const auto model = inhibitory(-0.5, 2.5);
  const auto state = stationary_states(model).states.at(0);
  const Complex own = 2.0 * stationary_state_variable(model.populations[0], state.point.input(0));
  ASSERT_GT(-own.real() * 2.5, 1.0);
  const auto modes = delay_modes(model, state.point, state.eigenvalues);
  ASSERT_EQ(modes.size(), state.eigenvalues.size());
  ASSERT_GE(modes.size(), 6U);
  int not_of_delay = 0;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const Complex value = state.eigenvalues[i];
    const bool near = std::abs(value - own) < 0.3 || std::abs(std::conj(value) - own) < 0.3;
    EXPECT_EQ(modes[i], !near) << value;
    if (!modes[i]) ++not_of_delay;
  }
  EXPECT_EQ(not_of_delay, 2);
}

TEST(DelayModes, AreAllButAsManyAsTheModelWithoutDelaysHas) {
  // Where all of them decay within the delay, those left over are as many as without delays.
  for (const model::Synapse synapse : {model::Synapse{}, model::Synapse{0.0, 0.4}}) {
    auto model = inhibitory(-6.0, 6.0, synapse);
    const auto state = stationary_states(model).states.at(0);
    auto without = model;
    without.projections[0].delay = 0.0;
    const auto expected = eigenvalues(without, state.point).size();
    const auto modes = delay_modes(model, state.point, state.eigenvalues);
    std::size_t slow = 0;
    std::size_t fast = 0;
    for (std::size_t i = 0; i < modes.size(); ++i) {
      const bool within = -state.eigenvalues[i].real() * 6.0 > 1.0;
      if (!within) {
        ++slow;
        EXPECT_FALSE(modes[i]);
      } else if (!modes[i]) {
        ++fast;
      }
    }
    EXPECT_LE(fast, expected);
    EXPECT_GT(modes.size(), slow + fast);
  }
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
