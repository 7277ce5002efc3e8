#include "popshot/analysis/welch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "popshot/core/error.hpp"

namespace popshot::analysis {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

TEST(SegmentLength, HasTheBandwidthAskedFor) {
  for (const double resolution : {0.011, 0.075, 0.5}) {
    const auto length = segment_length(resolution, 0.02);
    EXPECT_LE(1.5 / (static_cast<double>(length) * 0.02), resolution * (1.0 + 1e-9));
    EXPECT_GT(1.5 / (static_cast<double>(length) * 0.02), 0.9 * resolution);
    EXPECT_EQ(length % 2, 0U);
  }
  EXPECT_EQ(segment_length(0.075, 0.02), 1000U);
  EXPECT_THROW((void)segment_length(0.0, 0.02), InputError);
}

std::vector<double> white_noise(std::size_t count, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(count);
  for (auto& value : x) value = 3.0 + 2.0 * normal(generator);
  return x;
}

TEST(Welch, IsTwoSidedAndIntegratesToTheVariance) {
  const double interval = 0.1;
  const auto spectrum = welch({white_noise(200'000, 1)}, interval, 100);
  // White noise of variance 4: density 4 x interval at every frequency. Relative error of a bin: about sqrt(1.06/4000
  // segments) from Hann overlap; of the mean over 45 bins, with a correlation of neighbours of less than 2, below 0.4
  // %.
  double mean = 0.0;
  for (std::size_t m = 3; m < 48; ++m) mean += spectrum.power(0)[m] / 45.0;
  EXPECT_NEAR(mean, 0.4, 4 * 0.004 * 0.4);
  EXPECT_DOUBLE_EQ(spectrum.frequency[10], 10 / (100 * interval));
  EXPECT_EQ(spectrum.size(), 51U);
}

TEST(Welch, CrossSpectrumHasThePhaseOfADelay) {
  const auto x = white_noise(100'000, 2);
  std::vector<double> delayed(x.size());
  constexpr std::size_t lag = 3;
  for (std::size_t i = lag; i < x.size(); ++i) delayed[i] = x[i - lag];
  const auto spectrum = welch({x, delayed}, 0.1, 200);
  for (const std::size_t m : {10U, 40U, 70U}) {
    // S_10(f) with A_1(t) = A_0(t - d): S(f) exp(-2 pi i f d).
    const double f = spectrum.frequency[m];
    const Complex expected = std::polar(1.0, -2.0 * pi * f * 0.1 * static_cast<double>(lag));
    EXPECT_LT(std::abs(spectrum.density[m](1, 0) / spectrum.density[m](0, 0) - expected), 0.05);
    EXPECT_EQ(spectrum.density[m](0, 1), std::conj(spectrum.density[m](1, 0)));
  }
}

TEST(Welch, RefusesTooShortSeries) {
  EXPECT_THROW((void)welch({std::vector<double>(99)}, 0.1, 100), InputError);
  EXPECT_THROW((void)welch({}, 0.1, 100), InputError);
}

/// A white level plus a narrow resonance, with a cross-spectrum that has a phase.
Eigen::MatrixXcd test_density(double f) {
  const auto line = [](double g) { return 0.05 / (g * g + 0.05 * 0.05); };
  const double peak = line(f - 1.3) + line(f + 1.3);
  Eigen::MatrixXcd s(2, 2);
  const Complex cross = 0.4 * peak * std::polar(1.0, -2.0 * pi * f * 0.17);
  s << 1.0 + peak, cross, std::conj(cross), 0.5 + 0.3 * peak;
  return s;
}

TEST(ThroughWindow, AgreesWithTheIntegralOverTheWindowsLeakage) {
  const double interval = 0.1;
  const std::size_t segment = 120;
  const auto theory = [](const std::vector<double>& frequency) {
    std::vector<Eigen::MatrixXcd> density;
    for (const double f : frequency) density.push_back(test_density(f));
    return density;
  };
  const auto windowed = through_window(theory, Eigen::Vector2d(1.0, 0.5).asDiagonal(), interval, segment).spectrum;

  // The same by brute force: the periodogram's expectation is int S_b(g) |W(f - g)|^2 dg, over one period of the
  // spectrum of interval means S_b(g) = sum_m S(g + m/interval) sinc^2((g + m/interval) interval).
  double power = 0.0;
  std::vector<double> window(segment);
  for (std::size_t i = 0; i < segment; ++i) {
    window[i] = 0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(i) / static_cast<double>(segment));
    power += window[i] * window[i];
  }
  const auto binned = [&](double g) {
    Eigen::MatrixXcd sum = Eigen::MatrixXcd::Zero(2, 2);
    for (int m = -400; m <= 400; ++m) {
      const double x = g * interval + m;
      const double sinc = x == 0.0 ? 1.0 : std::sin(pi * x) / (pi * x);
      sum += test_density(g + m / interval) * sinc * sinc;
    }
    return sum;
  };
  const int points = 2400;
  std::vector<Eigen::MatrixXcd> fine;
  for (int i = 0; i < points; ++i) fine.push_back(binned((i + 0.5) / points / interval - 0.5 / interval));
  for (const std::size_t m : {0U, 5U, 15U, 16U, 17U, 40U, 60U}) {
    Eigen::MatrixXcd expected = Eigen::MatrixXcd::Zero(2, 2);
    for (int i = 0; i < points; ++i) {
      const double g = (i + 0.5) / points / interval - 0.5 / interval;
      Complex leak = 0.0;
      for (std::size_t j = 0; j < segment; ++j) {
        leak += window[j] * std::polar(1.0, -2 * pi * (windowed.frequency[m] - g) * interval * static_cast<double>(j));
      }
      expected += fine[static_cast<std::size_t>(i)] * std::norm(leak) * (interval / power) / (points * interval);
    }
    // The aliases beyond three times the Nyquist frequency are replaced by their limit: 1e-4 here. The white tail of
    // the sum over m beyond 400 is another 5e-4.
    EXPECT_LT((windowed.density[m] - expected).norm(), 1.5e-3 * expected.norm()) << m;
  }
}

TEST(ThroughWindow, LeavesWhiteNoiseAsItIs) {
  const auto theory = [](const std::vector<double>& frequency) {
    return std::vector<Eigen::MatrixXcd>(frequency.size(), Eigen::MatrixXcd::Constant(1, 1, 0.7));
  };
  for (const double value : through_window(theory, Eigen::MatrixXd::Constant(1, 1, 0.7), 0.02, 60).spectrum.power(0))
    EXPECT_NEAR(value, 0.7, 1e-12);
}

}  // namespace
}  // namespace popshot::analysis
