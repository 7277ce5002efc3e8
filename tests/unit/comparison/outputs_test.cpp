// Outputs of several populations, and cross-spectra in comparisons.
#include "popshot/comparison/outputs.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "popshot/analysis/welch.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

model::Model with_part(std::int64_t size, std::int64_t part) {
  auto model = testing_support::figure1(size);
  model.subpopulations = {{"part", 0, part}};
  return model::split_subpopulations(model);
}

TEST(Outputs, AreSharesOfTheirPopulations) {
  const auto model = with_part(1000, 250);
  const Eigen::MatrixXd matrix = output_matrix(model);
  ASSERT_EQ(matrix.rows(), 2);
  EXPECT_DOUBLE_EQ(matrix(0, 0), 0.75);
  EXPECT_DOUBLE_EQ(matrix(0, 1), 0.25);
  EXPECT_DOUBLE_EQ(matrix(1, 0), 0.0);
  EXPECT_DOUBLE_EQ(matrix(1, 1), 1.0);
  EXPECT_EQ(output_names(model), (std::vector<std::string>{"qif", "part"}));
  Activity activity;
  activity.rate = {{1.0, 2.0}, {3.0, 6.0}};
  const auto mixed = output_activity(model, activity);
  EXPECT_EQ(mixed.rate, (std::vector<std::vector<double>>{{1.5, 3.0}, {3.0, 6.0}}));
}

TEST(Outputs, WithoutSubpopulationsAreThePopulations) {
  const auto model = testing_support::figure1();
  EXPECT_EQ(output_matrix(model), Eigen::MatrixXd::Identity(1, 1));
  Activity activity;
  activity.rate = {{1.0, 2.0}};
  EXPECT_EQ(output_activity(model, activity).rate, activity.rate);
}

TEST(OutputSpectra, OfAWholePopulationAreThoseOfItsModel) {
  const auto whole = testing_support::figure1(1000);
  const auto split = with_part(1000, 250);
  const std::vector<double> frequency{0.3, 0.72, 2.0};
  const auto of_whole = theory::shot_noise(whole, mean_field::selected_state(whole).point, frequency);
  const auto of_split =
      output_spectra(split, theory::shot_noise(split, mean_field::selected_state(split).point, frequency));
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    EXPECT_NEAR(of_split.total.density[i](0, 0).real(), of_whole.total.density[i](0, 0).real(), 1e-14);
    // The part is in the whole: without coupling their cross-spectrum is that of the whole.
    EXPECT_NEAR(of_split.uncoupled.density[i](0, 1).real(), of_whole.uncoupled.density[i](0, 0).real(), 1e-14);
  }
}

TEST(ThroughWindow, KeepsACommonPartAtHighFrequencies) {
  // Two series with the common white part 0.3: their cross-spectrum is white, aliases included.
  Eigen::MatrixXd limit(2, 2);
  limit << 1.0, 0.3, 0.3, 0.5;
  const auto theory = [&](const std::vector<double>& f) {
    return std::vector<Eigen::MatrixXcd>(f.size(), limit.cast<std::complex<double>>());
  };
  const auto expected = analysis::through_window(theory, limit, 0.02, 60).spectrum;
  for (const auto& density : expected.density) EXPECT_LT((density - limit.cast<std::complex<double>>()).norm(), 1e-12);
}

TEST(CrossSpectra, AreComparedBandByBand) {
  auto model = with_part(2000, 500);
  model.simulation.duration = 60.0;
  model.spectrum.trials = 40;
  model.mesoscopic.ensemble_size = 64;  // so that no output is the network itself
  const auto result = compare(model, {});
  EXPECT_EQ(result.judgement.verdict, Verdict::agree) << result.judgement.reason;
  ASSERT_EQ(result.network->pair.size(), 1U);
  const auto& pair = result.network->pair[0];
  EXPECT_EQ(pair.first, 0U);
  EXPECT_EQ(pair.second, 1U);
  ASSERT_EQ(pair.band.size(), result.bands.size());
  // 2 outputs: bands, variance and rate of both levels against theory, bands and rate of the levels; pairs: 2 numbers.
  const std::size_t bands = result.bands.size();
  EXPECT_EQ(result.judgement.comparisons, 2 * (2 * (bands + 2) + bands + 1) + 3 * 2 * bands);
  ASSERT_EQ(result.worst.size(), 5U);
  for (std::size_t i = 1; i < result.worst.size(); ++i) {
    EXPECT_GE(std::abs(result.worst[i - 1].sigma), std::abs(result.worst[i].sigma));
  }
  // At high frequencies a quarter of the neurons shares a quarter of the power: coherence 1/4, phase 0.
  const auto& last = pair.band.back();
  EXPECT_NEAR(last.coherence_b, 0.25, 0.02);
  EXPECT_NEAR(last.coherence_a, 0.25, 4.0 * last.coherence_error + 0.02);
  EXPECT_NEAR(last.phase_a, 0.0, 4.0 * last.phase_error);
}

TEST(CrossSpectra, OfAWrongTheoryAreFoundOut) {
  // The theory has the second population driven in place of the first.
  model::Model model = testing_support::figure1(3000);
  model.populations.push_back(model.populations[0]);
  model.populations[1].name = "other";
  model.projections.push_back({0, 1, 8.0});
  model.simulation.duration = 100.0;
  model.spectrum.trials = 8;
  auto wrong = model;
  wrong.projections[1].delay = 0.3;  // the same power, another phase
  Settings settings;
  settings.mesoscopic = false;
  const auto result = compare(model, wrong, settings);
  EXPECT_EQ(result.judgement.verdict, Verdict::disagree);
  EXPECT_NE(result.worst.front().what.find("cross-spectrum"), std::string::npos) << result.worst.front().what;
  EXPECT_NE(compare(model, settings).judgement.verdict, Verdict::disagree);
}

}  // namespace
}  // namespace popshot::comparison
