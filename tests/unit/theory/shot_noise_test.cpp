// Shot-noise theory against independent quadrature, limits, scaling and identities.
#include "popshot/theory/shot_noise.hpp"
#include "popshot/model/synapse.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/exp_sinh.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <numbers>

#include "popshot/mean_field/scheme.hpp"
#include "popshot/theory/mean_rate.hpp"

namespace popshot::theory {
namespace {

constexpr double pi = std::numbers::pi;
using boost::math::quadrature::gauss_kronrod;

model::Population population(double center, double half_width, double tau = 1.0, std::int64_t size = 1) {
  model::Population p;
  p.name = "p";
  p.size = size;
  p.tau = tau;
  p.heterogeneity = model::Lorentzian{center, half_width};
  return p;
}

/// Density of nu by the definition of the Lorentzian, written out again.
double rate_density(double center, double half_width, double tau, double input, double nu) {
  const double drive = std::pow(pi * tau * nu, 2) - input - center;
  return 2.0 * pi * pi * tau * tau * nu * half_width / (pi * (drive * drive + half_width * half_width));
}

TEST(FiringRateDensity, HoldsTheFiringNeuronsAndTheirRate) {
  for (const double input : {-3.0, 0.0, 10.0}) {
    for (const double tau : {1.0, 2.5}) {
      const auto p = population(0.4, 0.7, tau);
      boost::math::quadrature::exp_sinh<double> quadrature;
      const double total = quadrature.integrate([&](double nu) { return firing_rate_density(p, input, nu); });
      EXPECT_NEAR(total, 0.5 + std::atan((0.4 + input) / 0.7) / pi, 1e-9);
      const double rate = quadrature.integrate([&](double nu) { return nu * firing_rate_density(p, input, nu); });
      EXPECT_NEAR(rate, mean_field::stationary_rate(p, input), 1e-6);
    }
  }
}

TEST(UncoupledSpectrum, SmoothedAgreesWithTheLinesOfTheSpikeTrains) {
  // A neuron of rate nu has lines of weight nu^2 at k nu. Smoothed by a Gaussian of width s, the spectrum is
  // sum_k int p(nu) nu^2 G(k nu - f) dnu: an integral over neurons, not over frequencies.
  const double s = 0.05;
  const auto gaussian = [s](double x) { return std::exp(-x * x / (2 * s * s)) / (s * std::sqrt(2 * pi)); };
  for (const double input : {-2.0, 0.0, 10.15661}) {
    for (const double f : {0.5, 0.9, 1.7, 4.0}) {
      const auto p = population(0.0, 1.0);
      double lines = 0.0;
      for (int k = 1; k < 4000; ++k) {  // the rest is below 1e-8 of the sum
        const double low = std::max(0.0, (f - 10 * s) / k);
        const double high = (f + 10 * s) / k;
        lines += gauss_kronrod<double, 61>::integrate(
            [&](double nu) { return rate_density(0.0, 1.0, 1.0, input, nu) * nu * nu * gaussian(k * nu - f); }, low,
            high, 8, 1e-11);
      }
      const double smoothed = gauss_kronrod<double, 61>::integrate(
          [&](double g) { return uncoupled_spectrum(p, input, g) * gaussian(g - f); }, f - 10 * s, f + 10 * s, 10,
          1e-11);
      EXPECT_NEAR(smoothed, lines, 1e-6 * lines) << input << ' ' << f;
    }
  }
}

TEST(UncoupledSpectrum, AgreesWithTheBareSum) {
  // 10^6 terms, and for the rest the leading term C f^3/k^4 in closed form, C f^3/(3 K^3).
  const auto p = population(-1.0, 0.3, 1.7);
  for (const double f : {0.05, 0.4, 3.0, 20.0}) {
    double sum = 0.0;
    for (int k = 1'000'000; k >= 1; --k) {
      const double nu = f / k;
      sum += rate_density(-1.0, 0.3, 1.7, 4.0, nu) * nu * nu / k;
    }
    EXPECT_NEAR(uncoupled_spectrum(p, 4.0, f), sum, 1e-9 * sum) << f;
    EXPECT_EQ(uncoupled_spectrum(p, 4.0, f), uncoupled_spectrum(p, 4.0, -f));
  }
}

TEST(UncoupledSpectrum, HasItsLimits) {
  const auto p = population(0.0, 1.0);
  const double rate = mean_field::stationary_rate(p, 10.0);
  // Towards r with an error that falls as 1/f.
  const double near = std::abs(uncoupled_spectrum(p, 10.0, 50.0) - rate);
  const double far = std::abs(uncoupled_spectrum(p, 10.0, 100.0) - rate);
  EXPECT_LT(near, 0.01 * rate);
  EXPECT_NEAR(near / far, 2.0, 0.1);
  // 2 zeta(4) pi^2 g(-I) f^3 for small f.
  const double zeta4 = std::pow(pi, 4) / 90.0;
  const double g = 1.0 / (pi * (100.0 + 1.0));
  EXPECT_NEAR(uncoupled_spectrum(p, 10.0, 1e-3) / (2.0 * zeta4 * pi * pi * g * 1e-9), 1.0, 1e-4);
  EXPECT_EQ(uncoupled_spectrum(p, 10.0, 0.0), 0.0);
}

TEST(UncoupledSpectrum, ScalesWithTheMembraneTimeConstant) {
  for (const double f : {0.3, 2.0}) {
    EXPECT_NEAR(uncoupled_spectrum(population(0.5, 1.0, 4.0), 3.0, f / 4.0),
                uncoupled_spectrum(population(0.5, 1.0), 3.0, f) / 4.0, 1e-12);
  }
}

TEST(UncoupledSpectrum, OfALorentzianIsOneFamily) {
  // Frequencies scale with sqrt(Delta), the state enters as (center + I)/Delta.
  for (const double f : {0.3, 2.0}) {
    EXPECT_NEAR(uncoupled_spectrum(population(0.0, 4.0), 12.0, 2.0 * f),
                2.0 * uncoupled_spectrum(population(0.0, 1.0), 3.0, f), 1e-11);
  }
}

model::Model single(double weight) {
  model::Model m;
  m.populations.push_back(population(0.0, 1.0, 1.0, 10000));
  if (weight != 0.0) m.projections.push_back({0, 0, weight});
  return m;
}

mean_field::OperatingPoint at_fixed_point(double weight) {
  // r* of Fig. 1, J = 10: 1.015661; here to machine precision by bisection on r - F(J r).
  const auto p = population(0.0, 1.0);
  double low = 0.5;
  double high = 2.0;
  for (int i = 0; i < 100; ++i) {
    const double r = 0.5 * (low + high);
    (mean_field::stationary_rate(p, weight * r) > r ? low : high) = r;
  }
  return {Eigen::VectorXd::Constant(1, low), Eigen::VectorXd::Constant(1, weight * low)};
}

TEST(ShotNoise, OfOnePopulationIsTheScalarFormula) {
  const auto m = single(10.0);
  const auto point = at_fixed_point(10.0);
  EXPECT_NEAR(point.rate(0), 1.015661, 5e-7);
  const double r = point.rate(0);
  const double v = -1.0 / (2.0 * pi * r);  // 0 = Delta/pi + 2 r v
  for (const double f : {0.1, 0.7187, 3.0}) {
    const std::complex<double> s{0.0, 2.0 * pi * f};
    const auto gain = 10.0 * 2.0 * r / ((s - 2.0 * v) * (s - 2.0 * v) + 4.0 * pi * pi * r * r);
    const double uncoupled = uncoupled_spectrum(m.populations[0], 10.0 * r, f) / 1e4;
    const auto theory = shot_noise(m, point, {f});
    EXPECT_NEAR(theory.uncoupled.power(0)[0], uncoupled, 1e-15);
    EXPECT_NEAR(theory.total.power(0)[0], uncoupled / std::norm(1.0 - gain), 1e-12 * uncoupled / std::norm(1.0 - gain));
    EXPECT_NEAR(theory.induced.power(0)[0], uncoupled * std::norm(gain / (1.0 - gain)),
                1e-12 * uncoupled / std::norm(1.0 - gain));
  }
}

TEST(ShotNoise, WithoutCouplingIsTheUncoupledNoise) {
  const auto m = single(0.0);
  const mean_field::OperatingPoint point{
      Eigen::VectorXd::Constant(1, mean_field::stationary_rate(m.populations[0], 0.0)), Eigen::VectorXd::Zero(1)};
  const auto theory = shot_noise(m, point, {0.5, 2.0});
  EXPECT_EQ(theory.total.power(0), theory.uncoupled.power(0));
  EXPECT_EQ(theory.induced.power(0)[0], 0.0);
  const auto white = shot_noise(m, point, {0.5}, {.noise = Noise::white});
  EXPECT_NEAR(white.total.power(0)[0], point.rate(0) / 1e4, 1e-18);
}

/// The network of `single`, with its neurons in two populations of different size.
model::Model split(double weight) {
  model::Model m;
  m.populations = {population(0.0, 1.0, 1.0, 2500), population(0.0, 1.0, 1.0, 7500)};
  for (const std::size_t to : {0U, 1U}) {
    m.projections.push_back({0, to, 0.25 * weight});
    m.projections.push_back({1, to, 0.75 * weight});
  }
  return m;
}

TEST(ShotNoise, OfAPopulationSplitInTwoAddsUpToTheWhole) {
  const auto point = at_fixed_point(10.0);
  const mean_field::OperatingPoint twice{Eigen::VectorXd::Constant(2, point.rate(0)),
                                         Eigen::VectorXd::Constant(2, point.input(0))};
  const Eigen::Vector2cd weight(0.25, 0.75);
  for (const double f : {0.3, 0.72, 5.0}) {
    const auto whole = shot_noise(single(10.0), point, {f}, {.time_step = 0.01});
    const auto parts = shot_noise(split(10.0), twice, {f}, {.time_step = 0.01});
    const auto of_parts = [&](const Spectrum& s) {
      return (weight.transpose() * s.density[0] * weight.conjugate()).value().real();
    };
    EXPECT_NEAR(of_parts(parts.total), whole.total.power(0)[0], 1e-12 * whole.total.power(0)[0]);
    EXPECT_NEAR(of_parts(parts.induced), whole.induced.power(0)[0], 1e-12 * whole.induced.power(0)[0]);
    EXPECT_NEAR(of_parts(parts.uncoupled), whole.uncoupled.power(0)[0], 1e-12 * whole.uncoupled.power(0)[0]);
    // Hermitian.
    EXPECT_LT(std::abs(parts.total.density[0](0, 1) - std::conj(parts.total.density[0](1, 0))), 1e-18);
  }
  // The shift of the mean rate is that of the whole too.
  const auto shift = mean_rate_shift(single(10.0), point);
  const auto shifts = mean_rate_shift(split(10.0), twice);
  EXPECT_NEAR(weight.real().dot(shifts), shift(0), 1e-9 * std::abs(shift(0)));
}

TEST(ResponseMatrix, AtFrequencyZeroIsTheShiftOfTheStationaryState) {
  // Two different populations; a small constant current into one moves the stationary rates of both.
  model::Model m;
  m.populations = {population(1.0, 0.5, 1.0), population(0.5, 1.0, 2.0)};
  m.projections = {{0, 0, 2.0}, {0, 1, 3.0}, {1, 0, -2.0}, {1, 1, -1.0}};
  const auto rest = mean_field::selected_state(m).point;
  const auto response = response_matrix(m, rest, 0.0);
  const double current = 1e-4;
  for (Eigen::Index l = 0; l < 2; ++l) {
    auto up = m;
    up.stimuli.push_back({static_cast<std::size_t>(l), model::ConstantCurrent{current}});
    auto down = m;
    down.stimuli.push_back({static_cast<std::size_t>(l), model::ConstantCurrent{-current}});
    const Eigen::VectorXd slope =
        (mean_field::selected_state(up).point.rate - mean_field::selected_state(down).point.rate) / (2 * current);
    EXPECT_LT((response.col(l).real() - slope).norm(), 1e-6 * slope.norm());
    EXPECT_LT(response.col(l).imag().norm(), 1e-14);
  }
}

/// Two populations with a synapse, a delay off the grid and noise in the neurons of one of them.
model::Model mixed() {
  model::Model m;
  m.populations = {population(1.0, 0.5, 1.0, 800), population(0.5, 0.4, 0.5, 200)};
  m.populations[1].noise = model::CauchyNoise{0.6};
  m.projections = {
      {0, 0, 4.0, 0.0, {}}, {0, 1, 6.0, 0.031, {0.0, 0.1}}, {1, 0, -5.0, 0.0, {0.1, 0.2}}, {1, 1, -2.0, 0.05, {}}};
  m.stimuli = {{0, model::ConstantCurrent{0.3}}};
  return m;
}

TEST(ShotNoise, WithATimeStepIsOfThirdOrder) {
  const auto m = mixed();
  const auto point = mean_field::selected_state(m).point;
  const std::vector<double> f{0.1, 0.4, 1.0, 2.0};
  const auto exact = shot_noise(m, point, f);
  const auto error = [&](double h) {
    double sum = 0.0;
    const auto of_step = shot_noise(m, point, f, {.time_step = h});
    for (std::size_t i = 0; i < f.size(); ++i) {
      sum += (of_step.total.density[i] - exact.total.density[i]).norm() / exact.total.density[i].norm();
    }
    return sum;
  };
  EXPECT_LT(error(0.02), 0.005);
  EXPECT_GT(std::log2(error(0.02) / error(0.01)), 2.7);
  EXPECT_GT(std::log2(error(0.01) / error(0.005)), 2.7);
}

TEST(ShotNoise, WithATimeStepHasTheLoopAndTheResponseThatGoWithIt) {
  const auto m = mixed();
  const auto point = mean_field::selected_state(m).point;
  const double h = 0.04;
  const double f = 0.8;
  // (1 - K)^-1 S0 (1 - K)^-dagger without the jitter of resolved spikes, which noise of no neurons lacks.
  const auto noise = [](std::size_t k, double) { return k == 0 ? 1e-3 : 2e-3; };
  const auto total = shot_noise(m, point, {f}, {.time_step = h, .uncoupled = noise}).total.density[0];
  const Eigen::MatrixXcd amplification = (Eigen::MatrixXcd::Identity(2, 2) - loop_gain(m, point, f, h)).inverse();
  const Eigen::Vector2cd density(1e-3, 2e-3);
  EXPECT_LT((total - amplification * density.asDiagonal() * amplification.adjoint()).norm(), 1e-12 * total.norm());
  // White noise on both populations: the response matrix squared, with the mean of a sine over a step taken out.
  auto stimulated = m;
  stimulated.stimuli.push_back({0, model::WhiteNoiseCurrent{0.01}});
  const Eigen::MatrixXcd added =
      shot_noise(stimulated, point, {f}, {.time_step = h, .uncoupled = noise}).total.density[0] - total;
  const Eigen::VectorXcd column = response_matrix(m, point, f, h).col(0) * (pi * f * h / std::sin(pi * f * h));
  EXPECT_LT((added - 0.01 * column * column.adjoint()).norm(), 1e-12 * added.norm());
  // At frequency 0 the response is that of the stationary rates, which continuous time shares.
  EXPECT_LT((response_matrix(m, point, 0.0, h) - response_matrix(m, point, 0.0)).norm(), 1e-3);
  // Above half a turn per step nothing is coupled.
  EXPECT_EQ(loop_gain(m, point, 13.0, h).norm(), 0.0);
}

TEST(ShotNoise, WithATimeStepHasTheImagesOfItsSpikes) {
  // The kicks of spikes that fall anywhere in their step have the power of all frequencies f + m/h.
  const auto m = single(10.0);
  const auto point = at_fixed_point(10.0);
  const double h = 0.1;
  for (const double f : {0.3, 2.0, 4.0}) {
    const auto total = shot_noise(m, point, {f}, {.time_step = h}).total.power(0)[0];
    const double uncoupled = uncoupled_spectrum(m.populations[0], point.input(0), f) / 1e4;
    const std::complex<double> amplification = 1.0 / (1.0 - loop_gain(m, point, f, h)(0, 0));
    const std::complex<double> weight = 10.0 * model::synaptic_transfer(m.projections[0], f, h);
    // The rate exp(s t) per count of a step, and per kick that begins it.
    const std::complex<double> turn{0.0, 2.0 * pi * f * h};
    const std::complex<double> per_count = turn / (std::exp(turn) - 1.0);
    const std::complex<double> per_kick = (amplification - 1.0) / weight;
    const auto transfer = model::kick_transfer(m.projections[0], std::exp(turn), h);
    double images = 0.0;
    for (int k = 1; k < 3000; ++k) {
      for (const double sign : {-1.0, 1.0}) {
        const double image = f + sign * k / h;
        const std::complex<double> counted = (std::exp(turn) - 1.0) / std::complex<double>{0.0, 2.0 * pi * image * h};
        // (W of (21), whose moments are those of a growing rate but for the phase of the step)
        const auto moments = mean_field::step_moments({0.0, 2.0 * pi * image * h});
        std::complex<double> delivered = 0.0;
        for (std::size_t i = 0; i < 3; ++i) delivered += 10.0 * transfer[i] * moments[i] / std::exp(turn);
        images += std::norm(per_count * counted + per_kick * delivered) - std::norm(per_count * counted);
      }
    }
    const double expected = images * point.rate(0) / 1e4;
    EXPECT_NEAR(total - std::norm(amplification) * uncoupled, expected, 5e-3 * std::abs(expected)) << f;
  }
}

TEST(MeanRateShift, AgreesWithTheSumOverNeurons) {
  // The noise term by the real-line integral over firing neurons, -nu'^2 PV int S_I(f) nu/(nu^2 - f^2) df, f > 0, in
  // place of the closed form at the complex pole.
  const auto m = single(10.0);
  const auto point = at_fixed_point(10.0);
  const double input = point.input(0);
  const int points = 3000;
  std::vector<double> f(points);
  for (int i = 0; i < points; ++i) f[static_cast<std::size_t>(i)] = (i + 0.5) / points / (1.0 - (i + 0.5) / points);
  const auto s = shot_noise(m, point, f).total.power(0);
  double noise = 0.0;
  double echo = 0.0;
  const int neurons = 1000;
  for (int i = 0; i < neurons; ++i) {
    const double u = (i + 0.5) / neurons;
    const double w = 3.0 * u / (1.0 - u);
    const double weight = 3.0 / ((1.0 - u) * (1.0 - u)) / neurons * 2.0 * w / (pi * (std::pow(w * w - input, 2) + 1.0));
    const double nu = w / pi;
    const double at_nu = shot_noise(m, point, {nu}).total.power(0)[0];
    double principal = 0.0;
    for (int j = 0; j < points; ++j) {
      const auto index = static_cast<std::size_t>(j);
      const double x = (j + 0.5) / points;
      if (std::abs(nu - f[index]) < 1e-9) continue;
      principal += (s[index] - at_nu) * nu / ((nu - f[index]) * (nu + f[index])) / ((1.0 - x) * (1.0 - x)) / points;
    }
    noise -= weight * 100.0 / std::pow(2.0 * pi * w, 2) * principal;
    const auto gain = loop_gain(m, point, nu)(0, 0);
    echo -= weight * 10.0 / (2.0 * pi * pi * 1e4) * (1.0 / (1.0 - gain)).real();
  }
  const double slope = mean_field::stationary_rate_slope(m.populations[0], input);
  EXPECT_NEAR(mean_rate_shift(m, point)(0), (noise + echo) / (1.0 - 10.0 * slope), 0.01 * 3.9e-5);
}

}  // namespace
}  // namespace popshot::theory
