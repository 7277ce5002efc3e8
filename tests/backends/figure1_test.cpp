// The physics of Fig. 1 of Klinshov & Kirillov (2022) on every instruction set that this machine has: one body, run on
// each.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <string>
#include <vector>

#include "network/kernel.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

std::vector<std::int64_t> targets() {
  std::vector<std::int64_t> each;
  for (std::int64_t left = network::kernel_targets(); left != 0; left &= left - 1) each.push_back(left & -left);
  return each;
}

/// As models/klinshov2022_fig1.toml, a quarter of the trials.
model::Model quarter(model::Sampling sampling) {
  auto m = testing_support::figure1(10'000, sampling);
  m.simulation.duration = 500.0;
  m.simulation.transient = 50.0;
  m.simulation.time_step = 0.02;
  m.spectrum.trials = 8;
  return m;
}

class OnInstructionSet : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override {
    // The proof that it is this one that runs.
    ASSERT_EQ(network::kernel_targets(), GetParam());
    ASSERT_STREQ(network::kernel_target(), hwy::TargetName(GetParam()));
  }

 private:
  network::ChosenTarget chosen_{GetParam()};
};

TEST_P(OnInstructionSet, SpectrumAndMeanRateAgreeWithTheTheory) {
  for (const auto sampling : {model::Sampling::random, model::Sampling::quantile}) {
    const auto result = compare(quarter(sampling), Settings{.mesoscopic = false});
    EXPECT_EQ(result.judgement.verdict, Verdict::agree) << result.judgement.reason;
    EXPECT_GE(result.bands.size(), 12U);
  }
}

TEST_P(OnInstructionSet, AWrongTheoryIsFoundOut) {
  auto wrong = quarter(model::Sampling::random);
  wrong.projections[0].weight = 9.0;
  EXPECT_EQ(compare(quarter(model::Sampling::random), wrong, Settings{.mesoscopic = false}).judgement.verdict,
            Verdict::disagree);
}

TEST_P(OnInstructionSet, MeanRateOfALargeQuantileNetworkIsThatOfItsOperatingPoint) {
  // Large enough for coefficients on lines. 20 time units; ten parts give the error.
  auto m = testing_support::figure1(1 << 18, model::Sampling::quantile);
  m.simulation.transient = 2.0;
  m.simulation.duration = 20.0;
  const auto sample = network::draw_sample(m, 0);
  const auto point = network::start_point(m, sample);
  const auto activity = network::simulate(m, sample, point);
  std::vector<double> parts(10, 0.0);
  const std::size_t length = activity.samples() / parts.size();
  for (std::size_t i = 0; i < length * parts.size(); ++i)
    parts[i / length] += activity.rate[0][i] / static_cast<double>(length);
  const auto estimate = analysis::mean_with_error(parts);
  EXPECT_LT(estimate.error, 3e-4);
  // Seven standard errors of ten parts are as rare as 4 sigma (Student).
  EXPECT_NEAR(estimate.value, point.rate(0), 7.0 * estimate.error);
}

INSTANTIATE_TEST_SUITE_P(Each, OnInstructionSet, testing::ValuesIn(targets()),
                         [](const auto& test) { return std::string(hwy::TargetName(test.param)); });

}  // namespace
}  // namespace popshot::comparison
