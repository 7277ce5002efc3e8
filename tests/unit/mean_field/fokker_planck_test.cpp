// Neurons with Gaussian noise: modes against first-passage times, other noise, finite differences and renewal theory.
// Equation numbers are those of docs/theory/gaussian_noise.md.
#include "popshot/mean_field/fokker_planck.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/heterogeneity.hpp"

namespace popshot::mean_field {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using Rule = boost::math::quadrature::gauss_kronrod<double, 61>;

/// The mean time of first passage by quadrature, (G1).
double first_passage_rate(double drive, double intensity) {
  const auto integrand = [&](double y) {
    const double z = y * y;
    return 2.0 * std::sqrt(pi / intensity) * std::exp(-(z * z * z / 12.0 + drive * z) / intensity);
  };
  return 1.0 / Rule::integrate(integrand, 0.0, std::numeric_limits<double>::infinity(), 15, 1e-13);
}

TEST(NoisyNeuron, FiresAtTheRateOfTheFirstPassage) {
  for (const double drive : {-1.5, -0.4, 0.0, 0.7, 3.0, 25.0}) {
    for (const double intensity : {0.05, 0.4, 2.0}) {
      const double expected = first_passage_rate(drive, intensity);
      EXPECT_NEAR(noisy_neuron_rate(drive, intensity), expected, 1e-8 * expected + 1e-15);
      if (intensity > 0.1 || drive > 0.0) {
        EXPECT_NEAR(NoisyNeurons(drive, intensity).rest().imag() / pi, expected, 1e-8 * expected + 1e-12)
            << drive << ", " << intensity;
      }
    }
  }
}

model::Population population_of(const model::Heterogeneity& g, double intensity, double tau = 1.0) {
  model::Population population;
  population.name = "p";
  population.tau = tau;
  population.heterogeneity = g;
  population.noise = model::GaussianNoise{intensity};
  return population;
}

TEST(NoisyPopulation, HasTheRateOfTheAverageOverNeurons) {
  for (const model::Heterogeneity& g :
       {model::Heterogeneity(model::Lorentzian{0.3, 0.5}), model::Heterogeneity(model::Gaussian{0.3, 0.7})}) {
    const auto population = population_of(g, 0.3, 0.8);
    const auto integrand = [&](double eta) { return model::density(g, eta) * noisy_neuron_rate(eta + 0.4, 0.3); };
    // Tails with eta = 10/u^2, which makes them smooth down to u = 0.
    const auto tail = [&](double u) {
      return (integrand(10.0 / (u * u)) + integrand(-10.0 / (u * u))) * 20.0 / (u * u * u);
    };
    const double average =
        Rule::integrate(integrand, -10.0, 10.0, 15, 1e-12) + Rule::integrate(tail, 1e-7, 1.0, 15, 1e-12);
    EXPECT_NEAR(stationary_rate(population, 0.4), average / 0.8, 2e-7);
  }
}

TEST(NoisyPopulation, TendsToTheMeanFieldWithoutNoise) {
  auto population = population_of(model::Lorentzian{0.3, 0.5}, 1e-4);
  const Complex noisy = stationary_state_variable(population, 0.4);
  population.noise = model::NoNoise{};
  EXPECT_LT(std::abs(noisy - stationary_state_variable(population, 0.4)), 2e-4);
}

TEST(NoisyPopulation, RespondsAsItsRateChanges) {
  for (const model::Heterogeneity& g :
       {model::Heterogeneity(model::Lorentzian{0.3, 0.5}), model::Heterogeneity(model::Identical{0.3})}) {
    const auto population = population_of(g, 0.3, 0.8);
    const double step = 1e-4;
    const double difference =
        (stationary_rate(population, 0.4 + step) - stationary_rate(population, 0.4 - step)) / (2.0 * step);
    EXPECT_NEAR(stationary_rate_slope(population, 0.4), difference, 1e-7);
    EXPECT_NEAR(linear_response(population, 0.4, 0.0).real(), difference, 1e-7);
  }
}

TEST(NoisyPopulation, RespondsInTimeAsTheModesSay) {
  // The response of the mean field in time to a small pulse, Laplace transformed, is H(s).
  model::Model model;
  model.name = "p";
  model.populations = {population_of(model::Lorentzian{0.3, 0.5}, 0.3)};
  model.simulation.time_step = 0.001;
  model.simulation.record_interval = 0.002;
  model.simulation.duration = 30.0;
  model.simulation.start = model::StationaryStart{};
  const double size = 1e-3;
  const double length = 0.01;
  const auto quiet = simulate(model);
  model.stimuli = {{0, model::StepCurrent{size / length, 1.0, 1.0 + length}}};
  const auto kicked = simulate(model);
  const Complex s{0.1, 3.0};
  Complex sum = 0.0;
  for (std::size_t i = 0; i < kicked.samples(); ++i) {
    const double t = (static_cast<double>(i) + 0.5) * 0.002 - 1.0 - length / 2.0;
    sum += (kicked.rate[0][i] - quiet.rate[0][i]) / size * std::exp(-s * t) * 0.002;
  }
  const double input = 0.0;
  const Complex expected = linear_response(model.populations[0], input, s);
  EXPECT_LT(std::abs(sum - expected), 2e-3 * std::abs(expected));
}

TEST(NoisyMeanField, RestsWhereItShouldAndConvergesInSecondOrder) {
  model::Model model;
  model.name = "p";
  model.populations = {population_of(model::Lorentzian{0.5, 0.3}, 0.3)};
  model.projections = {{0, 0, 4.0}};
  model.simulation.duration = 60.0;
  const auto error = [&](double h) {
    model.simulation.time_step = h;
    model.simulation.record_interval = h * 4.0;
    const auto state = selected_state(model);
    return simulate(model).rate[0].back() - state.point.rate(0);
  };
  const double coarse = error(0.02);
  const double fine = error(0.01);
  EXPECT_LT(std::abs(fine), 1e-4);
  EXPECT_NEAR(coarse / fine, 4.0, 0.4);
}

TEST(NoisyMeanField, FollowsATransientAsOneWithoutNoiseDoesForWeakNoise) {
  model::Model model;
  model.name = "p";
  model.populations = {population_of(model::Lorentzian{0.0, 1.0}, 1e-4)};
  model.projections = {{0, 0, 5.0}};
  model.simulation.start = model::LorentzianStart{0.3, -0.5};
  model.simulation.duration = 10.0;
  const auto noisy = simulate(model);
  model.populations[0].noise = model::NoNoise{};
  const auto quiet = simulate(model);
  for (std::size_t i = 0; i < noisy.samples(); ++i) EXPECT_NEAR(noisy.rate[0][i], quiet.rate[0][i], 2e-3) << i;
}

TEST(NoisyNeuronSpectrum, HasTheLimitsOfRenewalTheory) {
  // f -> inf: the rate; f -> 0: rate x squared coefficient of variation, here from the moments of the first passage:
  // T2 = 2 integral over paths; for weak noise CV^2 = 3 D/(4 pi a^(3/2)).
  const double drive = 5.0;
  const double intensity = 0.1;
  const double rate = noisy_neuron_rate(drive, intensity);
  const auto values = NoisyNeurons(drive, intensity).spectrum({0.0, 40.0});
  EXPECT_NEAR(values[0] / rate, 3.0 * intensity / (4.0 * pi * std::pow(drive, 1.5)), 0.01 * values[0] / rate);
  EXPECT_NEAR(NoisyNeurons(0.5, 0.5).spectrum({8.0})[0], noisy_neuron_rate(0.5, 0.5), 2e-4);
}

TEST(NoisyNeuronSpectrum, IsThatOfGaussianIntervalsForWeakNoise) {
  // Both ways of the code where both hold, (G10) and (G11).
  const double drive = 4.0;
  const double intensity = 0.079;  // just below the border
  const std::vector<double> frequencies{0.2, 0.5, 0.63, 0.9, 1.27};
  const auto near = noisy_neuron_spectrum(drive, intensity, frequencies);
  const auto modes = NoisyNeurons(drive, intensity).spectrum(frequencies);
  for (std::size_t i = 0; i < frequencies.size(); ++i) EXPECT_NEAR(near[i] / modes[i], 1.0, 0.03) << frequencies[i];
}

TEST(NoisyNeurons, OfTooWeakNoiseAreRefused) { EXPECT_THROW(NoisyNeurons(-1.0, 1e-9), NumericalError); }

TEST(EigenvaluesWithGaussianNoise, AreZerosOfTheCharacteristicFunction) {
  model::Model model;
  model.name = "p";
  model.populations = {population_of(model::Lorentzian{0.5, 0.3}, 0.3)};
  model.projections = {{0, 0, 4.0, 0.2, {0.0, 0.1}}};
  const auto state = selected_state(model);
  ASSERT_GE(state.eigenvalues.size(), 2U);
  const Complex s = state.eigenvalues[0];
  const Complex loop =
      linear_response(model.populations[0], state.point.input(0), s) * 4.0 * std::exp(-0.2 * s) / (1.0 + 0.1 * s);
  EXPECT_LT(std::abs(loop - 1.0), 1e-8);
}

}  // namespace
}  // namespace popshot::mean_field
