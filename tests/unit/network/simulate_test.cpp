// The spiking network: reproducibility, starts, operating points, rasters, and its limits.
#include "popshot/network/simulate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "network/kernel.hpp"
#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "support/models.hpp"

namespace popshot::network {
namespace {

using testing_support::figure1;
constexpr double pi = std::numbers::pi;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

mean_field::OperatingPoint point_of(const model::Model& m, const Sample& sample, double time_step) {
  return operating_point(m, sample, mean_field::selected_state(m).point, time_step);
}

TEST(OperatingPoint, OfTheQuantileNetworkIsTheReference) {
  // r_N of Fig. 1, computed with independent code.
  const std::pair<std::int64_t, double> references[] = {{10'000, 1.010635}, {100'000, 1.014030}, {1'000'000, 1.015141}};
  for (const auto& [size, rate] : references) {
    const auto m = figure1(size, model::Sampling::quantile);
    EXPECT_NEAR(point_of(m, draw_sample(m, 0), 0.0).rate(0), rate, 6e-7) << size;
  }
}

TEST(OperatingPoint, SolvesItsOwnEquation) {
  const auto m = figure1(5000);
  const auto sample = draw_sample(m, 3);
  const auto point = point_of(m, sample, 0.0);
  double rate = 0.0;
  for (const double eta : sample.eta[0]) rate += std::sqrt(std::max(0.0, eta + 10.0 * point.rate(0))) / (pi * 5000);
  EXPECT_NEAR(point.rate(0), rate, 1e-8);
}

TEST(OperatingPoint, OfTheSchemeApproachesThatOfContinuousTimeInFourthOrder) {
  const auto m = figure1(2000, model::Sampling::quantile);
  const auto sample = draw_sample(m, 0);
  const double exact = point_of(m, sample, 0.0).rate(0);
  std::vector<double> error;
  for (const double h : {0.04, 0.02, 0.01}) error.push_back(point_of(m, sample, h).rate(0) - exact);
  EXPECT_NEAR(std::log2(error[0] / error[2]) / 2.0, 4.0, 0.2);  // corners at the thresholds of neurons
  EXPECT_LT(std::abs(error[0]), 1e-7);
}

TEST(OperatingPoint, WithoutCouplingDoesNotDependOnTheTimeStep) {
  const auto m = figure1(2000, model::Sampling::random, 0.0);
  const auto sample = draw_sample(m, 0);
  EXPECT_NEAR(point_of(m, sample, 0.02).rate(0), point_of(m, sample, 0.0).rate(0), 1e-12);
}

TEST(Sample, IsDrawnAlikeForAnyNumberOfThreadsAndAnewForEveryTrial) {
  const auto m = figure1(200'000);
  const auto one = draw_sample(m, 0, {.threads = 1});
  EXPECT_EQ(one.eta, draw_sample(m, 0, {.threads = 3}).eta);
  EXPECT_NE(one.eta[0][7], draw_sample(m, 1).eta[0][7]);
  auto other = m;
  other.simulation.seed = 2;
  EXPECT_NE(one.eta[0][7], draw_sample(other, 0).eta[0][7]);
}

TEST(Sample, HasTheQuantilesOfItsDensity) {
  const auto m = figure1(1000, model::Sampling::quantile);
  const auto sample = draw_sample(m, 5);
  // eta_j = tan(pi/2 (2j - N - 1)/(N + 1)), j = 1..N
  for (const int j : {1, 250, 500, 1000}) {
    EXPECT_NEAR(sample.eta[0][static_cast<std::size_t>(j - 1)], std::tan(pi / 2 * (2.0 * j - 1001.0) / 1001.0),
                1e-9 * 400);
  }
  // Random sampling: half of the values lie within one half-width, to four binomial sigma.
  const auto random = draw_sample(figure1(100'000), 0);
  const auto inside =
      std::count_if(random.eta[0].begin(), random.eta[0].end(), [](double eta) { return std::abs(eta) < 1.0; });
  EXPECT_NEAR(static_cast<double>(inside), 50'000, 4 * std::sqrt(25'000));
}

/// Fig. 1's network with a raster and a stimulus; with a delay if it is positive.
model::Model with_everything(std::int64_t size, double delay = 0.0) {
  auto m = figure1(size);
  m.populations[0].raster = {.first = 10, .count = 100, .stride = 400};
  m.simulation.duration = 3.0;
  m.stimuli.push_back({0, model::SineCurrent{1.0, 0.5, 0.0, 0.0, 1e9}});
  m.projections[0].delay = delay;
  return m;
}

TEST(Network, IsBitForBitTheSameForAnyNumberOfThreads) {
  for (const double delay : {0.0, 0.1234}) {
    const auto m = with_everything(50'000, delay);
    const auto one = simulate(m, 0, {.threads = 1});
    for (const unsigned threads : {2U, 3U, 5U, 8U}) {
      for (const bool all : {false, true}) {
        const auto many = simulate(m, 0, {.threads = threads, .all_threads = all});
        EXPECT_EQ(one.rate, many.rate) << threads;
        EXPECT_EQ(one.spikes.time, many.spikes.time) << threads;
        EXPECT_EQ(one.spikes.neuron, many.spikes.neuron) << threads;
      }
    }
    EXPECT_NE(one.rate, simulate(m, 1, {.threads = 1}).rate);
  }
}

TEST(Network, IsBitForBitTheSameWhileItMeasuresHowManyThreadsToUse) {
  // A run long enough for the measurement, which takes place on its first steps.
  auto m = figure1(3000);
  m.simulation.duration = 300.0;
  EXPECT_EQ(simulate(m, 0, {.threads = 1}).rate, simulate(m, 0, {.threads = 4}).rate);
}

TEST(Network, IsBitForBitTheSameOnEveryInstructionSet) {
  for (const auto& noise :
       std::vector<model::NeuronNoise>{model::NoNoise{}, model::CauchyNoise{0.1}, model::GaussianNoise{0.1}}) {
    auto m = with_everything(10'007);
    m.simulation.duration = 1.0;
    m.populations[0].noise = noise;
    const auto widest = simulate(m, 0, {.threads = 1});
    for (std::int64_t left = kernel_targets(); left != 0; left &= left - 1) {
      const ChosenTarget chosen(left & -left);
      const auto here = simulate(m, 0, {.threads = 1});
      EXPECT_EQ(widest.rate, here.rate) << kernel_target();
      EXPECT_EQ(widest.spikes.time, here.spikes.time) << kernel_target();
    }
  }
}

TEST(Network, OverWholeDelaysIsTheNetworkStepByStep) {
  // A second, silent projection without a delay forbids to step ahead and changes nothing else.
  for (const double delay : {0.0095, 0.015, 0.1, 1.0}) {
    auto m = with_everything(5000, delay);
    m.simulation.start = model::LorentzianStart{0.5, 0.0};
    const auto ahead = simulate(m);
    m.projections.push_back({0, 0, 0.0});
    const auto by_step = simulate(m);
    EXPECT_EQ(ahead.rate, by_step.rate) << delay;
    EXPECT_EQ(ahead.spikes.time, by_step.spikes.time) << delay;
  }
}

/// Fig. 1's network on quantiles, large enough for coefficients on lines, with a raster; 60 steps.
model::Model lined() {
  auto m = figure1((1 << 18) + 11, model::Sampling::quantile);
  m.populations[0].raster = {.first = 10, .count = 100, .stride = 2500};
  m.simulation.duration = 0.3;
  return m;
}

TEST(Network, WithCoefficientsOnLinesIsBitForBitTheSame) {
  const auto m = lined();
  const auto one = simulate(m, 0, {.threads = 1});
  for (const unsigned threads : {2U, 3U, 5U, 8U}) {
    const auto many = simulate(m, 0, {.threads = threads, .all_threads = true});
    EXPECT_EQ(one.rate, many.rate) << threads;
    EXPECT_EQ(one.spikes.time, many.spikes.time) << threads;
  }
  for (std::int64_t left = kernel_targets(); left != 0; left &= left - 1) {
    const ChosenTarget chosen(left & -left);
    EXPECT_EQ(one.rate, simulate(m, 0, {.threads = 1}).rate) << kernel_target();
  }
}

TEST(Network, WithCoefficientsOnLinesFollowsDouble) {
  auto m = lined();
  const auto single = simulate(m);
  m.simulation.precision = model::Precision::double_;
  const auto reference = simulate(m);
  // As InSinglePrecisionFollowsDouble, in spikes: a few of the 2.6e5 neurons fall to the other side of a step.
  for (std::size_t i = 0; i < single.samples(); ++i) {
    EXPECT_NEAR(single.rate[0][i], reference.rate[0][i], 20.0 / ((1 << 18) * single.interval)) << i;
  }
}

TEST(Network, TogetherWithOthersIsBitForBitTheSame) {
  // Of different sizes, lengths, delays, and with all that a step may contain.
  const auto everything = with_everything(700);
  auto delayed = with_everything(900, 0.1);
  delayed.simulation.duration = 2.0;
  const auto plain = figure1(300);
  const std::vector<model::Model> models{everything, delayed, plain, everything};
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < models.size(); ++i) samples.push_back(draw_sample(models[i], i));
  std::vector<NetworkRun> runs;
  for (std::size_t i = 0; i < models.size(); ++i) {
    runs.push_back({&models[i], &samples[i], start_point(models[i], samples[i]), {}});
  }
  std::vector<double> progress;
  const auto together = simulate(runs, {.progress = [&](double fraction) { progress.push_back(fraction); }});
  ASSERT_EQ(together.size(), models.size());
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto alone = simulate(models[i], samples[i], runs[i].point, {.threads = 1});
    EXPECT_TRUE(together[i].finished);
    EXPECT_EQ(together[i].rate, alone.rate) << i;
    EXPECT_EQ(together[i].spikes.time, alone.spikes.time) << i;
  }
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_GT(progress.back(), 0.5);
  EXPECT_TRUE(simulate(std::span<const NetworkRun>{}).empty());
}

TEST(Network, TogetherWithOthersStopsOnRequestAndSaysWhatFailed) {
  auto m = figure1(300);
  m.simulation.duration = 1e6;
  const auto sample = draw_sample(m, 0);
  const std::vector<NetworkRun> runs(2, NetworkRun{&m, &sample, start_point(m, sample), {}});
  std::stop_source source;
  const auto stopped = simulate(runs, {.stop = source.get_token(), .progress = [&](double) { source.request_stop(); }});
  for (const auto& activity : stopped) EXPECT_FALSE(activity.finished);
  auto failing = figure1(300, model::Sampling::random, 1e300);
  failing.simulation.start = model::LorentzianStart{1.0, 0.0};
  failing.simulation.duration = 1.0;
  const std::vector<NetworkRun> two{{&failing, &sample, runs[0].point, {}}, {&failing, &sample, runs[0].point, {}}};
  EXPECT_THROW((void)simulate(two), NumericalError);
}

TEST(Network, InSinglePrecisionFollowsDouble) {
  auto m = figure1(20'000, model::Sampling::quantile);
  m.simulation.duration = 2.0;
  const auto single = simulate(m);
  m.simulation.precision = model::Precision::double_;
  const auto reference = simulate(m);
  // A spike at the edge of a step may fall to its other side. Through the first time unit a few of 20000 neurons do so.
  double worst = 0.0;
  for (std::size_t i = 0; i < single.samples(); ++i)
    worst = std::max(worst, std::abs(single.rate[0][i] - reference.rate[0][i]));
  EXPECT_LT(worst, 20.0 / (20'000 * single.interval));
  EXPECT_NEAR(mean(single.rate[0]), mean(reference.rate[0]), 5.0 / (20'000 * 2.0));
}

TEST(Network, StartsStationary) {
  // From the first interval on the rate is r_N, with the standard deviation of shot noise: sqrt(r/(N interval)) at
  // most.
  auto m = figure1(100'000);
  m.simulation.duration = 1.0;
  const auto sample = draw_sample(m, 0);
  const auto point = point_of(m, sample, m.simulation.time_step);
  const auto activity = simulate(m, sample, point);
  for (std::size_t i = 0; i < activity.samples(); ++i) {
    EXPECT_NEAR(activity.rate[0][i], point.rate(0), 4.5 * std::sqrt(point.rate(0) / (1e5 * activity.interval))) << i;
  }
}

TEST(Network, OfUncoupledNeuronsFiresAtTheRatesOfTheClosedForm) {
  // Every neuron is right to one spike over the run, so the sum of N neurons to N/duration/N with a random part.
  auto m = figure1(3000, model::Sampling::random, 0.0);
  m.simulation.duration = 200.0;
  const auto sample = draw_sample(m, 0);
  double expected = 0.0;
  for (const double eta : sample.eta[0]) expected += std::sqrt(std::max(0.0, eta)) / (pi * 3000);
  // Each count deviates by at most one spike, with variance at most 1/4: sigma = sqrt(1/4/3000)/200.
  EXPECT_NEAR(mean(simulate(m).rate[0]), expected, 4 * std::sqrt(0.25 / 3000) / 200);
}

TEST(Network, RasterHoldsTheSpikesOfAFreeNeuron) {
  model::Model m = figure1(10, model::Sampling::quantile, 0.0);
  m.populations[0].heterogeneity = model::Lorentzian{4.0, 1e-9};
  m.populations[0].tau = 2.0;
  m.populations[0].raster = {.first = 3, .count = 2, .stride = 4};
  m.simulation.duration = 50.0;
  const auto activity = simulate(m);
  std::vector<double> times;
  for (std::size_t i = 0; i < activity.spikes.time.size(); ++i) {
    ASSERT_TRUE(activity.spikes.neuron[i] == 3 || activity.spikes.neuron[i] == 7);
    if (activity.spikes.neuron[i] == 7) times.push_back(activity.spikes.time[i]);
  }
  // Period pi tau / sqrt(eta) = pi, to rounding: spike times are exact within the step.
  ASSERT_GE(times.size(), 15U);
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_NEAR(times[i] - times[i - 1], pi, 1e-7);
}

TEST(Network, IsRightAtAnyTimeStepInTheTails) {
  // h = 0.1: neurons with eta above (pi/h)^2 = 987 spike more than once a step.
  auto m = figure1(4000, model::Sampling::quantile, 0.0);
  m.simulation.time_step = 0.1;
  m.simulation.record_interval = 0.1;
  m.simulation.duration = 500.0;
  const auto sample = draw_sample(m, 0);
  const auto point = point_of(m, sample, 0.0);
  EXPECT_NEAR(mean(simulate(m).rate[0]), point.rate(0), 4 * std::sqrt(0.25 / 4000) / 500);
}

TEST(Network, RecordsWholeIntervalsAfterTheTransientAsManyAsItTakes) {
  auto m = figure1(500);
  m.simulation.duration = 1.03;
  m.simulation.record_interval = 0.1;
  auto shifted = m;
  shifted.simulation.transient = 0.5;
  const auto activity = simulate(m);
  EXPECT_EQ(activity.samples(), 11U);
  EXPECT_DOUBLE_EQ(activity.interval, 0.1);
  const auto later = simulate(shifted);
  EXPECT_EQ(later.samples(), 11U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(later.rate[0][i], activity.rate[0][i + 5]);
}

TEST(Network, StopsOnRequestWithWhatIsFinished) {
  auto m = figure1(1000);
  m.simulation.duration = 1e6;
  std::stop_source source;
  Execution execution{.threads = 1, .stop = source.get_token()};
  execution.progress = [&](double fraction) {
    if (fraction > 0) source.request_stop();
  };
  const auto activity = simulate(m, 0, execution);
  EXPECT_FALSE(activity.finished);
  EXPECT_GT(activity.samples(), 10U);
  EXPECT_LT(activity.samples(), 1000U);
}

TEST(Network, HearsARequestBeforeItsFirstStep) {
  auto m = figure1(1000);
  m.simulation.duration = 1.0;
  std::stop_source source;
  source.request_stop();
  const Execution execution{.threads = 1, .stop = source.get_token()};
  EXPECT_THROW((void)draw_sample(m, 0, execution), Stopped);
  const auto sample = draw_sample(m, 0);
  for (const auto& activity : {simulate(m, 0, execution), simulate(m, sample, start_point(m, sample), execution)}) {
    EXPECT_FALSE(activity.finished);
    EXPECT_EQ(activity.samples(), 0U);
  }
}

TEST(Network, SaysWhenItsInputStopsBeingFinite) {
  auto m = figure1(1000, model::Sampling::quantile, 1e300);
  m.simulation.start = model::LorentzianStart{1.0, 0.0};
  m.simulation.duration = 1.0;
  try {
    (void)simulate(m);
    FAIL() << "no exception";
  } catch (const NumericalError& error) {
    EXPECT_NE(std::string(error.what()).find("population 'qif'"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("t = "), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace popshot::network
