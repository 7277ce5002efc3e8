// Densities, their quantiles and their complex nodes, against each other and against integrals over the real line.
#include "popshot/model/heterogeneity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace popshot::model {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double infinity = std::numeric_limits<double>::infinity();
using Complex = std::complex<double>;
using Rule = boost::math::quadrature::gauss_kronrod<double, 61>;

struct Case {
  std::string name;
  Heterogeneity heterogeneity;
  std::vector<double> edges = {};  ///< where the density jumps
};

std::vector<Case> simple_kinds() {
  return {{"lorentzian", Lorentzian{0.2, 0.7}},
          {"gaussian", Gaussian{0.5, 1.3}},
          {"uniform", Uniform{0.5, 1.0}, {-0.5, 1.5}},
          {"rational of order 1", Rational{-0.3, 0.8, 1}},
          {"rational of order 3", Rational{-0.3, 0.8, 3}},
          {"rational of order 20", Rational{0.1, 1.5, 20}},
          {"q-gaussian of exponent 1", QGaussian{0.4, 1.3, 1}},
          {"q-gaussian of exponent 2", QGaussian{0.4, 1.3, 2}},
          {"q-gaussian of exponent 20", QGaussian{-0.4, 5.0, 20}}};
}

std::vector<Case> compound_kinds() {
  Mixture mixture;
  mixture.component = {{0.3, Lorentzian{-1.0, 0.2}}, {0.5, Gaussian{1.0, 0.7}}, {0.2, Uniform{3.0, 0.5}}};
  return {{"empirical", Empirical{{-1.0, 0.3, 0.4, 2.5}, 0.4}}, {"mixture", mixture, {2.5, 3.5}}};
}

std::vector<Case> all_kinds() {
  auto all = simple_kinds();
  for (const auto& one : compound_kinds()) all.push_back(one);
  return all;
}

/// The integral of f over [low, high] (either may be infinite), cut at `cuts`.
template <class F>
auto integral(F&& f, double low, double high, std::vector<double> cuts) {
  cuts.push_back(low);
  cuts.push_back(high);
  std::erase_if(cuts, [&](double cut) { return cut < low || cut > high; });
  std::sort(cuts.begin(), cuts.end());
  auto sum = decltype(f(0.0)){};
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (cuts[i + 1] > cuts[i]) sum += Rule::integrate(f, cuts[i], cuts[i + 1], 6, 1e-12);
  }
  return sum;
}

/// Cuts that no quadrature can miss the bulk of the density between.
std::vector<double> cuts_of(const Case& one) {
  std::vector<double> cuts = one.edges;
  for (const double p : {0.001, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.999}) cuts.push_back(quantile(one.heterogeneity, p));
  return cuts;
}

/// The integral of g over ]-inf, end[, end < 0, as that over u = end/eta.
template <class F>
double tail(F&& g, double end) {
  const auto integrand = [&](double u) { return u > 0.0 ? -end / (u * u) * g(end / u) : 0.0; };
  return integral(integrand, 0.0, 1.0, {0.01, 0.1, 0.4});
}

TEST(Quantile, IsTheValueBelowWhichTheDensityHoldsThatPart) {
  for (const Case& one : all_kinds()) {
    const auto g = [&](double eta) { return density(one.heterogeneity, eta); };
    const Support ends = support(one.heterogeneity);
    for (const double p : {1e-9, 1e-6, 0.003, 0.1, 0.25, 0.4999, 0.5, 0.77, 0.95, 0.9999}) {
      const double value = quantile(one.heterogeneity, p);
      const double from = std::isinf(ends.low) ? std::min(value, -4.0) : ends.low;
      const double below = (std::isinf(ends.low) ? tail(g, from) : 0.0) + integral(g, from, value, cuts_of(one));
      EXPECT_NEAR(below, p, 1e-12 + 1e-7 * std::min(p, 1.0 - p)) << one.name << " at p = " << p;
    }
    EXPECT_NEAR(integral(g, ends.low, ends.high, cuts_of(one)), 1.0, 1e-10) << one.name;
  }
}

TEST(Quantile, OfAnyDensityAscends) {
  for (const Case& one : all_kinds()) {
    const QuantileFunction function(one.heterogeneity);
    double before = -infinity;
    for (int i = 0; i < 2000; ++i) {
      const double p = (i + 0.5) / 2000;
      const double value = function(p);
      ASSERT_LT(before, value) << one.name << " at p = " << p;
      if (i % 100 == 0) {
        EXPECT_EQ(value, quantile(one.heterogeneity, p)) << one.name;
      }
      before = value;
    }
  }
}

TEST(Quantile, OfMixturesOfAllKindsIsTheRootOfTheirDistribution) {
  // Of one component in two parts: the same density. And of everything at once, by the integral of the density.
  for (const Case& one : simple_kinds()) {
    std::visit(
        [&](const auto& density_of_one) {
          if constexpr (std::is_constructible_v<decltype(Component::density), decltype(density_of_one)>) {
            Mixture twice;
            twice.component = {{0.3, density_of_one}, {0.7, density_of_one}};
            for (const double p : {1e-9, 1e-3, 0.2, 0.5, 0.6, 0.999}) {
              const double expected = quantile(one.heterogeneity, p);
              EXPECT_NEAR(quantile(twice, p), expected, 1e-9 * (1.0 + std::abs(expected))) << one.name << ", " << p;
            }
          }
        },
        one.heterogeneity);
  }
  Mixture all;
  all.component = {{0.2, Lorentzian{-1.0, 0.2}},
                   {0.2, Gaussian{1.0, 0.01}},
                   {0.2, Uniform{3.0, 0.5}},
                   {0.2, Rational{2.0, 1.0, 3}},
                   {0.2, QGaussian{-3.0, 0.5, 4}}};
  const Heterogeneity g = all;
  for (double p = 0.003; p < 1.0; p += 0.05) {
    const double value = quantile(g, p);
    const std::vector<double> cuts{-3.0, -1.0, 0.9, 1.0, 1.1, 2.0, 2.5, 3.5};
    const auto f = [&](double eta) { return density(g, eta); };
    EXPECT_NEAR(tail(f, -50.0) + integral(f, -50.0, value, cuts), p, 1e-8);
  }
  // Exact in both tails, where the Lorentzian alone is left.
  for (const double p : {1e-10, 1e-6}) {
    EXPECT_NEAR(quantile(g, p) / quantile(Lorentzian{-1.0, 0.2}, 5.0 * p), 1.0, 1e-4) << p;
    EXPECT_NEAR(quantile(g, 1.0 - p) / quantile(Lorentzian{-1.0, 0.2}, 1.0 - 5.0 * p), 1.0, 1e-4) << p;
  }
}

TEST(Quantile, OfAMixtureWithAGapIsItsLowerEnd) {
  Mixture two;
  two.component = {{0.5, Uniform{-2.0, 0.5}}, {0.5, Uniform{2.0, 0.5}}};
  EXPECT_NEAR(quantile(two, 0.5), -1.5, 1e-12);
  EXPECT_NEAR(quantile(two, 0.25), -2.0, 1e-12);
  EXPECT_NEAR(quantile(two, 0.5 + 1e-6), 1.5 + 2e-6, 1e-12);
}

TEST(Densities, OfOrderOneAreLorentzians) {
  const Heterogeneity lorentzian = Lorentzian{0.4, 1.3};
  for (const Heterogeneity& same : {Heterogeneity(Rational{0.4, 1.3, 1}), Heterogeneity(QGaussian{0.4, 1.3, 1})}) {
    for (const double eta : {-30.0, 0.0, 0.4, 2.0}) {
      EXPECT_NEAR(density(same, eta), density(lorentzian, eta), 1e-14 * density(lorentzian, eta));
    }
    for (const double p : {1e-8, 0.01, 0.3, 0.7, 0.999}) {
      const double expected = quantile(lorentzian, p);
      EXPECT_NEAR(quantile(same, p), expected, 1e-7 * std::abs(expected)) << p;
    }
    ASSERT_EQ(nodes(same).size(), 1U);
    EXPECT_LT(std::abs(nodes(same)[0].eta - Complex{0.4, 1.3}), 1e-15);
    EXPECT_LT(std::abs(nodes(same)[0].weight - 1.0), 1e-15);
    EXPECT_EQ(tail_weight(same), 1.3);
  }
}

TEST(Densities, OfManyOrdersTendToTheirLimits) {
  // scale = sqrt(2 exponent) sigma: the Gaussian, up to a relative error of order 1/exponent.
  const Heterogeneity nearly = QGaussian{0.0, std::sqrt(40.0) * 0.7, 20};
  const Heterogeneity gaussian = Gaussian{0.0, 0.7};
  for (const double eta : {0.0, 0.7, 1.4}) {
    EXPECT_NEAR(density(nearly, eta) / density(gaussian, eta), 1.0, 2.0 / 20.0);
  }
  EXPECT_NEAR(density(Rational{0.0, 0.8, 20}, 0.5), density(Uniform{0.0, 0.8}, 0.5), 0.01);
  // Half of the maximum at half_width, whatever the order.
  EXPECT_NEAR(density(Rational{0.1, 0.8, 7}, 0.9) / density(Rational{0.1, 0.8, 7}, 0.1), 0.5, 1e-14);
}

TEST(Densities, HaveTheirMeansWidthsAndTails) {
  for (const Case& one : simple_kinds()) {
    EXPECT_NEAR(center(one.heterogeneity), quantile(one.heterogeneity, 0.5), 1e-12) << one.name;
  }
  const auto compound = compound_kinds();
  EXPECT_NEAR(center(compound[0].heterogeneity), 0.55, 1e-15);
  EXPECT_NEAR(center(compound[1].heterogeneity), 0.3 * -1.0 + 0.5 + 0.2 * 3.0, 1e-15);
  EXPECT_EQ(smallest_width(compound[0].heterogeneity), 0.4);
  EXPECT_EQ(smallest_width(compound[1].heterogeneity), 0.2);
  for (const Case& one : all_kinds()) {
    const double far = 1e5;
    const double limit = pi * far * far * density(one.heterogeneity, far);
    EXPECT_NEAR(tail_weight(one.heterogeneity), limit, 1e-4 * limit + 1e-9) << one.name;
  }
}

TEST(Support, HoldsAllButNothingOfTheDensity) {
  for (const Case& one : all_kinds()) {
    const Support ends = support(one.heterogeneity);
    double highest = 0.0;
    for (double eta = -3.0; eta < 4.0; eta += 0.01) highest = std::max(highest, density(one.heterogeneity, eta));
    for (const double end : {ends.low, ends.high}) {
      if (std::isinf(end)) continue;
      const double outside = end + (end > 0.0 ? 1e-9 : -1e-9);
      EXPECT_LE(density(one.heterogeneity, outside), 1.2e-16 * highest) << one.name << " at " << end;
    }
    for (const double p : {1e-12, 1.0 - 1e-12}) {
      EXPECT_GE(quantile(one.heterogeneity, p), ends.low) << one.name;
      EXPECT_LE(quantile(one.heterogeneity, p), ends.high) << one.name;
    }
  }
}

TEST(Identical, IsAPoint) {
  const Heterogeneity same = Identical{0.7};
  EXPECT_EQ(density(same, 0.7), infinity);
  EXPECT_EQ(density(same, 0.6), 0.0);
  EXPECT_EQ(quantile(same, 0.1), 0.7);
  EXPECT_EQ(smallest_width(same), 0.0);
  ASSERT_EQ(nodes(same).size(), 1U);
  EXPECT_EQ(nodes(same)[0].eta, Complex(0.7, 0.0));
  EXPECT_EQ(nodes(same)[0].weight, Complex(1.0, 0.0));
}

/// The average of f(eta) over the density on the real line, where f may have a square root at eta = threshold.
template <class F>
Complex average(const Case& one, double threshold, F&& f) {
  // eta = threshold + sign y^2 makes the square root smooth; sqrt(|cut - threshold|) are the cuts in y.
  Complex sum = 0.0;
  for (const double sign : {1.0, -1.0}) {
    std::vector<double> cuts;
    for (const double cut : cuts_of(one)) {
      if (sign * (cut - threshold) > 0.0) cuts.push_back(std::sqrt(sign * (cut - threshold)));
    }
    const auto integrand = [&](double y) -> Complex {
      const double eta = threshold + sign * y * y;
      return 2.0 * y * density(one.heterogeneity, eta) * f(eta);
    };
    sum += integral(integrand, 0.0, infinity, cuts);
  }
  return sum;
}

Complex sum_over(const std::vector<Node>& all, const std::function<Complex(Complex)>& f) {
  Complex sum = 0.0;
  for (const Node& node : all) sum += node.weight * f(node.eta);
  return sum;
}

TEST(Nodes, LieAboveTheRealLineAndAddUpToOne) {
  for (const Case& one : all_kinds()) {
    Complex sum = 0.0;
    for (const Node& node : nodes(one.heterogeneity)) {
      EXPECT_GT(node.eta.imag(), 0.0) << one.name;
      sum += node.weight;
    }
    EXPECT_LT(std::abs(sum - 1.0), 1e-10) << one.name;
  }
}

TEST(Nodes, GiveTheAverageOfASquareRootAtAnyThreshold) {
  // sqrt(eta + I): the rates (real part) and the distances from threshold (imaginary part) of all neurons. Thresholds
  // far away, in the middle, and at the edges (-0.5 and 1.5, 2.5 and 3.5) of the uniform densities, and very near them.
  const std::vector<double> thresholds{-20.0, -1.0, -0.501, -0.5, -0.3, 0.5, 1.499, 1.5, 2.5, 3.0, 3.5, 3.51, 12.0};
  for (const Case& one : all_kinds()) {
    const auto all = nodes(one.heterogeneity);
    for (const double threshold : thresholds) {
      const auto root = [threshold](Complex eta) { return std::sqrt(eta - threshold); };
      const Complex expected = average(one, threshold, [&](double eta) {
        return eta > threshold ? Complex{std::sqrt(eta - threshold)} : Complex{0.0, std::sqrt(threshold - eta)};
      });
      EXPECT_LT(std::abs(sum_over(all, root) - expected), 1e-8) << one.name << ", threshold " << threshold;
    }
  }
}

TEST(Nodes, GiveTheAverageOfARationalFunction) {
  for (const Case& one : all_kinds()) {
    for (const Complex pole : {Complex{0.0, -2.0}, Complex{1.5, -0.3}, Complex{-4.0, -0.05}}) {
      const auto f = [pole](Complex eta) { return 1.0 / (eta - pole); };
      // The cut at the pole's real part.
      const Complex expected = average(one, pole.real(), [&](double eta) { return f(Complex{eta}); });
      EXPECT_LT(std::abs(sum_over(nodes(one.heterogeneity), f) - expected), 1e-8) << one.name << ", pole " << pole;
    }
  }
}

TEST(Nodes, AreAsManyAsTheAccuracyNeeds) {
  for (const Case& one : all_kinds()) {
    const auto few = nodes(one.heterogeneity, 1e-4);
    EXPECT_LE(few.size(), nodes(one.heterogeneity, 1e-10).size()) << one.name;
    for (const double threshold : {-3.0, 0.2, 1.5}) {
      const auto root = [threshold](Complex eta) { return std::sqrt(eta - threshold); };
      const Complex exact = sum_over(nodes(one.heterogeneity, 1e-12), root);
      EXPECT_LT(std::abs(sum_over(few, root) - exact), 1e-4 * std::abs(exact)) << one.name;
    }
  }
  EXPECT_LT(nodes(Gaussian{}, 1e-4).size(), nodes(Gaussian{}, 1e-10).size());
  EXPECT_LT(nodes(QGaussian{0.0, 1.0, 4}, 1e-4).size(), nodes(QGaussian{0.0, 1.0, 4}, 1e-10).size());
}

TEST(Nodes, OfValuesFarApartAreOnlyAroundThem) {
  // Values with heavy tails, narrow bandwidth: the nodes go with the values, not with the range of 10^6 bandwidths.
  Empirical g{{}, 0.02};
  constexpr int count = 20000;
  for (int i = 0; i < count; ++i) g.value.push_back(std::tan(pi * ((i + 0.5) / count - 0.5)));
  const auto all = nodes(g);
  EXPECT_LT(all.size(), 400000U) << "the range has four million";
  // Nor are the places between them visited and dropped again: the vector would still have room for them.
  EXPECT_LT(all.capacity(), 800000U);
  // Exact: the same with the normal density's nodes around every value.
  const auto f = [](Complex eta) { return 1.0 / (eta + Complex{0.5, 0.7}); };
  Complex expected = 0.0;
  for (const double value : g.value) expected += sum_over(nodes(Gaussian{value, 0.02}), f) / double{count};
  EXPECT_LT(std::abs(sum_over(all, f) - expected), 1e-9);
  // The order of the values does not matter.
  std::reverse(g.value.begin(), g.value.end());
  EXPECT_LT(std::abs(sum_over(nodes(g), f) - expected), 1e-9);
}

TEST(Nodes, OfManyValuesAreThoseOfEachOfThem) {
  // Values so dense that they are taken in groups, with an edge and with outliers.
  Empirical g{{-30.0, 40.0, 40.1}, 0.7};
  constexpr int count = 3000;
  for (int i = 0; i < count; ++i) g.value.push_back(quantile(Uniform{1.0, 3.0}, (i + 0.5) / count));
  for (const Complex pole : {Complex{0.5, -0.1}, Complex{-2.0, -0.01}, Complex{-30.5, -0.2}}) {
    const auto f = [pole](Complex eta) { return std::sqrt(eta - pole); };
    Complex expected = 0.0;
    for (const double value : g.value) {
      expected += sum_over(nodes(Gaussian{value, 0.7}), f) / static_cast<double>(g.value.size());
    }
    EXPECT_LT(std::abs(sum_over(nodes(g), f) - expected), 1e-10 * std::abs(expected)) << pole;
  }
}

TEST(NeuronEta, OnQuantilesIsTheGridOfTheLiterature) {
  Population population;
  population.size = 7;
  population.heterogeneity = Lorentzian{0.3, 0.5};
  population.sampling = Sampling::quantile;
  for (int j = 1; j <= 7; ++j) {
    const double expected = 0.3 + 0.5 * std::tan(pi / 2.0 * (2.0 * j - 7 - 1) / (7 + 1));
    EXPECT_NEAR(neuron_eta(population, j - 1, 1, {}), expected, 1e-14);
  }
}

TEST(NeuronEta, OnQuantilesOfAnEmpiricalDensityHasItsMoments) {
  // Variance: that of the values and of the bandwidth. What the outermost neurons leave out is below 1e-4 of it.
  Population population;
  population.size = 20'000;
  population.heterogeneity = Empirical{{-1.0, 0.3, 0.4, 2.5}, 0.4};
  population.sampling = Sampling::quantile;
  const NeuronEta eta(population, 1, {});
  double sum = 0.0;
  double squares = 0.0;
  for (std::int64_t j = 0; j < population.size; ++j) {
    sum += eta(j);
    squares += std::pow(eta(j) - 0.55, 2);
    if (j > 0) {
      ASSERT_GT(eta(j), eta(j - 1));
    }
  }
  EXPECT_NEAR(sum / 20'000, 0.55, 1e-5);
  const double variance = (1.55 * 1.55 + 0.25 * 0.25 + 0.15 * 0.15 + 1.95 * 1.95) / 4.0 + 0.16;
  EXPECT_NEAR(squares / 20'000, variance, 5e-4 * variance);
}

TEST(NeuronEta, AtRandomIsDistributedAsTheDensity) {
  // Kolmogorov-Smirnov: sqrt(n) D > 2.3 has the probability 2 exp(-2 2.3^2) = 5e-5.
  constexpr int count = 20000;
  Population population;
  population.size = count;
  for (const Case& one : all_kinds()) {
    population.heterogeneity = one.heterogeneity;
    std::vector<double> value;
    for (int j = 0; j < count; ++j) value.push_back(neuron_eta(population, j, 5, {2, 1}));
    EXPECT_EQ(value[17], neuron_eta(population, 17, 5, {2, 1}));
    EXPECT_NE(value[17], neuron_eta(population, 17, 5, {3, 1})) << "another trial";
    EXPECT_NE(value[17], neuron_eta(population, 17, 5, {2, 0})) << "another population";
    std::sort(value.begin(), value.end());
    double distance = 0.0;
    for (int i = 1; i < 100; ++i) {
      const double below = static_cast<double>(
          std::lower_bound(value.begin(), value.end(), quantile(one.heterogeneity, i / 100.0)) - value.begin());
      distance = std::max(distance, std::abs(below / count - i / 100.0));
    }
    EXPECT_LT(std::sqrt(static_cast<double>(count)) * distance, 2.3) << one.name;
  }
}

TEST(Quantile, OfRationalDensitiesAscendsFromEndToEnd) {
  for (const int order : {2, 3, 7, 20}) {
    double before = -infinity;
    for (double exponent = -300.0; exponent < -0.31; exponent += 0.1) {
      const double value = quantile(Rational{0.0, 0.8, order}, std::pow(10.0, exponent));
      ASSERT_LT(before, value) << "order " << order << ", p = 10^" << exponent;
      ASSERT_TRUE(std::isfinite(value));
      before = value;
    }
    EXPECT_NEAR(quantile(Rational{0.0, 0.8, order}, 0.5), 0.0, 1e-15);
    EXPECT_NEAR(quantile(Rational{0.0, 0.8, order}, 0.3), -quantile(Rational{0.0, 0.8, order}, 0.7), 1e-14);
  }
}

TEST(Quantile, OfRationalDensitiesHasTheirMeanAndVariance) {
  // Of the highest order, n = 20, whose roots are the hardest to find: half_width^2 sin(pi/2n)/sin(3 pi/2n). The
  // midpoint rule leaves 2/39 of the outermost cells, where x^2 ~ p^(-2/39). How long it takes: make bench.
  constexpr int count = 20000;
  constexpr double half_width = 1.5;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < count; ++i) {
    const double distance = quantile(Rational{0.1, half_width, 20}, (i + 0.5) / count) - 0.1;
    sum += distance;
    squares += distance * distance;
  }
  EXPECT_NEAR(sum / count, 0.0, 1e-12);
  const double variance = half_width * half_width * std::sin(pi / 40.0) / std::sin(3.0 * pi / 40.0);
  EXPECT_NEAR(squares / count, variance, 1e-5);
}

}  // namespace
}  // namespace popshot::model
