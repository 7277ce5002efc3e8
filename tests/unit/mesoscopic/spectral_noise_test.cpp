// Spectral noise: the filter against S0, and the stream against the filter.
#include "popshot/mesoscopic/spectral_noise.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/mesoscopic/step_basis.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "support/models.hpp"

namespace popshot::mesoscopic {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

GaussianStream gaussian(std::uint64_t seed) { return {seed, RandomStream::noise, {}}; }

/// S0 per neuron less its limit r: quadrature near, the tail far away.
class Coloured {
 public:
  Coloured(const model::Population& p, double input, double far)
      : population_(p), input_(input), far_(far), rate_(mean_field::stationary_rate(p, input)), near_(p, input) {}
  double operator()(double f) const {
    const double g = std::abs(f);
    return (g < far_ ? near_(g) : theory::uncoupled_spectrum_tail(population_, input_, g)) - rate_;
  }
  [[nodiscard]] double rate() const { return rate_; }

 private:
  const model::Population& population_;
  double input_, far_, rate_;
  theory::UncoupledSpectrum near_;
};

/// The Legendre coefficients of exp(2 pi i x s), s from -1/2 to 1/2 in a step, from the moments of the exponential.
std::array<Complex, 3> window(double x) {
  if (std::abs(x) < 1e-3) return {1.0, Complex{0.0, -std::sqrt(3.0) * pi * x / 3.0}, 0.0};
  const Complex a{0.0, 2.0 * pi * x};
  const Complex up = std::exp(0.5 * a);
  const Complex down = std::exp(-0.5 * a);
  // Integrals of exp(a s) s^n over the step, by parts.
  const Complex m0 = (up - down) / a;
  const Complex m1 = (0.5 * (up + down) - m0) / a;
  const Complex m2 = (0.25 * (up - down) - 2.0 * m1) / a;
  // u = 1/2 - s
  return {m0, -2.0 * std::sqrt(3.0) * m1, std::sqrt(5.0) * (6.0 * m2 - 0.5 * m0)};
}

/// Many aliases, by hand.
Eigen::Matrix3cd brute_force(const Coloured& coloured, double f, double h, int images) {
  Eigen::Matrix3cd sum = coloured.rate() * Eigen::Matrix3cd::Identity();
  for (int k = -images; k <= images; ++k) {
    const auto w = window(f * h + k);
    const Eigen::Vector3cd v(w[0], w[1], w[2]);
    sum += coloured(f + k / h) * v * v.adjoint();
  }
  return sum;
}

TEST(SpectralNoise, HasTheSpectraOfTheMomentsOfAStep) {
  const auto m = testing_support::figure1(1000);
  const auto& p = m.populations[0];
  const Coloured coloured(p, 10.0, 60.0);
  // A step that is short, and one that is long against the lines of S0 (rate 1).
  for (const double h : {0.02, 0.1}) {
    const SpectralNoise noise(p, 10.0, h, gaussian(1));
    for (const double f : {0.1, 0.4, 0.8, 1.0, 1.5, 2.0, 4.9, 12.0, 20.0}) {
      if (f > 0.5 / h) continue;
      const Eigen::Matrix3cd difference = noise.coefficient_density(f) * 1000.0 - brute_force(coloured, f, h, 400);
      EXPECT_LT(difference.cwiseAbs().maxCoeff(), 2e-4 * coloured.rate()) << h << " " << f;
    }
  }
}

TEST(SpectralNoise, HasTheSpectrumOfChiWithoutAliases) {
  const auto m = testing_support::figure1(1000);
  const auto& p = m.populations[0];
  const Coloured coloured(p, 10.0, 60.0);
  for (const double h : {0.02, 0.05, 0.1}) {
    const SpectralNoise noise(p, 10.0, h, gaussian(1));
    for (const double x : {0.002, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25}) {
      const double f = x / h;
      const double wanted = (coloured(f) + coloured.rate()) / 1000.0;
      EXPECT_NEAR(noise.density(f), wanted, 1e-5 * coloured.rate() / 1000.0) << h << " " << f;
    }
  }
  // Nearly nil at low frequency; the counts alone have the aliases (r/N) (pi f h)^2/3 there.
  const double h = 0.05;
  const double f = 0.25;
  const SpectralNoise noise(p, 10.0, h, gaussian(1));
  const double wanted = (coloured(f) + coloured.rate()) / 1000.0;
  const double aliases = coloured.rate() / 1000.0 * std::pow(pi * f * h, 2) / 3.0;
  EXPECT_NEAR(noise.coefficient_density(f)(0, 0).real(), wanted + aliases, 0.1 * aliases);
  EXPECT_NEAR(noise.density(f), wanted, 1e-3 * aliases);
}

TEST(SpectralNoise, IsWhiteAtHighFrequencies) {
  const auto m = testing_support::figure1(1);
  const auto& p = m.populations[0];
  const double rate = mean_field::stationary_rate(p, 10.0);
  const SpectralNoise noise(p, 10.0, 5e-4, gaussian(1));
  for (const double f : {400.0, 700.0, 990.0}) {
    const Eigen::Matrix3cd difference = noise.coefficient_density(f) - rate * Eigen::Matrix3cd::Identity();
    EXPECT_LT(difference.cwiseAbs().maxCoeff(), 2e-4 * rate) << f;
    EXPECT_NEAR(noise.density(f), rate, 2e-4 * rate) << f;
  }
}

/// Covariances <m_i(n + lag) m_j(n)> of count, first and second, by quadrature of S0 over all frequencies.
Eigen::Matrix3d covariance(const Coloured& coloured, double h, int lag) {
  Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
  const double df = 0.01;
  for (double f = df / 2; f < 400.0; f += df) {
    const auto w = window(f * h);
    const Eigen::Vector3cd v(w[0], w[1], w[2]);
    sum += 2.0 * df * coloured(f) * (std::polar(1.0, 2.0 * pi * f * h * lag) * v * v.adjoint()).real();
  }
  if (lag == 0) sum += coloured.rate() / h * Eigen::Matrix3d::Identity();
  Eigen::Matrix3d moments;
  for (Eigen::Index l = 0; l < 3; ++l) {
    StepCoefficients unit{};
    unit[static_cast<std::size_t>(l)] = 1.0;
    const auto spikes = step_spikes(unit, h);
    moments.col(l) << spikes.count, spikes.first, spikes.second;
  }
  return moments * sum * moments.transpose();
}

TEST(SpectralNoise, HasTheCovariancesOfS0) {
  const auto m = testing_support::figure1(1);
  const auto& p = m.populations[0];
  const double h = 0.1;
  const Coloured coloured(p, 10.0, 60.0);
  SpectralNoise noise(p, 10.0, h, gaussian(2));
  constexpr int lags = 4;
  const int batches = 60;
  const int steps = 5000;
  std::array<Eigen::Matrix3d, lags> sum;
  std::array<Eigen::Matrix3d, lags> squares;
  sum.fill(Eigen::Matrix3d::Zero());
  squares.fill(Eigen::Matrix3d::Zero());
  std::array<Eigen::Vector3d, lags> past;
  past.fill(Eigen::Vector3d::Zero());
  const auto draw = [&] {
    for (std::size_t k = lags - 1; k > 0; --k) past[k] = past[k - 1];
    const auto spikes = noise.next();
    past[0] << spikes.count, spikes.first, spikes.second;
  };
  for (int k = 0; k < lags; ++k) draw();
  for (int b = 0; b < batches; ++b) {
    std::array<Eigen::Matrix3d, lags> mean;
    mean.fill(Eigen::Matrix3d::Zero());
    for (int i = 0; i < steps; ++i) {
      draw();
      for (std::size_t k = 0; k < lags; ++k) mean[k] += past[0] * past[k].transpose() / steps;
    }
    for (std::size_t k = 0; k < lags; ++k) {
      sum[k] += mean[k] / batches;
      squares[k] += mean[k].cwiseAbs2() / batches;
    }
  }
  for (std::size_t k = 0; k < lags; ++k) {
    const Eigen::Matrix3d wanted = covariance(coloured, h, static_cast<int>(k));
    const Eigen::Matrix3d error = ((squares[k] - sum[k].cwiseAbs2()) / (batches - 1)).cwiseSqrt();
    for (Eigen::Index i = 0; i < 3; ++i) {
      for (Eigen::Index j = 0; j < 3; ++j) {
        EXPECT_NEAR(sum[k](i, j), wanted(i, j), 4.0 * error(i, j)) << k << " " << i << " " << j;
      }
    }
    EXPECT_LT(error(0, 0), 0.01 * covariance(coloured, h, 0)(0, 0));
  }
  // The test sees what is missing where moments are those of spikes spread evenly over the step.
  const Eigen::Matrix3d even = covariance(coloured, h, 0);
  EXPECT_GT(std::abs(even(1, 1) - even(0, 0) / 4.0), 0.1 * even(1, 1));
}

TEST(SpectralNoise, IsStationaryAcrossItsBlocks) {
  const auto m = testing_support::figure1(1);
  const double h = 0.02;
  SpectralNoise noise(m.populations[0], 10.0, h, gaussian(2));
  const Coloured coloured(m.populations[0], 10.0, 60.0);
  const Eigen::Matrix3d same = covariance(coloured, h, 0);
  const Eigen::Matrix3d next = covariance(coloured, h, 1);
  // Squares, and products of neighbours, around the seams of the blocks.
  const std::size_t length = noise.length();
  const int blocks = 400;
  Eigen::Matrix3d square = Eigen::Matrix3d::Zero();
  Eigen::Matrix3d product = Eigen::Matrix3d::Zero();
  Eigen::Vector3d last = Eigen::Vector3d::Zero();
  for (int b = 0; b < blocks; ++b) {
    for (std::size_t i = 0; i < length; ++i) {
      const auto spikes = noise.next();
      const Eigen::Vector3d value(spikes.count, spikes.first, spikes.second);
      if (i < 2 || i + 2 >= length) {
        square += value * value.transpose();
        product += value * last.transpose();
      }
      last = value;
    }
  }
  const double seam = 4.0 * blocks;
  for (Eigen::Index i = 0; i < 3; ++i) {
    for (Eigen::Index j = 0; j < 3; ++j) {
      const double error = std::sqrt(2.0 * same(i, i) * same(j, j) / seam);
      EXPECT_NEAR(square(i, j) / seam, same(i, j), 4.0 * error) << i << j;
      EXPECT_NEAR(product(i, j) / seam, next(i, j), 4.0 * error) << i << j;
    }
  }
}

TEST(SpectralNoise, IsNearlyNilWhereS0Is) {
  // The stream itself, projected on plane waves of 0.4..0.6: S0 is 0.016 r there, aliases of the counts are 0.008 r,
  // those of moments with the order of time reversed 0.03 r.
  const auto m = testing_support::figure1(1);
  const auto& p = m.populations[0];
  const double h = 0.1;
  const Coloured coloured(p, 10.0, 60.0);
  SpectralNoise noise(p, 10.0, h, gaussian(6));
  constexpr int steps = 512;
  constexpr int segments = 300;
  constexpr std::size_t frequencies = 11;
  double squared_weights = 0.0;
  std::array<double, steps> weight{};  // Hann
  for (std::size_t n = 0; n < steps; ++n) {
    weight[n] = std::pow(std::sin(pi * (static_cast<double>(n) + 0.5) / steps), 2);
    squared_weights += weight[n] * weight[n];
  }
  double wanted = 0.0;
  for (std::size_t i = 0; i < frequencies; ++i) {
    wanted += (coloured(0.4 + 0.02 * static_cast<double>(i)) + coloured.rate()) / frequencies;
  }
  double sum = 0.0;
  double squares = 0.0;
  double counts = 0.0;
  for (int segment = 0; segment < segments; ++segment) {
    std::array<Complex, frequencies> wave{};
    std::array<Complex, frequencies> count{};
    for (std::size_t n = 0; n < steps; ++n) {
      const auto a = step_coefficients(noise.next(), h);
      for (std::size_t i = 0; i < frequencies; ++i) {
        const double x = (0.4 + 0.02 * static_cast<double>(i)) * h;
        const auto q = plane_wave(x);
        const double norm = q[0] * q[0] + q[1] * q[1] + q[2] * q[2];
        const Complex phase = weight[n] * std::polar(1.0, -2.0 * pi * x * static_cast<double>(n));
        // v^+ a, v_l = (-i)^l q_l/|q|^2
        wave[i] += phase * Complex(q[0] * a[0] - q[2] * a[2], q[1] * a[1]) / norm;
        count[i] += phase * a[0];
      }
    }
    double power = 0.0;
    for (const auto& value : wave) power += h * std::norm(value) / squared_weights / frequencies;
    for (const auto& value : count) counts += h * std::norm(value) / squared_weights / frequencies / segments;
    sum += power / segments;
    squares += power * power / segments;
  }
  const double error = std::sqrt((squares - sum * sum) / (segments - 1));
  EXPECT_NEAR(sum, wanted, 4.0 * error);
  EXPECT_LT(error, 0.05 * wanted);
  EXPECT_GT(counts, wanted + 8.0 * error);
}

TEST(SpectralNoise, IsReproducible) {
  const auto m = testing_support::figure1(1);
  SpectralNoise a(m.populations[0], 10.0, 0.02, gaussian(3));
  SpectralNoise b(m.populations[0], 10.0, 0.02, gaussian(3));
  SpectralNoise c(m.populations[0], 10.0, 0.02, gaussian(4));
  for (std::size_t i = 0; i < a.length() + 10; ++i) {
    const auto first = a.next();
    const auto again = b.next();
    EXPECT_EQ(first.count, again.count);
    EXPECT_EQ(first.first, again.first);
    EXPECT_EQ(first.second, again.second);
    EXPECT_NE(first.count, c.next().count);
  }
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
