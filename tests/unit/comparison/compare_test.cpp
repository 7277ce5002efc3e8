// Bands, verdicts and labelled arrays of a comparison; its agreement with theory is tested in levels/.
#include "popshot/comparison/compare.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "popshot/core/error.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

using testing_support::figure1;

std::vector<double> bins(double spacing, std::size_t count) {
  std::vector<double> frequency(count);
  for (std::size_t m = 0; m < count; ++m) frequency[m] = spacing * static_cast<double>(m);
  return frequency;
}

TEST(Bands, CoverTheRangeWithoutGapsOrOverlaps) {
  model::SpectrumSettings settings;  // 0.3 .. 12 in 12 bands
  for (const double spacing : {0.01, 0.05, 0.2}) {
    const auto frequency = bins(spacing, static_cast<std::size_t>(25.0 / spacing));
    const auto bands = make_bands(settings, frequency);
    EXPECT_LE(bands.size(), 12U);
    EXPECT_GE(frequency[bands.front().first], 0.3 - 1e-12);
    EXPECT_LT(frequency[bands.front().first], 0.3 + spacing);
    EXPECT_NEAR(frequency[bands.back().last], 12.0, spacing);
    for (std::size_t b = 0; b < bands.size(); ++b) {
      EXPECT_GE(bands[b].last, bands[b].first + 1);  // two bins at least
      EXPECT_DOUBLE_EQ(bands[b].low, frequency[bands[b].first] - spacing / 2);
      if (b > 0) {
        EXPECT_EQ(bands[b].first, bands[b - 1].last + 1);
      }
    }
  }
}

TEST(Bands, AreRefusedWhereThereAreNoBins) {
  model::SpectrumSettings settings;
  settings.frequency_min = 0.31;
  settings.frequency_max = 0.34;
  EXPECT_THROW((void)make_bands(settings, bins(0.05, 200)), InputError);
}

TEST(CurveFrequencies, AreEvenlySpacedInTheLogarithm) {
  const auto frequency = curve_frequencies({}, 5);
  EXPECT_NEAR(frequency.front(), 0.1, 1e-12);
  EXPECT_NEAR(frequency.back(), 12.0, 1e-12);
  EXPECT_NEAR(frequency[2] / frequency[1], frequency[1] / frequency[0], 1e-12);
}

model::Model quick() {
  auto m = figure1(500);
  m.simulation.duration = 60.0;
  m.spectrum.trials = 3;
  return m;
}

TEST(Compare, RefusesWhatTheoryCannotDo) {
  auto m = quick();
  m.stimuli.push_back({0, model::StepCurrent{1.0, 0.0, 1.0}});
  EXPECT_THROW((void)compare(m, Settings{}), InputError);
  m = quick();
  m.simulation.duration = 5.0;
  EXPECT_THROW((void)compare(m, Settings{}), InputError);
  auto other = quick();
  other.populations[0].name = "other";
  EXPECT_THROW((void)compare(quick(), other, Settings{}), InputError);
}

TEST(Compare, StoppedBeforeATrialHasEndedThrows) {
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW((void)compare(quick(), Settings{}, {.threads = 1, .stop = source.get_token()}), Stopped);
}

TEST(Compare, ProgressGrowsToTheEndAndStopsAtWhatIsFinished) {
  // Theory is part of it: it is not at its end when the last simulation is.
  std::vector<double> fractions;
  std::vector<std::string> phases;
  Execution execution{.threads = 1};
  execution.progress = [&](double fraction) { fractions.push_back(fraction); };
  execution.phase = [&](const Phase& phase) { phases.emplace_back(phase.name); };
  (void)compare(quick(), Settings{}, execution);
  ASSERT_FALSE(fractions.empty());
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
  EXPECT_LT(fractions.back(), 1.0);
  EXPECT_GT(fractions.back(), 0.5);
  EXPECT_EQ(phases, (std::vector<std::string>{"searching stationary states", "theory", "trials", "trials"}));

  std::stop_source source;
  execution.stop = source.get_token();
  execution.progress = [&](double fraction) {
    if (fraction > 0.5) source.request_stop();
  };
  const auto result = compare(quick(), Settings{}, execution);
  EXPECT_GE(result.trials, 1U);
  EXPECT_LT(result.trials, 3U);
}

TEST(Compare, HoldsWhatItsLabelledArraysSay) {
  const auto result = compare(quick(), Settings{}, {.threads = 2});
  const auto data = to_dataset(result, "ms");
  EXPECT_EQ(data.dimension("band"), result.bands.size());
  EXPECT_EQ(data.dimension("estimate_frequency"), result.network->estimate.size());
  EXPECT_EQ(std::get<std::vector<double>>(data.find("band_ratio")->values)[3], result.network->band[0][3].ratio.value);
  EXPECT_EQ(data.find("estimate_psd")->units, "Hz");
  for (const auto& variable : data.variables) EXPECT_FALSE(variable.long_name.empty()) << variable.name;
}

}  // namespace
}  // namespace popshot::comparison
