// Synapses, delays and random stimuli as they are stepped, against their definitions.
#include "popshot/model/synapse.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <vector>

namespace popshot::model {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using Rule = boost::math::quadrature::gauss<double, 60>;

/// The response of a synapse to a spike at time 0, as model.hpp defines it.
double response(const Synapse& synapse, double t) {
  const auto rise = static_cast<long double>(synapse.rise);
  const auto decay = static_cast<long double>(synapse.decay);
  const auto time = static_cast<long double>(t);
  if (rise == 0.0L) return static_cast<double>(std::exp(-time / decay) / decay);
  if (rise == decay) return static_cast<double>(time / (decay * decay) * std::exp(-time / decay));
  return static_cast<double>((std::exp(-time / decay) - std::exp(-time / rise)) / (decay - rise));
}

const std::vector<Synapse>& synapses() {
  static const std::vector<Synapse> all = {{0.0, 0.3}, {0.3, 0.3}, {0.1, 0.4}, {0.4, 0.1}, {0.3, 0.3 * (1.0 + 1e-5)},
                                           {1e-4, 0.2}};
  return all;
}

Projection projection(const Synapse& synapse, double delay) {
  Projection one;
  one.weight = 1.0;
  one.delay = delay;
  one.synapse = synapse;
  return one;
}

TEST(SynapticTransfer, IsTheLaplaceTransformOfTheResponse) {
  for (const Synapse& synapse : synapses()) {
    for (const Complex s : {Complex{0.0}, Complex{0.0, 3.0}, Complex{0.7, -2.0}, Complex{-0.9, 4.0}}) {
      const double end = 60.0 * std::max(synapse.rise, synapse.decay);
      Complex expected = 0.0;
      double from = 0.0;
      for (const double to : {1e-3, 0.02, 0.2, 1.0, 4.0, end}) {
        expected += Rule::integrate([&](double t) { return response(synapse, t) * std::exp(-s * t); }, from, to);
        from = to;
      }
      expected *= std::exp(-s * 0.37);
      EXPECT_LT(std::abs(synaptic_transfer(projection(synapse, 0.37), s) - expected), 1e-9)
          << synapse.rise << ", " << synapse.decay << ", s = " << s;
    }
  }
  EXPECT_EQ(synaptic_transfer(projection({}, 0.0), Complex{0.3, 2.0}), 1.0);
}

TEST(SynapticTransfer, OfTheTimeStepIsOneAtFrequencyZeroAndThatOfContinuousTimeAtStepZero) {
  for (const Synapse& synapse : synapses()) {
    EXPECT_LT(std::abs(synaptic_transfer(projection(synapse, 0.123), 0.0, 0.01) - 1.0), 1e-14);
    EXPECT_EQ(synaptic_transfer(projection(synapse, 0.123), 0.8, 0.0),
              synaptic_transfer(projection(synapse, 0.123), Complex{0.0, 2.0 * pi * 0.8}));
  }
}

TEST(SynapticTransfer, OfTheTimeStepIsOfSecondOrder) {
  auto all = synapses();
  all.push_back({});
  const double f = 1.3;
  for (const Synapse& synapse : all) {
    // A delay of half a step is that of the delivery, so that all there is beyond it is of second order.
    const auto error_at = [&](double h) {
      return std::abs(synaptic_transfer(projection(synapse, 0.5 * h), f, h) -
                      synaptic_transfer(projection(synapse, 0.5 * h), Complex{0.0, 2.0 * pi * f}));
    };
    EXPECT_NEAR(error_at(0.01) / error_at(0.005), 4.0, 0.1) << synapse.rise << ", " << synapse.decay;
    // Delays that are no multiples of the step: interpolation, up to x^2/8, and three means over a step, x^2/24 each.
    for (const double h : {0.02, 0.01, 0.005}) {
      for (const double delay : {0.5 * h, 0.1, 0.1234, 0.1 + 0.3 * h, 0.777}) {
        const double x = 2.0 * pi * f * h;
        const Complex exact = synaptic_transfer(projection(synapse, delay), Complex{0.0, 2.0 * pi * f});
        EXPECT_LT(std::abs(synaptic_transfer(projection(synapse, delay), f, h) - exact), 0.27 * x * x)
            << synapse.rise << ", " << synapse.decay << ", delay " << delay << ", step " << h;
      }
    }
  }
}

Model pair(double time_step) {
  Model model;
  model.populations.resize(2);
  model.populations[1].tau = 0.5;
  model.simulation.time_step = time_step;
  model.simulation.record_interval = 4 * time_step;
  return model;
}

TEST(Inputs, HaveTheTransferFunctionOfTheTimeStep) {
  const double h = 0.02;
  const double f = 0.9;
  auto all = synapses();
  all.push_back({});
  for (const Synapse& synapse : all) {
    for (const double delay : {0.0, 0.005, 0.01, 0.1, 0.1234, 0.31}) {
      // Population 0 fires with the rate cos(2 pi f t), population 1 with the sine.
      Model model = pair(h);
      model.projections = {{0, 0, 2.0, delay, synapse}, {1, 1, 2.0, delay, synapse}};
      Inputs inputs(model, 0, {0.0, 0.0});
      Complex kick;
      std::int64_t step = 0;
      for (; step < 1000; ++step) {
        const double begin = static_cast<double>(step) * h;
        const Complex spikes = (std::polar(1.0, 2.0 * pi * f * (begin + h)) - std::polar(1.0, 2.0 * pi * f * begin)) /
                               Complex{0.0, 2.0 * pi * f};
        const auto& kicks = inputs.advance(step, {spikes.real(), spikes.imag()});
        kick = {kicks[0], kicks[1]};
      }
      const Complex expected = 2.0 * h * synaptic_transfer(projection(synapse, delay), f, h) *
                               std::polar(1.0, 2.0 * pi * f * static_cast<double>(step) * h);
      EXPECT_LT(std::abs(kick - expected), 1e-12) << synapse.rise << ", " << synapse.decay << ", delay " << delay;
    }
  }
}

/// Rates of the steps 0, 1, ..; without a pattern.
double spikes_of(std::int64_t step) {
  return step < 0 ? 0.7 : 0.7 + 0.5 * std::sin(0.37 * static_cast<double>(step * step));
}

TEST(Inputs, AreTheConvolutionWithTheResponse) {
  const double h = 0.02;
  constexpr std::int64_t steps = 120;
  for (const Synapse& synapse : synapses()) {
    // twice[m]: the second integral of the response up to m h, integral of (m h - u) response(u).
    std::vector<double> twice(steps + 1);
    for (std::int64_t m = 1; m <= steps; ++m) {
      const double end = static_cast<double>(m) * h;
      double from = 0.0;
      for (const double to : {0.05 * h, 0.5 * h, h, 10.0 * h, end}) {
        if (to > from && to <= end) {
          twice[static_cast<std::size_t>(m)] +=
              Rule::integrate([&](double u) { return (end - u) * response(synapse, u); }, from, to);
          from = to;
        }
      }
    }
    for (const double delay : {0.0, 0.1, 0.1234, 1.01}) {
      Model model = pair(h);
      model.projections = {{0, 1, -3.0, delay, synapse}};
      const double before = spikes_of(-1) / h;
      Inputs inputs(model, 0, {before, 0.0});
      EXPECT_NEAR(inputs.kick()[1], -3.0 * 0.5 * 0.7, 1e-12) << "half of a step of the past";
      EXPECT_EQ(inputs.kick()[0], 0.0);
      // What arrives in a step: spread evenly over it, late beyond the half step of delivery, between two steps.
      const double late = std::max(0.0, delay / h - 0.5);
      const auto whole = static_cast<std::int64_t>(late);
      const double part = late - static_cast<double>(whole);
      std::vector<double> arrived;
      for (std::int64_t n = 0; n < steps; ++n) {
        arrived.push_back((1.0 - part) * spikes_of(n - whole) + part * spikes_of(n - whole - 1));
        const double kick = inputs.advance(n, {spikes_of(n), 0.0})[1];
        double expected = 0.7;
        for (std::int64_t j = 0; j <= n; ++j) {
          const auto m = static_cast<std::size_t>(n - j);
          const double share = twice[m + 1] - 2.0 * twice[m] + (m > 0 ? twice[m - 1] : 0.0);
          expected += (arrived[static_cast<std::size_t>(j)] - 0.7) * share / h;
        }
        ASSERT_NEAR(kick, -3.0 * expected, 1e-10)
            << synapse.rise << ", " << synapse.decay << ", delay " << delay << ", step " << n;
      }
    }
  }
}

TEST(Inputs, OfNearlyEqualTimeConstantsAreThoseOfEqualOnes) {
  const double h = 0.02;
  for (const double difference : {1e-15, 1e-12, 1e-9, 1e-8, 1e-7}) {
    Model model = pair(h);
    // The response depends on the product and the sum of the time constants: these two differ by difference^2.
    model.projections = {{0, 0, 1.0, 0.0, {0.3 * (1.0 - difference), 0.3 * (1.0 + difference)}},
                         {0, 1, 1.0, 0.0, {0.3, 0.3}}};
    Inputs inputs(model, 0, {0.0, 0.0});
    for (std::int64_t n = 0; n < 200; ++n) {
      const auto& kicks = inputs.advance(n, {spikes_of(n), 0.0});
      ASSERT_NEAR(kicks[0], kicks[1], 2e-14) << difference << ", step " << n;
    }
  }
}

TEST(Inputs, AddUpOverProjectionsAndStayAtRest) {
  Model model = pair(0.01);
  const Synapse synapse{0.1, 0.4};
  model.projections = {
      {0, 0, 1.0, 0.1, synapse}, {0, 1, 2.0, 0.1, synapse}, {0, 1, 0.5, 0.0, {}}, {1, 0, -4.0, 0.3, {}}};
  const std::vector<double> rate{2.0, 3.0};
  Inputs inputs(model, 0, rate);
  const double first = (1.0 * 2.0 - 4.0 * 3.0) * 0.01;
  const double second = (2.0 + 0.5) * 2.0 * 0.01;
  EXPECT_NEAR(inputs.kick()[0], 0.5 * first, 1e-15);
  EXPECT_NEAR(inputs.kick()[1], 0.5 * second, 1e-15);
  for (std::int64_t n = 0; n < 100; ++n) {
    const auto& kicks = inputs.advance(n, {0.02, 0.03});
    ASSERT_NEAR(kicks[0], first, 1e-14);
    ASSERT_NEAR(kicks[1], second, 1e-14);
  }
}

TEST(Inputs, OfSeveralProjectionsAreTheSumOfThoseOfEach) {
  // Some share the state of origin, synapse and delay; others differ in one of them.
  Model together = pair(0.02);
  together.projections = {{0, 0, 1.0, 0.1, {0.1, 0.4}}, {0, 1, 2.0, 0.1, {0.1, 0.4}},  {0, 0, -0.3, 0.1, {0.4, 0.1}},
                          {0, 0, 0.7, 0.1, {0.0, 0.4}}, {0, 0, 0.9, 0.11, {0.1, 0.4}}, {1, 0, 1.1, 0.1, {0.1, 0.4}},
                          {1, 1, -2.0, 0.31, {}},       {0, 1, 0.2, 0.31, {}}};
  const std::vector<double> before{20.0, 35.0};
  Inputs all(together, 0, before);
  std::vector<Model> models;
  for (const Projection& one : together.projections) {
    models.push_back(pair(0.02));
    models.back().projections = {one};
  }
  std::vector<Inputs> each;
  for (const Model& model : models) each.emplace_back(model, 0, before);
  for (std::int64_t n = 0; n < 100; ++n) {
    const std::vector<double> spikes{spikes_of(n), spikes_of(n + 3)};
    std::vector<double> sum{0.0, 0.0};
    for (Inputs& inputs : each) {
      const auto& kicks = inputs.advance(n, spikes);
      for (std::size_t k = 0; k < 2; ++k) sum[k] += kicks[k];
    }
    const auto& kicks = all.advance(n, spikes);
    for (std::size_t k = 0; k < 2; ++k) ASSERT_NEAR(kicks[k], sum[k], 1e-13) << "step " << n << ", population " << k;
  }
}

TEST(Inputs, HoldTheIntegralOfTheStimuli) {
  Model model = pair(0.01);
  model.simulation.transient = 0.1;
  model.populations.push_back({});
  model.populations.back().part_of = 1;
  model.stimuli = {
      {1, StepCurrent{2.0, 0.123, 0.4567}}, {1, PulseCurrent{1.0, 0.05, 0.2, -0.05, 0.5}}, {1, ConstantCurrent{50.0}}};
  Inputs inputs(model, 0, {0.0, 0.0, 0.0});
  double sum = inputs.kick()[1];
  double of_part = inputs.kick()[2];
  for (std::int64_t n = 0; n < 110; ++n) {
    const auto& kicks = inputs.advance(n, {0.0, 0.0, 0.0});
    sum += kicks[1];
    of_part += kicks[2];
    EXPECT_EQ(kicks[0], 0.0);
  }
  // Pulses begin at -0.05, 0.15, 0.35; tau is 0.5, that of the part 1.
  const double expected = 2.0 * (0.4567 - 0.123) + 3 * 0.05;
  EXPECT_NEAR(sum, expected / 0.5, 1e-13);
  EXPECT_NEAR(of_part, expected, 1e-13);
}

struct Moments {
  double mean;
  double error;
};

/// The mean over trials of the average of kick_n kick_(n + lag), and its standard error.
Moments second_moment(const Model& model, std::int64_t lag, std::int64_t steps, std::uint64_t trials) {
  double sum = 0.0;
  double square = 0.0;
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    Inputs inputs(model, trial, {0.0, 0.0});
    std::vector<double> kick;
    for (std::int64_t n = 0; n < steps; ++n) kick.push_back(inputs.advance(n, {0.0, 0.0})[0]);
    double average = 0.0;
    for (std::size_t n = 0; n + static_cast<std::size_t>(lag) < kick.size(); ++n) {
      average += kick[n] * kick[n + static_cast<std::size_t>(lag)];
    }
    average /= static_cast<double>(steps - lag);
    sum += average;
    square += average * average;
  }
  const auto n = static_cast<double>(trials);
  return {sum / n, std::sqrt((square / n - sum * sum / (n * n)) / (n - 1.0))};
}

TEST(OrnsteinUhlenbeck, KicksHaveTheCovarianceOfTheIntegrals) {
  const double deviation = 1.7;
  for (const double time : {0.04, 0.5, 4.0}) {
    const double h = 0.02;
    Model model = pair(h);
    model.populations[0].tau = 0.8;
    model.stimuli = {{0, OrnsteinUhlenbeckCurrent{deviation, time}}};
    const double x = h / time;
    const double scale = deviation * deviation * time * time / (0.8 * 0.8);
    for (const std::int64_t lag : {0, 1, 5, 30}) {
      const double expected =
          lag == 0 ? 2.0 * scale * (x + std::expm1(-x))
                   : scale * std::expm1(-x) * std::expm1(-x) * std::exp(-static_cast<double>(lag - 1) * x);
      const auto [mean, error] = second_moment(model, lag, 2000, 200);
      EXPECT_NEAR(mean, expected, 4.0 * error) << "correlation time " << time << ", lag " << lag;
      if (lag <= 1) {
        EXPECT_LT(error, 0.1 * expected) << "the test has power";
      }
    }
  }
}

TEST(OrnsteinUhlenbeck, IsStationaryFromTheStart) {
  // The kick at the start is over half a step.
  Model model = pair(0.02);
  model.stimuli = {{0, OrnsteinUhlenbeckCurrent{1.7, 0.5}}};
  double square = 0.0;
  constexpr std::uint64_t trials = 20000;
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    const double kick = Inputs(model, trial, {0.0, 0.0}).kick()[0];
    square += kick * kick;
  }
  const double x = 0.01 / 0.5;
  const double expected = 2.0 * 1.7 * 1.7 * 0.5 * 0.5 * (x + std::expm1(-x));
  EXPECT_NEAR(square / trials / expected, 1.0, 4.0 * std::sqrt(2.0 / trials));
}

TEST(WhiteNoise, KicksAreIndependentWithTheVarianceOfTheirStep) {
  Model model = pair(0.02);
  model.populations[0].tau = 0.8;
  model.stimuli = {{0, WhiteNoiseCurrent{0.3}}};
  const auto [variance, variance_error] = second_moment(model, 0, 2000, 100);
  EXPECT_NEAR(variance, 0.3 * 0.02 / (0.8 * 0.8), 4.0 * variance_error);
  EXPECT_LT(variance_error, 0.01 * variance);
  for (const std::int64_t lag : {1, 2, 7}) {
    const auto [covariance, error] = second_moment(model, lag, 2000, 100);
    EXPECT_NEAR(covariance, 0.0, 4.0 * error) << lag;
  }
}

TEST(RandomStimuli, AreTheSameForAllWhoReceiveThemAndNewInEveryTrial) {
  Model model = pair(0.02);
  model.populations.push_back({});
  model.populations.back().part_of = 0;
  model.stimuli = {{0, OrnsteinUhlenbeckCurrent{1.0, 0.5}}, {1, OrnsteinUhlenbeckCurrent{1.0, 0.5}}};
  const auto run = [&](std::uint64_t trial) {
    Inputs inputs(model, trial, {0.0, 0.0, 0.0});
    std::vector<double> last;
    for (std::int64_t n = 0; n < 10; ++n) last = inputs.advance(n, {0.0, 0.0, 0.0});
    return last;
  };
  const auto kicks = run(3);
  EXPECT_EQ(kicks[0], kicks[2]) << "a part receives what its population receives";
  EXPECT_NE(kicks[0], kicks[1] * 0.5) << "another stimulus, although of the same kind";
  EXPECT_EQ(kicks, run(3));
  EXPECT_NE(kicks, run(4));
}

}  // namespace
}  // namespace popshot::model
