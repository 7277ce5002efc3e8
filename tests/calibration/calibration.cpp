// How often equal levels are called different, and different ones found out: pairs of networks with different seeds,
// through the whole of `compare`. Prints a Markdown table for docs/validation.md; `popshot_calibration [PAIRS]`.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/core/parallel.hpp"
#include "support/models.hpp"

namespace {

using namespace popshot;

/// The p-values of one comparison: of theory, of the levels against each other, of all.
struct PValues {
  double theory = 1.0;
  double levels = 1.0;
  double all = 1.0;
};

/// The network of Fig. 1, made small and short.
model::Model in_bands(model::Sampling sampling) {
  auto m = testing_support::figure1(2000, sampling);
  m.simulation.duration = 60.0;
  m.simulation.transient = 10.0;
  m.simulation.time_step = 0.04;
  m.simulation.record_interval = 0.08;
  m.spectrum.frequency_min = 0.45;  // below, networks of this size have the second order
  m.spectrum.frequency_max = 4.0;
  m.spectrum.resolution = 0.1;
  m.spectrum.bands = 6;
  return m;
}

/// A step of the input, seen over time.
model::Model over_time() {
  auto m = testing_support::figure1(500);
  m.simulation.duration = 12.0;
  m.simulation.transient = 10.0;
  m.simulation.time_step = 0.04;
  m.simulation.record_interval = 0.04;
  m.stimuli.push_back({0, model::StepCurrent{5.0, 4.0, 8.0}});
  return m;
}

PValues compare_bands(model::Model m, double factor) {
  // Theory of N/factor neurons has `factor` times the power.
  auto theory = m;
  for (auto& population : theory.populations) {
    population.size = static_cast<std::int64_t>(static_cast<double>(population.size) / factor + 0.5);
  }
  comparison::Settings settings;
  settings.twin = factor;
  settings.at = comparison::At::infinite;
  const auto result = factor == 1.0 ? comparison::compare(m, comparison::Settings{.twin = 1.0}, {.threads = 1})
                                    : comparison::compare(m, theory, settings, {.threads = 1});
  const auto& judgement = result.judgement;
  return {judgement.p_value_of_theory, judgement.p_value_of_levels, judgement.p_value};
}

PValues compare_times(const model::Model& m, double factor) {
  const double p = comparison::compare_transient(m, 1e-3, {.threads = 1}, factor).judgement.p_value;
  return {1.0, p, p};
}

std::vector<PValues> of_pairs(model::Model m, std::size_t pairs, double factor,
                              const std::function<PValues(const model::Model&, double)>& compare) {
  std::vector<PValues> result(pairs);
  for_each_parallel(pairs, {}, [&](std::size_t i) {
    auto one = m;
    one.simulation.seed = 1000 + 2 * i;
    result[i] = compare(one, factor);
  });
  return result;
}

std::string percent(const std::vector<PValues>& values, double level, double PValues::*part) {
  // Over time theory is not judged.
  if (std::all_of(values.begin(), values.end(), [&](const auto& value) { return value.*part == 1.0; })) return "-";
  std::size_t below = 0;
  for (const auto& value : values) below += value.*part < level ? 1 : 0;
  return fmt::format("{:.1f}", 100.0 * static_cast<double>(below) / static_cast<double>(values.size()));
}

}  // namespace

int main(int argc, char** argv) {
  const auto pairs = static_cast<std::size_t>(argc > 1 ? std::atoi(argv[1]) : 200);
  struct Case {
    std::string name;
    model::Model model;
    std::function<PValues(const model::Model&, double)> compare;
  };
  const std::vector<Case> cases{{"bands, random eta", in_bands(model::Sampling::random), compare_bands},
                                {"bands, quantile eta", in_bands(model::Sampling::quantile), compare_bands},
                                {"over time", over_time(), compare_times}};
  std::cout
      << "| case | trials | theory, p < 0.05 | levels, p < 0.05 | all, p < 0.05 | p < 0.5 | factor 1.2 | 1.5 | 2 |\n"
         "|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& one : cases) {
    for (const int trials : {4, 8, 16, 32, 64}) {
      auto m = one.model;
      m.spectrum.trials = trials;
      const auto null = of_pairs(m, pairs, 1.0, one.compare);
      std::string power;
      for (const double factor : {1.2, 1.5, 2.0}) {
        power += fmt::format(" | {}", percent(of_pairs(m, (pairs + 3) / 4, factor, one.compare), 0.001, &PValues::all));
      }
      std::cout << fmt::format("| {} | {} | {} | {} | {} | {}{} |\n", one.name, trials,
                               percent(null, 0.05, &PValues::theory), percent(null, 0.05, &PValues::levels),
                               percent(null, 0.05, &PValues::all), percent(null, 0.5, &PValues::all), power)
                << std::flush;
    }
  }
  return 0;
}
