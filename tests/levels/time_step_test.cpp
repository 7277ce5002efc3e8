// Long steps: what they may not change, at network and mesoscopic level, against the theory of continuous time.
#include <gtest/gtest.h>

#include <cmath>

#include "popshot/comparison/compare.hpp"
#include "support/models.hpp"

namespace popshot {
namespace {

using comparison::compare;
using comparison::Settings;
using comparison::Verdict;

model::Model with_step(model::Model m, double time_step, double record_interval, double low, double high) {
  m.simulation.time_step = time_step;
  m.simulation.record_interval = record_interval;
  m.spectrum.frequency_min = low;
  m.spectrum.frequency_max = high;
  return m;
}

/// So many neurons that the second order is little in the lowest band: 18 % of linear theory at N = 10^4.
model::Model figure1(double time_step, double record_interval, std::int64_t size = 40'000) {
  auto m = with_step(testing_support::figure1(size), time_step, record_interval, 0.1, 3.0);
  m.simulation.transient = 40.0;
  m.simulation.duration = 500.0;
  m.spectrum.resolution = 0.05;
  return m;
}

TEST(TimeStep, OfATwentiethOfTauAgreesWithContinuousTimeForFigure1) {
  // With spikes that act at the ends of their steps: 1.40, 1.25, 1.22, 1.22 times theory up to 0.475.
  const auto result = compare(figure1(0.05, 0.05), Settings{});
  EXPECT_EQ(result.judgement.verdict, Verdict::agree) << result.judgement.reason;
  for (const auto& band : result.network->band[0]) EXPECT_LT(band.ratio.error, 0.12) << "the test has power";
}

TEST(TimeStep, ThatIsTooLongIsFoundOut) {
  const auto result = compare(figure1(0.1, 0.1), Settings{});
  EXPECT_EQ(result.judgement.verdict, Verdict::disagree) << result.judgement.reason;
}

TEST(TimeStep, NetworksHaveTheMeanRateOfContinuousTime) {
  // What differs is of order 1/N, -3.9e-5 for N = 10^4, and so would be what the scheme adds to it: 1.4e-4 at this step
  // if the weights did not make up for the path of every spike's kicks, and 2e-3 if a comb of kicks were taken for a
  // current.
  auto m = figure1(0.05, 0.05, 10'000);
  m.spectrum.trials = 8;
  const auto result = compare(m, Settings{});
  for (const auto* level : {&*result.network, &*result.mesoscopic}) {
    const auto& rate = level->rate[0];
    EXPECT_LT(std::abs(rate.deviation), 4.0);
    EXPECT_LT(rate.difference.error, 8e-6) << "the test has power";
  }
}

TEST(TimeStep, OfAFiftiethOfTauAgreesWithContinuousTimeBelowAnUndampedResonance) {
  // Gaussian, J = 8: there is hardly any power below the resonance, and spikes that act at the ends of their steps make
  // 5.8 times as much in 0.275..0.425.
  auto m = with_step(testing_support::figure1(20000), 0.02, 0.02, 0.3, 12.0);
  m.populations[0].heterogeneity = model::Gaussian{0.5, 1.0};
  m.projections[0].weight = 8.0;
  m.simulation.transient = 50.0;
  m.simulation.duration = 400.0;
  m.spectrum.resolution = 0.075;
  const auto result = compare(m, Settings{});
  EXPECT_NE(result.judgement.verdict, Verdict::disagree) << result.judgement.reason;
  EXPECT_LT(result.judgement.detectable_total, 1.3) << "the test has power";
  EXPECT_LT(result.network->band[0].front().ratio.error, 0.3) << "the test has power";
  EXPECT_NEAR(result.network->band[0].front().ratio.value, 1.0, 0.5);
}

/// Pyragas & Pyragas 2021: two narrow Lorentzians; leading eigenvalue -0.0162, resonance at 0.82.
model::Model bimodal(double time_step) {
  auto m = with_step(testing_support::figure1(), time_step, 0.02, 0.3,
                     1.2);  // below and at twice the resonance, the second order
  m.populations[0].heterogeneity =
      model::Mixture{{{0.5, model::Lorentzian{1.0, 0.05}}, {0.5, model::Lorentzian{-20.0, 0.05}}}};
  m.projections[0].weight = 20.0;
  m.simulation.transient = 150.0;
  m.simulation.duration = 200.0;
  m.spectrum.resolution = 0.05;
  return m;
}

TEST(TimeStep, OfAFiftiethOfTauLeavesAWeaklyDampedResonanceAsItIs) {
  // The peak is in the band 0.65..0.92. With spikes that act at the ends of their steps it has 0.12 of its power at a
  // step of 0.005.
  for (const double h : {0.005, 0.02}) {
    auto m = bimodal(h);
    m.spectrum.trials = 8;
    const auto result = compare(m, Settings{});
    // Power of the resonance and around it; so few trials of so slow a mode say little of single bands.
    for (const auto* level : {&*result.network, &*result.mesoscopic}) {
      EXPECT_LT(std::abs(level->variance[0].deviation), 4.0) << h << ": " << level->variance[0].ratio.value;
      EXPECT_LT(level->variance[0].ratio.error, 0.6) << "the test has power";
    }
  }
}

}  // namespace
}  // namespace popshot
