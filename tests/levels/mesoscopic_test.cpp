// The mesoscopic level against network and theory, over N, through a transient, and over a long run.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <ostream>

#include "popshot/analysis/statistics.hpp"
#include "popshot/analysis/welch.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/switching.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

using model::MesoscopicNoise;

/// The network of Fig. 1 at the step that is chosen for it.
model::Model figure1(std::int64_t size = 10'000, model::Sampling sampling = model::Sampling::random,
                     double weight = 10.0) {
  auto m = testing_support::figure1(size, sampling, weight);
  m.simulation.time_step = 0.02;
  return m;
}

struct Case {
  std::int64_t size;
  MesoscopicNoise noise;
};
std::ostream& operator<<(std::ostream& stream, const Case& one) {
  const char* noise = one.noise == MesoscopicNoise::ensemble   ? "ensemble"
                      : one.noise == MesoscopicNoise::spectral ? "spectral"
                                                               : "markovian";
  return stream << noise << ", N = " << one.size;
}

class MesoscopicLevel : public testing::TestWithParam<Case> {};

TEST_P(MesoscopicLevel, AgreesWithNetworkAndTheoryInEveryBandAndInTheMean) {
  auto m = figure1(GetParam().size);
  m.mesoscopic.noise = GetParam().noise;
  m.mesoscopic.ensemble_size = 128;  // so that 1000 neurons are an ensemble and not themselves
  m.simulation.transient = 50.0;
  m.simulation.duration = GetParam().size > 50'000 ? 250.0 : 500.0;
  m.spectrum.trials = GetParam().size < 5000 ? 128 : 32;
  const auto result = compare(m, {});
  ASSERT_TRUE(result.mesoscopic.has_value());
  // At N = 1000 the lowest band holds so little linear power that the second order of any noise shows (7 % there): the
  // stochastic model is judged by the network, which has that order too, and not by linear theory.
  if (GetParam().size > 1000) {
    EXPECT_EQ(result.judgement.verdict, Verdict::agree) << result.judgement.reason;
  }
  for (const auto& band : result.levels.band[0]) EXPECT_LT(std::abs(band.deviation), result.judgement.threshold);
  EXPECT_LT(std::abs(result.levels.rate_deviation[0]), 4.0);
  EXPECT_LT(std::abs(result.mesoscopic->rate[0].deviation), 4.0);
  for (const auto& band : result.mesoscopic->band[0]) EXPECT_LT(band.ratio.error, 0.05);  // the test has power
}

INSTANTIATE_TEST_SUITE_P(Figure1, MesoscopicLevel,
                         testing::Values(Case{1000, MesoscopicNoise::ensemble}, Case{1000, MesoscopicNoise::markovian},
                                         Case{10'000, MesoscopicNoise::ensemble},
                                         Case{10'000, MesoscopicNoise::markovian},
                                         Case{10'000, MesoscopicNoise::spectral},
                                         Case{100'000, MesoscopicNoise::ensemble},
                                         Case{100'000, MesoscopicNoise::markovian}));

TEST(MesoscopicLevel, OfHugePopulationsHasTheSpectrumOfLinearTheory) {
  // N = 10^8, where nothing but linear theory is left: a sharp test of the ensemble, bands to about half a per cent.
  auto m = figure1(100'000'000);
  m.simulation.duration = 4000.0;
  const std::size_t segment = analysis::segment_length(0.075, 0.02);
  const auto point = mesoscopic::finite_point(m, 0).point;
  const Eigen::VectorXd limit = Eigen::VectorXd::Constant(1, point.rate(0) / 1e8);
  const auto expected = analysis::through_window(
      [&](const std::vector<double>& f) { return theory::shot_noise(m, point, f, {}).total.density; }, limit, 0.02,
      segment);
  const auto bands = make_bands(m.spectrum, expected.spectrum.frequency);
  std::vector<std::vector<double>> ratio(bands.size());
  for (std::uint64_t trial = 0; trial < 12; ++trial) {
    const auto estimate = analysis::welch(mesoscopic::simulate(m, trial).rate, 0.02, segment);
    for (std::size_t b = 0; b < bands.size(); ++b) {
      double simulated = 0.0;
      double wanted = 0.0;
      for (std::size_t i = bands[b].first; i <= bands[b].last; ++i) {
        simulated += estimate.power(0)[i];
        wanted += expected.spectrum.power(0)[i];
      }
      ratio[b].push_back(simulated / wanted);
    }
  }
  const double threshold = analysis::threshold_in_sigma(bands.size(), 1e-3);
  for (std::size_t b = 0; b < bands.size(); ++b) {
    const auto estimate = analysis::mean_with_error(ratio[b]);
    EXPECT_LT(std::abs(analysis::deviation_in_sigma(estimate, 1.0)), threshold)
        << bands[b].low << ": " << estimate.value << " +- " << estimate.error;
    EXPECT_LT(estimate.error, 0.01);
  }
}

/// Relative scatter of the bins of an estimate around theory, over the resonance and the first line.
double scatter(const Spectrum& estimate, const Spectrum& theory) {
  std::vector<double> ratio;
  for (std::size_t i = 0; i < estimate.size(); ++i) {
    const double f = estimate.frequency[i];
    if (f > 0.4 && f < 1.5) ratio.push_back(estimate.power(0)[i] / theory.power(0)[i]);
  }
  const auto m = analysis::moments(ratio);
  return std::sqrt(m.variance) / m.mean;
}

TEST(LongRun, OfTheEnsembleHasNoCombAndDoesNotAge) {
  auto m = figure1();
  m.simulation.duration = 10'000.0;
  const std::size_t segment = analysis::segment_length(0.005, 0.02);
  const auto point = mesoscopic::finite_point(m, 0).point;
  const Eigen::VectorXd limit = Eigen::VectorXd::Constant(1, point.rate(0) / 1e4);
  const auto theory = analysis::through_window(
      [&](const std::vector<double>& f) { return theory::shot_noise(m, point, f, {}).total.density; }, limit, 0.02,
      segment);
  const auto run = mesoscopic::simulate(m);
  const auto mesoscopic = analysis::welch(run.rate, 0.02, segment);
  const auto network = analysis::welch(network::simulate(m).rate, 0.02, segment);
  // A comb of 500 lines scatters by 0.77 (measured with neurons that stay where they are), a Gaussian process by 0.09,
  // and the network of 10^4 neurons, which has a comb of its own, by 0.25.
  const double smooth = scatter(mesoscopic, theory.spectrum);
  EXPECT_LT(smooth, scatter(network, theory.spectrum));
  EXPECT_LT(smooth, 0.25);

  // The four quarters, in twelve bands at the usual resolution, over eight runs.
  const std::size_t coarse = analysis::segment_length(0.075, 0.02);
  std::vector<std::vector<std::vector<double>>> power(4);  // [quarter][band][run]
  std::vector<Band> bands;
  for (std::uint64_t trial = 0; trial < 8; ++trial) {
    const auto rate = trial == 0 ? run.rate[0] : mesoscopic::simulate(m, trial).rate[0];
    const auto quarter = static_cast<std::ptrdiff_t>(rate.size() / 4);
    for (std::size_t q = 0; q < 4; ++q) {
      const auto begin = rate.begin() + static_cast<std::ptrdiff_t>(q) * quarter;
      const auto estimate = analysis::welch({std::vector<double>(begin, begin + quarter)}, 0.02, coarse);
      bands = make_bands(m.spectrum, estimate.frequency);
      power[q].resize(bands.size());
      for (std::size_t b = 0; b < bands.size(); ++b) {
        double sum = 0.0;
        for (std::size_t i = bands[b].first; i <= bands[b].last; ++i) sum += estimate.power(0)[i];
        power[q][b].push_back(sum);
      }
    }
  }
  const double threshold = analysis::threshold_in_sigma(3 * bands.size(), 1e-3);
  for (std::size_t q = 1; q < 4; ++q) {
    for (std::size_t b = 0; b < bands.size(); ++b) {
      const auto ratio = analysis::ratio_with_error(power[q][b], power[0][b]);
      EXPECT_LT(std::abs(analysis::deviation_in_sigma(ratio, 1.0)), threshold)
          << "quarter " << q << ", band " << bands[b].low << ": " << ratio.value << " +- " << ratio.error;
    }
  }
}

model::Model step_response(model::Sampling sampling) {
  auto m = figure1(2000, sampling, 15.0);
  m.populations[0].heterogeneity = model::Lorentzian{-5.0, 1.0};
  m.simulation.state = model::Simulation::State::lowest;
  m.simulation.duration = 40.0;
  m.simulation.record_interval = 0.2;
  m.stimuli.push_back({0, model::StepCurrent{3.0, 0.0, 30.0}});
  m.mesoscopic.ensemble_size = 200;  // so that 2000 neurons are an ensemble and not themselves
  m.spectrum.trials = 300;
  return m;
}

TEST(StepResponse, OfTheEnsembleHasMeanAndSpreadOfTheNetworkAtAllTimes) {
  const auto result = compare_transient(step_response(model::Sampling::random));
  for (const double sigma : result.mean_deviation[0]) EXPECT_LT(std::abs(sigma), result.judgement.threshold);
  // In the high state the spread is some 10 % too large (docs/guide.md, "The mesoscopic level").
  const auto spread = [](const TrialBand& band, std::size_t begin, std::size_t end) {
    return std::accumulate(band.standard_deviation.begin() + static_cast<std::ptrdiff_t>(begin),
                           band.standard_deviation.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
  };
  EXPECT_NEAR(spread(result.mesoscopic[0], 0, 150) / spread(result.network[0], 0, 150), 1.05, 0.1);
  EXPECT_EQ(result.time.size(), 200U);
  // The mean of the network is not the mean field: without the finite-size level the test would fail by far.
  double largest = 0.0;
  for (std::size_t i = 0; i < result.time.size(); ++i) {
    largest = std::max(largest,
                       std::abs(result.network[0].mean[i] - result.mean_field[0][i]) / result.network[0].mean_error[i]);
  }
  EXPECT_GT(largest, 10.0);
}

TEST(StepResponse, OfAQuantileNetworkHasLittleNoiseWhichOnlyTheEnsembleKnows) {
  // Neurons that were silent start alike and stay alike: a fifth of the spread of random eta.
  auto m = step_response(model::Sampling::quantile);
  m.spectrum.trials = 200;
  const auto ensemble = compare_transient(m);
  m.mesoscopic.noise = MesoscopicNoise::markovian;
  const auto markovian = compare_transient(m);
  const auto late = [](const TrialBand& band) {
    return std::accumulate(band.standard_deviation.begin() + 50, band.standard_deviation.begin() + 150, 0.0) / 100.0;
  };
  EXPECT_NEAR(late(ensemble.mesoscopic[0]) / late(ensemble.network[0]), 1.0, 0.2);
  EXPECT_GT(late(markovian.mesoscopic[0]) / late(markovian.network[0]), 2.0);
  EXPECT_EQ(markovian.judgement.verdict, Verdict::disagree);
}

TEST(SwitchingOfMarkovianNoise, FollowsALargeDeviationLaw) {
  auto m = figure1(1000, model::Sampling::quantile, 15.0);
  m.populations[0].heterogeneity = model::Lorentzian{-5.6, 1.0};
  m.mesoscopic.noise = MesoscopicNoise::markovian;
  m.simulation.record_interval = 0.2;
  m.simulation.duration = 4000.0;
  m.spectrum.trials = 48;
  const auto result = switching(m, {800, 1200, 1600}, {"mesoscopic"});
  const auto& fit = result.levels[0].fit[1];
  EXPECT_EQ(fit.points, 3U);
  EXPECT_GT(fit.slope, 4 * fit.slope_error);  // longer for more neurons
  EXPECT_LT(fit.chi_squared, 11.0);           // one degree of freedom: 0.1 %
}

}  // namespace
}  // namespace popshot::comparison
