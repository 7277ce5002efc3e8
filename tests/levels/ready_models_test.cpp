// Every ready model, as `popshot compare` runs it: network, mesoscopic model and theory agree.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/io/model_file.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/theory/time_step.hpp"

namespace popshot::comparison {
namespace {

model::Model ready(const std::string& name, const std::vector<std::string>& overrides) {
  return theory::with_time_step(
      io::read_model(std::string(POPSHOT_MODELS_DIR) + "/" + name + ".toml", overrides).model);
}

struct Ready {
  const char* name;
  std::vector<std::string> overrides;
  double power = 1.2;  ///< the factor that must not hide in the power of all bands together
};
std::ostream& operator<<(std::ostream& stream, const Ready& one) {
  stream << one.name;
  for (const auto& change : one.overrides) stream << ' ' << change;
  return stream;
}

class ReadyModel : public testing::TestWithParam<Ready> {};

TEST_P(ReadyModel, AgreesAtAllLevels) {
  const auto model = ready(GetParam().name, GetParam().overrides);
  const auto result = compare(model, {});
  // Shortened as they are, some leave the weightiest bands open.
  EXPECT_NE(result.judgement.verdict, Verdict::disagree) << result.judgement.reason;
  EXPECT_LT(result.judgement.detectable_total, GetParam().power) << "the test has power";
  for (const char itself : result.itself) EXPECT_EQ(itself, 0) << "two different things are compared";
  EXPECT_EQ(result.populations.size(), outputs(model).size());
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadyModel,
    testing::Values(Ready{"excitatory_inhibitory_synapses", {"simulation.duration=300"}},
                    Ready{"inhibitory_delay_below", {}}, Ready{"two_bistable", {"simulation.duration=100"}},
                    Ready{"two_bistable", {"simulation.duration=100", "simulation.state=lowest"}},
                    Ready{"gaussian", {"simulation.duration=150"}},
                    Ready{"gaussian_noise", {"simulation.duration=100", "spectrum.trials=12"}},
                    Ready{"heterogeneity_and_noise", {"simulation.duration=100", "spectrum.trials=12"}},
                    Ready{"subpopulation", {"simulation.duration=150"}},
                    Ready{"cortical_column", {"simulation.duration=40", "spectrum.trials=8"}, 1.6}),
    [](const auto& one) { return std::string(one.param.name) + "_" + std::to_string(one.index); });

TEST(ReadyModels, WithDelayAboveTheHopfPointDiffusesItsPhase) {
  const auto model = ready("inhibitory_delay_above", {});
  ASSERT_TRUE(needs_transient(model));
  const auto result = compare_transient(model);
  EXPECT_EQ(result.judgement.verdict, Verdict::agree) << result.judgement.reason;
  // The trials start in phase and lose it: their spread grows until it is that of an oscillation of unknown phase.
  const auto largest = [&](double begin, double end) {
    double value = 0.0;
    for (std::size_t i = 0; i < result.time.size(); ++i) {
      if (result.time[i] < begin || result.time[i] >= end) continue;
      value = std::max(value, result.network[0].standard_deviation[i]);
    }
    return value;
  };
  EXPECT_LT(largest(0.0, 5.0), 0.1);
  EXPECT_GT(largest(80.0, 100.0), 0.4);
}

TEST(ReadyModels, OfHeterogeneityAndNoiseShareTheMeanFieldAndNotTheSpectrum) {
  const auto model = ready("heterogeneity_and_noise", {});
  const auto point = mean_field::selected_state(model).point;
  EXPECT_NEAR(point.rate(0), 1.015661, 5e-7);
  EXPECT_NEAR(point.rate(1), point.rate(0), 1e-12);
  const auto spectra = theory::shot_noise(model, point, {0.2}).uncoupled.density[0];
  EXPECT_GT(spectra(1, 1).real(), 10.0 * spectra(0, 0).real());
}

}  // namespace
}  // namespace popshot::comparison
