// popshot check: what the model is.
#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <iostream>
#include <memory>
#include <numbers>
#include <utility>
#include <vector>

#include "common.hpp"
#include "describe.hpp"
#include "popshot/comparison/start_up.hpp"
#include "popshot/mean_field/delay_modes.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "units.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

/// A stationary state, and which of its eigenvalues are delay modes.
struct State {
  mean_field::StationaryState state;
  std::vector<bool> delay_mode;
};

struct States {
  std::vector<State> states;
  bool complete = false;
};

States find_states(const RunOptions& run, const model::Model& model) {
  ProgressBar bar("check", 0.0, "", run.quiet);
  const auto execution = run.execution(bar);
  execution.begin({.name = "searching stationary states"});
  auto found = mean_field::stationary_states(model, execution.stop);
  States result{{}, found.complete};
  for (auto& state : found.states) {
    auto delay_mode = mean_field::delay_modes(model, state.point, state.eigenvalues);
    result.states.push_back({std::move(state), std::move(delay_mode)});
  }
  return result;
}

ordered_json describe_state(const State& one, const RateUnit& unit) {
  const auto& state = one.state;
  ordered_json entry;
  entry["stable"] = state.stable();
  entry["rate"] = scaled({state.point.rate.begin(), state.point.rate.end()}, unit);
  entry["voltage"] = std::vector<double>(state.voltage.begin(), state.voltage.end());
  entry["resonances"] = ordered_json::array();
  for (std::size_t i = 0; i < state.eigenvalues.size(); ++i) {
    const auto value = state.eigenvalues[i];
    entry["eigenvalues"].push_back({value.real(), value.imag()});
    entry["delay_modes"].push_back(static_cast<bool>(one.delay_mode[i]));
    if (value.imag() > 0.0 && !one.delay_mode[i]) {
      entry["resonances"].push_back(unit.factor * value.imag() / (2.0 * std::numbers::pi));
    }
  }
  return entry;
}

ordered_json tabulate(const model::Model& model, const States& states) {
  ordered_json table;
  table["model"] = model.name;
  table["time_unit"] = model.time_unit;
  table["rate_unit"] = rate_unit(model.time_unit).name;
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
  for (const auto& state : states.states) {
    table["states"].push_back(describe_state(state, rate_unit(model.time_unit)));
  }
  table["states_complete"] = states.complete;
  table["network_memory_bytes"] = network_memory(model);
  return table;
}

/// The rightmost eigenvalues, all but the delay modes, which come last in one line; all with --json.
void print_modes(const model::Model& model, const State& one) {
  constexpr std::size_t most_lines = 10;
  std::size_t shown = 0;
  std::vector<std::complex<double>> of_delay;
  for (std::size_t i = 0; i < one.state.eigenvalues.size(); ++i) {
    const auto value = one.state.eigenvalues[i];
    if (value.imag() < 0.0) continue;
    if (one.delay_mode[i]) {
      of_delay.push_back(value);
      continue;
    }
    if (++shown > most_lines) continue;
    if (value.imag() == 0.0) {
      std::cout << fmt::format("    eigenvalue {:.4g}\n", value.real());
    } else {
      std::cout << fmt::format("    eigenvalues {:.4g} +- {:.4g} i: {} at frequency {}\n", value.real(), value.imag(),
                               value.real() < 0.0 ? "resonance" : "growing oscillation",
                               rate_text(value.imag() / (2.0 * std::numbers::pi), model.time_unit));
    }
  }
  if (of_delay.empty()) return;
  const auto first = of_delay.front();
  std::cout << fmt::format(
      "    {} delay mode{}, there because of the delay and decaying within it ({:.4g}), the first: {:.4g}{}\n",
      of_delay.size(), of_delay.size() == 1 ? "" : "s", mean_field::longest_delay(model), first.real(),
      first.imag() == 0.0 ? "" : fmt::format(" +- {:.4g} i", first.imag()));
}

void print_state(const model::Model& model, const State& one) {
  const auto unit = rate_unit(model.time_unit);
  std::cout << fmt::format("  {}\n", one.state.stable() ? "stable" : "unstable");
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto index = static_cast<Eigen::Index>(k);
    std::cout << fmt::format("    {:<14} rate {:.6f}  voltage {:.6f}\n", model.populations[k].name,
                             unit.factor * one.state.point.rate(index), one.state.voltage(index));
  }
  print_modes(model, one);
  if (!one.state.stable() || !is_stationary(model)) return;
  if (const auto note = comparison::start_up_note(model, one.state)) std::cout << "    note: " << *note << '\n';
}

void print(const model::Model& model, const States& states) {
  const auto unit = rate_unit(model.time_unit);
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
  std::cout << fmt::format("\n{} stationary state{} of the mean field{} (rates {}{}, eigenvalues per {}):\n",
                           states.states.size(), states.states.size() == 1 ? "" : "s",
                           states.complete ? ", shown to be all" : "; there may be others",
                           unit.name == "Hz" ? "in " : "", rate_unit_text(model.time_unit), model.time_unit);
  for (const auto& one : states.states) print_state(model, one);
  std::cout << fmt::format("\nmemory of a network simulation: about {:.3g} MB\n", network_memory(model) / 1e6);
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
