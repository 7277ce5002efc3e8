// popshot switching: residence times of a bistable model over a range of sizes.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>

#include "common.hpp"
#include "popshot/comparison/switching.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
#include "run_time.hpp"
#include "units.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  RunOptions run;
  std::vector<std::int64_t> sizes;
  std::string level = "both";
  std::optional<std::int64_t> trials;
  std::optional<double> duration;
  double false_alarm = 1e-3;
};

constexpr std::array state_names{"low", "high"};

ordered_json tabulate(const model::Model& model, const comparison::Switching& result) {
  const RateUnit unit = rate_unit(model.time_unit);
  ordered_json table{{"model", model.name},
                     {"finished", result.finished},
                     {"rate_unit", unit.name},
                     {"rates",
                      {{"low", unit.factor * result.rate[0]},
                       {"saddle", unit.factor * result.rate[1]},
                       {"high", unit.factor * result.rate[2]}}}};
  table["relaxation_time"] = {{"low", result.relaxation[0]}, {"high", result.relaxation[1]}};
  if (result.judged()) {
    const auto& judgement = result.judgement;
    table["verdict"] = comparison::verdict_name(judgement.verdict);
    table["reason"] = judgement.reason;
    table["p_value"] = judgement.p_value;
    table["detectable_factor"] = number(judgement.detectable_total);
    table["trials_needed"] = judgement.trials_needed;
    table["notes"] = result.notes;
  }
  table["levels"] = ordered_json::array();
  for (const auto& level : result.levels) {
    ordered_json entry{{"level", level.name}};
    for (std::size_t state = 0; state < 2; ++state) {
      ordered_json rows = ordered_json::array();
      for (std::size_t i = 0; i < result.sizes.size(); ++i) {
        const auto& r = level.residence[i][state];
        rows.push_back({{"size", result.sizes[i]},
                        {"mean", number(r.mean)},
                        {"low", r.low},
                        {"high", number(r.high)},
                        {"exits", r.exits},
                        {"ageing", r.ageing},
                        {"early_exits", r.early_exits},
                        {"time", r.time}});
      }
      const auto& fit = level.fit[state];
      entry[state_names[state]] = {{"residence", rows},
                                   {"slope", fit.slope},
                                   {"slope_error", fit.slope_error},
                                   {"intercept", fit.intercept},
                                   {"chi_squared", fit.chi_squared},
                                   {"points", fit.points}};
    }
    table["levels"].push_back(std::move(entry));
  }
  return table;
}

void print(const model::Model& model, const comparison::Switching& result) {
  const RateUnit unit = rate_unit(model.time_unit);
  std::cout << fmt::format(
      "{}: mean residence times in {} and their 95 % confidence intervals; states at rate {:.4f} "
      "(low) and {:.4f} (high), saddle at {:.4f} {}\n",
      model.name, model.time_unit, unit.factor * result.rate[0], unit.factor * result.rate[2],
      unit.factor * result.rate[1], rate_unit_text(model.time_unit));
  bool ages = false;
  for (std::size_t state = 0; state < 2; ++state) {
    for (const auto& level : result.levels) {
      for (const auto& row : level.residence) ages = ages || row[state].ageing < 0.01;
    }
    std::cout << fmt::format("\nin the {} state\n{:>10}", state_names[state], "N");
    for (const auto& level : result.levels) std::cout << fmt::format("   {:^38}", level.name);
    std::cout << '\n';
    for (std::size_t i = 0; i < result.sizes.size(); ++i) {
      std::cout << fmt::format("{:>10}", result.sizes[i]);
      for (const auto& level : result.levels) {
        const auto& r = level.residence[i][state];
        std::cout << "   "
                  << (r.time > 0.0 ? fmt::format("{:>8.4g} ({:>8.3g} .. {:>8.3g}) {:>5} exits{}{}", r.mean, r.low,
                                                 r.high, r.exits, r.ageing < 0.01 ? "*" : " ",
                                                 r.early_exits > 0 ? fmt::format(" + {}", r.early_exits) : "")
                                   : fmt::format("{:^38}", r.early_exits > 0 ? "left at once" : "never entered"));
      }
      std::cout << '\n';
    }
    for (const auto& level : result.levels) {
      const auto& fit = level.fit[state];
      if (fit.points < 2) continue;
      std::cout << fmt::format(
          "{:>10}: log(mean time) = {:.2f} + N x ({:.3g} +- {:.1g}), chi^2 per degree of freedom {:.1f}\n", level.name,
          fit.intercept, fit.slope, fit.slope_error, fit.chi_squared);
    }
  }
  bool early = false;
  for (const auto& level : result.levels) {
    for (const auto& row : level.residence) early = early || row[0].early_exits + row[1].early_exits > 0;
  }
  if (early) {
    std::cout << fmt::format(
        "+ n: n trials fell off their start within the slowest relaxation time ({:.3g} in the low, {:.3g} in the high "
        "state): no escape, not counted\n",
        result.relaxation[0], result.relaxation[1]);
  }
  if (ages) {
    std::cout
        << "* too few exits in the second half of the trials for a constant rate (probability below 0.01): left early "
           "or never, so that the mean is not that of an exponential law\n";
  }
  for (const auto& note : result.notes) std::cout << "note: " << note << '\n';
  if (result.judged()) {
    std::cout << fmt::format("network and mesoscopic model: {}: {}\n", verdict_text(result.judgement.verdict),
                             result.judgement.reason);
  }
}

/// "network and mesoscopic model", or the one that ran.
std::string levels_in_words(const std::vector<std::string>& levels) {
  std::string words;
  for (const auto& level : levels) {
    words += fmt::format("{}{}", words.empty() ? "" : " and ", level == "mesoscopic" ? "mesoscopic model" : level);
  }
  return words;
}

int run(const Options& options, const Invocation& invocation) {
  auto overrides = options.model.overrides();
  if (options.trials) overrides.push_back(fmt::format("spectrum.trials={}", *options.trials));
  if (options.duration) overrides.push_back(fmt::format("simulation.duration={}", *options.duration));
  const auto file = options.model.read(options.run, overrides);
  const auto& model = file.model;
  if (!options.run.output.empty()) io::require_writable(options.run.output);
  auto sizes = options.sizes;
  if (sizes.empty()) sizes.push_back(model.populations.front().size);
  std::vector<std::string> levels{"network", "mesoscopic"};
  if (options.level != "both") levels = {options.level};
  double work = 0.0;
  for (const auto& level : levels) {
    for (const auto size : sizes) work += comparison::switching_work(model, size, level);
  }
  comparison::RunPlan plan{.network = options.level != "mesoscopic",
                           .mesoscopic = options.level != "network",
                           .trials = static_cast<std::size_t>(model.spectrum.trials),
                           .scale = {}};
  for (const auto size : sizes) {
    plan.scale.push_back(static_cast<double>(size) / static_cast<double>(model.populations.front().size));
  }
  note_run_time(model, plan, options.run);
  comparison::Switching result;
  {
    ProgressBar bar("switching", work, "neuron-steps", options.run.quiet);
    const auto execution = options.run.execution(bar);
    result = comparison::switching(model, sizes, levels, execution, options.false_alarm);
  }
  options.run.print(file, tabulate(model, result), [&] { print(model, result); });
  options.run.save(comparison::to_dataset(result, model.time_unit), file, levels_in_words(levels), invocation);
  if (!result.finished) return options.run.interruption->exit_code();
  return result.judged() ? exit_code_of(result.judgement.verdict) : done;
}

}  // namespace

void add_switching(CLI::App& app, const Invocation& invocation, int& exit_code) {
  auto* command =
      app.add_subcommand("switching", "mean residence times of a bistable model in its two states, against size");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, invocation, "residence times and fits");
  command
      ->add_option("--sizes", options->sizes,
                   "sizes of the first population, N,N,.. (default: that of the model); the others in proportion")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{1'000'000'000}).description("2 .. 1e9"));
  take_words(*command->add_option("--level", options->level, "levels of description (default: both)"),
             {"network", "mesoscopic", "both"});
  command->add_option("--trials", options->trials,
                      "number of trials per size, half from each state; the same as --set spectrum.trials=N");
  command
      ->add_option("--false-alarm", options->false_alarm,
                   "probability of calling equal levels different, over the whole table (default: 0.001)")
      ->check(CLI::Range(1e-12, 0.5).description("1e-12 .. 0.5"));
  command->add_option("--duration", options->duration,
                      "time of each (default: chosen from the model); the same as --set simulation.duration=T");
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
