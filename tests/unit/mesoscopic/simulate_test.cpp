// The mesoscopic level: its limits, its operating point, its reproducibility; agreement with theory is in levels/.
#include "popshot/mesoscopic/simulate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mesoscopic/ensemble.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "support/models.hpp"

namespace popshot::mesoscopic {
namespace {

using model::MesoscopicNoise;
using testing_support::figure1;

model::Model brief(std::int64_t size, MesoscopicNoise noise = MesoscopicNoise::ensemble) {
  auto m = figure1(size);
  m.mesoscopic.noise = noise;
  m.simulation.duration = 5.0;
  return m;
}

TEST(Resolved, ASmallPopulationIsTheNetworkItselfBitForBit) {
  for (const auto sampling : {model::Sampling::random, model::Sampling::quantile}) {
    auto m = figure1(700, sampling);
    m.simulation.duration = 30.0;
    m.simulation.transient = 2.0;
    m.populations[0].raster = {};
    EXPECT_EQ(mesoscopic::simulate(m, 3).rate, network::simulate(m, 3).rate);
    m.simulation.start = model::LorentzianStart{1.3, 0.2};
    m.stimuli.push_back({0, model::StepCurrent{2.0, 1.0, 9.0}});
    EXPECT_EQ(mesoscopic::simulate(m, 1).rate, network::simulate(m, 1).rate);
  }
}

TEST(Resolved, IsDecidedPopulationByPopulation) {
  auto m = brief(100'000);
  auto small = m.populations[0];
  small.name = "small";
  small.size = 300;
  m.populations.push_back(small);
  m.projections.push_back({0, 1, 1.0});
  const auto point = finite_point(m, 0);
  EXPECT_FALSE(Ensemble(m, 0, 0, point).resolved());
  EXPECT_TRUE(Ensemble(m, 1, 0, point).resolved());
  EXPECT_EQ(mesoscopic::simulate(m).rate.size(), 2U);
}

TEST(Mesoscopic, IsReproducibleAndTrialsDiffer) {
  for (const auto noise : {MesoscopicNoise::ensemble, MesoscopicNoise::spectral, MesoscopicNoise::markovian}) {
    const auto m = brief(50'000, noise);
    const auto rate = mesoscopic::simulate(m, 0, {.threads = 1}).rate;
    EXPECT_EQ(rate, mesoscopic::simulate(m, 0, {.threads = 5}).rate);
    EXPECT_NE(rate, mesoscopic::simulate(m, 1).rate);
    auto other = m;
    other.simulation.seed = 2;
    EXPECT_NE(rate, mesoscopic::simulate(other, 0).rate);
  }
}

TEST(Mesoscopic, TendsToTheMeanFieldForManyNeurons) {
  // Fluctuations fall as 1/sqrt(N); a step current, so that something happens.
  for (const auto noise : {MesoscopicNoise::ensemble, MesoscopicNoise::markovian}) {
    auto m = brief(1'000'000'000, noise);
    m.simulation.duration = 20.0;
    m.stimuli.push_back({0, model::StepCurrent{1.0, 2.0, 30.0}});
    const auto rate = mesoscopic::simulate(m).rate[0];
    const auto field = mean_field::simulate(m).rate[0];
    double largest = 0.0;
    for (std::size_t i = 0; i < field.size(); ++i) largest = std::max(largest, std::abs(rate[i] - field[i]));
    // r/(N x 0.02) is the variance of Poisson spikes in a record interval: 2.2e-4 is one sigma.
    EXPECT_LT(largest, 12 * 2.2e-4);
    EXPECT_GT(largest, 2.2e-4);
  }
}

TEST(FinitePoint, IsThatOfTheNetworksOwnSample) {
  for (const auto sampling : {model::Sampling::random, model::Sampling::quantile}) {
    const auto m = figure1(20'000, sampling);
    const auto sample = network::draw_sample(m, 2);
    const auto point = network::operating_point(m, sample, mean_field::selected_state(m).point, 0.005);
    const auto finite = finite_point(m, 2);
    EXPECT_TRUE(finite.stationary);
    EXPECT_DOUBLE_EQ(finite.point.rate(0), point.rate(0));
    const double kick = 0.005 * 10.0 * point.rate(0);
    EXPECT_NEAR(finite.offset(0), point.rate(0) - mean_field::kicked_rate(m.populations[0], 0.0, kick, 0.005), 1e-14);
  }
}

TEST(FinitePoint, OfALargeQuantileNetworkFollowsFromASmallerOne) {
  // r_N of Fig. 1 (physics reference): 1.015497 at 10^7, where the sample has 10^6 neurons.
  auto m = figure1(10'000'000, model::Sampling::quantile);
  m.simulation.time_step = 0.001;  // the reference is for continuous time
  EXPECT_NEAR(finite_point(m, 0).point.rate(0), 1.015497, 2e-6);
}

TEST(FinitePoint, OfATinySampleWithoutTheStateIsTheMeanFields) {
  // Quantiles of 400 neurons cut the tails so far that the high state near its fold is gone.
  auto m = figure1(400, model::Sampling::quantile, 15.0);
  m.populations[0].heterogeneity = model::Lorentzian{-5.74, 1.0};
  EXPECT_THROW((void)network::start_point(m, network::draw_sample(m, 0)), NumericalError);
  const auto finite = finite_point(m, 0);
  EXPECT_FALSE(finite.stationary);
  EXPECT_EQ(finite.point.rate(0), mean_field::selected_state(m).point.rate(0));
  EXPECT_LT(finite.offset(0), 0.0);
}

TEST(KickedRate, IsTheRateOfTheIteratedScheme) {
  auto m = figure1(1);
  m.simulation.time_step = 0.02;
  m.simulation.transient = 200.0;
  m.simulation.duration = 1.0;
  const double rate = mean_field::simulate(m).rate[0].back();
  EXPECT_NEAR(mean_field::kicked_rate(m.populations[0], 0.0, 0.02 * 10.0 * rate, 0.02), rate, 1e-12);
}

TEST(KickedRate, TendsToTheStationaryRateInFourthOrder) {
  const auto m = figure1(1);
  const auto& p = m.populations[0];
  const double exact = mean_field::stationary_rate(p, 9.0);
  const auto error = [&](double h) { return mean_field::kicked_rate(p, 1.0, 8.0 * h, h) - exact; };
  EXPECT_NEAR(error(0.1) / error(0.05), 16.0, 0.5);
  EXPECT_LT(std::abs(error(0.1)), 3e-6);
}

TEST(SpectralNoiseLevel, IsRefusedWhereTheStateMoves) {
  auto m = brief(10'000, MesoscopicNoise::spectral);
  m.stimuli.push_back({0, model::StepCurrent{1.0, 1.0, 2.0}});
  EXPECT_THROW((void)mesoscopic::simulate(m), InputError);
  m.stimuli.clear();
  m.simulation.start = model::LorentzianStart{1.5, 0.0};
  EXPECT_THROW((void)mesoscopic::simulate(m), InputError);
  m = brief(10'000, MesoscopicNoise::spectral);
  m.projections[0].weight = 15.0;
  m.populations[0].heterogeneity = model::Lorentzian{-5.0, 1.0};  // bistable
  EXPECT_THROW((void)mesoscopic::simulate(m), InputError);
}

TEST(Observer, SeesEveryIntervalAndCanEndTheRun) {
  auto m = brief(10'000);
  const auto whole = mesoscopic::simulate(m).rate[0];
  std::vector<double> seen;
  const auto rest = mesoscopic::simulate(m, 0, {}, [&](const std::vector<double>& rate) {
    seen.push_back(rate[0]);
    return seen.size() < 10;
  });
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_TRUE(std::equal(seen.begin(), seen.end(), whole.begin()));
  EXPECT_FALSE(rest.finished);
  EXPECT_EQ(rest.samples(), 0U);
  seen.clear();
  (void)network::simulate(m, 0, {}, [&](const std::vector<double>& rate) {
    seen.push_back(rate[0]);
    return seen.size() < 10;
  });
  EXPECT_EQ(seen.size(), 10U);
}

TEST(NoiseDensity, OfEveryNoiseIsS0WithinItsTolerance) {
  const auto m = figure1();
  const auto point = mean_field::selected_state(m).point;
  for (const auto noise : {MesoscopicNoise::ensemble, MesoscopicNoise::spectral, MesoscopicNoise::markovian}) {
    const auto density = noise_density(m, point, noise);
    const auto own = theory::shot_noise(m, point, {0.5, 0.72, 1.0, 2.0, 8.0}, {.uncoupled = density});
    const auto exact = theory::shot_noise(m, point, {0.5, 0.72, 1.0, 2.0, 8.0});
    for (std::size_t i = 0; i < own.total.size(); ++i) {
      EXPECT_NEAR(own.total.power(0)[i] / exact.total.power(0)[i], 1.0, 0.02) << i;
    }
  }
}

}  // namespace
}  // namespace popshot::mesoscopic
