// Synapses, delays and random stimuli step by step, against their definitions. docs/theory/any_model.md (47)-(50).
#include "popshot/model/synapse.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

namespace popshot::model {
namespace {

constexpr double pi = std::numbers::pi;

Model two_populations(const Projection& projection, double h = 0.01) {
  Model model;
  model.populations.resize(2);
  model.populations[0].name = "a";
  model.populations[1].name = "b";
  model.projections = {projection};
  model.simulation.time_step = h;
  model.simulation.duration = 10.0;
  return model;
}

/// The integral of a synapse's response up to t.
double step_response(const Synapse& synapse, double t) {
  if (t <= 0.0) return 0.0;
  const double r = std::min(synapse.rise, synapse.decay);
  const double d = std::max(synapse.rise, synapse.decay);
  if (d == 0.0) return 1.0;
  if (r == 0.0) return 1.0 - std::exp(-t / d);
  if (d - r < 1e-9 * d) return 1.0 - (1.0 + t / d) * std::exp(-t / d);
  return 1.0 - (d * std::exp(-t / d) - r * std::exp(-t / r)) / (d - r);
}

TEST(Inputs, DeliverTheResponseToAVolley) {
  const double h = 0.01;
  for (const Synapse synapse : {Synapse{}, Synapse{0.0, 0.13}, Synapse{0.2, 0.2}, Synapse{0.05, 0.3},
                                Synapse{0.3, 0.05}, Synapse{0.2, 0.2 * (1.0 + 1e-7)}}) {
    for (const double delay : {0.0, 0.004, 0.005, 0.0123, 0.5, 0.7771}) {
      const auto model = two_populations({0, 1, 2.5, delay, synapse}, h);
      Inputs inputs(model, 0, {0.0, 0.0});
      EXPECT_EQ(inputs.kick()[1], 0.0);
      // One spike per neuron, evenly spread over step 3; the sum of all kicks so far is the response.
      double sum = 0.0;
      double worst = 0.0;
      for (std::int64_t step = 0; step < 400; ++step) {
        sum += inputs.advance(step, {step == 3 ? 1.0 : 0.0, 0.0})[1];
        EXPECT_EQ(inputs.kick()[0], 0.0);
        // What has arrived until the end of the step, averaged over where in its step the spike fell; what the delay
        // lacks to half a step is delivered early.
        double expected = 0.0;
        constexpr int parts = 400;
        for (int i = 0; i < parts; ++i) {
          const double spike = (3.0 + (i + 0.5) / parts) * h;
          expected +=
              step_response(synapse, static_cast<double>(step + 1) * h - spike - std::max(0.0, delay - h / 2)) / parts;
        }
        worst = std::max(worst, std::abs(sum - 2.5 * expected));
      }
      // An instantaneous spike is delivered in one or two whole kicks; a slow one up to the second order of the step.
      const double tau = std::max(synapse.rise, synapse.decay);
      EXPECT_LT(worst, tau == 0.0 ? 2.5 : 2.5 * h * h / (tau * std::min(tau, 0.05)) + 1e-9)
          << "delay " << delay << ", decay " << synapse.decay;
      EXPECT_NEAR(sum, 2.5 * step_response(synapse, 3.96 - std::max(0.0, delay - h / 2)), 2e-3);
    }
  }
}

TEST(Inputs, HaveTheTransferFunctionThatTheyAreSaidToHave) {
  // A sinusoidal activity: spikes of a step are its integral. What remains of the delivery at the end of the step is
  // (50).
  const double h = 0.02;
  const double f = 1.7;
  for (const Projection& projection : {Projection{0, 1, 1.0, 0.0, {}}, Projection{0, 1, 1.0, 0.0, {0.0, 0.1}},
                                       Projection{0, 1, 1.0, 0.137, {0.04, 0.1}}}) {
    auto model = two_populations(projection, h);
    Inputs inputs(model, 0, {0.0, 0.0});
    const std::complex<double> s{0.0, 2.0 * pi * f};
    std::complex<double> sum = 0.0;
    int count = 0;
    for (std::int64_t step = 0; step < 3000; ++step) {
      const double begin = static_cast<double>(step) * h;
      const auto integral = (std::exp(s * (begin + h)) - std::exp(s * begin)) / s;
      const double kick = inputs.advance(step, {integral.real(), 0.0})[1];
      if (step < 500) continue;
      sum += kick / h * std::exp(-s * (begin + h));
      ++count;
    }
    // cos = half of both exponentials; the other one averages out. A kick at t_n samples the transfer function.
    const auto measured = 2.0 * sum / static_cast<double>(count);
    EXPECT_LT(std::abs(measured - synaptic_transfer(projection, f, h)), 2e-3) << projection.delay;
  }
}

TEST(SynapticTransfer, OfAStepTendsToContinuousTime) {
  const Projection projection{0, 0, 1.0, 0.31, {0.05, 0.2}};
  const double f = 0.9;
  const auto exact = synaptic_transfer(projection, std::complex<double>{0.0, 2.0 * pi * f});
  EXPECT_EQ(synaptic_transfer(projection, f, 0.0), exact);
  const double coarse = std::abs(synaptic_transfer(projection, f, 0.04) - exact);
  const double fine = std::abs(synaptic_transfer(projection, f, 0.01) - exact);
  EXPECT_LT(fine, 1e-3);
  EXPECT_GT(coarse / fine, 8.0);
}

TEST(Inputs, ShareTheStateOfProjectionsOfOneKind) {
  Model model = two_populations({0, 1, 2.0, 0.1, {0.0, 0.2}});
  model.projections.push_back({0, 0, -1.0, 0.1, {0.0, 0.2}});
  model.projections.push_back({1, 0, 3.0, 0.0, {}});
  Inputs inputs(model, 0, {0.5, 1.0});
  // Before the start the activities were 0.5 and 1: first kicks of half a step.
  EXPECT_NEAR(inputs.kick()[1], 2.0 * 0.5 * 0.005, 1e-15);
  EXPECT_NEAR(inputs.kick()[0], (-0.5 + 3.0) * 0.005, 1e-15);
  for (std::int64_t step = 0; step < 50; ++step) {
    const auto& kick = inputs.advance(step, {0.5 * 0.01, 1.0 * 0.01});
    EXPECT_NEAR(kick[1], 2.0 * 0.5 * 0.01, 1e-14);
    EXPECT_NEAR(kick[0], 2.5 * 0.01, 1e-14);
  }
}

TEST(RandomStimuli, HaveTheirVarianceAndCorrelation) {
  Model model = two_populations({0, 1, 0.0});
  model.populations[0].tau = 2.0;
  model.stimuli = {{0, OrnsteinUhlenbeckCurrent{0.7, 0.3}}, {1, WhiteNoiseCurrent{0.4}}};
  const double h = 0.01;
  Inputs inputs(model, 5, {0.0, 0.0});
  constexpr int count = 400000;
  std::vector<double> ou;
  double white = 0.0;
  double white_lagged = 0.0;
  double last = 0.0;
  for (std::int64_t step = 0; step < count; ++step) {
    const auto& kick = inputs.advance(step, {0.0, 0.0});
    ou.push_back(kick[0] * 2.0 / h);  // the mean current of the step
    white += kick[1] * kick[1];
    white_lagged += kick[1] * last;
    last = kick[1];
  }
  // White: kicks of variance power h; error of a variance sqrt(2/n).
  EXPECT_NEAR(white / count / (0.4 * h), 1.0, 4.0 * std::sqrt(2.0 / count));
  EXPECT_LT(std::abs(white_lagged / count / (0.4 * h)), 4.0 / std::sqrt(count));
  // Ornstein-Uhlenbeck at lag t: sigma^2 exp(-t/t_c), less the averaging over steps; effective samples count h/(2 t_c).
  const double effective = count * h / (2.0 * 0.3);
  for (const int lag : {0, 10, 30, 60}) {
    double sum = 0.0;
    for (std::size_t i = 0; i + static_cast<std::size_t>(lag) < ou.size(); ++i)
      sum += ou[i] * ou[i + static_cast<std::size_t>(lag)];
    const double expected = 0.49 * std::exp(-lag * h / 0.3);
    EXPECT_NEAR(sum / (count - lag), expected, 4.0 * 0.49 * std::sqrt(2.0 / effective) + 0.49 * h / 0.3) << lag;
  }
}

TEST(RandomStimuli, DifferFromTrialToTrialAndNotFromRunToRun) {
  Model model = two_populations({0, 1, 0.0});
  model.stimuli = {{0, WhiteNoiseCurrent{0.4}}};
  Inputs a(model, 1, {0.0, 0.0});
  Inputs b(model, 1, {0.0, 0.0});
  Inputs c(model, 2, {0.0, 0.0});
  EXPECT_EQ(a.kick(), b.kick());
  EXPECT_NE(a.kick(), c.kick());
}

double brute_force(double begin, double end, double (*current)(double)) {
  constexpr int parts = 200000;
  double sum = 0.0;
  for (int i = 0; i < parts; ++i) sum += current(begin + (end - begin) * (i + 0.5) / parts) * (end - begin) / parts;
  return sum;
}

TEST(CurrentIntegral, OfPulsesRampsAndTablesIsThatOfTheirCurrent) {
  Model model = two_populations({0, 1, 0.0});
  const auto check = [&](const auto& current, double (*function)(double)) {
    model.stimuli = {{0, current}};
    for (const auto& [begin, end] :
         {std::pair{-3.0, 12.0}, std::pair{0.9, 2.3}, std::pair{4.0, 4.5}, std::pair{6.95, 7.05}}) {
      // The sum is off by half a step at each of up to ten jumps of 2.
      EXPECT_NEAR(current_integral(model, 0, begin, end), brute_force(begin, end, function), 1e-3) << begin;
    }
  };
  check(PulseCurrent{2.0, 0.5, 1.5, 1.0, 7.0}, [](double t) {
    const double phase = std::fmod(t - 1.0, 1.5);
    return t >= 1.0 && t - phase < 7.0 && phase < 0.5 ? 2.0 : 0.0;
  });
  check(RampCurrent{3.0, 1.0, 5.0}, [](double t) { return t < 1.0 ? 0.0 : t > 5.0 ? 3.0 : 3.0 * (t - 1.0) / 4.0; });
  check(TableCurrent{{1.0, 2.0, 7.0}, {1.0, -1.0, 4.0}}, [](double t) {
    return t < 1.0 ? 1.0 : t < 2.0 ? 1.0 - 2.0 * (t - 1.0) : t < 7.0 ? -1.0 + (t - 2.0) : 4.0;
  });
}

}  // namespace
}  // namespace popshot::model
