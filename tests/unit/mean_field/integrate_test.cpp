// The mean field over time against independent ODE solutions, with the orders of convergence that the scheme should
// have.
#include "popshot/mean_field/integrate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numbers>
#include <string>

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

TEST(Integrate, StartsEachPopulationWhereItIsTold) {
  auto m = figure1(1, model::Sampling::random, 0.0);
  m.populations.push_back(m.populations[0]);
  m.populations[1].name = "other";
  m.simulation.duration = 2.0;
  const std::vector<double> rate{2.0, 0.3};
  const std::vector<double> voltage{-1.0, 0.5};
  m.simulation.start = model::LorentzianStart{model::PerPopulation(rate), model::PerPopulation(voltage)};
  const auto both = simulate(m);
  for (std::size_t k = 0; k < 2; ++k) {
    auto one = figure1(1, model::Sampling::random, 0.0);
    one.simulation.duration = 2.0;
    one.simulation.start = model::LorentzianStart{rate[k], voltage[k]};
    EXPECT_EQ(both.rate[k], simulate(one).rate[0]) << k;
  }
  EXPECT_NE(both.rate[0], both.rate[1]);
}

TEST(Integrate, FollowsACoupledTransientInHighOrder) {
  // Spikes are carried to their own times: what is left is of order three at the start, where the rate has a corner,
  // and of order four after it.
  auto m = figure1(1);
  m.simulation.start = model::LorentzianStart{0.2, -1.0};
  const double exact = mean_rate_of_ode(
      10.0, 0.0, 1.0, 1.0, [](double) { return 0.0; }, 0.2, -1.0, 2.0);
  std::vector<double> error;
  for (const double h : {0.05, 0.025, 0.0125}) error.push_back(std::abs(mean_rate_of_scheme(m, h, 2.0) - exact));
  EXPECT_GT(std::log2(error[0] / error[1]), 1.9);
  EXPECT_GT(std::log2(error[1] / error[2]), 1.9);
  EXPECT_LT(error[2], 1e-4);
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

TEST(Integrate, RestsAtTheStationaryState) {
  // A comb of kicks is made to act as a constant current: in fourth order, 3e-7 at a step of 0.1.
  const auto m = figure1(1);
  const double exact = selected_state(m).point.rate(0);
  auto rested = m;
  rested.simulation.transient = 60.0;  // decays as exp(-0.31 t)
  for (const double h : {0.1, 0.05, 0.01})
    EXPECT_NEAR(mean_rate_of_scheme(rested, h, 1.0), exact, 4e-3 * h * h * h * h + 2e-8);
}

TEST(Integrate, RecordsTheVoltageInTheMiddleOfItsKick) {
  auto m = figure1(1);
  m.simulation.duration = 1.0;
  const auto rest = selected_state(m);
  for (const double h : {0.04, 0.02}) {
    m.simulation.time_step = m.simulation.record_interval = h;
    EXPECT_NEAR(simulate(m).voltage[0].back(), rest.voltage(0), 4.0 * h * h);
  }
}

/// The leading eigenvalue of the mean field in time, from how a small disturbance dies away.
std::complex<double> fitted_eigenvalue(model::Model m, double h, double begin, double end) {
  m.simulation.time_step = m.simulation.record_interval = h;
  m.simulation.duration = end;
  m.simulation.transient = 0.0;
  const auto still = simulate(m);
  m.stimuli.push_back({0, model::StepCurrent{1e-4, 0.0, 0.2}});
  const auto moved = simulate(m);
  // Prony's method for one pair: x(n + 2) = a x(n + 1) - b x(n) by least squares, steps about a sixth of a turn apart.
  const auto stride = static_cast<std::size_t>(std::llround(0.2 / h));
  const auto first = static_cast<std::size_t>(std::llround(begin / h));
  double xx = 0.0, xy = 0.0, yy = 0.0, xz = 0.0, yz = 0.0;
  const auto at = [&](std::size_t i) { return (moved.voltage[0][i] - still.voltage[0][i]) / 1e-4; };
  for (std::size_t i = first; i + 2 * stride < moved.samples(); ++i) {
    const double grow = std::exp(0.6 * static_cast<double>(i - first) * h);  // all of the run counts
    const double x = grow * at(i), y = grow * at(i + stride), z = grow * at(i + 2 * stride);
    xx += x * x;
    xy += x * y;
    yy += y * y;
    xz += x * z;
    yz += y * z;
  }
  const double determinant = xx * yy - xy * xy;
  const double a = (yz * xx - xz * xy) / determinant;
  const double b = -(xz * yy - yz * xy) / determinant;
  const std::complex<double> root = a / 2.0 + std::sqrt(std::complex<double>(a * a / 4.0 - b));
  const auto value = std::log(root) / (static_cast<double>(stride) * h);
  return {value.real(), std::abs(value.imag())};
}

/// Pyragas & Pyragas (2021): two narrow Lorentzians, hardly damped.
model::Model bimodal() {
  auto m = figure1(1, model::Sampling::random, 20.0);
  m.populations[0].heterogeneity =
      model::Mixture{{{0.5, model::Lorentzian{1.0, 0.05}}, {0.5, model::Lorentzian{-20.0, 0.05}}}};
  return m;
}

/// Two populations of different tau with synapses; r = 0.505395, 1.088771.
model::Model excitatory_inhibitory() {
  model::Model m = figure1(1, model::Sampling::random, 0.0);
  m.populations.push_back(m.populations.front());
  m.populations[0].heterogeneity = model::Lorentzian{6.0, 1.0};
  m.populations[1].heterogeneity = model::Lorentzian{3.0, 0.7};
  m.populations[1].tau = 0.5;
  m.projections = {{0, 0, 8.0, 0.0, {0.0, 0.3}},
                   {1, 0, -7.0, 0.0, {0.0, 0.5}},
                   {0, 1, 6.0, 0.0, {0.0, 0.3}},
                   {1, 1, -3.0, 0.0, {0.0, 0.5}}};
  return m;
}

/// As models/excitatory_inhibitory.toml: slow and well apart from the next oscillation.
model::Model slow_pair() {
  auto m = excitatory_inhibitory();
  m.populations[0].heterogeneity = model::Lorentzian{1.0, 0.5};
  m.populations[1].heterogeneity = model::Lorentzian{-1.0, 0.5};
  m.projections = {{0, 0, 4.0}, {0, 1, 10.0}, {1, 0, -6.0}, {1, 1, -2.0}};
  return m;
}

TEST(Integrate, DampsAndOscillatesAsItsEigenvalueSays) {
  // Damping and frequency of the slowest oscillation, fitted in time after everything else has died away, for long
  // steps.
  struct Case {
    std::string name;
    model::Model model;
    double begin, end;
  };
  for (const auto& [name, m, begin, end] :
       {Case{"figure 1", figure1(1), 2.0, 10.0}, Case{"bimodal", bimodal(), 6.0, 30.0},
        Case{"excitatory and inhibitory", slow_pair(), 5.0, 25.0}}) {
    const auto exact = selected_state(m).eigenvalues.front();
    ASSERT_GT(std::abs(exact.imag()), 0.1) << name;
    std::vector<double> damping, frequency;
    for (const double h : {0.1, 0.05, 0.025}) {
      if (name == "bimodal" && h > 0.05) continue;  // unstable there
      const auto fitted = fitted_eigenvalue(m, h, begin, end);
      damping.push_back(std::abs(fitted.real() - exact.real()));
      frequency.push_back(std::abs(fitted.imag() - std::abs(exact.imag())));
    }
    for (const auto& error : {damping, frequency}) {
      // Below 1e-6 it is the fit's own.
      if (error.back() < 1e-6) continue;
      EXPECT_GT(std::log2(error.front() / error.back()) / static_cast<double>(error.size() - 1), 1.9) << name;
    }
    EXPECT_LT(damping.back(), 1e-3) << name;
    EXPECT_LT(frequency.back(), 1e-3) << name;
  }
}

TEST(Integrate, RestsAtTheRatesOfAnExcitatoryInhibitoryPair) {
  auto m = excitatory_inhibitory();
  m.simulation.transient = 60.0;
  m.simulation.duration = 1.0;
  for (const double h : {0.05, 0.02}) {
    m.simulation.time_step = m.simulation.record_interval = h;
    const auto activity = simulate(m);
    EXPECT_NEAR(activity.rate[0].back(), 0.505395, 1e-6) << h;
    EXPECT_NEAR(activity.rate[1].back(), 1.088771, 1e-6) << h;
  }
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
