// A billion neuron-steps at each of 20 random parameter sets: every neuron stays finite, and none is stuck.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "network/neurons.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/model/heterogeneity.hpp"

namespace popshot::network {
namespace {

constexpr double pi = std::numbers::pi;

struct Parameters {
  double weight, center, half_width, time_step;
  std::int64_t size;
  model::NeuronNoise noise;
};

/// Set number `index` of a fixed series.
Parameters random_parameters(int index) {
  std::mt19937_64 random(static_cast<std::uint64_t>(1000 + index));
  const auto between = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random() >> 11U) * 0x1p-53;
  };
  Parameters p{};
  p.weight = between(-15.0, 20.0);
  p.center = between(-10.0, 10.0);
  p.half_width = std::exp(between(std::log(0.05), std::log(5.0)));
  p.time_step = std::exp(between(std::log(5e-4), std::log(2e-2)));
  p.size = static_cast<std::int64_t>(std::exp(between(std::log(1e3), std::log(1e6))));
  const double strength = between(0.02, 1.0);
  if (index % 3 == 1) p.noise = model::CauchyNoise{strength};
  if (index % 3 == 2) p.noise = model::GaussianNoise{strength};
  return p;
}

/// The voltage of single-precision neuron i with constant input eta.
double voltage_of(const Neurons& neurons, std::size_t i, double eta) {
  const double angle = std::sqrt(std::abs(eta)) * neurons.h;
  const double b = angle > 0 ? (eta < 0 ? std::sinh(angle) : std::sin(angle)) / angle * neurons.h : neurons.h;
  return (static_cast<double>(neurons.y[i]) + static_cast<double>(neurons.a[i]) / 2) / b;
}

class Soak : public testing::TestWithParam<int> {};

TEST_P(Soak, LeavesNoNeuronLostOrStuck) {
  const auto p = random_parameters(GetParam());
  SCOPED_TRACE(testing::Message() << "J " << p.weight << ", center " << p.center << ", half-width " << p.half_width
                                  << ", step " << p.time_step << ", N " << p.size << ", noise " << p.noise.index());
  model::Population population;
  population.size = p.size;
  population.heterogeneity = model::Lorentzian{p.center, p.half_width};
  Neurons neurons(static_cast<std::size_t>(p.size), p.time_step, model::Precision::single, "soak");
  neurons.noise = NoiseSource(p.noise, p.time_step, 7, RandomStream::neuron_noise, {0, 0}, 0);
  std::vector<double> eta_single;
  std::vector<double> eta_double;
  for (std::int64_t j = 0; j < p.size; ++j) {
    const double eta = model::neuron_eta(population, j, 7, {0, 0});
    (neurons.fits_single(eta) ? eta_single : eta_double).push_back(eta);
    neurons.add(eta,
                std::tan(pi * (uniform_number(7, RandomStream::start, {0, 0}, static_cast<std::uint64_t>(j)) - 0.5)));
  }

  constexpr double neuron_steps = 1e9;
  const auto steps = static_cast<std::int64_t>(neuron_steps / static_cast<double>(p.size));
  double kick = 0.0;
  double total = 0.0;
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto spikes = static_cast<double>(neurons.advance(kick, step).count) / static_cast<double>(p.size);
    kick = p.weight * spikes;
    total += spikes;
    ASSERT_TRUE(spikes >= 0.0) << step;
  }
  EXPECT_TRUE(std::isfinite(total));
  for (std::size_t i = 0; i < neurons.singles; ++i) ASSERT_TRUE(std::isfinite(neurons.y[i])) << i;
  for (const double voltage : neurons.doubles.voltage) ASSERT_TRUE(std::isfinite(voltage));

  // Left alone, every neuron goes on as its closed form says: those that fire advance by w h per step, the others go to
  // rest. Single precision knows eta h^2 to 6e-8 of itself, and rounds y by up to 1e-7 in each step, at random.
  neurons.noise = NoiseSource();
  // Whole groups, as the kernel takes them. A step puts y below -1 if the neuron spikes in it, and only then.
  constexpr std::size_t watched = 64;
  constexpr int free_steps = 20'000;
  const double time = free_steps * p.time_step;
  const std::size_t groups = neurons.singles / kernel_group;
  for (std::size_t n = 0; n < std::min(watched, groups); ++n) {
    const std::size_t begin = n * groups / std::min(watched, groups) * kernel_group;
    std::array<double, kernel_group> before{};
    std::array<std::int64_t, kernel_group> spikes{};
    for (std::size_t i = 0; i < kernel_group; ++i) before[i] = voltage_of(neurons, begin + i, eta_single[begin + i]);
    for (int step = 0; step < free_steps; ++step) {
      const auto counted = neurons.advance_singles(begin, begin + kernel_group, 0.0, step);
      std::int64_t seen = 0;
      for (std::size_t i = 0; i < kernel_group; ++i) {
        const int spike = neurons.y[begin + i] < -1.0F ? 1 : 0;
        spikes[i] += spike;
        seen += spike;
      }
      ASSERT_EQ(counted.count, seen) << step;
    }
    for (std::size_t i = 0; i < kernel_group; ++i) {
      const double eta = eta_single[begin + i];
      const double w = std::sqrt(std::abs(eta));
      const double after = voltage_of(neurons, begin + i, eta);
      if (eta > 0) {
        const double phase = std::atan(after / w) + pi * static_cast<double>(spikes[i]) - std::atan(before[i] / w);
        // In y, 1e-7 is a change of the phase by up to 1e-7/(w h).
        const double bound = 1e-7 * w * time + 6.0 * std::sqrt(free_steps) * 1e-7 * (1.0 + 1.0 / (w * p.time_step));
        EXPECT_NEAR(phase, w * time, bound) << begin + i << ' ' << eta;
      } else {
        // From V = infinity to the saddle takes a few times 1/w; beyond it lies rest.
        if (w * time > 20.0) {
          EXPECT_NEAR(after, -w, 1e-3 * w + 1e-6 / (w * p.time_step * p.time_step)) << begin + i << ' ' << eta;
        }
        EXPECT_LE(spikes[i], 1) << begin + i << ' ' << eta;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(RandomParameters, Soak, testing::Range(0, 20));

}  // namespace
}  // namespace popshot::network
