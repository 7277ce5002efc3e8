// Delays and synapses in the network, against differential equations that are integrated here by other means.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "popshot/network/simulate.hpp"

namespace popshot::network {
namespace {

constexpr double pi = std::numbers::pi;

/// Activity of a synapse `t` after a spike: the convolution of two exponentials, or one.
double after_spike(const model::Synapse& synapse, double t) {
  if (t < 0.0) return 0.0;
  if (!(synapse.rise > 0.0)) return std::exp(-t / synapse.decay) / synapse.decay;
  return (std::exp(-t / synapse.decay) - std::exp(-t / synapse.rise)) / (synapse.decay - synapse.rise);
}

/// Its integral up to t.
double arrived(const model::Synapse& synapse, double t) {
  if (t < 0.0) return 0.0;
  if (!(synapse.decay > 0.0)) return 1.0;
  return 1.0 - synapse.decay * after_spike({0.0, synapse.decay}, t) - synapse.rise * after_spike(synapse, t);
}

/// One free neuron that fires every pi/2, and one at rest that it excites.
model::Model pair_of_neurons(const model::Projection& projection) {
  model::Model model;
  model.name = "pair";
  for (const double eta : {4.0, -1.0}) {
    model::Population population;
    population.name = eta > 0 ? "sender" : "receiver";
    population.heterogeneity = model::Identical{eta};
    population.size = 1;
    population.raster = {0, 1, 1};
    model.populations.push_back(population);
  }
  model.projections = {projection};
  model.simulation.duration = 60.0;
  model.simulation.record_interval = 0.02;
  model.simulation.time_step = 0.01;
  return model;
}

struct Pair {
  std::vector<double> sent, received;
};

Pair spikes_of(const model::Model& model) {
  const mean_field::OperatingPoint silent{Eigen::VectorXd::Zero(2), Eigen::VectorXd::Zero(2)};
  const auto activity = simulate(model, draw_sample(model, 0), silent, {.threads = 1});
  Pair result;
  for (std::size_t i = 0; i < activity.spikes.time.size(); ++i) {
    (activity.spikes.population[i] == 0 ? result.sent : result.received).push_back(activity.spikes.time[i]);
  }
  return result;
}

/// When the receiver fires if the spikes are sent at these times: V' = V^2 - 1 + input by the angle theta = 2 atan V,
/// theta' = 1 - cos theta + (input - 1)(1 + cos theta). The input's integral over a short step is spread evenly over
/// it, and an instantaneous one is a kick of V in its middle.
std::vector<double> receiver_spikes(const model::Projection& projection, const std::vector<double>& sent, double end) {
  constexpr double step = 2e-4;
  const auto input_until = [&](double t) {
    double sum = 0.0;
    for (const double spike : sent) sum += arrived(projection.synapse, t - spike - projection.delay);
    return projection.weight * sum;
  };
  std::vector<double> result;
  double theta = -pi / 2;  // V = -1
  double before = 0.0;
  for (int i = 0; i * step < end; ++i) {
    const double after = input_until((i + 1) * step);
    const double current = (after - before) / step;
    before = after;
    if (projection.synapse.decay > 0.0) {
      const auto slope = [&](double x) { return 1.0 - std::cos(x) + (current - 1.0) * (1.0 + std::cos(x)); };
      const double half = theta + 0.5 * step * slope(theta);
      theta += step * slope(half);
    } else {
      const auto slope = [](double x) { return -2.0 * std::cos(x); };
      theta += 0.5 * step * slope(theta + 0.25 * step * slope(theta));
      theta = 2.0 * std::atan(std::tan(theta / 2) + current * step);
      theta += 0.5 * step * slope(theta + 0.25 * step * slope(theta));
    }
    if (theta > pi) {
      theta -= 2 * pi;
      result.push_back((i + 1) * step);
    }
  }
  return result;
}

/// The latest by which the receiver's spikes differ from those of the differential equation.
void expect_spikes_within(const model::Projection& projection, double tolerance, double time_step = 0.01) {
  auto model = pair_of_neurons(projection);
  model.simulation.time_step = time_step;
  const auto found = spikes_of(model);
  auto expected = receiver_spikes(projection, found.sent, model.simulation.duration);
  ASSERT_GT(expected.size(), 20U);
  // One at the very end may be on either side of it.
  const std::size_t count = std::min(found.received.size(), expected.size());
  ASSERT_LE(std::max(found.received.size(), expected.size()) - count, 1U);
  double worst = 0.0;
  for (std::size_t i = 0; i < count; ++i) worst = std::max(worst, std::abs(found.received[i] - expected[i]));
  EXPECT_LT(worst, tolerance) << "delay " << projection.delay;
}

TEST(Delay, CarriesASpikeToItsTime) {
  // What arrives at once moves the voltage by up to three times the weight for a step or two, which must be little
  // against what the drift does: shorter steps for so large a weight. After a step's delay the grid points lie around
  // the spike.
  const double h = 0.01;
  for (const double steps : {0.0, 0.5}) expect_spikes_within({0, 1, 8.0, steps * 1e-3, {}}, 3e-3, 1e-3);
  for (const double steps : {1.5, 20.0, 20.5, 123.9}) expect_spikes_within({0, 1, 8.0, steps * h, {}}, 0.5 * h);
}

TEST(Synapse, CarriesASpikeToItsTime) {
  // Through a synapse that is slow against the step; the reference above is in first order of a step of 2e-4.
  const double h = 0.01;
  for (const auto& synapse : {model::Synapse{0.0, 0.7}, model::Synapse{0.2, 0.7}, model::Synapse{0.7, 0.2}}) {
    for (const double steps : {0.0, 0.5, 33.0, 123.9}) expect_spikes_within({0, 1, 8.0, steps * h, synapse}, 0.1 * h);
  }
}

TEST(Synapse, CarriesALargeNetworkAsItsMeanField) {
  // Montbrio, Pazo and Roxin's equations with half-width 0.4 + 0.3 of heterogeneity and Cauchy noise, Runge-Kutta.
  const model::Projection projection{0, 0, 2.0, 0.3, {0.1, 0.4}};
  const double step_current = 3.0;
  const double r0 = 0.2;
  const double v0 = -0.5;
  model::Model model;
  model.name = "network";
  model::Population population;
  population.name = "p";
  population.size = 10'000;
  population.heterogeneity = model::Lorentzian{-1.0, 0.4};
  population.noise = model::CauchyNoise{0.3};
  model.populations = {population};
  model.projections = {projection};
  model.stimuli = {{0, model::StepCurrent{step_current, 1.0, 3.0}}};
  model.simulation.duration = 5.0;
  model.simulation.time_step = 0.005;
  model.simulation.record_interval = 0.25;
  model.simulation.start = model::LorentzianStart{r0, v0};

  constexpr int trials = 16;
  std::vector<Activity> runs;
  for (int trial = 0; trial < trials; ++trial) {
    runs.push_back(simulate(model, static_cast<std::uint64_t>(trial), {.threads = 1}));
  }

  using State = std::array<double, 4>;  // r, v, and the synapse after rise and decay
  constexpr double step = 1e-3;
  constexpr int late = 300;
  std::vector<double> past;
  const auto slope = [&](const State& x, double r_late, double current) {
    const auto [r, v, q, s] = x;
    return State{0.7 / pi + 2 * r * v, v * v - 1.0 + 2.0 * s + current - pi * pi * r * r, (r_late - q) / 0.1,
                 (q - s) / 0.4};
  };
  const auto shifted = [](State x, const State& by, double length) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += length * by[i];
    return x;
  };
  const auto at = [&](int i) { return i < 0 ? r0 : past[static_cast<std::size_t>(i)]; };
  State x{r0, v0, r0, r0};
  for (int i = 0; i <= 5000; ++i) {
    past.push_back(x[0]);
    const double current = i >= 1000 && i < 3000 ? step_current : 0.0;
    const double begin = at(i - late);
    const double end = at(i + 1 - late);
    const State k1 = slope(x, begin, current);
    const State k2 = slope(shifted(x, k1, step / 2), 0.5 * (begin + end), current);
    const State k3 = slope(shifted(x, k2, step / 2), 0.5 * (begin + end), current);
    const State k4 = slope(shifted(x, k3, step), end, current);
    for (std::size_t j = 0; j < x.size(); ++j) x[j] += step / 6 * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]);
  }

  ASSERT_EQ(runs.front().samples(), 20U);
  for (std::size_t sample = 0; sample < 20; ++sample) {
    double expected = 0.0;
    for (std::size_t i = 0; i < 250; ++i) expected += 0.5 * (past[250 * sample + i] + past[250 * sample + i + 1]) / 250;
    double mean = 0.0;
    for (const auto& run : runs) mean += run.rate[0][sample] / trials;
    double variance = 0.0;
    for (const auto& run : runs) variance += std::pow(run.rate[0][sample] - mean, 2) / (trials - 1);
    // 5.5 standard errors of 16 trials are as rare as 4 sigma of a Gaussian (Student, 15 degrees of freedom).
    EXPECT_NEAR(mean, expected, 5.5 * std::sqrt(variance / trials)) << sample;
    EXPECT_LT(std::sqrt(variance / trials), 0.02 * expected) << sample;
  }
}

}  // namespace
}  // namespace popshot::network
