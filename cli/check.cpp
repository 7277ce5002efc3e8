// popshot check: what the model is.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <numbers>

#include "common.hpp"
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

ordered_json describe(const model::Model& model, const mean_field::StationaryStates& states) {
  ordered_json table;
  table["model"] = model.name;
  table["time_unit"] = model.time_unit;
  for (const auto& population : model.populations) {
    const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
    table["populations"].push_back(
        {{"name", population.name},
         {"size", population.size},
         {"tau", population.tau},
         {"center", g.center},
         {"half_width", g.half_width},
         {"sampling", population.sampling == model::Sampling::random ? "random" : "quantile"}});
  }
  table["projections"] = ordered_json::array();
  for (const auto& projection : model.projections) {
    table["projections"].push_back({{"from", model.populations[projection.from].name},
                                    {"to", model.populations[projection.to].name},
                                    {"weight", projection.weight}});
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
  std::cout << fmt::format("\n{:<16} {:>12} {:>8} {:>10} {:>11}  {}\n", "population", "size", "tau", "center",
                           "half-width", "sampling");
  for (const auto& population : model.populations) {
    const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
    std::cout << fmt::format("{:<16} {:>12} {:>8g} {:>10g} {:>11g}  {}\n", population.name, population.size,
                             population.tau, g.center, g.half_width,
                             population.sampling == model::Sampling::random ? "random" : "quantile");
  }
  for (const auto& projection : model.projections) {
    std::cout << fmt::format("{} -> {}: weight {:g}\n", model.populations[projection.from].name,
                             model.populations[projection.to].name, projection.weight);
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
    for (const auto& value : state.eigenvalues) {
      if (value.imag() < 0.0) continue;
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

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  struct Options {
    ModelOptions model;
    RunOptions run;
  };
  auto* command =
      app.add_subcommand("check", "what the model is: populations, stationary states, stability, resonances");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, "");
  command->callback([options, &exit_code] {
    const auto file = options->model.read();
    const auto states = mean_field::stationary_states(file.model);
    options->run.print(describe(file.model, states), [&] { print(file.model, states); });
    exit_code = done;
  });
}

}  // namespace popshot::cli
