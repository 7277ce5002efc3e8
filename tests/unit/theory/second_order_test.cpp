// The second order of spectra against closed forms, quadrature, the integrated mean field and identities.
#include "popshot/theory/second_order.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/quadratic_response.hpp"

namespace popshot::theory {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using boost::math::quadrature::gauss_kronrod;

/// One Lorentzian population with instantaneous coupling, tau = 1, half-width 1.
model::Model single(double weight, double center, std::int64_t size = 1) {
  model::Model m;
  m.populations.resize(1);
  m.populations[0].size = size;
  m.populations[0].heterogeneity = model::Lorentzian{center, 1.0};
  m.projections = {{0, 0, weight}};
  return m;
}

/// The noise of the populations as it is, without its response to the input.
Options additive(const model::Model& m, const mean_field::OperatingPoint& point) {
  Options options;
  options.uncoupled = [&m, &point](std::size_t k, double f) {
    return uncoupled_spectrum(m.populations[k], point.input(static_cast<Eigen::Index>(k)), f) /
           static_cast<double>(m.populations[k].size);
  };
  return options;
}

/// Both parts for f -> 0 written out, with S0 of a Lorentzian in closed form: the integral of the quadratic response
/// alone, and of both.
std::pair<double, double> floor_of(double weight, double center) {
  const auto point = mean_field::selected_state(single(weight, center)).point;
  const double r = point.rate(0);
  const double drive = center + point.input(0);
  const Complex q = std::sqrt(Complex{drive, 1.0});
  const Complex x0 = Complex{0.0, 1.0} * q;
  const auto gain = [&](double f) {
    const Complex s{0.0, 2.0 * pi * f};
    return weight * 2.0 * r / ((s - 2.0 * x0) * (s - 2.0 * std::conj(x0)));
  };
  const auto integrand = [&](double f, bool both) {
    const double omega = 2.0 * pi * f;
    const double uncoupled = (q / std::tan(pi * pi * f / q)).imag() / pi - 1.0 / (pi * pi * pi * f);
    const double nu = pi * pi * f * f - drive;
    const double harmonic = 2.0 * pi * f * f * f / (nu * nu + 1.0);  // p(f) f^2
    const double chi = (-1.0 / (2.0 * x0 * (4.0 * x0 * x0 + omega * omega))).imag() / pi;
    const Complex response = weight / (1.0 - gain(f));
    const double input = std::norm(response) * uncoupled;
    double value = 4.0 * chi * chi * input * input;
    if (both) {
      const double a = -1.0 / (omega * omega);
      const Complex mixed = response * harmonic;
      value += 8.0 * a * chi * input * mixed.real() + 2.0 * a * a * (input * harmonic + (mixed * mixed).real());
    }
    return value;
  };
  const auto integral = [&](bool both) {
    double sum = 0.0;
    for (const auto& [low, high] : {std::pair{0.02, 0.6}, {0.6, 0.9}, {0.9, 4.0}, {4.0, 60.0}}) {
      sum += gauss_kronrod<double, 61>::integrate([&](double f) { return integrand(f, both); }, low, high, 12, 1e-9);
    }
    return sum / std::norm(1.0 - gain(0.0));
  };
  return {integral(false), integral(true)};
}

TEST(SecondOrder, ForSmallFrequenciesIsTheClosedForm) {
  struct Case {
    double weight, center, quadratic, both;
  };
  for (const auto& c : {Case{10.0, 0.0, 1.85, 1.74}, Case{5.0, 1.0, 0.108, 0.221}}) {
    const auto m = single(c.weight, c.center, 100);
    const auto point = mean_field::selected_state(m).point;
    const auto [quadratic, both] = floor_of(c.weight, c.center);
    EXPECT_NEAR(quadratic, c.quadratic, 0.005 * c.quadratic);
    EXPECT_NEAR(both, c.both, 0.005 * c.both);
    const auto at_zero = [&](const Options& options) {
      const auto spectrum = second_order(m, point, {0.0}, options);
      return spectrum->power(0)[0] * 1e4;
    };
    EXPECT_NEAR(at_zero(additive(m, point)), quadratic, 0.01 * quadratic);
    EXPECT_NEAR(at_zero({}), both, 0.01 * both);
    EXPECT_NEAR(second_order(m, point, {1e-3})->power(0)[0] * 1e4, both, 0.01 * both);
  }
}

TEST(SecondOrder, FallsAsOneOverTheSquareOfTheSize) {
  const auto small = single(10.0, 0.0, 1000);
  const auto large = single(10.0, 0.0, 8000);
  const auto point = mean_field::selected_state(small).point;
  const std::vector<double> frequency{0.05, -0.3, 1.4};
  const auto a = second_order(small, point, frequency);
  const auto b = second_order(large, point, frequency);
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    EXPECT_NEAR(a->power(0)[i], 64.0 * b->power(0)[i], 1e-9 * a->power(0)[i]);
  }
}

TEST(SecondOrder, OfAPopulationSplitInTwoAddsUpToTheWhole) {
  const auto whole = single(10.0, 0.0, 4000);
  const auto point = mean_field::selected_state(whole).point;
  model::Model parts;
  for (const std::int64_t size : {1000, 3000}) {
    parts.populations.push_back(whole.populations[0]);
    parts.populations.back().size = size;
  }
  for (std::size_t to = 0; to < 2; ++to) parts.projections.push_back({0, to, 2.5});
  for (std::size_t to = 0; to < 2; ++to) parts.projections.push_back({1, to, 7.5});
  const mean_field::OperatingPoint twice{Eigen::VectorXd::Constant(2, point.rate(0)),
                                         Eigen::VectorXd::Constant(2, point.input(0))};
  const Eigen::Vector2cd share(0.25, 0.75);
  const std::vector<double> frequency{0.0, 0.08, 0.4, 1.43};
  const auto one = second_order(whole, point, frequency);
  const auto two = second_order(parts, twice, frequency);
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    const Complex sum = share.transpose() * two->density[i] * share.conjugate();
    EXPECT_NEAR(sum.real(), one->power(0)[i], 0.005 * one->power(0)[i]) << frequency[i];
    EXPECT_LT(std::abs(two->density[i](0, 1) - std::conj(two->density[i](1, 0))), 1e-12 * one->power(0)[i]);
  }
}

/// An excitatory and an inhibitory population (of two nodes) with different tau, synapses and a delay.
model::Model pair() {
  model::Model m;
  m.populations.resize(2);
  m.populations[0].size = 2000;
  m.populations[0].heterogeneity = model::Lorentzian{6.0, 1.0};
  m.populations[1].size = 500;
  m.populations[1].tau = 0.5;
  m.populations[1].heterogeneity = model::Rational{3.0, 1.0, 2};
  m.projections = {{0, 0, 4.0, 0.05, {0.0, 0.3}},
                   {1, 0, -5.0, 0.1, {0.0, 0.5}},
                   {0, 1, 5.0, 0.05, {0.0, 0.3}},
                   {1, 1, -2.0, 0.1, {0.0, 0.5}}};
  return m;
}

TEST(SecondOrder, IsWhatTheIntegratedMeanFieldMakesOfTwoSines) {
  // Currents into both populations at two frequencies: the component at their sum is the quadratic response of every
  // population to its whole input, stimulus and spikes, filtered by the network. What second_order assembles.
  auto m = pair();
  m.simulation.time_step = 0.005;
  m.simulation.record_interval = 0.02;
  m.simulation.transient = 60.0;
  m.simulation.duration = 100.0;
  const auto point = mean_field::selected_state(m).point;
  const std::vector<double> f{0.31, 0.17};
  const double amplitude = 0.04;
  const double forever = std::numeric_limits<double>::infinity();
  std::vector<Activity> runs;
  for (const double sign : {1.0, -1.0}) {
    auto driven = m;
    for (std::size_t i = 0; i < 2; ++i) {
      driven.stimuli.push_back({i, model::SineCurrent{sign * amplitude, f[i], 0.0, -m.simulation.transient, forever}});
    }
    runs.push_back(mean_field::simulate(driven));
  }
  for (const double direction : {1.0, -1.0}) {
    const double sum_frequency = f[0] + direction * f[1];
    const auto input = [&](std::size_t i) -> Eigen::VectorXcd {
      const double g = i == 0 ? f[0] : direction * f[1];
      Eigen::VectorXcd current = Eigen::VectorXcd::Zero(2);
      current(static_cast<Eigen::Index>(i)) = amplitude / Complex{0.0, i == 0 ? 2.0 : 2.0 * direction};
      const Eigen::VectorXcd rate = response_matrix(m, point, g) * current;
      return current + mean_field::coupling_matrix(m, Complex{0.0, 2.0 * pi * g}) * rate;
    };
    const Eigen::VectorXcd first = input(0);
    const Eigen::VectorXcd second = input(1);
    Eigen::VectorXcd made(2);
    for (Eigen::Index k = 0; k < 2; ++k) {
      const mean_field::QuadraticResponse response(m.populations[static_cast<std::size_t>(k)], point.input(k));
      made(k) = 2.0 * response(f[0], direction * f[1]) * first(k) * second(k);
    }
    const Eigen::MatrixXcd filter = (Eigen::MatrixXcd::Identity(2, 2) - loop_gain(m, point, sum_frequency)).inverse();
    const Eigen::VectorXcd wanted = filter * made;
    for (Eigen::Index k = 0; k < 2; ++k) {
      Complex component = 0.0;
      const auto& up = runs[0].rate[static_cast<std::size_t>(k)];
      const auto& down = runs[1].rate[static_cast<std::size_t>(k)];
      for (std::size_t i = 0; i < up.size(); ++i) {
        const double t = (static_cast<double>(i) + 0.5) * m.simulation.record_interval;
        component += 0.5 * (up[i] + down[i]) * std::exp(Complex{0.0, -2.0 * pi * sum_frequency * t});
      }
      const double x = pi * sum_frequency * m.simulation.record_interval;
      component /= static_cast<double>(up.size()) * (std::sin(x) / x);
      EXPECT_LT(std::abs(component - wanted(k)), 0.01 * wanted.norm()) << k << " at " << sum_frequency;
    }
  }
}

TEST(SecondOrder, OfManyFrequenciesIsThatOfEach) {
  const auto m = pair();
  const auto point = mean_field::selected_state(m).point;
  std::vector<double> frequency;
  for (int i = 0; i < 200; ++i) frequency.push_back(0.01 * i);
  const auto all = second_order(m, point, frequency);
  for (const std::size_t i : {0UL, 7UL, 43UL, 100UL, 161UL}) {
    const auto one = second_order(m, point, {frequency[i], -frequency[i]});
    for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(all->power(k)[i], one->power(k)[0], 0.05 * one->power(k)[0]);
    EXPECT_LT((one->density[0] - one->density[1].conjugate()).norm(), 1e-12 * one->density[0].norm());
  }
}

TEST(SecondOrder, OfARandomCurrentIsTheQuadraticResponseToIt) {
  auto m = single(0.0, 1.0);
  m.projections.clear();
  m.stimuli.push_back({0, model::OrnsteinUhlenbeckCurrent{0.3, 0.5}});
  const auto point = mean_field::selected_state(m).point;
  const mean_field::QuadraticResponse response(m.populations[0], point.input(0));
  const auto spectrum = [&](double g) { return stimulus_spectrum(m.stimuli[0], g); };
  const std::vector<double> frequency{0.0, 0.2, 1.1};
  const auto second = second_order(m, point, frequency, {.uncoupled = [](std::size_t, double) { return 0.0; }});
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    const double f = frequency[i];
    double sum = 0.0;
    for (const auto& [low, high] : {std::pair{-40.0, -2.0}, {-2.0, 0.0}, {0.0, 1.0}, {1.0, 3.0}, {3.0, 40.0}}) {
      sum += gauss_kronrod<double, 61>::integrate(
          [&](double g) { return 2.0 * std::norm(response(g, f - g)) * spectrum(g) * spectrum(f - g); }, low, high, 10,
          1e-8);
    }
    EXPECT_NEAR(second->power(0)[i], sum, 0.01 * sum) << f;
  }
}

TEST(SecondOrder, IsNotKnownForGaussianNoise) {
  auto m = pair();
  m.populations[0].noise = model::GaussianNoise{0.3};
  EXPECT_FALSE(second_order(m, mean_field::selected_state(m).point, {0.1}).has_value());
  // Of Cauchy noise the mean field's part is.
  m.populations[0].noise = model::CauchyNoise{0.3};
  EXPECT_GT(second_order(m, mean_field::selected_state(m).point, {0.1})->power(0)[0], 0.0);
}

TEST(LinearTheoryEnds, WhereTheSecondOrderIsMoreThanAShare) {
  const std::vector<double> frequency{1, 2, 3, 4, 5, 6};
  const std::vector<double> linear{0, 1, 10, 10, 1, 10};
  const std::vector<double> second{0.3, 0.2, 0.2, 0.2, 0.7, 0.9};
  const auto ranges = linear_theory_ends(frequency, linear, second);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].low, 1.0);
  EXPECT_EQ(ranges[0].high, 2.0);
  EXPECT_TRUE(std::isinf(ranges[0].largest));
  EXPECT_EQ(ranges[1].low, 5.0);
  EXPECT_EQ(ranges[1].high, 5.0);
  EXPECT_EQ(ranges[1].largest, 0.7);
  EXPECT_EQ(ranges[1].at, 5.0);
  EXPECT_EQ(linear_theory_ends(frequency, linear, second, 0.05).back().high, 6.0);
}

}  // namespace
}  // namespace popshot::theory
