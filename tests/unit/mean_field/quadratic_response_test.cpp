// The response in second order against finite differences of the stationary rate and against the integrated equations.
#include "popshot/mean_field/quadratic_response.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/integrate.hpp"

namespace popshot::mean_field {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

TEST(QuadraticResponse, AtFrequencyZeroIsHalfTheSecondDerivativeOfTheRate) {
  for (const model::Heterogeneity& heterogeneity :
       {model::Heterogeneity{model::Lorentzian{0.4, 0.7}}, model::Heterogeneity{model::Gaussian{1.0, 0.8}},
        model::Heterogeneity{model::Rational{-0.5, 1.2, 3}}}) {
    model::Population population;
    population.tau = 1.7;
    population.heterogeneity = heterogeneity;
    for (const double input : {-1.0, 2.0}) {
      const QuadraticResponse response(population, input);
      const double h = 1e-3;
      const ComplexNeurons neurons(population);
      const double second = (neurons.slope(input + h) - neurons.slope(input - h)) / (2.0 * h);
      EXPECT_NEAR(response(0.0, 0.0).real(), second / 2.0, 1e-5 * std::abs(second));
      EXPECT_NEAR(response(0.0, 0.0).imag(), 0.0, 1e-12);
      EXPECT_LT(std::abs(response(0.3, 1.1) - response(1.1, 0.3)), 1e-14);
      EXPECT_LT(std::abs(response(0.3, -1.1) - std::conj(response(-0.3, 1.1))), 1e-14);
    }
  }
  model::Population noisy;
  noisy.noise = model::GaussianNoise{0.5};
  EXPECT_THROW(QuadraticResponse(noisy, 0.0), InputError);
}

TEST(QuadraticResponse, IsWhatTwoSinesMakeOfThePopulation) {
  // Two nodes, tau = 2; two sine currents make components at the sum and the difference of their frequencies, and at
  // twice each. Odd orders are gone in the mean over both signs, and what is left of the fourth is of relative order
  // amplitude^2.
  model::Model m;
  m.populations.resize(1);
  m.populations[0].tau = 2.0;
  m.populations[0].heterogeneity = model::Rational{0.5, 1.0, 2};
  m.simulation.time_step = 0.005;
  m.simulation.record_interval = 0.02;
  m.simulation.transient = 60.0;
  m.simulation.duration = 100.0;
  const double f1 = 0.11;
  const double f2 = 0.3;
  const double amplitude = 0.05;
  const double forever = std::numeric_limits<double>::infinity();
  std::vector<Activity> runs;
  for (const double sign : {1.0, -1.0}) {
    auto driven = m;
    driven.stimuli.push_back({0, model::SineCurrent{sign * amplitude, f1, 0.0, -m.simulation.transient, forever}});
    driven.stimuli.push_back({0, model::SineCurrent{sign * amplitude, f2, 0.0, -m.simulation.transient, forever}});
    runs.push_back(simulate(driven));
  }
  const auto component = [&](double f) {
    Complex sum = 0.0;
    const auto& up = runs[0].rate[0];
    const auto& down = runs[1].rate[0];
    for (std::size_t i = 0; i < up.size(); ++i) {
      const double t = (static_cast<double>(i) + 0.5) * m.simulation.record_interval;
      sum += 0.5 * (up[i] + down[i]) * std::exp(Complex{0.0, -2.0 * pi * f * t});
    }
    const double x = pi * f * m.simulation.record_interval;
    return sum / static_cast<double>(up.size()) / (std::sin(x) / x);
  };
  const QuadraticResponse response(m.populations[0], 0.0);
  // sin = (exp(i) - exp(-i))/(2i): a pair of different frequencies comes in both orders.
  const double square = amplitude * amplitude / 4.0;
  const auto expect = [&](double f, Complex wanted) {
    EXPECT_LT(std::abs(component(f) - wanted), 5e-3 * std::abs(wanted)) << f;
  };
  expect(f1 + f2, -2.0 * square * response(f1, f2));
  expect(f2 - f1, 2.0 * square * response(f2, -f1));
  expect(2.0 * f1, -square * response(f1, f1));
  expect(2.0 * f2, -square * response(f2, f2));
}

}  // namespace
}  // namespace popshot::mean_field
