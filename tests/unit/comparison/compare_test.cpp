// Bands, verdicts and labelled arrays of a comparison; its agreement with theory is tested in levels/.
#include "popshot/comparison/compare.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

TEST(Compare, StoppedAtOnceDoesNotAgreeAndSaysWhy) {
  std::stop_source source;
  source.request_stop();
  const auto result = compare(quick(), Settings{}, {.threads = 1, .stop = source.get_token()});
  EXPECT_EQ(result.trials, 0U);
  EXPECT_EQ(result.judgement.verdict, Verdict::disagree);
  EXPECT_NE(result.judgement.reason.find("0 of 3 trials"), std::string::npos) << result.judgement.reason;
  EXPECT_EQ(to_dataset(result, "tau").find("psd_total"), nullptr);
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
