// Populations of any heterogeneity: the complex nodes against integrals over the real line, in rest states, responses
// and transients. any_model.md (42)-(46).
#include "popshot/mean_field/population.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <string>

#include "mean_field/stepper.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "popshot/model/synapse.hpp"

namespace popshot::mean_field {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

struct Case {
  std::string name;
  model::Heterogeneity heterogeneity;
};

std::vector<Case> all_kinds() {
  model::Mixture mixture;
  mixture.component = {
      {0.3, model::Lorentzian{-1.0, 0.2}}, {0.5, model::Gaussian{1.0, 0.7}}, {0.2, model::Uniform{3, 0.5}}};
  return {{"lorentzian", model::Lorentzian{0.2, 0.7}},
          {"gaussian", model::Gaussian{0.5, 1.0}},
          {"uniform", model::Uniform{0.5, 1.0}},
          {"rational", model::Rational{-0.3, 0.8, 3}},
          {"q-gaussian", model::QGaussian{0.4, 1.3, 2}},
          {"q-gaussian of high exponent", model::QGaussian{0.4, 3.0, 9}},
          {"empirical", model::Empirical{{-1.0, 0.3, 0.4, 2.5}, 0.4}},
          {"mixture", mixture}};
}

/// The average of f(y), y = sqrt(eta + input), over the neurons above threshold: the integral of 2 y g(y^2 - I) f(y).
template <class F>
auto average(const model::Heterogeneity& g, double input, F&& f) {
  // Split at the edges of uniform parts, where the density jumps.
  std::vector<double> edges{0.0};
  for (const double eta : {-0.5, 1.5, 2.5, 3.5}) {
    if (eta + input > 0.0) edges.push_back(std::sqrt(eta + input));
  }
  edges.push_back(edges.back() + 6.0);
  const auto integrand = [&](double y) { return 2.0 * y * model::density(g, y * y - input) * f(y); };
  using Rule = boost::math::quadrature::gauss_kronrod<double, 61>;
  auto sum = Rule::integrate(integrand, edges.back(), std::numeric_limits<double>::infinity(), 15, 1e-13);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i)
    sum += Rule::integrate(integrand, edges[i], edges[i + 1], 15, 1e-13);
  return sum;
}

model::Population population_of(const model::Heterogeneity& g) {
  model::Population population;
  population.heterogeneity = g;
  return population;
}

TEST(ComplexNeurons, HaveTheRateOfTheRealLine) {
  for (const auto& [name, g] : all_kinds()) {
    const ComplexNeurons neurons(population_of(g));
    for (const double input : {-3.0, -1.5, -0.7, 0.0, 0.5, 4.0, 20.0}) {
      const double expected = average(g, input, [](double y) { return y / pi; });
      EXPECT_NEAR(neurons.rate(input), expected, 1e-8) << name << " at input " << input;
    }
  }
}

TEST(ComplexNeurons, HaveTheSlopeOfTheirRate) {
  for (const auto& [name, g] : all_kinds()) {
    const ComplexNeurons neurons(population_of(g));
    for (const double input : {-1.2, 0.3, 5.0}) {
      const double step = 1e-4;
      const double difference = (neurons.rate(input + step) - neurons.rate(input - step)) / (2.0 * step);
      EXPECT_NEAR(neurons.slope(input), difference, 1e-6) << name << " at input " << input;
    }
  }
}

TEST(Response, IsTheAverageOverNeuronsForEveryHeterogeneity) {
  // A neuron with eta + I = y^2 responds by (2 y/pi)/(s^2 + 4 y^2), here to the right of the imaginary axis.
  for (const auto& [name, g] : all_kinds()) {
    for (const double input : {-0.7, 4.0}) {
      const Response response(population_of(g), input);
      for (const Complex s : {Complex{0.3, 1.0}, Complex{0.1, 4.0}, Complex{2.0, 9.0}}) {
        const Complex expected = average(g, input, [s](double y) { return 2.0 * y / pi / (s * s + 4.0 * y * y); });
        EXPECT_LT(std::abs(response(s) - expected), 1e-8) << name << " at input " << input << ", s = " << s;
      }
    }
  }
}

TEST(Response, BelongsToTheLinearisedSystem) {
  for (const auto& [name, g] : all_kinds()) {
    auto population = population_of(g);
    population.tau = 0.7;
    const double input = 0.9;
    const auto system = linearised(population, input);
    const Response response(population, input);
    const Complex s{0.2, 2.0};
    const auto size = system.a.rows();
    const Eigen::MatrixXcd matrix = s * Eigen::MatrixXcd::Identity(size, size) - system.a.cast<Complex>();
    const Eigen::VectorXcd state = matrix.partialPivLu().solve(Eigen::VectorXcd(system.b.cast<Complex>()));
    const Complex expected = (system.c.cast<Complex>() * state)(0);
    EXPECT_LT(std::abs(response(s) - expected), 1e-12 * (1.0 + std::abs(expected))) << name;
  }
}

model::Model coupled(const model::Heterogeneity& g, double weight) {
  model::Model model;
  model.name = "coupled";
  model.populations = {population_of(g)};
  model.populations[0].name = "p";
  model.projections = {{0, 0, weight}};
  return model;
}

TEST(StationaryStates, OfTheGaussianPopulationAreTheReference) {
  // J = 8, mean 0.5, standard deviation 1: r = 0.865117 (independent code).
  const auto found = stationary_states(coupled(model::Gaussian{0.5, 1.0}, 8.0));
  ASSERT_EQ(found.states.size(), 1U);
  EXPECT_TRUE(found.complete);
  EXPECT_NEAR(found.states[0].point.rate(0), 0.865117, 5e-7);
}

TEST(StationaryStates, OfEveryHeterogeneitySolveTheRealLinesEquation) {
  for (const auto& [name, g] : all_kinds()) {
    for (const double weight : {-6.0, 4.0, 12.0}) {
      const auto found = stationary_states(coupled(g, weight));
      ASSERT_FALSE(found.states.empty()) << name << ", J = " << weight;
      for (const auto& state : found.states) {
        const double expected = average(g, state.point.input(0), [](double y) { return y / pi; });
        EXPECT_NEAR(state.point.rate(0), expected, 1e-8) << name << ", J = " << weight;
      }
    }
  }
}

TEST(StationaryStates, WithCauchyNoiseAreThoseOfTheSumOfTheWidths) {
  auto noisy = coupled(model::Lorentzian{0.0, 0.4}, 10.0);
  noisy.populations[0].noise = model::CauchyNoise{0.6};
  auto alike = coupled(model::Identical{0.0}, 10.0);
  alike.populations[0].noise = model::CauchyNoise{1.0};
  for (const auto& model : {noisy, alike}) {
    const auto found = stationary_states(model);
    ASSERT_EQ(found.states.size(), 1U);
    EXPECT_NEAR(found.states[0].point.rate(0), 1.015661, 5e-7);
    EXPECT_NEAR(found.states[0].eigenvalues[0].real(), -0.313, 5e-4);
    EXPECT_NEAR(found.states[0].eigenvalues[0].imag(), 4.518, 5e-4);
  }
}

/// A strong transient: all neurons alike at first, then a step of the input.
Activity transient(const model::Heterogeneity& g) {
  auto model = coupled(g, 8.0);
  model.simulation.start = model::LorentzianStart{0.3, -1.0};
  model.simulation.duration = 20.0;
  model.stimuli = {{0, model::StepCurrent{3.0, 5.0, 10.0}}};
  return simulate(model);
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(MeanField, OfTwoHalvesIsThatOfTheWhole) {
  model::Mixture halves;
  halves.component = {{0.5, model::Gaussian{0.5, 1.0}}, {0.5, model::Gaussian{0.5, 1.0}}};
  EXPECT_LT(largest_difference(transient(halves).rate[0], transient(model::Gaussian{0.5, 1.0}).rate[0]), 1e-10);
  EXPECT_LT(largest_difference(transient(model::Rational{0.5, 1.0, 1}).rate[0],
                               transient(model::Lorentzian{0.5, 1.0}).rate[0]),
            1e-10);
  EXPECT_LT(largest_difference(transient(model::QGaussian{0.5, 1.0, 1}).rate[0],
                               transient(model::Lorentzian{0.5, 1.0}).rate[0]),
            1e-10);
}

/// The same transient of `count` evenly spaced neurons on the real line, each of which stands for infinitely many of
/// its eta: complex neurons with Im eta = 0.
std::vector<double> transient_on_the_real_line(const model::Heterogeneity& g, double low, double high,
                                               std::size_t count) {
  const double h = 0.005;
  struct Neuron {
    RiccatiFlow<Complex> flow;
    Complex x;
    double weight;
  };
  std::vector<Neuron> neurons;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = (high - low) / static_cast<double>(count);
    const double eta = low + share * (static_cast<double>(i) + 0.5);
    neurons.push_back({riccati_flow(Complex{eta, 0.0}, h), {-1.0, pi * 0.3}, model::density(g, eta) * share});
  }
  auto stimulated = coupled(g, 8.0);
  stimulated.stimuli = {{0, model::StepCurrent{3.0, 5.0, 10.0}}};
  stimulated.simulation.time_step = h;
  model::Inputs inputs(stimulated, 0, {0.3}, model::Granularity::continuum);
  std::vector<double> rate;
  double sum = 0.0;
  for (int step = 0; step < 2000; ++step) {
    const double kick = inputs.kick()[0];
    double fired = 0.0;
    double first_rate = 0.0;
    double last_rate = 0.0;
    for (auto& neuron : neurons) {
      const auto result = riccati_step(neuron.flow, neuron.x + kick);
      first_rate += neuron.weight * neuron.x.imag() / pi;
      neuron.x = result.state;
      last_rate += neuron.weight * neuron.x.imag() / pi;
      fired += neuron.weight * result.spikes;
    }
    inputs.advance(step, {moments_in_step(fired, first_rate, last_rate, h)});
    sum += fired;
    if (step % 4 != 3) continue;
    rate.push_back(sum / (4.0 * h));
    sum = 0.0;
  }
  return rate;
}

TEST(MeanField, OfGaussianAndUniformPopulationsIsTheLimitOfFineGridsOnTheRealLine) {
  // The nodes are closer to the finer grid than the coarser grid is: its error falls with the square of the spacing.
  const auto check = [](const model::Heterogeneity& g, double low, double high) {
    const auto coarse = transient_on_the_real_line(g, low, high, 4000);
    const auto fine = transient_on_the_real_line(g, low, high, 8000);
    const auto nodes = transient(g).rate[0];
    double of_nodes = 0.0;
    for (std::size_t i = 0; i < fine.size(); ++i) of_nodes = std::max(of_nodes, std::abs(nodes[i] - fine[i]));
    const double of_grid = largest_difference(coarse, fine);
    EXPECT_LT(of_grid, 2e-3);
    EXPECT_LT(of_nodes, 0.5 * of_grid);
  };
  check(model::Gaussian{0.5, 1.0}, -6.5, 7.5);
  check(model::Uniform{0.5, 1.0}, -0.5, 1.5);
}

TEST(MeanField, WithCauchyNoiseRestsAtTheKickedRate) {
  auto model = coupled(model::Lorentzian{0.0, 0.5}, 10.0);
  model.populations[0].noise = model::CauchyNoise{0.5};
  model.simulation.duration = 60.0;
  model.simulation.time_step = 0.01;
  const auto activity = simulate(model);
  const double rate = activity.rate[0].back();
  EXPECT_NEAR(kicked_rate(model.populations[0], 0.0, 10.0 * rate * 0.01, 0.01), rate, 1e-9);
  EXPECT_NEAR(rate, 1.015661, 1e-3);
}

}  // namespace
}  // namespace popshot::mean_field
