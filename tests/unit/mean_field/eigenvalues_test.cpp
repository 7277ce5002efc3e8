// Eigenvalues with synapses and delays: zeros of the characteristic function, none to the right missing.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "support/models.hpp"

namespace popshot::mean_field {
namespace {

using Complex = std::complex<double>;

using testing_support::inhibitory;

Complex characteristic(const model::Model& model, const OperatingPoint& point, Complex s) {
  const auto count = point.input.size();
  Eigen::MatrixXcd matrix = Eigen::MatrixXcd::Identity(count, count);
  const Eigen::MatrixXcd coupling = coupling_matrix(model, s);
  for (Eigen::Index k = 0; k < count; ++k) {
    matrix.row(k) -=
        linear_response(model.populations[static_cast<std::size_t>(k)], point.input(k), s) * coupling.row(k);
  }
  return matrix.determinant();
}

/// The number of zeros with Re s > left and |s - left| < radius: the turns of the characteristic function around 0
/// along the border of the half-disc.
int zeros_less_poles(const model::Model& model, const OperatingPoint& point, double left, double radius) {
  double turned = 0.0;
  Complex last = characteristic(model, point, {left, -radius});
  const auto go = [&](Complex s) {
    const Complex value = characteristic(model, point, s);
    turned += std::arg(value / last);
    last = value;
  };
  constexpr int points = 20000;
  for (int i = 1; i <= points; ++i) {
    go(left + std::polar(radius, std::numbers::pi * (static_cast<double>(i) / points - 0.5)));
  }
  for (int i = 1; i <= points; ++i) go({left, radius - 2.0 * radius * i / points});
  return static_cast<int>(std::lround(turned / (2.0 * std::numbers::pi)));
}

TEST(EigenvaluesWithDelays, AreZerosOfTheCharacteristicFunctionAndAllOfThem) {
  for (const double delay : {0.02, 0.3, 1.0}) {
    for (const model::Synapse synapse : {model::Synapse{}, model::Synapse{0.0, 0.1}, model::Synapse{0.05, 0.2}}) {
      const auto model = inhibitory(-15.0, delay, synapse);
      const auto states = stationary_states(model).states;
      ASSERT_EQ(states.size(), 1U);
      const auto& values = states[0].eigenvalues;
      const double left = -2.0;
      int right = 0;
      for (const Complex& value : values) {
        if (value.real() < left || std::abs(value - left) > 30.0) continue;
        ++right;
        EXPECT_LT(std::abs(characteristic(model, states[0].point, value)), 1e-9) << value;
      }
      // The response has a pair of poles at 2 x*.
      const Complex pole = 2.0 * stationary_state_variable(model.populations[0], states[0].point.input(0));
      const int poles = pole.real() > left ? 2 : 0;
      EXPECT_EQ(right, zeros_less_poles(model, states[0].point, left, 30.0) + poles)
          << "delay " << delay << ", decay " << synapse.decay;
    }
  }
}

TEST(EigenvaluesWithSynapses, OfAnExponentialSynapseAreTheRootsOfThePolynomial) {
  const auto model = inhibitory(-6.0, 0.0, {0.0, 0.1});
  const auto state = stationary_states(model).states.at(0);
  ASSERT_EQ(state.eigenvalues.size(), 3U);
  for (const Complex& s : state.eigenvalues) {
    // (1 + s tau_d)(s - 2x)(s - 2 conj x) = 2 r J
    const Complex x = stationary_state_variable(model.populations[0], state.point.input(0));
    const Complex left = (1.0 + 0.1 * s) * (s - 2.0 * x) * (s - 2.0 * std::conj(x));
    EXPECT_LT(std::abs(left - 2.0 * state.point.rate(0) * -6.0), 1e-8);
  }
}

TEST(EigenvaluesWithDelays, AreTheGrowthRatesOfTheMeanField) {
  // The response to a short pulse decays as the rightmost eigenvalue says.
  auto model = inhibitory(-6.0, 0.137, {0.03, 0.1});
  const auto state = stationary_states(model).states.at(0);
  const Complex leading = state.eigenvalues.at(0);
  ASSERT_LT(leading.real(), 0.0);
  model.simulation.time_step = 0.001;
  model.simulation.record_interval = 0.002;
  model.simulation.duration = 24.0;
  model.stimuli = {{0, model::StepCurrent{0.01, 0.0, 0.1}}};
  const auto activity = simulate(model);
  // Late enough for other modes to be gone: the height of the oscillation, three turns apart.
  const double period = 2.0 * std::numbers::pi / leading.imag();
  const auto height = [&](double begin) {
    double low = 1e9;
    double high = -1e9;
    for (std::size_t i = 0; i < activity.samples(); ++i) {
      const double t = static_cast<double>(i) * 0.002;
      if (t < begin || t > begin + period) continue;
      low = std::min(low, activity.rate[0][i]);
      high = std::max(high, activity.rate[0][i]);
    }
    return high - low;
  };
  const double measured = std::log(height(4.0 + 3.0 * period) / height(4.0)) / (3.0 * period);
  EXPECT_NEAR(measured, leading.real(), 0.02 * std::abs(leading.real()));
}

TEST(Eigenvalues, OfAUniformPopulationAreNotTheEdgesOfItsContinuum) {
  model::Model model = inhibitory(3.0, 0.0, {});
  model.populations[0].heterogeneity = model::Uniform{0.0, 3.0};
  const auto state = stationary_states(model).states.at(0);
  const double edge = 2.0 * std::sqrt(3.0 + state.point.input(0));
  for (const Complex& value : state.eigenvalues) {
    EXPECT_GT(std::abs(value - Complex{0.0, edge}), 1e-2) << value;
    EXPECT_LT(std::abs(characteristic(model, state.point, value)), 1e-3) << value;
  }
}

TEST(Eigenvalues, OfALargeModelWithManyDelaysComeInReasonableTime) {
  model::Model model = inhibitory(-1.0, 0.1, {0.0, 0.1});
  model.projections.clear();
  for (std::size_t k = 1; k < 12; ++k) model.populations.push_back(model.populations[0]);
  for (std::size_t k = 0; k < 12; ++k) {
    for (std::size_t l = 0; l < 12; ++l) {
      model.projections.push_back({l, k, -0.5, 0.05 + 0.01 * static_cast<double>((5 * k + l) % 7), {0.0, 0.1}});
    }
  }
  const OperatingPoint point = stationary_states(model).states.at(0).point;
  const auto values = eigenvalues(model, point);
  ASSERT_FALSE(values.empty());
  EXPECT_LT(std::abs(characteristic(model, point, values.front())), 1e-6);
}

}  // namespace
}  // namespace popshot::mean_field
