// Spectra beyond a Lorentzian population without noise: other densities, Cauchy noise, synapses, random stimuli and
// subpopulations.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "popshot/model/synapse.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "theory/cauchy_noise.hpp"

namespace popshot::theory {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

model::Population population_of(const model::Heterogeneity& g, double tau = 1.0) {
  model::Population population;
  population.name = "p";
  population.size = 1000;
  population.tau = tau;
  population.heterogeneity = g;
  return population;
}

/// (17) term by term, from the rates themselves.
double bare_sum(const model::Population& population, double input, double f, int terms) {
  double sum = 0.0;
  for (int k = 1; k <= terms; ++k) {
    const double nu = f / k;
    sum += firing_rate_density(population, input, nu) * nu * nu / k;
  }
  return sum;
}

TEST(UncoupledSpectrumOfAnyDensity, AgreesWithTheBareSum) {
  model::Mixture mixture;
  mixture.component = {{0.4, model::Gaussian{3.0, 0.5}}, {0.6, model::Lorentzian{-1.0, 0.3}}};
  const model::Empirical empirical{{-1.0, 0.5, 2.0, 2.2}, 0.4};
  for (const model::Heterogeneity& g :
       {model::Heterogeneity(model::Gaussian{0.5, 1.0}), model::Heterogeneity(model::Uniform{0.5, 1.0}),
        model::Heterogeneity(model::Rational{0.5, 1.0, 3}), model::Heterogeneity(model::QGaussian{0.5, 1.0, 2}),
        model::Heterogeneity(mixture), model::Heterogeneity(empirical)}) {
    const auto population = population_of(g, 0.8);
    for (const double input : {-0.8, 0.2, 7.0}) {
      const UncoupledSpectrum spectrum(population, input);
      const double rate = mean_field::stationary_rate(population, input);
      for (const double f : {0.11, 0.43, 1.3, 5.1, 17.3}) {
        // What is left of the sum is below p(nu) nu^2/terms.
        const double tolerance = std::holds_alternative<model::Empirical>(g) ? 3e-6 : 1e-7;
        EXPECT_NEAR(spectrum(f), bare_sum(population, input, f, 20000), tolerance * rate + 2e-6 * rate)
            << "density " << g.index() << ", input " << input << ", f = " << f;
      }
    }
  }
}

TEST(Digamma, SatisfiesItsEquations) {
  EXPECT_LT(std::abs(digamma(1.0) + 0.57721566490153286), 1e-14);
  for (const Complex z : {Complex{0.3, 0.2}, Complex{0.01, -3.0}, Complex{5.0, 7.0}, Complex{30.0, -0.1}}) {
    EXPECT_LT(std::abs(digamma(z + 1.0) - digamma(z) - 1.0 / z), 1e-13 * (1.0 + std::abs(1.0 / z))) << z;
    // Duplication: 2 psi(2z) = psi(z) + psi(z + 1/2) + 2 ln 2
    const Complex doubled = digamma(z) + digamma(z + 0.5) + 2.0 * std::numbers::ln2;
    EXPECT_LT(std::abs(2.0 * digamma(2.0 * z) - doubled), 1e-13 * (1.0 + std::abs(doubled))) << z;
  }
}

/// r [1 + 2 integral of (m(t) - r) cos(2 pi f t)] with the rate m after a spike, by Simpson's rule.
double renewal_spectrum(double eta, double width, double f) {
  const Complex w = std::sqrt(Complex{eta, width});
  const double rate = w.real() / pi;
  const double end = 20.0 / w.imag();
  const auto points = static_cast<int>(2.0 * std::ceil(end * 400.0 * (1.0 + std::abs(w) + f)));
  const double h = end / points;
  double sum = 0.0;
  for (int i = 0; i <= points; ++i) {
    const double t = i * h;
    const double after = i == 0 ? 0.0 : (-w / std::tan(w * t)).imag() / pi;
    sum += (i == 0 || i == points ? 1.0 : (i % 2 == 1 ? 4.0 : 2.0)) * (after - rate) * std::cos(2.0 * pi * f * t);
  }
  return rate * (1.0 + 2.0 * sum * h / 3.0);
}

TEST(CauchyNoise, SpectrumOfANeuronIsThatOfARenewalProcess) {
  for (const double eta : {-2.0, 0.0, 1.0, 8.0}) {
    for (const double width : {0.3, 1.0}) {
      for (const double f : {0.0, 0.05, 0.4, 0.9, 3.3}) {
        EXPECT_NEAR(cauchy_neuron_spectrum(eta, width, f), renewal_spectrum(eta, width, f), 1e-6)
            << "eta " << eta << ", Gamma " << width << ", f = " << f;
      }
    }
  }
}

TEST(CauchyNoise, SpectrumOfAPopulationIsTheAverageOverItsNeurons) {
  auto population = population_of(model::Gaussian{1.0, 0.8}, 0.7);
  population.noise = model::CauchyNoise{0.4};
  const UncoupledSpectrum spectrum(population, 2.0);
  for (const double f : {0.0, 0.1, 0.7, 1.1, 4.0, 13.0}) {
    double sum = 0.0;
    constexpr int points = 4000;
    for (int i = 0; i < points; ++i) {
      const double eta = -7.0 + 16.0 * (i + 0.5) / points;
      sum += 16.0 / points * model::density(population.heterogeneity, eta) *
             cauchy_neuron_spectrum(eta + 2.0, 0.4, f * 0.7);
    }
    EXPECT_NEAR(spectrum(f), sum / 0.7, 3e-6) << f;
  }
}

TEST(CauchyNoise, TendsToTheSpectrumWithoutNoise) {
  auto population = population_of(model::Lorentzian{0.0, 1.0});
  const UncoupledSpectrum quiet(population, 5.0);
  population.noise = model::CauchyNoise{0.004};
  const UncoupledSpectrum noisy(population, 5.0);
  for (const double f : {0.3, 0.6, 0.8, 1.5, 4.0}) EXPECT_NEAR(noisy(f), quiet(f), 0.01 * quiet(f) + 1e-3) << f;
}

model::Model coupled() {
  model::Model model;
  model.populations = {population_of(model::Lorentzian{1.0, 0.7})};
  model.projections = {{0, 0, 4.0, 0.2, {0.05, 0.3}}};
  return model;
}

TEST(LoopGain, HasTheSynapseAndTheDelay) {
  const auto model = coupled();
  const auto point = mean_field::selected_state(model).point;
  const double f = 0.37;
  const Complex s{0.0, 2.0 * pi * f};
  const Complex expected = mean_field::linear_response(model.populations[0], point.input(0), s) * 4.0 *
                           std::exp(-0.2 * s) / ((1.0 + 0.05 * s) * (1.0 + 0.3 * s));
  EXPECT_LT(std::abs(loop_gain(model, point, f)(0, 0) - expected), 1e-14);
  // The scheme of a simulation approaches it in fourth order.
  const double coarse = std::abs(loop_gain(model, point, f, 0.02)(0, 0) - expected);
  const double fine = std::abs(loop_gain(model, point, f, 0.01)(0, 0) - expected);
  EXPECT_NEAR(coarse / fine, 16.0, 1.0);
}

TEST(RandomStimuli, AddTheirResponseToTheSpectrum) {
  auto model = coupled();
  const auto point = mean_field::selected_state(model).point;
  const std::vector<double> frequencies{0.1, 0.7};
  const auto quiet = shot_noise(model, point, frequencies).total;
  model.stimuli = {{0, model::OrnsteinUhlenbeckCurrent{0.2, 1.5}}, {0, model::WhiteNoiseCurrent{0.03}}};
  const auto driven = shot_noise(model, point, frequencies).total;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double f = frequencies[i];
    const double power = 0.03 + 2.0 * 0.04 * 1.5 / (1.0 + std::pow(2.0 * pi * f * 1.5, 2));
    const double response = std::norm(response_matrix(model, point, f)(0, 0));
    EXPECT_NEAR(driven.density[i](0, 0).real() - quiet.density[i](0, 0).real(), power * response, 1e-12);
  }
}

TEST(Subpopulation, HasTheSpectrumOfAPartOfTheNeurons) {
  // S_M = N S0 [1/M + (2 Re kappa + |kappa|^2)/N], kappa = K/(1 - K).
  auto model = coupled();
  model.populations[0].size = 1000;
  const auto point = mean_field::selected_state(model).point;
  const double f = 0.6;
  const auto whole = shot_noise(model, point, {f});
  const Complex gain = loop_gain(model, point, f)(0, 0);
  const Complex kappa = gain / (1.0 - gain);
  auto with_part = model;
  with_part.subpopulations = {{"seen", 0, 200}};
  const auto split = model::split_subpopulations(with_part);
  const auto split_point = mean_field::selected_state(split).point;
  const auto spectra = shot_noise(split, split_point, {f});
  const double per_neuron = uncoupled_spectrum(model.populations[0], point.input(0), f);
  const double expected = per_neuron * (1.0 / 200.0 + (2.0 * kappa.real() + std::norm(kappa)) / 1000.0);
  EXPECT_NEAR(spectra.total.density[0](1, 1).real(), expected, 1e-10 * expected + 1e-14);
  // Both parts together are the whole.
  const Eigen::RowVectorXcd mix = Eigen::RowVector2cd{0.8, 0.2};
  EXPECT_NEAR((mix * spectra.total.density[0] * mix.adjoint()).value().real(), whole.total.density[0](0, 0).real(),
              1e-12);
}

TEST(ShotNoise, OfManyPopulationsIsTheSumOfItsParts) {
  // The induced part of more than eight populations is computed from differences, the inverse of more than 16 in
  // blocks.
  model::Model model;
  for (int k = 0; k < 40; ++k) model.populations.push_back(population_of(model::Lorentzian{0.1 * k, 0.7}));
  for (std::size_t k = 0; k < 40; ++k) {
    for (std::size_t l = 0; l < 40; ++l) model.projections.push_back({l, k, 0.1 * std::sin(double(3 * k + l))});
  }
  const auto point = mean_field::selected_state(model).point;
  const auto result = shot_noise(model, point, {0.4});
  const Eigen::MatrixXcd gain = loop_gain(model, point, 0.4);
  const Eigen::MatrixXcd inverse = (Eigen::MatrixXcd::Identity(40, 40) - gain).inverse();
  const Eigen::MatrixXcd uncoupled = result.uncoupled.density[0];
  const Eigen::MatrixXcd transfer = gain * inverse;
  EXPECT_LT((result.total.density[0] - inverse * uncoupled * inverse.adjoint()).norm(), 1e-14);
  EXPECT_LT((result.induced.density[0] - transfer * uncoupled * transfer.adjoint()).norm(), 1e-14);
}

}  // namespace
}  // namespace popshot::theory
