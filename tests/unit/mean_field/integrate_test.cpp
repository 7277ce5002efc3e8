// The mean field over time against independent ODE solutions, with the orders of convergence that the scheme should
// have.
#include "popshot/mean_field/integrate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "support/models.hpp"

namespace popshot::mean_field {
namespace {

using testing_support::figure1;
constexpr double pi = std::numbers::pi;

/// Mean rate over [0, end] of the (r, v) equations of Montbrio, Pazo & Roxin (2015) with current I(t), by an adaptive
/// high-order method.
double mean_rate_of_ode(double weight, double center, double half_width, double tau,
                        const std::function<double(double)>& current, double rate, double voltage, double end) {
  using State = std::array<double, 3>;
  namespace odeint = boost::numeric::odeint;
  State s{rate, voltage, 0.0};
  odeint::integrate_adaptive(
      odeint::make_controlled(1e-13, 1e-13, odeint::runge_kutta_fehlberg78<State>()),
      [&](const State& x, State& d, double t) {
        d[0] = (half_width / (pi * tau) + 2.0 * x[0] * x[1]) / tau;
        d[1] = (x[1] * x[1] + center + current(t) + tau * weight * x[0] - std::pow(pi * tau * x[0], 2)) / tau;
        d[2] = x[0];
      },
      s, 0.0, end, 1e-3);
  return s[2] / end;
}

double mean_rate_of_scheme(model::Model m, double time_step, double end) {
  m.simulation.time_step = time_step;
  m.simulation.record_interval = end;
  m.simulation.duration = end;
  return simulate(m).rate[0].at(0);
}

std::vector<double> errors(const model::Model& m, double exact, double end) {
  std::vector<double> result;
  for (const double h : {0.01, 0.005, 0.0025}) result.push_back(std::abs(mean_rate_of_scheme(m, h, end) - exact));
  return result;
}

TEST(Integrate, IsExactForAnUncoupledPopulationAtConstantInput) {
  auto m = figure1(1, model::Sampling::random, 0.0);
  m.populations[0].heterogeneity = model::Lorentzian{2.0, 0.5};
  m.populations[0].tau = 1.5;
  m.stimuli.push_back({0, model::ConstantCurrent{1.0}});
  m.simulation.start = model::LorentzianStart{0.3, -1.0};
  const double exact = mean_rate_of_ode(
      0.0, 2.0, 0.5, 1.5, [](double) { return 1.0; }, 0.3, -1.0, 4.0);
  EXPECT_NEAR(mean_rate_of_scheme(m, 0.1, 4.0), exact, 1e-11);
}

TEST(Integrate, FollowsACoupledTransientInFirstOrder) {
  // Spikes act at the end of their step, half a step late on average: first order.
  auto m = figure1(1);
  m.simulation.start = model::LorentzianStart{0.2, -1.0};
  const double exact = mean_rate_of_ode(
      10.0, 0.0, 1.0, 1.0, [](double) { return 0.0; }, 0.2, -1.0, 2.0);
  const auto error = errors(m, exact, 2.0);
  EXPECT_NEAR(std::log2(error[0] / error[1]), 1.0, 0.15);
  EXPECT_NEAR(std::log2(error[1] / error[2]), 1.0, 0.1);
  EXPECT_LT(error[2], 1e-3);
}

TEST(Integrate, FollowsStimuliInSecondOrder) {
  auto m = figure1(1, model::Sampling::random, 0.0);
  m.simulation.start = model::LorentzianStart{0.2, -1.0};
  m.stimuli.push_back({0, model::SineCurrent{3.0, 0.4, 0.3, 0.0, std::numeric_limits<double>::infinity()}});
  const double exact = mean_rate_of_ode(
      0.0, 0.0, 1.0, 1.0, [](double t) { return 3.0 * std::sin(2 * pi * 0.4 * t + 0.3); }, 0.2, -1.0, 3.0);
  const auto error = errors(m, exact, 3.0);
  EXPECT_NEAR(std::log2(error[0] / error[1]), 2.0, 0.2);
  EXPECT_NEAR(std::log2(error[1] / error[2]), 2.0, 0.2);
}

TEST(Integrate, RestsNearTheStationaryStateInSecondOrder) {
  const auto m = figure1(1);
  const double exact = selected_state(m).point.rate(0);
  auto rested = m;
  rested.simulation.transient = 60.0;  // decays as exp(-0.31 t)
  const auto error = errors(rested, exact, 1.0);
  EXPECT_NEAR(std::log2(error[0] / error[1]), 2.0, 0.1);
  EXPECT_NEAR(std::log2(error[1] / error[2]), 2.0, 0.1);
}

TEST(Integrate, AStationaryStartStaysWhereItIs) {
  auto m = figure1(1);
  m.simulation.duration = 20.0;
  const double rest = selected_state(m).point.rate(0);
  const auto activity = simulate(m);
  for (const double rate : activity.rate[0]) EXPECT_NEAR(rate, rest, 1e-4);
}

TEST(Integrate, SeesAStepAtItsTime) {
  // A step that begins within a record interval: nothing before, something after.
  auto m = figure1(1);
  m.stimuli.push_back({0, model::StepCurrent{3.0, 1.0, 30.0}});
  m.simulation.duration = 2.0;
  const auto activity = simulate(m);
  const double rest = selected_state(m).point.rate(0);
  for (std::size_t i = 0; i < activity.samples(); ++i) {
    const double end = static_cast<double>(i + 1) * activity.interval;
    if (end < 0.99) {
      EXPECT_NEAR(activity.rate[0][i], rest, 1e-4);
    }
    if (end > 1.1) {
      EXPECT_GT(activity.rate[0][i], rest + 0.01);
    }
  }
}

TEST(Integrate, SaysWhenTheStateStopsBeingFinite) {
  auto m = figure1(1, model::Sampling::random, 1e308);
  m.projections.push_back({0, 0, 1e308});  // together infinite
  m.simulation.start = model::LorentzianStart{1.0, 0.0};
  EXPECT_THROW((void)simulate(m), NumericalError);
}

}  // namespace
}  // namespace popshot::mean_field
