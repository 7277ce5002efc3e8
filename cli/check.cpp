// popshot check: what the model is.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <numbers>

#include "common.hpp"
#include "describe.hpp"
#include "popshot/mean_field/stationary.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

ordered_json describe_state(const mean_field::StationaryState& state) {
  ordered_json entry;
  entry["stable"] = state.stable();
  entry["rate"] = std::vector<double>(state.point.rate.begin(), state.point.rate.end());
  entry["voltage"] = std::vector<double>(state.voltage.begin(), state.voltage.end());
  for (const auto& value : state.eigenvalues) entry["eigenvalues"].push_back({value.real(), value.imag()});
  entry["resonances"] = ordered_json::array();
  for (const auto& value : state.eigenvalues) {
    if (value.imag() > 0.0) entry["resonances"].push_back(value.imag() / (2.0 * std::numbers::pi));
  }
  return entry;
}

ordered_json tabulate(const model::Model& model, const mean_field::StationaryStates& states) {
  ordered_json table;
  table["model"] = model.name;
  table["time_unit"] = model.time_unit;
  for (const auto& population : model.populations) {
    ordered_json entry{{"name", population.name}, {"size", population.size}, {"tau", population.tau}};
    if (const auto* g = std::get_if<model::Lorentzian>(&population.heterogeneity)) {
      entry["center"] = g->center;
      entry["half_width"] = g->half_width;
    }
    entry["heterogeneity"] = parameters(population.heterogeneity);
    entry["noise"] = describe(population.noise);
    entry["sampling"] = population.sampling == model::Sampling::random ? "random" : "quantile";
    table["populations"].push_back(std::move(entry));
  }
  table["outputs"] = ordered_json::array();
  for (const auto& output : outputs(model)) {
    table["outputs"].push_back({{"name", output.name}, {"size", output_size(model, output)}});
  }
  table["projections"] = ordered_json::array();
  for (const auto& projection : model.projections) {
    table["projections"].push_back({{"from", model.populations[projection.from].name},
                                    {"to", model.populations[projection.to].name},
                                    {"weight", projection.weight},
                                    {"delay", projection.delay},
                                    {"synapse", describe(projection.synapse)}});
  }
  table["stimuli"] = ordered_json::array();
  for (const auto& stimulus : model.stimuli) {
    table["stimuli"].push_back({{"to", model.populations[stimulus.to].name}, {"current", describe(stimulus)}});
  }
  table["states"] = ordered_json::array();
  for (const auto& state : states.states) table["states"].push_back(describe_state(state));
  table["states_complete"] = states.complete;
  table["network_memory_bytes"] = network_memory(model);
  return table;
}

void print(const model::Model& model, const mean_field::StationaryStates& states) {
  std::cout << fmt::format("{}\n", model.name);
  if (!model.description.empty()) std::cout << model.description << '\n';
  std::cout << fmt::format("\n{:<16} {:>12} {:>8}  {:<28} {:<15} {}\n", "population", "size", "tau", "heterogeneity",
                           "noise", "sampling");
  for (const auto& population : model.populations) {
    std::cout << fmt::format("{:<16} {:>12} {:>8g}  {:<28} {:<15} {}{}\n", population.name, population.size,
                             population.tau, describe(population.heterogeneity), describe(population.noise),
                             population.sampling == model::Sampling::random ? "random" : "quantile",
                             population.part_of ? ", part of " + model.populations[*population.part_of].name : "");
  }
  constexpr std::size_t most_lines = 40;
  for (std::size_t i = 0; i < model.projections.size(); ++i) {
    if (i == most_lines) {
      std::cout << fmt::format(".. and {} more projections (all with --json)\n", model.projections.size() - i);
      break;
    }
    const auto& projection = model.projections[i];
    std::cout << fmt::format("{} -> {}: weight {:g}", model.populations[projection.from].name,
                             model.populations[projection.to].name, projection.weight);
    if (projection.synapse.decay > 0.0) std::cout << ", " << describe(projection.synapse);
    if (projection.delay > 0.0) std::cout << fmt::format(", delay {:g}", projection.delay);
    std::cout << '\n';
  }
  for (const auto& stimulus : model.stimuli) {
    std::cout << fmt::format("current into {}: {}\n", model.populations[stimulus.to].name, describe(stimulus));
  }
  std::cout << fmt::format("\n{} stationary state{} of the mean field{} (rates per {}):\n", states.states.size(),
                           states.states.size() == 1 ? "" : "s",
                           states.complete ? ", shown to be all" : "; there may be others", model.time_unit);
  for (const auto& state : states.states) {
    std::cout << fmt::format("  {}\n", state.stable() ? "stable" : "unstable");
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      const auto index = static_cast<Eigen::Index>(k);
      std::cout << fmt::format("    {:<14} rate {:.6f}  voltage {:.6f}\n", model.populations[k].name,
                               state.point.rate(index), state.voltage(index));
    }
    std::size_t shown = 0;
    for (const auto& value : state.eigenvalues) {
      if (value.imag() < 0.0 || ++shown > 10) continue;  // the rightmost; all with --json
      if (value.imag() == 0.0) {
        std::cout << fmt::format("    eigenvalue {:.4f}\n", value.real());
      } else {
        std::cout << fmt::format("    eigenvalues {:.4f} +- {:.4f} i: {} at frequency {:.4f} per {}\n", value.real(),
                                 value.imag(), value.real() < 0.0 ? "resonance" : "growing oscillation",
                                 value.imag() / (2.0 * std::numbers::pi), model.time_unit);
      }
    }
  }
  std::cout << fmt::format("\nmemory of a network simulation: about {:.3g} MB\n", network_memory(model) / 1e6);
}

mean_field::StationaryStates find_states(const RunOptions& run, const model::Model& model) {
  ProgressBar bar("check", 0.0, "", run.quiet);
  const auto execution = run.execution(bar);
  execution.begin({.name = "searching stationary states"});
  return mean_field::stationary_states(model, execution.stop);
}

}  // namespace

void add_check(CLI::App& app, const Invocation& invocation, int& exit_code) {
  struct Options {
    ModelOptions model;
    RunOptions run;
  };
  auto* command =
      app.add_subcommand("check", "what the model is: populations, stationary states, stability, resonances");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, invocation, "");
  command->callback([options, &exit_code] {
    const auto file = options->model.read(options->run);
    const auto states = find_states(options->run, file.model);
    options->run.print(file, tabulate(file.model, states), [&] { print(file.model, states); });
    exit_code = done;
  });
}

}  // namespace popshot::cli
