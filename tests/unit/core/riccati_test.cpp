// The Riccati step against an independent high-accuracy ODE solution and against its own algebra.
#include "popshot/core/riccati.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <complex>
#include <numbers>
#include <ostream>

namespace popshot {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// x' = x^2 + eta for a neuron as a phase, V = tan(theta/2): theta' = 1 - cos theta + (1 + cos theta) eta, smooth
/// through spikes; solved by an adaptive eighth-order method.
double phase_after(double eta, double h, double voltage) {
  using State = std::array<double, 1>;
  namespace odeint = boost::numeric::odeint;
  State theta{2.0 * std::atan(voltage)};
  odeint::integrate_adaptive(
      odeint::make_controlled(1e-14, 1e-14, odeint::runge_kutta_fehlberg78<State>()),
      [eta](const State& s, State& d, double) { d[0] = 1.0 - std::cos(s[0]) + (1.0 + std::cos(s[0])) * eta; }, theta,
      0.0, h, h / 100);
  return theta[0];
}

struct NeuronCase {
  double eta;
  double h;
  double voltage;
};
std::ostream& operator<<(std::ostream& stream, const NeuronCase& one) {
  return stream << "eta = " << one.eta << ", h = " << one.h << ", V = " << one.voltage;
}

class NeuronStep : public testing::TestWithParam<NeuronCase> {};

TEST_P(NeuronStep, AgreesWithOdeSolution) {
  const auto [eta, h, voltage] = GetParam();
  const auto step = riccati_step(riccati_flow(eta, h), voltage);
  const double theta = phase_after(eta, h, voltage);
  const double spikes = std::floor((theta + pi) / (2.0 * pi));
  EXPECT_EQ(step.spikes, spikes);
  // Compared as phases, in which the error of the ODE solution is uniform.
  EXPECT_NEAR(2.0 * std::atan(step.state), theta - 2.0 * pi * spikes, 1e-10);
}

INSTANTIATE_TEST_SUITE_P(
    EtaBothSignsAndTails, NeuronStep,
    testing::Values(NeuronCase{1.0, 0.01, 0.3}, NeuronCase{1.0, 0.5, 3.0}, NeuronCase{9.0, 1.0, -2.0},
                    NeuronCase{0.0, 0.5, 1.0}, NeuronCase{0.0, 0.5, 3.0}, NeuronCase{1e-9, 0.3, -1.0},
                    NeuronCase{-1e-9, 0.3, 5.0}, NeuronCase{-2.0, 0.5, 1.0}, NeuronCase{-2.0, 0.5, 4.0},
                    NeuronCase{-400.0, 1.0, -3.0}, NeuronCase{-400.0, 0.2, 25.0}, NeuronCase{400.0, 1.0, 0.1},
                    NeuronCase{2500.0, 0.2, 100.0}, NeuronCase{1e4, 0.1, -50.0}, NeuronCase{123.0, 3.0, 7.0}));

TEST(NeuronStep, CountsSeveralSpikesInTheTails) {
  // w h = 10 pi + 1: from V = 0 the phase w h/pi + 1/2 passes ten whole half-turns.
  const double w = (10.0 * pi + 1.0) / 0.1;
  EXPECT_EQ(riccati_step(riccati_flow(w * w, 0.1), 0.0).spikes, 10.0);
  EXPECT_EQ(riccati_step(riccati_flow(w * w, 0.1), w * std::tan(1.0)).spikes, 11.0);
}

TEST(NeuronStep, KeepsTheClosedFormOfAnUncoupledNeuronOverManySteps) {
  // The phase atan(V/w) + pi n grows by w h per step, exactly.
  for (const double eta : {0.7, 30.0, 5e4}) {
    const double h = 0.05;
    const double w = std::sqrt(eta);
    const auto flow = riccati_flow(eta, h);
    double voltage = -0.4;
    double spikes = 0.0;
    const double begin = std::atan(voltage / w);
    constexpr int steps = 1'000'000;
    for (int i = 0; i < steps; ++i) {
      const auto step = riccati_step(flow, voltage);
      voltage = step.state;
      spikes += step.spikes;
    }
    const double phase = begin + w * h * steps;
    // Rounding of 1e6 steps, each of 1e-16 relative to the phase advance or to a turn.
    EXPECT_NEAR(std::atan(voltage / w) + pi * spikes, phase, 1e-9 + 4e-16 * phase * 10) << eta;
  }
}

TEST(NeuronStep, HalvesComposeToTheWhole) {
  for (const double eta : {-50.0, -1.0, 0.0, 2.0, 700.0}) {
    for (const double voltage : {-30.0, -1.0, 0.2, 2.0, 90.0}) {
      const auto whole = riccati_step(riccati_flow(eta, 0.2), voltage);
      const auto half = riccati_flow(eta, 0.1);
      const auto first = riccati_step(half, voltage);
      const auto second = riccati_step(half, first.state);
      EXPECT_EQ(whole.spikes, first.spikes + second.spikes);
      EXPECT_NEAR(std::atan(whole.state), std::atan(second.state), 1e-12);
    }
  }
}

TEST(NeuronStep, StaysFiniteAtTheInstantOfASpike) {
  // 1 - h V = 0 exactly.
  const auto at = riccati_step(riccati_flow(0.0, 0.5), 2.0);
  EXPECT_EQ(at.spikes, 1.0);
  ASSERT_TRUE(std::isfinite(at.state));
  const auto next = riccati_step(riccati_flow(0.0, 0.5), at.state);
  EXPECT_EQ(next.spikes, 0.0);
  EXPECT_NEAR(next.state, -2.0, 1e-12);
  const auto single = riccati_step(riccati_flow(0.0F, 0.5F), 2.0F);
  EXPECT_EQ(single.spikes, 1.0F);
  EXPECT_NEAR(riccati_step(riccati_flow(0.0F, 0.5F), single.state).state, -2.0F, 1e-6F);
}

TEST(NeuronStep, SinglePrecisionFollowsDouble) {
  for (const float eta : {-3.0F, 0.5F, 20.0F}) {
    for (const float voltage : {-4.0F, 0.5F, 8.0F}) {
      const auto single = riccati_step(riccati_flow(eta, 0.1F), voltage);
      const auto exact =
          riccati_step(riccati_flow(static_cast<double>(eta), static_cast<double>(0.1F)), static_cast<double>(voltage));
      EXPECT_EQ(single.spikes, static_cast<float>(exact.spikes));
      EXPECT_NEAR(std::atan(single.state), std::atan(exact.state), 2e-6);
    }
  }
}

struct PopulationCase {
  Complex eta;
  double h;
  Complex state;
};
std::ostream& operator<<(std::ostream& stream, const PopulationCase& one) {
  return stream << "eta = " << one.eta << ", h = " << one.h << ", x = " << one.state;
}

class PopulationStep : public testing::TestWithParam<PopulationCase> {};

TEST_P(PopulationStep, AgreesWithOdeSolution) {
  const auto [eta, h, start] = GetParam();
  using State = std::array<double, 3>;  // v, pi r, spikes
  namespace odeint = boost::numeric::odeint;
  State s{start.real(), start.imag(), 0.0};
  odeint::integrate_adaptive(
      odeint::make_controlled(1e-14, 1e-14, odeint::runge_kutta_fehlberg78<State>()),
      [eta = eta](const State& x, State& d, double) {
        d[0] = x[0] * x[0] - x[1] * x[1] + eta.real();
        d[1] = 2.0 * x[0] * x[1] + eta.imag();
        d[2] = x[1] / pi;
      },
      s, 0.0, h, h / 1000);
  const auto step = riccati_step(riccati_flow(eta, h), start);
  const double scale = 1.0 + std::abs(step.state);
  EXPECT_NEAR(step.state.real(), s[0], 1e-9 * scale);
  EXPECT_NEAR(step.state.imag(), s[1], 1e-9 * scale);
  EXPECT_NEAR(step.spikes, s[2], 1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    ComplexEta, PopulationStep,
    testing::Values(PopulationCase{{0.0, 1.0}, 0.01, {-0.2, 3.0}}, PopulationCase{{0.0, 1.0}, 1.0, {-0.2, 3.0}},
                    PopulationCase{{5.0, 1.0}, 0.3, {2.0, 0.5}}, PopulationCase{{-5.0, 1.0}, 0.5, {1.5, 0.1}},
                    PopulationCase{{-5.0, 1.0}, 2.0, {-2.0, 0.3}}, PopulationCase{{40.0, 0.5}, 1.3, {0.0, 6.0}},
                    PopulationCase{{100.0, 2.0}, 1.0, {3.0, 9.0}}, PopulationCase{{-900.0, 1.0}, 1.0, {-20.0, 0.1}},
                    PopulationCase{{10.0, 0.01}, 0.7, {0.5, 0.2}}));

TEST(PopulationStep, PreservesTheUpperHalfPlaneAndRestsAtItsFixedPoint) {
  for (const Complex eta : {Complex{0.0, 1.0}, Complex{-8.0, 0.2}, Complex{30.0, 3.0}}) {
    const Complex rest = riccati_fixed_point(eta);
    EXPECT_GT(rest.imag(), 0.0);
    EXPECT_LT(std::abs(rest * rest + eta), 1e-12 * std::abs(eta));
    const auto step = riccati_step(riccati_flow(eta, 0.2), rest);
    EXPECT_LT(std::abs(step.state - rest), 1e-12 * (1.0 + std::abs(rest)));
    EXPECT_NEAR(step.spikes, 0.2 * rest.imag() / pi, 1e-13);
    for (const double v : {-20.0, 0.0, 20.0}) {
      EXPECT_GT(riccati_step(riccati_flow(eta, 0.2), Complex{v, 1e-6}).state.imag(), 0.0);
    }
  }
}

TEST(PopulationStep, ARealNeuronIsTheLimitOfANarrowPopulation) {
  const double voltage = 3.0;
  const auto neuron = riccati_step(riccati_flow(4.0, 0.4), voltage);
  const auto population = riccati_step(riccati_flow(Complex{4.0, 1e-12}, 0.4), Complex{voltage, 1e-12});
  EXPECT_NEAR(population.state.real(), neuron.state, 1e-9);
  EXPECT_NEAR(population.spikes, neuron.spikes, 1e-9);
}

}  // namespace
}  // namespace popshot
