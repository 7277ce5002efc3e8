// Densities, their quantiles and their complex nodes. docs/theory/any_model.md (42)-(45).
#include "popshot/model/heterogeneity.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <limits>

namespace popshot::model {
namespace {

using Complex = std::complex<double>;
using Rule = boost::math::quadrature::gauss_kronrod<double, 61>;

std::vector<Heterogeneity> simple_kinds() {
  return {Lorentzian{0.2, 0.7}, Gaussian{0.5, 1.2}, Uniform{-0.5, 1.0}, Rational{-0.3, 0.8, 3}, QGaussian{0.4, 1.3, 2}};
}

std::vector<Heterogeneity> all_kinds() {
  auto all = simple_kinds();
  Mixture mixture;
  mixture.component = {{0.3, Lorentzian{-1.0, 0.2}}, {0.7, Gaussian{1.0, 0.7}}};
  all.emplace_back(mixture);
  all.emplace_back(Empirical{{-1.0, 0.3, 0.4, 2.5}, 0.4});
  return all;
}

TEST(Density, BelowItsQuantileLiesItsProbability) {
  for (const auto& g : simple_kinds()) {
    for (const double p : {1e-6, 0.02, 0.3, 0.5, 0.81, 0.9999}) {
      const double eta = quantile(g, p);
      // From the nearer end, so that small probabilities are integrals of their own.
      const auto f = [&](double x) { return density(g, x); };
      const auto* uniform = std::get_if<Uniform>(&g);
      const double infinity = std::numeric_limits<double>::infinity();
      const double low = uniform != nullptr ? -1.5 : -infinity;
      const double high = uniform != nullptr ? 0.5 : infinity;
      const double below =
          p <= 0.5 ? Rule::integrate(f, low, eta, 15, 1e-12) : 1.0 - Rule::integrate(f, eta, high, 15, 1e-12);
      EXPECT_NEAR(below, p, 1e-9) << "density " << g.index() << ", p = " << p;
    }
  }
}

TEST(Quantiles, OfMixturesHaveTheirDensity) {
  // The fraction of 20000 evenly spaced p below a value, against the integral of the density.
  for (const auto& g : all_kinds()) {
    for (const double border : {-1.2, 0.1, 1.3}) {
      constexpr int count = 20000;
      int below = 0;
      for (int i = 0; i < count; ++i) below += quantile(g, (i + 0.5) / count) < border ? 1 : 0;
      const auto f = [&](double x) { return density(g, x); };
      const bool uniform = std::holds_alternative<Uniform>(g);
      const double expected = uniform ? std::clamp((border + 1.5) / 2.0, 0.0, 1.0)
                                      : Rule::integrate(f, -std::numeric_limits<double>::infinity(), border, 15, 1e-10);
      EXPECT_NEAR(static_cast<double>(below) / count, expected, 1.5e-4) << "density " << g.index();
    }
  }
}

TEST(Nodes, HaveTheWeightOneAndReproduceAnalyticFunctions) {
  for (const auto& g : all_kinds()) {
    for (const double accuracy : {1e-6, 1e-10}) {
      Complex sum = 0.0;
      Complex average = 0.0;
      const Complex pole{0.3, -0.9};  // in the lower half-plane
      for (const auto& node : nodes(g, accuracy)) {
        EXPECT_GT(node.eta.imag(), 0.0);
        sum += node.weight;
        average += node.weight / (node.eta - pole);
      }
      const auto f = [&](double x) { return density(g, x) / (x - pole); };
      const double infinity = std::numeric_limits<double>::infinity();
      const bool uniform = std::holds_alternative<Uniform>(g);
      const Complex expected =
          uniform ? Rule::integrate(f, -1.5, 0.5, 15, 1e-13)
                  : Rule::integrate(f, -infinity, 0.0, 15, 1e-13) + Rule::integrate(f, 0.0, infinity, 15, 1e-13);
      EXPECT_LT(std::abs(sum - 1.0), 10.0 * accuracy) << "density " << g.index();
      EXPECT_LT(std::abs(average - expected), 10.0 * accuracy) << "density " << g.index();
    }
  }
}

TEST(Nodes, AreAsManyAsTheAccuracyNeeds) {
  EXPECT_EQ(nodes(Lorentzian{}).size(), 1U);
  EXPECT_EQ(nodes(Rational{0.0, 1.0, 4}).size(), 4U);
  EXPECT_LT(nodes(Gaussian{}, 1e-4).size(), nodes(Gaussian{}, 1e-10).size());
  EXPECT_LT(nodes(Gaussian{}, 1e-10).size(), 60U);
}

TEST(TailWeight, IsTheLimitOfTheDensity) {
  for (const auto& g : all_kinds()) {
    EXPECT_NEAR(tail_weight(g), 3.14159265358979 * 1e12 * density(g, 1e6), 1e-3) << "density " << g.index();
  }
}

}  // namespace
}  // namespace popshot::model
