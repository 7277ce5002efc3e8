// Synapses, delays and random stimuli as they are stepped, against their definitions.
#include "popshot/model/synapse.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <vector>

#include "popshot/core/riccati.hpp"

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

TEST(SynapticTransfer, OfTheTimeStepIsOfFourthOrder) {
  auto all = synapses();
  all.push_back({});
  const double f = 1.3;
  for (const Synapse& synapse : all) {
    // Delays of whole numbers of steps, and in the middle of one.
    for (const double steps : {0.0, 0.5, 2.0, 4.5}) {
      const auto error_at = [&](double h) {
        const auto one = projection(synapse, steps * h);
        return std::abs(synaptic_transfer(one, f, h) - synaptic_transfer(one, Complex{0.0, 2.0 * pi * f}));
      };
      if (synapse.rise == 1e-4) continue;  // shorter than the step, and not in the range of its order
      EXPECT_NEAR(std::log2(error_at(0.01) / error_at(0.005)), 4.0, 0.15)
          << synapse.rise << ", " << synapse.decay << ", delay of " << steps << " steps";
    }
    for (const double h : {0.02, 0.01, 0.005}) {
      for (const double delay : {0.0, 0.5 * h, 0.1, 0.1234, 0.1 + 0.3 * h, 0.777}) {
        const double x = 2.0 * pi * f * h;
        const Complex exact = synaptic_transfer(projection(synapse, delay), Complex{0.0, 2.0 * pi * f});
        // 0.48 x^4 for spikes extrapolated (physics of three points, checked below), 0.35 x^4 more for each stage.
        EXPECT_LT(std::abs(synaptic_transfer(projection(synapse, delay), f, h) - exact), 1.3 * x * x * x * x)
            << synapse.rise << ", " << synapse.decay << ", delay " << delay << ", step " << h;
      }
    }
  }
}

TEST(KickTransfer, IsThatOfThePartsOfTheMean) {
  // Of spikes at one u, of which the transfer function is the sum of the three.
  const Projection one = projection({}, 0.0);
  const Complex z = std::polar(1.0, 0.3);
  for (const double u : {0.0, 0.3, 1.0}) {
    const auto parts = kick_transfer(one, z, 0.01);
    const Complex expected = (1.0 + 1.5 * u + 0.5 * u * u) - (2.0 * u + u * u) / z + (u + u * u) / 2.0 / (z * z) +
                             0.375 * std::pow(1.0 - 1.0 / z, 3);
    EXPECT_LT(std::abs(parts[0] + u * parts[1] + u * u * parts[2] - expected), 1e-14) << u;
  }
}

/// The constant input, times h^2, that a kick times h stands for: the inverse of constant_current_kick.
double current_of(double kick) {
  return kick >= 0.0 ? std::pow(2.0 * std::asin(std::sqrt(kick) / 2.0), 2)
                     : -std::pow(2.0 * std::asinh(std::sqrt(-kick) / 2.0), 2);
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
      Inputs inputs(model, 0, {0.0, 0.0}, Granularity::continuum);
      Complex kick;
      std::int64_t step = 0;
      for (; step < 1000; ++step) {
        const double begin = static_cast<double>(step) * h;
        // The integrals of exp(2 pi i f t) u^i over the step.
        std::array<Complex, 3> moment{};
        for (std::size_t i = 0; i < 3; ++i) {
          const auto part = [&](double t, auto of) {
            return of(std::polar(1.0, 2.0 * pi * f * t)) * std::pow((begin + h - t) / h, static_cast<double>(i));
          };
          moment[i] = {
              Rule::integrate([&](double t) { return part(t, [](Complex x) { return x.real(); }); }, begin, begin + h),
              Rule::integrate([&](double t) { return part(t, [](Complex x) { return x.imag(); }); }, begin, begin + h)};
        }
        const auto& kicks = inputs.advance(step, {{moment[0].real(), moment[1].real(), moment[2].real()},
                                                  {moment[0].imag(), moment[1].imag(), moment[2].imag()}});
        kick = {current_of(h * kicks[0]) / h, 0.5 * current_of(2.0 * h * kicks[1]) / h};
      }
      const Complex expected = 2.0 * h * synaptic_transfer(projection(synapse, delay), f, h) *
                               std::polar(1.0, 2.0 * pi * f * static_cast<double>(step) * h);
      EXPECT_LT(std::abs(kick - expected), 1e-9) << synapse.rise << ", " << synapse.decay << ", delay " << delay;
    }
  }
}

/// Rates of the steps 0, 1, ..; without a pattern.
double spikes_of(std::int64_t step) {
  return step < 0 ? 0.7 : 0.7 + 0.5 * std::sin(0.37 * static_cast<double>(step * step));
}

TEST(Inputs, CarryEverySpikeToItsOwnTime) {
  // The kicks of one spike have the moments in time of the response to it: 0, 1 and 2, exactly.
  const double h = 0.02;
  auto all = synapses();
  all.push_back({});
  constexpr double weight = 1e-9;  // far from where a comb of kicks differs from a current
  for (const Synapse& synapse : all) {
    for (const double delay : {0.0, 0.0123, 0.1, 0.1234, 1.01}) {
      for (const double u : {0.0, 0.25, 0.8}) {
        Model model = pair(h);
        model.projections = {{0, 1, weight, delay, synapse}};
        Inputs inputs(model, 0, {0.0, 0.0});
        std::array<double, 3> moment{};
        const auto steps = static_cast<std::int64_t>((delay + 60.0 * (synapse.rise + synapse.decay)) / h) + 10;
        for (std::int64_t n = 0; n < steps; ++n) {
          const StepSpikes spike = n == 0 ? StepSpikes{1.0, u, u * u} : StepSpikes{};
          const double kick = inputs.advance(n, {spike, {}})[1] / weight;
          const double since = static_cast<double>(n) * h + u * h;  // at the end of step n
          for (std::size_t i = 0; i < 3; ++i) moment[i] += kick * std::pow(since, static_cast<double>(i));
        }
        // A third difference of the counts adds nothing to these moments.
        const double mean = delay + synapse.rise + synapse.decay;
        const double variance = synapse.rise * synapse.rise + synapse.decay * synapse.decay;
        EXPECT_NEAR(moment[0], 1.0, 1e-8) << synapse.rise << ", " << synapse.decay << ", delay " << delay;
        EXPECT_NEAR(moment[1], mean, 1e-7) << synapse.rise << ", " << synapse.decay << ", delay " << delay;
        EXPECT_NEAR(moment[2], mean * mean + variance, 1e-6)
            << synapse.rise << ", " << synapse.decay << ", delay " << delay;
      }
    }
  }
}

TEST(Inputs, OfFiniteNumbersOfNeuronsHaveWeightsThatMakeUpForTheirPath) {
  // Three-point extrapolation with the third difference, by hand: the mean over u of the integral of path^2 - 1, less a
  // twelfth of the squares of the kicks.
  double expected = 0.0;
  constexpr int points = 2000;
  for (int i = 0; i < points; ++i) {
    const double u = (i + 0.5) / points;
    const std::array<double, 4> kick{1.0 + 1.5 * u + 0.5 * u * u + 0.375, -(2.0 * u + u * u) - 1.125,
                                     (u + u * u) / 2.0 + 1.125, -0.375};
    double path = 0.0;
    double sum = -u;
    for (const double one : kick) {
      path += one;
      sum += path * path - 1.0 - one * one / 12.0;
    }
    expected += sum / points;
  }
  const Projection one{0, 1, 5.0, 0.0, {}};
  EXPECT_NEAR(excess_path(one, 0.02), expected, 1e-5);
  Model model = pair(0.02);
  model.populations[0].size = 100;
  model.projections = {one};
  Inputs inputs(model, 0, {1.0, 0.0});
  const double weight = 5.0 * (1.0 - 5.0 / 100.0 * 0.04 * expected);
  EXPECT_NEAR(current_of(0.04 * 2.0 * inputs.kick()[1]) / 0.04, 0.02 * weight, 1e-7);
  EXPECT_LT(std::abs(excess_path({0, 1, 5.0, 0.0, {0.0, 1.0}}, 0.02)), 1e-3) << "slow synapses have a smooth path";
}

TEST(Inputs, OfNearlyEqualTimeConstantsAreThoseOfEqualOnes) {
  const double h = 0.02;
  for (const double difference : {1e-15, 1e-12, 1e-9, 1e-8, 1e-7}) {
    Model model = pair(h);
    // The response depends on the product and the sum of the time constants: these two differ by difference^2.
    model.projections = {{0, 0, 1.0, 0.0, {0.3 * (1.0 - difference), 0.3 * (1.0 + difference)}},
                         {0, 1, 1.0, 0.0, {0.3, 0.3}}};
    Inputs inputs(model, 0, {0.0, 0.0}, Granularity::continuum);
    for (std::int64_t n = 0; n < 200; ++n) {
      const auto& kicks = inputs.advance(n, {evenly_spread(spikes_of(n)), {}});
      // tau of the second population is half that of the first.
      ASSERT_NEAR(current_of(0.02 * kicks[0]), 0.5 * current_of(0.04 * kicks[1]), 1e-12)
          << difference << ", step " << n;
    }
  }
}

TEST(Inputs, AddUpOverProjectionsAndStayAtRest) {
  Model model = pair(0.01);
  const Synapse synapse{0.1, 0.4};
  model.projections = {
      {0, 0, 1.0, 0.1, synapse}, {0, 1, 2.0, 0.1, synapse}, {0, 1, 0.5, 0.0, {}}, {1, 0, -4.0, 0.3, {}}};
  const std::vector<double> rate{2.0, 3.0};
  Inputs inputs(model, 0, rate, Granularity::continuum);
  // In voltage, as kicks that act like the currents.
  const double first = constant_current_kick(0.01 * (1.0 * 2.0 - 4.0 * 3.0) * 0.01) / 0.01;
  const double second = constant_current_kick(0.02 * (2.0 + 0.5) * 2.0 * 0.01) / 0.02;
  EXPECT_NEAR(inputs.kick()[0], 0.5 * first, 1e-15);
  EXPECT_NEAR(inputs.kick()[1], 0.5 * second, 1e-15);
  for (std::int64_t n = 0; n < 100; ++n) {
    const auto& kicks = inputs.advance(n, {evenly_spread(0.02), evenly_spread(0.03)});
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
  Inputs all(together, 0, before, Granularity::continuum);
  std::vector<Model> models;
  for (const Projection& one : together.projections) {
    models.push_back(pair(0.02));
    models.back().projections = {one};
  }
  std::vector<Inputs> each;
  for (const Model& model : models) each.emplace_back(model, 0, before, Granularity::continuum);
  for (std::int64_t n = 0; n < 100; ++n) {
    const std::vector<StepSpikes> spikes{evenly_spread(spikes_of(n)), evenly_spread(spikes_of(n + 3))};
    std::vector<double> sum{0.0, 0.0};
    const std::array<double, 2> step{0.02, 0.04};  // in units of tau
    for (Inputs& inputs : each) {
      const auto& kicks = inputs.advance(n, spikes);
      for (std::size_t k = 0; k < 2; ++k) sum[k] += current_of(step[k] * kicks[k]) / step[k];
    }
    const auto& kicks = all.advance(n, spikes);
    for (std::size_t k = 0; k < 2; ++k) {
      ASSERT_NEAR(current_of(step[k] * kicks[k]) / step[k], sum[k], 1e-7) << "step " << n << ", population " << k;
    }
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
  const auto integral_of = [](double kick, double h, double part) { return part * current_of(h * kick / part) / h; };
  double sum = integral_of(inputs.kick()[1], 0.02, 0.5);
  double of_part = integral_of(inputs.kick()[2], 0.01, 0.5);
  for (std::int64_t n = 0; n < 110; ++n) {
    const auto& kicks = inputs.advance(n, std::vector<StepSpikes>(3));
    sum += integral_of(kicks[1], 0.02, 1.0);
    of_part += integral_of(kicks[2], 0.01, 1.0);
    EXPECT_EQ(kicks[0], 0.0);
  }
  // Pulses begin at -0.05, 0.15, 0.35; tau is 0.5, that of the part 1.
  const double expected = 2.0 * (0.4567 - 0.123) + 3 * 0.05;
  EXPECT_NEAR(sum, expected / 0.5, 1e-10);
  EXPECT_NEAR(of_part, expected, 1e-10);
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
    for (std::int64_t n = 0; n < steps; ++n) kick.push_back(inputs.advance(n, std::vector<StepSpikes>(2))[0]);
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
    for (std::int64_t n = 0; n < 10; ++n) last = inputs.advance(n, std::vector<StepSpikes>(3));
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
