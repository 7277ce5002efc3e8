// Three verdicts: what they rest on, that they hold with few trials, and what they say.
#include "popshot/comparison/verdict.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "comparison/line_scatter.hpp"
#include "comparison/resampling.hpp"
#include "comparison/switching_verdict.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/start_up.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/core/random.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

using testing_support::figure1;

double uniform(std::uint64_t member, std::uint64_t i) { return uniform_number(3, RandomStream::noise, {member, 0}, i); }
double gaussian(std::uint64_t member, std::uint64_t i) {
  const auto u = uniform_numbers(4, RandomStream::noise, {member, 0}, i);
  return std::sqrt(-2.0 * std::log(u[0])) * std::cos(6.283185307179586 * u[1]);
}

TEST(Verdict, DetectsWhatLiesThresholdAndPowerAway) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  // 4 sigma and the 90 % quantile of a Gaussian number, 1.2816.
  EXPECT_NEAR(std::log(detectable_factor(0.1, infinite, 4.0)), 0.52816, 1e-4);
  EXPECT_GT(detectable_factor(0.1, 3.0, 4.0), detectable_factor(0.1, 30.0, 4.0));
  const auto trials = trials_for_factor(0.8, 4.0);
  EXPECT_LE(detectable_factor(0.8 / std::sqrt(static_cast<double>(trials)), infinite, 4.0), 1.5);
  EXPECT_GT(detectable_factor(0.8 / std::sqrt(static_cast<double>(trials - 1)), infinite, 4.0), 1.5);
  EXPECT_EQ(factor_text(1.12), "12 %");
  EXPECT_EQ(factor_text(2.0), "a factor of 2");
}

model::Model short_runs(std::int64_t trials) {
  auto m = figure1(4000);
  m.simulation.duration = 150.0;
  m.simulation.transient = 20.0;
  m.simulation.time_step = 0.04;
  m.simulation.record_interval = 0.08;
  m.spectrum.frequency_min = 0.3;
  m.spectrum.frequency_max = 4.0;
  m.spectrum.resolution = 0.1;
  m.spectrum.bands = 5;
  m.spectrum.trials = trials;
  m.mesoscopic.ensemble_size = 128;
  return m;
}

TEST(Verdict, OfFourTrialsFindsOutWhatTheirScatterAloneDoesNot) {
  // Three degrees of freedom, and a threshold of some 4 sigma: by the scatter of the ratios alone, four trials said
  // "agree" to anything up to a ratio of 77.
  const auto model = short_runs(4);
  auto wrong = model;
  wrong.populations[0].size = 2000;
  const auto result = compare(model, wrong, {.mesoscopic = false});
  EXPECT_EQ(result.judgement.verdict, Verdict::disagree) << result.judgement.reason;
  EXPECT_NEAR(result.network->variance[0].ratio.value, 0.5, 0.1);
  EXPECT_LT(result.judgement.p_value, 1e-6);
  EXPECT_NE(compare(model, {.mesoscopic = false}).judgement.verdict, Verdict::disagree);
}

TEST(Verdict, IsInconclusiveWhereAFactorCouldHideAndSaysHowManyTrialsItTakes) {
  const auto few = compare(short_runs(3), Settings{});
  EXPECT_EQ(few.judgement.verdict, Verdict::inconclusive) << few.judgement.reason;
  EXPECT_NE(few.judgement.reason.find("needs about"), std::string::npos) << few.judgement.reason;
  ASSERT_GT(few.judgement.trials_needed, 3U);
  ASSERT_LT(few.judgement.trials_needed, 100U);
  const auto enough = compare(short_runs(static_cast<std::int64_t>(3 * few.judgement.trials_needed / 2)), Settings{});
  EXPECT_EQ(enough.judgement.verdict, Verdict::agree) << enough.judgement.reason;
  EXPECT_LT(enough.judgement.detectable_band, 1.5);
}

TEST(Verdict, DoesNotCompareTheNetworkWithItself) {
  auto m = short_runs(3);
  m.populations[0].size = 500;  // at most four times the ensemble's size
  const auto result = compare(m, Settings{});
  EXPECT_FALSE(result.mesoscopic.has_value());
  EXPECT_EQ(result.itself, std::vector<char>{1});
  ASSERT_FALSE(result.notes.empty());
  EXPECT_NE(result.notes[0].find("is the network itself"), std::string::npos);
  EXPECT_EQ(result.judgement.comparisons, result.bands.size() + 2);
  m.stimuli.push_back({0, model::StepCurrent{1.0, 2.0, 4.0}});
  m.simulation.duration = 6.0;
  const auto transient = compare_transient(m);
  EXPECT_EQ(transient.judgement.verdict, Verdict::inconclusive);
  EXPECT_NE(transient.judgement.reason.find("nothing independent"), std::string::npos);
}

TEST(Verdict, WithoutTheNetworkIsOfTheTrialsThatAStopLeaves) {
  std::stop_source source;
  Execution execution{.threads = 1, .stop = source.get_token()};
  execution.progress = [&](double fraction) {
    if (fraction > 0.5) source.request_stop();
  };
  const auto result = compare(short_runs(4), {.network = false}, execution);
  EXPECT_FALSE(result.network.has_value());
  EXPECT_GE(result.trials, 1U);
  EXPECT_LT(result.trials, 4U);
  EXPECT_EQ(result.judgement.verdict, Verdict::inconclusive);
  EXPECT_THROW((void)compare(short_runs(4), {.network = false}, execution), Stopped);
}

TEST(Verdict, NamesTheSecondOrderWhereItAccountsForThePower) {
  // Far below the rates linear theory of 1000 neurons has next to nothing, and the network a floor.
  auto m = short_runs(16);
  m.populations[0].size = 1000;
  m.simulation.duration = 200.0;
  m.spectrum.frequency_min = 0.05;
  m.spectrum.frequency_max = 0.5;
  m.spectrum.resolution = 0.03;
  const auto result = compare(m, {.mesoscopic = false});
  EXPECT_EQ(result.judgement.verdict, Verdict::disagree);
  EXPECT_NE(result.judgement.reason.find("second order"), std::string::npos) << result.judgement.reason;
  EXPECT_NE(result.judgement.reason.find("linear theory ends there"), std::string::npos) << result.judgement.reason;
}

TEST(Verdict, NamesTheOtherStateThatTheSimulationIsIn) {
  // 1000 neurons on a grid lack the tails that hold the high state: they soon fall off it.
  auto m = figure1(1000, model::Sampling::quantile, 15.0);
  m.populations[0].heterogeneity = model::Lorentzian{-5.65, 1.0};
  m.simulation.duration = 200.0;
  m.simulation.transient = 50.0;
  m.simulation.time_step = 0.02;
  m.simulation.record_interval = 0.2;
  m.spectrum.frequency_min = 0.3;
  m.spectrum.frequency_max = 2.0;
  m.spectrum.resolution = 0.1;
  m.spectrum.trials = 3;
  const auto result = compare(m, {.at = At::infinite, .mesoscopic = false});
  EXPECT_EQ(result.judgement.verdict, Verdict::disagree);
  EXPECT_NE(result.judgement.reason.find("another stable state"), std::string::npos) << result.judgement.reason;
}

TEST(Verdict, OverTimeIsCalmWhereNetworksDifferInTheirSeedOnly) {
  // A hardly active population: spreads of numbers of spikes, which are far from Gaussian. Judged by errors of squared
  // deviations and as if independent at 600 times, such pairs were told apart in one of three.
  auto m = figure1(1000, model::Sampling::random, -5.0);
  m.populations[0].heterogeneity = model::Lorentzian{-1.0, 0.3};
  m.simulation.duration = 12.0;
  m.simulation.transient = 10.0;
  m.simulation.record_interval = 0.02;
  m.stimuli.push_back({0, model::SineCurrent{2.0, 0.25, 0.0}});
  m.spectrum.trials = 16;
  int told_apart = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    m.simulation.seed = 2 * seed;
    if (compare_transient(m, 1e-3, {}, 1.0).judgement.p_value < 0.05) ++told_apart;
  }
  EXPECT_LE(told_apart, 3);  // binomial: more in 0.2 % of all runs
  // And not for want of power: a thirtieth of the neurons is found out.
  m.simulation.seed = 1;
  m.spectrum.trials = 40;
  EXPECT_LT(compare_transient(m, 1e-3, {}, 30.0).judgement.p_value, 1e-3);
}

TEST(Permutation, HasUniformProbabilitiesForEqualLevelsAndSmallOnesForOthers) {
  const auto channels_of = [](std::uint64_t pair, double factor) {
    std::vector<Channel> channels(6);
    std::uint64_t i = 0;
    for (auto& channel : channels) {
      channel.known_variance = 0.2;
      channel.known_degrees = 20.0;
      for (int t = 0; t < 8; ++t) {
        const auto power = [&](double scale) {
          double sum = 0.0;
          for (int k = 0; k < 10; ++k) sum += std::pow(gaussian(pair, i++), 2);
          return scale * sum / 10.0;
        };
        channel.first.push_back(power(1.0));
        channel.second.push_back(power(factor));
      }
    }
    return channels;
  };
  const int pairs = 200;
  int below = 0;
  int half = 0;
  for (int pair = 0; pair < pairs; ++pair) {
    const double p = permutation_p_value(channels_of(static_cast<std::uint64_t>(pair), 1.0), 1e-2, 7);
    below += p < 0.1 ? 1 : 0;
    half += p < 0.5 ? 1 : 0;
  }
  EXPECT_NEAR(below, 0.1 * pairs, 4 * std::sqrt(0.09 * pairs));
  EXPECT_NEAR(half, 0.5 * pairs, 4 * std::sqrt(0.25 * pairs));
  EXPECT_LT(permutation_p_value(channels_of(1000, 4.0), 1e-3, 7), 2e-3);
}

TEST(Paired, HasUniformProbabilitiesForSignsAndRotations) {
  for (const std::size_t trials : {6U, 16U}) {
    const auto series_of = [&](std::uint64_t pair, double spread) {
      std::vector<PairedSeries> series(20);
      for (std::size_t t = 0; t < trials; ++t) {
        // Neighbouring times deviate together, and the two levels of a trial have a part in common.
        double a = 0.0;
        double b = 0.0;
        for (std::size_t i = 0; i < series.size(); ++i) {
          const auto place = i + 100 * t;
          const double common = gaussian(pair, 3 * place);
          a = 0.8 * a + gaussian(pair, 3 * place + 1);
          b = 0.8 * b + spread * gaussian(pair, 3 * place + 2);
          series[i].sum.push_back(b + a + 2.0 * common);
          series[i].difference.push_back(b - a);
        }
      }
      return series;
    };
    const int pairs = 150;
    int below = 0;
    for (int pair = 0; pair < pairs; ++pair) {
      const auto series = series_of(static_cast<std::uint64_t>(pair), 1.0);
      below += paired_p_value({series}, paired_deviations(series).largest(), 1e-2, 5) < 0.1 ? 1 : 0;
    }
    EXPECT_NEAR(below, 0.1 * pairs, 4 * std::sqrt(0.09 * pairs)) << trials << " trials";
    if (trials < 16) continue;
    const auto different = series_of(1000, 6.0);
    EXPECT_LT(paired_p_value({different}, paired_deviations(different).largest(), 1e-3, 5), 2e-3);
  }
}

TEST(LineScatter, IsThatOfTheNumberOfNeuronsInTheBand) {
  // Without coupling, by hand: every neuron of a sample that fires in the band contributes one line of the power nu^2.
  auto m = figure1(4000, model::Sampling::random, 0.0);
  const auto point = mean_field::selected_state(m).point;
  const double low = 0.6;
  const double high = 0.7;  // no second harmonic from below but of neurons at 0.3..0.35, third at 0.2..0.233, ..
  const auto got = line_scatter(m, point, {0}, {low}, {high}, {1.0});
  const auto sum = [&](int power) {
    double result = 0.0;
    const std::size_t samples = 400'000;
    for (std::size_t j = 0; j < samples; ++j) {
      const double eta = std::tan(3.141592653589793 * (uniform(1, j) - 0.5));
      const double nu = eta > 0.0 ? std::sqrt(eta) / 3.141592653589793 : 0.0;
      double weight = 0.0;
      for (int k = 1; nu > 0.0 && k * nu <= high && k < 1000; ++k) weight += k * nu >= low ? nu * nu : 0.0;
      result += std::pow(weight, power) / static_cast<double>(samples);
    }
    return result;
  };
  EXPECT_NEAR(got[0], sum(2) / std::pow(sum(1), 2) / 4000.0, 0.05 * got[0]);
  EXPECT_NEAR(got[1], got[0], 1e-12);  // all bands together: one band
}

TEST(StartUp, IsNotedWhereTheSlowestModeOutlastsTransientOrTrial) {
  // The mode that lives 5000 tau.
  auto m = figure1(10000, model::Sampling::random, 12.0);
  m.populations[0].heterogeneity = model::Gaussian{-1.0, 1.5};
  m.simulation.duration = 300.0;
  m.simulation.transient = 20.0;
  const auto note = start_up_note(m, mean_field::selected_state(m));
  ASSERT_TRUE(note.has_value());
  EXPECT_NE(note->find("decays in 5.17e+03"), std::string::npos) << *note;
  m.simulation.transient = 20'000.0;
  m.simulation.duration = 6000.0;
  EXPECT_FALSE(start_up_note(m, mean_field::selected_state(m)).has_value());
  const auto quick = figure1();
  EXPECT_FALSE(start_up_note(quick, mean_field::selected_state(quick)).has_value());
}

/// Exits at a constant rate, in trials of 1000 of which half start in either state; only the high one is left.
SizedTrials exits_of(double first, double second, std::size_t trials) {
  SizedTrials sized;
  std::uint64_t i = 0;
  for (const double mean : {first, second}) {
    auto& level = sized.trials.at(mean == first && sized.trials[0].empty() ? 0 : 1);
    for (std::size_t t = 0; t < trials; ++t) {
      TrialExits one;
      if (t % 2 == 1) {
        const double left = -mean * std::log(uniform(9, i++));
        one.exits[1] = left < 1000.0 ? 1.0 : 0.0;
        one.time[1] = std::min(left, 1000.0);
      }
      level.push_back(one);
    }
  }
  return sized;
}

TEST(SwitchingVerdict, KnowsEqualUnequalAndTooFew) {
  const auto judged = [](double first, double second, std::size_t trials) {
    Switching result;
    result.sizes = {5000};
    result.trials = trials;
    result.itself = {0};
    result.levels.resize(2);
    judge_switching(result, {exits_of(first, second, trials)}, figure1(5000), 1e-3);
    return result.judgement;
  };
  const auto few = judged(300.0, 300.0, 16);
  EXPECT_EQ(few.verdict, Verdict::inconclusive) << few.reason;
  EXPECT_GT(few.trials_needed, 100U);
  const auto equal = judged(300.0, 300.0, 1000);
  EXPECT_EQ(equal.verdict, Verdict::agree) << equal.reason;
  const auto unequal = judged(5000.0, 100.0, 40);
  EXPECT_EQ(unequal.verdict, Verdict::disagree) << unequal.reason;
  EXPECT_EQ(judged(1e9, 1e9, 16).verdict, Verdict::inconclusive) << "no state was left";
}

}  // namespace
}  // namespace popshot::comparison
