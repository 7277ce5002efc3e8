// Subpopulations as populations of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "popshot/core/error.hpp"
#include "popshot/model/model.hpp"

namespace popshot::model {
namespace {

/// e (800, with the parts a of 200 and b of 50) and i (100, with the part c of 30).
Model with_parts() {
  Model model;
  model.populations.resize(2);
  model.populations[0].name = "e";
  model.populations[0].size = 800;
  model.populations[0].tau = 2.0;
  model.populations[0].heterogeneity = Gaussian{0.3, 0.7};
  model.populations[0].noise = CauchyNoise{0.2};
  model.populations[1].name = "i";
  model.populations[1].size = 100;
  model.subpopulations = {{"a", 0, 200}, {"c", 1, 30}, {"b", 0, 50}};
  model.stimuli = {{0, ConstantCurrent{1.5}}, {1, StepCurrent{1.0, 0.0, 2.0}}};
  // e -> i; a -> e; i -> i.
  model.projections = {{0, 1, 4.0, 0.3, {0.1, 0.2}}, {2, 0, 3.0}, {1, 1, -6.0}};
  return model;
}

TEST(SplitSubpopulations, KeepsAllNeurons) {
  const Model split = split_subpopulations(with_parts());
  ASSERT_EQ(split.populations.size(), 5U);
  EXPECT_TRUE(split.subpopulations.empty());
  const std::vector<std::string> names{"e", "i", "a", "c", "b"};
  const std::vector<std::int64_t> sizes{550, 70, 200, 30, 50};
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_EQ(split.populations[k].name, names[k]);
    EXPECT_EQ(split.populations[k].size, sizes[k]);
  }
  EXPECT_EQ(split.populations[0].part_of, std::nullopt);
  EXPECT_EQ(split.populations[2].part_of, std::optional<std::size_t>(0));
  EXPECT_EQ(split.populations[3].part_of, std::optional<std::size_t>(1));
  EXPECT_EQ(split.populations[4].tau, 2.0);
  EXPECT_EQ(std::get<Gaussian>(split.populations[4].heterogeneity).standard_deviation, 0.7);
  EXPECT_EQ(std::get<CauchyNoise>(split.populations[2].noise).width, 0.2);
}

/// The size of the kick that one spike of a neuron of `from` gives to every neuron of `to`.
double kick(const Model& model, std::size_t from, std::size_t to) {
  double sum = 0.0;
  for (const auto& one : model.projections) {
    if (one.from == from && one.to == to) sum += one.weight / static_cast<double>(model.populations[from].size);
  }
  return sum;
}

TEST(SplitSubpopulations, KeepsWhatEverySpikeDoes) {
  const Model split = split_subpopulations(with_parts());
  constexpr std::size_t e = 0, i = 1, a = 2, c = 3, b = 4;
  for (const std::size_t from : {e, a, b}) {
    for (const std::size_t to : {i, c}) EXPECT_NEAR(kick(split, from, to), 4.0 / 800, 1e-16);
  }
  // Only the spikes of `a` go to e; they reach all of its neurons.
  for (const std::size_t to : {e, a, b}) {
    EXPECT_NEAR(kick(split, a, to), 3.0 / 200, 1e-16);
    EXPECT_EQ(kick(split, e, to), 0.0);
    EXPECT_EQ(kick(split, b, to), 0.0);
    EXPECT_EQ(kick(split, i, to), 0.0);
  }
  for (const std::size_t from : {i, c}) {
    for (const std::size_t to : {i, c}) EXPECT_NEAR(kick(split, from, to), -6.0 / 100, 1e-16);
  }
  for (const auto& one : split.projections) {
    const bool from_e = one.from != i && one.from != c;
    const bool to_i = one.to == i || one.to == c;
    EXPECT_EQ(one.delay, from_e && to_i ? 0.3 : 0.0);
    EXPECT_EQ(one.synapse.decay, from_e && to_i ? 0.2 : 0.0);
  }
}

TEST(SplitSubpopulations, ReportsWholesAndParts) {
  const Model split = split_subpopulations(with_parts());
  const auto reported = outputs(split);
  ASSERT_EQ(reported.size(), 5U);
  EXPECT_EQ(reported[0].name, "e");
  EXPECT_THAT(reported[0].parts, testing::UnorderedElementsAre(0, 2, 4));
  EXPECT_EQ(output_size(split, reported[0]), 800);
  EXPECT_THAT(reported[1].parts, testing::UnorderedElementsAre(1, 3));
  EXPECT_EQ(output_size(split, reported[1]), 100);
  EXPECT_EQ(reported[3].name, "c");
  EXPECT_THAT(reported[3].parts, testing::ElementsAre(3));
  EXPECT_EQ(output_size(split, reported[3]), 30);
}

TEST(SplitSubpopulations, LetsPartsReceiveTheStimuli) {
  const Model split = split_subpopulations(with_parts());
  for (const std::size_t k : {0U, 2U, 4U}) {
    EXPECT_EQ(constant_current(split, k), 1.5);
    EXPECT_EQ(current_integral(split, k, 0.0, 1.0), 0.0);
  }
  for (const std::size_t k : {1U, 3U}) {
    EXPECT_EQ(constant_current(split, k), 0.0);
    EXPECT_EQ(current_integral(split, k, 0.0, 1.0), 1.0);
  }
}

TEST(SplitSubpopulations, StartsPartsAsTheirPopulation) {
  Model model = with_parts();
  model.simulation.start = LorentzianStart{PerPopulation(std::vector<double>{1.0, 2.0}), -3.0};
  const Model split = split_subpopulations(model);
  const auto& start = std::get<LorentzianStart>(split.simulation.start);
  for (std::size_t k = 0; k < split.populations.size(); ++k) {
    EXPECT_EQ(start.rate.of(k), split.populations[k].part_of.value_or(k) == 0 ? 1.0 : 2.0) << k;
    EXPECT_EQ(start.voltage.of(k), -3.0);
  }
}

TEST(SplitSubpopulations, LeavesModelsWithoutThemAlone) {
  Model model = with_parts();
  model.subpopulations.clear();
  model.projections.erase(model.projections.begin() + 1);
  const Model same = split_subpopulations(model);
  EXPECT_EQ(same.populations.size(), 2U);
  EXPECT_EQ(same.projections.size(), 2U);
  EXPECT_TRUE(same.outputs.empty());
  ASSERT_EQ(outputs(same).size(), 2U);
  EXPECT_EQ(outputs(same)[1].parts, std::vector<std::size_t>{1});
  const Model split = split_subpopulations(with_parts());
  EXPECT_EQ(split_subpopulations(split).populations.size(), split.populations.size()) << "split already";
}

std::string error_of(const Model& model) {
  try {
    (void)split_subpopulations(model);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(SplitSubpopulations, RefusesWhatItCannotSplit) {
  Model model = with_parts();
  model.subpopulations[2].size = 600;
  EXPECT_THAT(error_of(model), testing::HasSubstr("'b': there is no neuron of population 'e' outside"));
  model = with_parts();
  model.populations[1].sampling = Sampling::quantile;
  EXPECT_THAT(error_of(model), testing::HasSubstr("population 'i' is sampled on quantiles"));
  model = with_parts();
  model.populations[0].raster.count = 3;
  EXPECT_THAT(error_of(model), testing::HasSubstr("population 'e' is recorded in a raster"));
}

}  // namespace
}  // namespace popshot::model
