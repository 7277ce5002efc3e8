// Spectral noise: the filter against S0, and the stream against the filter.
#include "popshot/mesoscopic/spectral_noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "support/models.hpp"

namespace popshot::mesoscopic {
namespace {

constexpr double pi = std::numbers::pi;

GaussianStream gaussian(std::uint64_t seed) { return {seed, RandomStream::noise, {}}; }

TEST(SpectralNoise, HasTheSpectrumOfMeansOverAStep) {
  const auto m = testing_support::figure1(1000);
  const auto& p = m.populations[0];
  const double rate = mean_field::stationary_rate(p, 10.0);
  const double h = 0.02;
  const SpectralNoise noise(p, 10.0, h, gaussian(1));
  for (const double f : {0.4, 0.8, 1.0, 1.5, 2.0, 5.0, 12.0, 20.0}) {
    // Many aliases, by hand.
    double wanted = 0.0;
    for (int k = -400; k <= 400; ++k) {
      const double g = std::abs(f + k / h);
      const double x = pi * (f * h + k);
      const double s = g < 60.0 ? theory::uncoupled_spectrum(p, 10.0, g) : theory::uncoupled_spectrum_tail(p, 10.0, g);
      wanted += (s - rate) * std::pow(std::sin(x) / x, 2) / 1000.0;
    }
    wanted += rate / 1000.0;  // sinc^2 over all aliases adds up to 1
    EXPECT_NEAR(noise.density(f), wanted, 2e-3 * wanted) << f;
  }
}

TEST(SpectralNoise, IsStationaryAcrossItsBlocks) {
  const auto m = testing_support::figure1(1);
  const double h = 0.02;
  SpectralNoise noise(m.populations[0], 10.0, h, gaussian(2));
  // Variance, and product of neighbours, by place in the block: both against the integral of the density.
  const std::size_t length = noise.length();
  const int blocks = 400;
  double variance = 0.0;
  double neighbours = 0.0;
  const int points = 4000;
  for (int i = 0; i < points; ++i) {
    const double f = 0.5 / h * (i + 0.5) / points;
    variance += noise.density(f) / (h * points);
    neighbours += noise.density(f) / (h * points) * std::cos(2.0 * pi * f * h);
  }
  std::vector<double> square(3, 0.0);
  std::vector<double> product(3, 0.0);
  double last = noise.next();
  for (int b = 0; b < blocks; ++b) {
    for (std::size_t i = 0; i < length; ++i) {
      const double value = noise.next();
      // Around the seam, and two places far from it.
      const std::size_t group = i < 2 || i + 2 >= length ? 0 : (i % 997 == 5 ? 1 : 2);
      if (group < 2 || i % 61 == 0) {
        square[group] += value * value;
        product[group] += value * last;
      }
      last = value;
    }
  }
  const double seam = 4.0 * blocks;
  EXPECT_NEAR(square[0] / seam, variance, 4.0 * variance * std::sqrt(2.0 / seam));
  EXPECT_NEAR(product[0] / seam, neighbours, 4.0 * variance * std::sqrt(2.0 / seam));
}

TEST(SpectralNoise, IsReproducible) {
  const auto m = testing_support::figure1(1);
  SpectralNoise a(m.populations[0], 10.0, 0.02, gaussian(3));
  SpectralNoise b(m.populations[0], 10.0, 0.02, gaussian(3));
  SpectralNoise c(m.populations[0], 10.0, 0.02, gaussian(4));
  const double first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

TEST(GaussianStream, IsGaussian) {
  auto numbers = gaussian(5);
  const int n = 400'000;
  double moments[5] = {};
  for (int i = 0; i < n; ++i) {
    const double x = numbers.next();
    for (int k = 1; k < 5; ++k) moments[k] += std::pow(x, k) / n;
  }
  const double root = std::sqrt(static_cast<double>(n));
  EXPECT_LT(std::abs(moments[1]), 4.0 / root);
  EXPECT_LT(std::abs(moments[2] - 1.0), 4.0 * std::sqrt(2.0) / root);
  EXPECT_LT(std::abs(moments[3]), 4.0 * std::sqrt(15.0) / root);
  EXPECT_LT(std::abs(moments[4] - 3.0), 4.0 * std::sqrt(96.0) / root);
}

}  // namespace
}  // namespace popshot::mesoscopic
