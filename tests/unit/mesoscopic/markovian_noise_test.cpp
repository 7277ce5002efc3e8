// Markovian noise: its spectrum against S0, its scaling, and the simulated filter against its transfer function.
#include "popshot/mesoscopic/markovian_noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "support/models.hpp"

namespace popshot::mesoscopic {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

model::Population population(double center, double half_width, double tau, std::int64_t size) {
  model::Population p;
  p.name = "p";
  p.size = size;
  p.tau = tau;
  p.heterogeneity = model::Lorentzian{center, half_width};
  return p;
}

/// Integral of |PSD - S0| over [low, high] relative to that of S0, on a grid of its own.
double spectrum_error(const MarkovianModel& m, const model::Population& p, double input, double low, double high) {
  double difference = 0.0;
  double total = 0.0;
  const int points = 5000;
  for (int i = 0; i < points; ++i) {
    const double f = low + (high - low) * (i + 0.5) / points;
    const double wanted = theory::uncoupled_spectrum(p, input, f) / static_cast<double>(p.size);
    difference += std::abs(m.density(f) - wanted);
    total += wanted;
  }
  return difference / total;
}

TEST(MarkovianModel, HasTheSpectrumOfFigure1WithinOnePercentWith32States) {
  for (const std::int64_t size : {1000, 10'000, 100'000}) {
    const auto m = testing_support::figure1(size);
    const double input = mean_field::selected_state(m).point.input(0);
    const auto noise = markovian_model(m.populations[0], input);
    EXPECT_LE(noise.order(), 32U);
    EXPECT_LT(spectrum_error(noise, m.populations[0], input, 0.2, 12.0), 0.01);
    EXPECT_LT(noise.band_error, 0.01);
    for (const auto& pole : noise.pole) EXPECT_LT(pole.real(), 0.0);
    // White at high frequencies: D^2 = r/N.
    EXPECT_NEAR(noise.direct * noise.direct * static_cast<double>(size),
                mean_field::stationary_rate(m.populations[0], input), 0.03);
  }
}

TEST(MarkovianModel, HoldsForSlowAndForFiringStates) {
  const auto p = population(0.0, 1.0, 1.0, 1);
  for (const double input : {-20.0, -5.0, -1.0, 0.0, 1.0, 3.0, 6.0}) {
    const auto noise = markovian_model(p, input);
    EXPECT_LE(std::max(noise.error, noise.band_error), 0.01) << input;
    EXPECT_LT(spectrum_error(noise, p, input, 0.2, 12.0), 0.011) << input;
  }
}

TEST(MarkovianModel, ALowerToleranceNeedsMoreStates) {
  const auto p = population(0.0, 1.0, 1.0, 1);
  const auto coarse = markovian_model(p, 6.0, {.tolerance = 0.05});
  const auto fine = markovian_model(p, 6.0, {.tolerance = 0.003});
  EXPECT_LT(coarse.order(), fine.order());
  EXPECT_LE(fine.error, 0.003);
}

TEST(MarkovianModel, OfALorentzianIsOneFamily) {
  // Same (center + input)/half_width, other tau, half-width and N: frequencies scale with sqrt(Delta)/tau.
  const auto unit = population(0.0, 1.0, 1.0, 1);
  const auto other = population(1.0, 4.0, 0.5, 300);
  const double scale = 2.0 / 0.5;
  const auto a = markovian_model(unit, 5.0);
  const auto b = markovian_model(other, 19.0, {.frequency_min = 0.3 * scale, .frequency_max = 12.0 * scale});
  for (const double f : {0.3, 0.7, 1.1, 3.0, 11.0}) {
    EXPECT_NEAR(b.density(f * scale), a.density(f) * scale / 300.0, 1e-9 * b.density(f * scale)) << f;
  }
}

TEST(MarkovianNoise, FiltersAsItsDensitySays) {
  const auto m = testing_support::figure1(1);
  const auto model = markovian_model(m.populations[0], 10.0);
  const double h = 0.005;
  MarkovianNoise noise(model, h);
  // The response to a single step of white noise, transformed.
  std::vector<double> response;
  for (int i = 0; i < 60'000; ++i) response.push_back(noise.next(i == 0 ? 1.0 : 0.0));
  for (const double f : {0.25, 0.7, 1.0, 2.05, 6.0, 12.0, 40.0}) {
    Complex sum = 0.0;
    for (std::size_t i = 0; i < response.size(); ++i) {
      sum += response[i] * std::polar(1.0, -2.0 * pi * f * h * static_cast<double>(i));
    }
    EXPECT_NEAR(std::norm(sum), noise.density(f), 1e-8 * noise.density(f)) << f;
    if (f < 13.0) {
      EXPECT_NEAR(noise.density(f), model.density(f), 0.05 * model.density(f)) << f;
    }
  }
}

TEST(FollowingNoise, AtRestHasTheSpectrumOfItsState) {
  // Between two members, the interpolated response to one step of white noise. The white number itself is recovered
  // from the response of a state that holds nothing but the direct part.
  const auto m = testing_support::figure1(1);
  const auto& p = m.populations[0];
  for (const double theta : {-3.1, 4.1}) {
    MarkovianFamily family(p, {});
    const double h = 0.005;
    // Variance of the step means against the integral of S0 over all frequencies that the step resolves.
    FollowingNoise noise(family, p, h, {7, RandomStream::noise, {}});
    for (int i = 0; i < 20'000; ++i) (void)noise.next(theta);
    const int batches = 100;
    const int length = 4000;
    double sum = 0.0;
    double squares = 0.0;
    for (int b = 0; b < batches; ++b) {
      double power = 0.0;
      for (int i = 0; i < length; ++i) {
        // Means over 20 steps, which see the correlations.
        double mean = 0.0;
        for (int j = 0; j < 20; ++j) mean += noise.next(theta) / 20.0;
        power += mean * mean / length;
      }
      sum += power / batches;
      squares += power * power / batches;
    }
    const double error = std::sqrt((squares - sum * sum) / (batches - 1));
    double expected = 0.0;
    const double df = 0.005;
    for (double f = df / 2; f < 400.0; f += df) {
      const double x = pi * f * 20.0 * h;
      const double s =
          f < 40.0 ? theory::uncoupled_spectrum(p, theta, f) : theory::uncoupled_spectrum_tail(p, theta, f);
      expected += 2.0 * df * s * std::pow(std::sin(x) / x, 2);
    }
    EXPECT_NEAR(sum, expected, 4 * error + 0.01 * expected) << theta;
    EXPECT_LT(error, 0.02 * expected);
  }
}

}  // namespace
}  // namespace popshot::mesoscopic
