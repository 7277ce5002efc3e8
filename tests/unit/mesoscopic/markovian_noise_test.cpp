// Markovian noise: its spectrum against S0, its scaling, and the simulated moments against the model.
#include "popshot/mesoscopic/markovian_noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/mesoscopic/step_basis.hpp"
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

/// The response of the coefficients of chi to those of xi in a single step.
class ImpulseResponse {
 public:
  ImpulseResponse(const MarkovianModel& model, double h, std::size_t steps) : h_(h), response_(steps) {
    for (Eigen::Index j = 0; j < 3; ++j) {
      MarkovianNoise noise(model, h);
      for (std::size_t n = 0; n < steps; ++n) {
        StepCoefficients white{};
        if (n == 0) white[static_cast<std::size_t>(j)] = 1.0;
        const auto chi = step_coefficients(noise.next(white), h);
        response_[n].col(j) << chi[0], chi[1], chi[2];
      }
    }
  }
  /// The matrix of spectral densities of the coefficients of chi, for white noise of density 1.
  [[nodiscard]] Eigen::Matrix3cd density(double f) const {
    Eigen::Matrix3cd sum = Eigen::Matrix3cd::Zero();
    for (std::size_t n = 0; n < response_.size(); ++n) {
      sum += response_[n] * std::polar(1.0, -2.0 * pi * f * h_ * static_cast<double>(n));
    }
    return sum * sum.adjoint();
  }
  /// Covariance <a_l(k + lag) a_m(k)> of the coefficients of chi, for white noise of density 1.
  [[nodiscard]] Eigen::Matrix3d covariance(std::size_t lag) const {
    Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
    for (std::size_t n = 0; n + lag < response_.size(); ++n) {
      sum += response_[n + lag] * response_[n].transpose() / h_;
    }
    return sum;
  }

 private:
  double h_;
  std::vector<Eigen::Matrix3d> response_;
};

TEST(MarkovianNoise, HasTheSpectrumOfItsModelWithoutAliases) {
  const auto m = testing_support::figure1(1);
  const auto model = markovian_model(m.populations[0], 10.0);
  const double white = model.direct * model.direct;
  for (const double h : {0.01, 0.05, 0.1}) {
    const ImpulseResponse response(model, h, static_cast<std::size_t>(100.0 / h));
    for (const double x : {0.0025, 0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.25}) {
      const double f = x / h;
      EXPECT_NEAR(plane_wave_density(response.density(f), white, x), model.density(f),
                  2.0 * std::pow(x, 6) * std::max(model.density(f), white) + 1e-12)
          << h << " " << f;
    }
  }
  // Nearly nil at low frequency; the counts alone have the aliases (r/N) (pi f h)^2/3 there.
  const double h = 0.05;
  const double f = 0.25;
  const auto density = ImpulseResponse(model, h, 2000).density(f);
  const double aliases = white * std::pow(pi * f * h, 2) / 3.0;
  EXPECT_NEAR(density(0, 0).real(), model.density(f) + aliases, 0.1 * aliases);
  EXPECT_NEAR(plane_wave_density(density, white, f * h), model.density(f), 1e-3 * aliases);
}

TEST(MarkovianNoise, HasTheCovariancesOfItsModel) {
  const auto m = testing_support::figure1(1);
  const auto model = markovian_model(m.populations[0], 10.0);
  const double white = model.direct * model.direct;
  for (const double h : {0.02, 0.1}) {
    const ImpulseResponse response(model, h, static_cast<std::size_t>(100.0 / h));
    for (const std::size_t lag : {0U, 1U, 2U, 5U}) {
      // Quadrature of the spectrum of the model.
      Eigen::Matrix3d wanted = Eigen::Matrix3d::Zero();
      if (lag == 0) wanted += white / h * Eigen::Matrix3d::Identity();
      const double df = 0.01;
      for (double f = df / 2; f < 500.0; f += df) {
        const auto q = plane_wave(f * h);
        const Eigen::Vector3cd wave(q[0], Complex(0.0, -q[1]), -q[2]);
        wanted += 2.0 * df * (model.density(f) - white) *
                  (std::polar(1.0, 2.0 * pi * f * h * static_cast<double>(lag)) * wave * wave.adjoint()).real();
      }
      Eigen::Matrix3d difference = response.covariance(lag) - wanted;
      // What three coefficients of xi do not drive, lines of S0 above 1/h, is missing in the variance of the last
      // coefficient.
      if (lag == 0) {
        EXPECT_LT(std::abs(difference(2, 2)), 0.15 * h * (white / h)) << h;
        difference(2, 2) = 0.0;
      }
      EXPECT_LT(difference.cwiseAbs().maxCoeff(), 1e-3 * white / h) << h << " " << lag;
    }
  }
}

TEST(MarkovianNoise, IntegratesItsEquations) {
  // Two poles, the second of them fast, against many small steps of Runge and Kutta with the same polynomials.
  MarkovianModel model;
  model.pole = {{-0.4, 7.0}, {-60.0, 0.0}};
  model.coefficient = {{1.5, -0.8}, {20.0, 0.0}};
  model.direct = 0.9;
  const double h = 0.3;
  const std::vector<StepCoefficients> white{{1.0, -0.5, 0.3}, {-0.7, 0.9, 1.1}, {0.2, 1.4, -0.6}};
  MarkovianNoise noise(model, h);
  std::vector<Complex> z(2, 0.0);
  for (const auto& a : white) {
    const auto xi = [&](double u) {
      return a[0] + a[1] * std::sqrt(3.0) * (2.0 * u - 1.0) + a[2] * std::sqrt(5.0) * (6.0 * u * u - 6.0 * u + 1.0);
    };
    StepSpikes wanted;
    const int n = 3000;
    for (int i = 0; i < n; ++i) {
      // Simpson's rule over each small step, its middle from a step of half the length.
      const double dt = h / n;
      const double u = 1.0 - static_cast<double>(i) / n;
      const double half = 0.5 / n;
      const auto chi = [&](double at) {
        double sum = model.direct * xi(at);
        for (std::size_t k = 0; k < 2; ++k) sum += (model.coefficient[k] * z[k]).real();
        return sum;
      };
      const auto advance = [&](double from, double length) {
        for (std::size_t k = 0; k < 2; ++k) {
          const double t = length * h;
          const auto slope = [&](Complex at, double v) { return model.pole[k] * at + xi(v); };
          const Complex k1 = slope(z[k], from);
          const Complex k2 = slope(z[k] + 0.5 * t * k1, from - 0.5 * length);
          const Complex k3 = slope(z[k] + 0.5 * t * k2, from - 0.5 * length);
          const Complex k4 = slope(z[k] + t * k3, from - length);
          z[k] += t / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        }
      };
      const auto add = [&](double v, double factor) {
        const double value = factor * dt / 6.0 * chi(v);
        wanted += {value, value * v, value * v * v};
      };
      add(u, 1.0);
      advance(u, half);
      add(u - half, 4.0);
      advance(u - half, half);
      add(u - 2.0 * half, 1.0);
    }
    const auto spikes = noise.next(a);
    EXPECT_NEAR(spikes.count, wanted.count, 1e-10);
    EXPECT_NEAR(spikes.first, wanted.first, 1e-10);
    EXPECT_NEAR(spikes.second, wanted.second, 1e-10);
  }
}

TEST(MarkovianNoise, WithoutPolesIsWhite) {
  MarkovianModel model;
  model.direct = 0.3;
  MarkovianNoise noise(model, 0.05);
  const StepCoefficients white{0.3, -1.0, 2.0};
  const auto chi = step_coefficients(noise.next(white), 0.05);
  for (std::size_t l = 0; l < 3; ++l) EXPECT_NEAR(chi[l], 0.3 * white[l], 1e-14);
}

TEST(FollowingNoise, OnAMemberIsThatMember) {
  // theta = (center + input)/half_width = 3, tau and half_width other than 1: the units of time and chi.
  const auto p = population(2.0, 4.0, 0.5, 70);
  const double h = 0.03;
  const MarkovianSettings settings{.frequency_min = 1.2, .frequency_max = 48.0};
  MarkovianFamily family(p, settings);
  FollowingNoise following(family, p, h, {7, RandomStream::noise, {}});
  FollowingNoise again(family, p, h, {7, RandomStream::noise, {}});
  MarkovianNoise noise(markovian_model(p, 10.0, settings), h);
  GaussianStream gaussian(7, RandomStream::noise, {});
  for (int i = 0; i < 1000; ++i) {
    StepCoefficients white;
    for (auto& value : white) value = gaussian.next() / std::sqrt(h);
    const auto wanted = noise.next(white);
    const auto spikes = following.next(10.0);
    EXPECT_NEAR(spikes.count, wanted.count, 1e-9);
    EXPECT_NEAR(spikes.first, wanted.first, 1e-9);
    EXPECT_NEAR(spikes.second, wanted.second, 1e-9);
    const auto repeated = again.next(10.0);
    EXPECT_EQ(repeated.count, spikes.count);
    EXPECT_EQ(repeated.first, spikes.first);
    EXPECT_EQ(repeated.second, spikes.second);
    EXPECT_GT(std::abs(wanted.count) + std::abs(wanted.first), 1e-5);
  }
}

TEST(FollowingNoise, AtRestHasTheSpectrumOfItsState) {
  // Between two members.
  const auto m = testing_support::figure1(1);
  const auto& p = m.populations[0];
  for (const double theta : {-3.1, 4.1}) {
    MarkovianFamily family(p, {});
    const double h = 0.005;
    // Variance of the step means against the integral of S0 over all frequencies that the step resolves.
    FollowingNoise noise(family, p, h, {7, RandomStream::noise, {}});
    for (int i = 0; i < 20'000; ++i) (void)noise.next(theta);
    const int batches = 100;
    const int length = 1000;
    double sum = 0.0;
    double squares = 0.0;
    for (int b = 0; b < batches; ++b) {
      double power = 0.0;
      for (int i = 0; i < length; ++i) {
        // Means over 20 steps, which see the correlations.
        double mean = 0.0;
        for (int j = 0; j < 20; ++j) mean += noise.next(theta).count / (20.0 * h);
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
