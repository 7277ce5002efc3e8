// Noise in the neurons: the random numbers, their distribution, and the rates that they make.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "network/neurons.hpp"
#include "network/noise_numbers.hpp"
#include "popshot/analysis/statistics.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/network/simulate.hpp"

namespace popshot::network {
namespace {

constexpr double pi = std::numbers::pi;

NoiseSource source_of(const model::NeuronNoise& noise, std::uint32_t group = 0) {
  return {noise, 0.01, 7, RandomStream::neuron_noise, {3, 1}, group};
}

/// Where word j of counter i of a block goes.
std::size_t position(std::size_t i, std::size_t j) {
  return 4 * (i - i % noise_lanes) + noise_lanes * j + i % noise_lanes;
}

std::vector<double> many(const NoiseSource& source, std::size_t blocks) {
  std::vector<double> result;
  alignas(64) std::array<float, noise_block> numbers;
  for (std::size_t b = 0; b < blocks; ++b) {
    make_noise(source, 5, b, noise_block, numbers.data());
    result.insert(result.end(), numbers.begin(), numbers.end());
  }
  return result;
}

TEST(NoiseNumbers, AreMadeOfPhiloxBits) {
  // Position 64 t + 16 j + i of a block is made of word j of counter 16 t + i: here of the bits of Random123's own
  // generator.
  const auto source = source_of(model::CauchyNoise{1.0}, 2);
  alignas(64) std::array<float, noise_block> numbers;
  const std::size_t block = 11;
  const std::int64_t step = 12345678901;
  make_noise(source, step, block, noise_block, numbers.data());
  for (std::size_t i = 0; i < 256; ++i) {
    const auto bits = noise_bits(source, step, static_cast<std::uint32_t>(block * 256 + i));
    for (std::size_t j = 0; j < 4; ++j) {
      const double q = ((bits[j] & 0x7FFFFFFFU) + 0.5) / 2147483648.0;
      const double expected = (bits[j] >> 31 != 0 ? -1.0 : 1.0) * std::tan(pi / 2 * q);
      EXPECT_NEAR(numbers[position(i, j)], expected, 1e-6 * std::abs(expected));
    }
  }
}

/// Kolmogorov and Smirnov: sqrt(n) times the largest distance exceeds 2.3 with a probability of 5e-5.
void expect_distribution(std::vector<double> values, double (*below)(double)) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double p = below(values[i]);
    distance =
        std::max({distance, std::abs(p - static_cast<double>(i) / n), std::abs(p - static_cast<double>(i + 1) / n)});
  }
  EXPECT_LT(distance * std::sqrt(n), 2.3);
}

/// The number of `values` beyond a threshold against its Poisson mean, 4 sigma.
void expect_tail(const std::vector<double>& values, double threshold, double probability) {
  const double expected = probability * static_cast<double>(values.size());
  const auto found = static_cast<double>(
      std::count_if(values.begin(), values.end(), [&](double x) { return std::abs(x) > threshold; }));
  EXPECT_NEAR(found, expected, 4.0 * std::sqrt(expected)) << "beyond " << threshold;
}

TEST(NoiseNumbers, OfAPartOfABlockAreThoseOfTheWhole) {
  for (const auto& noise :
       {model::NeuronNoise(model::CauchyNoise{1.0}), model::NeuronNoise(model::GaussianNoise{1.0})}) {
    alignas(64) std::array<float, noise_block> whole;
    make_noise(source_of(noise), 5, 3, noise_block, whole.data());
    for (const std::size_t count : {1U, 63U, 64U, 65U, 250U, 1023U}) {
      alignas(64) std::array<float, noise_block> part;
      part.fill(0.0F);
      make_noise(source_of(noise), 5, 3, count, part.data());
      EXPECT_TRUE(std::equal(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count), whole.begin())) << count;
    }
  }
}

TEST(NoiseNumbers, AreCauchyNumbers) {
  const auto values = many(source_of(model::CauchyNoise{1.0}), 4000);
  expect_distribution(values, [](double x) { return 0.5 + std::atan(x) / pi; });
  for (const double x : {10.0, 1e3, 1e5}) expect_tail(values, x, 2.0 / pi * std::atan(1.0 / x));
}

TEST(NoiseNumbers, AreNormalNumbers) {
  const auto values = many(source_of(model::GaussianNoise{1.0}), 4000);
  expect_distribution(values, [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); });
  for (const double x : {2.0, 3.5, 4.5}) expect_tail(values, x, std::erfc(x / std::numbers::sqrt2));
  // Neighbours that are made of the same counter, and successive steps, are not correlated.
  double product = 0.0;
  const std::size_t apart = noise_lanes;
  for (std::size_t i = 0; i + apart < values.size(); ++i) product += values[i] * values[i + apart];
  EXPECT_LT(std::abs(product) / std::sqrt(static_cast<double>(values.size())), 4.0);
}

TEST(NoiseNumbers, AreMadeOfTheKnownAnswersOfPhilox) {
  // Random123 1.14, tests/kat_vectors: philox4x32, 10 rounds.
  NoiseSource source;
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(noise_bits(source, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  source.key = {0xffffffff, 0xffffffff};
  source.group = 0xffffffff;
  EXPECT_EQ(noise_bits(source, -1, 0xffffffff), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(NoiseNumbers, AreBoxAndMullersOfTheirBits) {
  // Words j and j + 1: sqrt(-2 ln u) at the angle of the second word. A float u has a relative error of 2^-24, which
  // moves the radius r by 2^-24/r; the rest is of float accuracy.
  const auto source = source_of(model::GaussianNoise{1.0}, 2);
  alignas(64) std::array<float, noise_block> numbers;
  make_noise(source, 5, 11, noise_block, numbers.data());
  for (std::size_t i = 0; i < 256; ++i) {
    const auto bits = noise_bits(source, 5, static_cast<std::uint32_t>(11 * 256 + i));
    for (std::size_t j = 0; j < 4; j += 2) {
      const double radius = std::sqrt(-2.0 * std::log(((bits[j] >> 1) + 0.5) / 2147483648.0));
      const double angle =
          pi / 2 * ((bits[j + 1] & 0x3FFFFFFFU) / 1073741824.0 - 0.5 + static_cast<double>(bits[j + 1] >> 30));
      const double tolerance = 0x1p-24 / radius + 1e-6 * radius;
      EXPECT_NEAR(numbers[position(i, j)], radius * std::cos(angle), tolerance);
      EXPECT_NEAR(numbers[position(i, j + 1)], radius * std::sin(angle), tolerance);
    }
  }
}

TEST(NoisyNeurons, StayFiniteUnderAnyNoise) {
  // A kick of the width W takes a neuron to infinity and round it, or back: a spike in half of the steps, within
  // four binomial sigma and the probability h/W of a kick that does neither.
  for (const double width : {1e10, 1e30, 1e40, 1e300}) {
    constexpr std::size_t count = 4096;
    constexpr int steps = 200;
    const double h = 0.01;
    Neurons neurons(count, h, model::Precision::single, "p");
    for (std::size_t j = 0; j < count; ++j) neurons.add(0.5, 0.1);
    neurons.noise = NoiseSource(model::CauchyNoise{width}, h, 7, RandomStream::neuron_noise, {0, 0}, 0);
    std::int64_t spikes = 0;
    for (int step = 0; step < steps; ++step) spikes += neurons.advance(0.0, step).count;
    const double trials = static_cast<double>(count) * steps;
    EXPECT_NEAR(static_cast<double>(spikes), 0.5 * trials, 4.0 * std::sqrt(0.25 * trials) + 1e-4 * trials) << width;
    for (std::size_t j = 0; j < count; ++j) ASSERT_TRUE(std::isfinite(neurons.y[j])) << width;
  }
}

model::Model noisy(const model::Heterogeneity& heterogeneity, const model::NeuronNoise& noise, std::int64_t size) {
  model::Model model;
  model.name = "noisy";
  model::Population population;
  population.name = "p";
  population.size = size;
  population.heterogeneity = heterogeneity;
  population.noise = noise;
  model.populations = {population};
  model.simulation.duration = 100.0;
  model.simulation.transient = 10.0;
  return model;
}

const mean_field::OperatingPoint& at_rest() {
  static const mean_field::OperatingPoint point{Eigen::VectorXd::Constant(1, 0.3), Eigen::VectorXd::Zero(1)};
  return point;
}

Activity run(const model::Model& model, unsigned threads = 1) {
  return simulate(model, draw_sample(model, 0), at_rest(), {.threads = threads});
}

/// Mean rate with an error from 20 parts of the run.
analysis::Estimate mean_rate(const Activity& activity) {
  std::vector<double> parts(20, 0.0);
  const std::size_t length = activity.samples() / parts.size();
  for (std::size_t i = 0; i < length * parts.size(); ++i) {
    parts[i / length] += activity.rate[0][i] / static_cast<double>(length);
  }
  return analysis::mean_with_error(parts);
}

TEST(NoisyNetwork, IsTheSameForAnyNumberOfThreads) {
  for (const auto& noise :
       {model::NeuronNoise(model::CauchyNoise{0.5}), model::NeuronNoise(model::GaussianNoise{0.5})}) {
    auto model = noisy(model::Lorentzian{0.3, 0.7}, noise, 40000);
    model.projections = {{0, 0, 3.0, 0.0123, {0.01, 0.2}}};
    model.simulation.duration = 1.0;
    model.simulation.transient = 0.0;
    model.populations[0].raster = {0, 3000, 1};
    const auto one = run(model);
    for (const unsigned threads : {2U, 3U, 5U}) {
      const auto many = run(model, threads);
      EXPECT_EQ(one.rate, many.rate) << threads;
      EXPECT_EQ(one.spikes.time, many.spikes.time) << threads;
    }
    EXPECT_FALSE(one.spikes.time.empty());
    model.simulation.seed = 2;
    EXPECT_NE(one.rate, run(model).rate);
  }
}

TEST(NoisyNetwork, GivesEveryNeuronANumberOfItsOwn) {
  // Noise so wide makes every neuron fire in a step or not like a fair coin, so that the number of spikes of N
  // independent ones has the variance N/4; shared numbers would make it larger. About a third each in single precision,
  // in double precision (eta h^2 > 1/16) and in the raster; four standard deviations of a variance from n steps.
  constexpr std::int64_t size = 300;
  constexpr std::size_t steps = 4000;
  auto model = noisy(model::Uniform{6.0, 6.0}, model::CauchyNoise{1e10}, size);
  model.populations[0].raster = {0, 100, 3};
  model.simulation.start = model::LorentzianStart{0.5, 0.0};
  model.simulation.time_step = 0.1;
  model.simulation.record_interval = 0.1;
  model.simulation.transient = 0.0;
  model.simulation.duration = 0.1 * static_cast<double>(steps);
  const auto activity = run(model);
  ASSERT_EQ(activity.samples(), steps);
  double variance = 0.0;
  for (const double rate : activity.rate[0]) {
    variance += std::pow(rate * 0.1 * size - 0.5 * size, 2) / static_cast<double>(steps);
  }
  EXPECT_NEAR(variance / (0.25 * size), 1.0, 4.0 * std::sqrt(2.0 / static_cast<double>(steps)));
}

TEST(NoisyNetwork, OfIdenticalNeuronsWithCauchyNoiseHasTheRateOfTheMeanField) {
  for (const double eta : {-1.0, 0.5, 4.0}) {
    for (const auto precision : {model::Precision::single, model::Precision::double_}) {
      auto model = noisy(model::Identical{eta}, model::CauchyNoise{0.8}, 2000);
      model.simulation.precision = precision;
      const auto rate = mean_rate(run(model));
      const double expected = mean_field::kicked_rate(model.populations[0], 0.0, 0.0, model.simulation.time_step);
      EXPECT_LT(std::abs(analysis::deviation_in_sigma(rate, expected)), 4.0) << "eta = " << eta;
      EXPECT_LT(rate.error, 0.01 * expected);
    }
  }
}

TEST(NoisyNetwork, OfIdenticalNeuronsWithGaussianNoiseHasTheRateOfTheFirstPassage) {
  // 1/r = (1/D) integral of sqrt(pi D/z) exp(-(z^3/12 + eta z)/D) over z > 0, with z = y^2.
  for (const double eta : {-0.5, 0.5, 3.0}) {
    const double intensity = 0.4;
    const auto integrand = [&](double y) {
      const double z = y * y;
      return 2.0 * std::sqrt(pi / intensity) * std::exp(-(z * z * z / 12.0 + eta * z) / intensity);
    };
    const double expected = 1.0 / boost::math::quadrature::gauss_kronrod<double, 61>::integrate(
                                      integrand, 0.0, std::numeric_limits<double>::infinity(), 15, 1e-12);
    const auto rate = mean_rate(run(noisy(model::Identical{eta}, model::GaussianNoise{intensity}, 2000)));
    // The scheme has an error of second order in the step, below 1e-4 of the rate here.
    EXPECT_NEAR(rate.value, expected, 4.0 * rate.error + 1e-4 * expected) << "eta = " << eta;
    EXPECT_LT(rate.error, 0.01 * expected);
  }
}

}  // namespace
}  // namespace popshot::network
