// The polynomials of a step against quadrature.
#include "popshot/mesoscopic/step_basis.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>

namespace popshot::mesoscopic {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// The integral of f over (0, 1): Simpson's rule.
template <class Function>
auto integral(Function&& f) {
  const int n = 4000;
  auto sum = f(0.0) + f(1.0);
  for (int i = 1; i < n; ++i) sum += (i % 2 == 1 ? 4.0 : 2.0) * f(static_cast<double>(i) / n);
  return sum / (3.0 * n);
}

double polynomial(std::size_t l, double u) {
  if (l == 0) return 1.0;
  return l == 1 ? std::sqrt(3.0) * (2.0 * u - 1.0) : std::sqrt(5.0) * (6.0 * u * u - 6.0 * u + 1.0);
}

TEST(StepBasis, ConvertsToMomentsAndBack) {
  const StepCoefficients coefficient{0.7, -1.3, 2.1};
  const double h = 0.05;
  const auto chi = [&](double u) { return 0.7 * polynomial(0, u) - 1.3 * polynomial(1, u) + 2.1 * polynomial(2, u); };
  const auto spikes = step_spikes(coefficient, h);
  EXPECT_NEAR(spikes.count, h * integral(chi), 1e-12);
  EXPECT_NEAR(spikes.first, h * integral([&](double u) { return u * chi(u); }), 1e-12);
  EXPECT_NEAR(spikes.second, h * integral([&](double u) { return u * u * chi(u); }), 1e-12);
  const auto back = step_coefficients(spikes, h);
  for (std::size_t l = 0; l < 3; ++l) EXPECT_NEAR(back[l], coefficient[l], 1e-13);
}

TEST(StepBasis, ProjectsAPlaneWave) {
  for (const double x : {-1.7, -0.1, 0.0, 0.001, 0.05, 0.2227, 0.2229, 0.5, 1.0, 3.3}) {
    const auto q = plane_wave(x);
    for (std::size_t l = 0; l < 3; ++l) {
      // The time from the middle of the step is h (1/2 - u).
      const Complex projected =
          integral([&](double u) { return std::polar(1.0, 2.0 * pi * x * (0.5 - u)) * polynomial(l, u); });
      EXPECT_NEAR(std::abs(projected - q[l] * std::pow(Complex{0.0, -1.0}, static_cast<int>(l))), 0.0, 1e-11)
          << x << " " << l;
    }
  }
  const double x = 0.1;
  const auto q = plane_wave(x);
  EXPECT_NEAR((1.0 - q[0] * q[0] - q[1] * q[1] - q[2] * q[2]) / (std::pow(pi * x, 6) / 1575.0), 1.0, 0.03);
}

TEST(StepBasis, FindsTheDensityOfAPlaneWave) {
  // A line at x over white noise: the line is found whole, and white noise as white.
  const double x = 0.3;
  const auto q = plane_wave(x);
  const Eigen::Vector3cd wave(q[0], Complex(0.0, -q[1]), -q[2]);
  const Eigen::Matrix3cd white = 0.4 * Eigen::Matrix3cd::Identity();
  EXPECT_NEAR(plane_wave_density(white, 0.4, x), 0.4, 1e-14);
  EXPECT_NEAR(plane_wave_density(white + 2.5 * wave * wave.adjoint(), 0.4, x), 2.9, 1e-14);
}

TEST(StepBasis, IntegratesExponentials) {
  for (const Complex z : {Complex{0.0, 0.0}, Complex{-1e-9, 1e-6}, Complex{-0.3, 1.2}, Complex{-1.0, 3.8},
                          Complex{-3.99, 0.0}, Complex{-4.01, 0.0}, Complex{-2.0, 9.0}, Complex{-30.0, 0.0}}) {
    const auto phi = phi_functions(z);
    EXPECT_NEAR(std::abs(phi[0] - std::exp(z)), 0.0, 1e-15);
    double factorial = 1.0;
    for (std::size_t k = 1; k < phi.size(); ++k) {
      if (k > 1) factorial *= static_cast<double>(k - 1);
      const Complex wanted = integral(
          [&](double s) { return std::exp((1.0 - s) * z) * (std::pow(s, static_cast<double>(k - 1)) / factorial); });
      EXPECT_NEAR(std::abs(phi[k] - wanted), 0.0, 2e-11) << z << " " << k;
    }
    // Where the two ways of computing meet, the recursion that the other one uses.
    for (std::size_t k = 0; k < 6; ++k) {
      EXPECT_NEAR(std::abs(z * phi[k + 1] + 1.0 / std::tgamma(static_cast<double>(k) + 1.0) - phi[k]), 0.0, 3e-15)
          << z << " " << k;
    }
  }
}

}  // namespace
}  // namespace popshot::mesoscopic
