// popshot simulate: activity over time, at a level of description.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <numeric>

#include "common.hpp"
#include "describe.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/model/ladder.hpp"
#include "popshot/network/simulate.hpp"
#include "run_time.hpp"
#include "units.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  RunOptions run;
  std::string level = "network";
  std::int64_t trial = 0;
};

ordered_json summarise(const Options& options, const model::Model& model, const Activity& activity) {
  ordered_json table{{"model", model.name}, {"level", options.level}, {"finished", activity.finished}};
  table["recorded_time"] = model::shortest(static_cast<double>(activity.samples()) * activity.interval);
  const auto unit = rate_unit(model.time_unit);
  table["rate_unit"] = unit.name;
  table["populations"] = ordered_json::array();
  const auto names = comparison::output_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto& rate = activity.rate[k];
    const auto n = static_cast<double>(rate.size());
    const double mean = rate.empty() ? 0.0 : std::accumulate(rate.begin(), rate.end(), 0.0) / n;
    double squares = 0.0;
    for (const double value : rate) squares += (value - mean) * (value - mean);
    table["populations"].push_back({{"name", names[k]},
                                    {"mean_rate", unit.factor * mean},
                                    {"standard_deviation", rate.empty() ? 0.0 : unit.factor * std::sqrt(squares / n)}});
  }
  return table;
}

int run(const Options& options, const Invocation& invocation) {
  const auto file = options.model.read(options.run);
  const auto& model = file.model;
  if (!options.run.output.empty()) io::require_writable(options.run.output);
  note_run_time(model,
                {.network = options.level == "network",
                 .mesoscopic = options.level == "mesoscopic",
                 .mean_field = options.level == "mean-field"},
                options.run);
  const bool network = options.level == "network";
  const double steps = (model.simulation.duration + model.simulation.transient) / model.simulation.time_step;
  Activity activity;
  {
    ProgressBar bar("simulate", network ? neuron_steps(model) : steps, network ? "neuron-steps" : "steps",
                    options.run.quiet);
    const auto execution = options.run.execution(bar);
    const auto trial = static_cast<std::uint64_t>(options.trial);
    if (network) activity = network::simulate(model, trial, execution);
    if (options.level == "mesoscopic") activity = mesoscopic::simulate(model, trial, execution);
    if (options.level == "mean-field") activity = mean_field::simulate(model, execution);
  }
  const double recorded = model::shortest(static_cast<double>(activity.samples()) * activity.interval);
  if (!activity.finished) {
    if (activity.samples() == 0) throw Stopped();
    std::cerr << fmt::format("popshot: interrupted at t = {} of {} {}; what was recorded till then is kept\n", recorded,
                             model.simulation.duration, model.time_unit);
  }
  activity = comparison::output_activity(model, std::move(activity));
  auto data = comparison::to_dataset(activity, comparison::output_names(model), model.time_unit);
  auto table = summarise(options, model, activity);
  const std::string ensemble = options.level == "mesoscopic" ? describe_ensemble(model) : "";
  if (!ensemble.empty()) {
    data.attributes.emplace_back("ensemble", ensemble);
    table["ensemble"] = ensemble;
    note_small_ensembles(model, options.run.quiet);
  }
  options.run.save(std::move(data), file, options.level, invocation);
  options.run.print(file, table, [&] {
    std::cout << fmt::format("{}: {} level, {:g} {} recorded{}\n", model.name, options.level,
                             table["recorded_time"].get<double>(), model.time_unit,
                             activity.finished ? "" : " (interrupted)");
    if (!ensemble.empty()) std::cout << "  ensemble: " << ensemble << '\n';
    for (const auto& entry : table["populations"]) {
      std::cout << fmt::format("  {:<16} mean rate {:.6f}  standard deviation {:.6f}  {}\n",
                               entry["name"].get<std::string>(), entry["mean_rate"].get<double>(),
                               entry["standard_deviation"].get<double>(), rate_unit_text(model.time_unit));
    }
  });
  return activity.finished ? done : options.run.interruption->exit_code();
}

}  // namespace

void add_simulate(CLI::App& app, const Invocation& invocation, int& exit_code) {
  auto* command = app.add_subcommand("simulate", "the activity of every population over time");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, invocation, "the activity");
  take_words(*command->add_option("--level", options->level, "level of description (default: network)"),
             {"network", "mesoscopic", "mean-field"});
  command->add_option("--trial", options->trial, "number of the independent trial (default: 0)")
      ->check(CLI::Validator(CLI::NonNegativeNumber).description("at least 0"));
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
