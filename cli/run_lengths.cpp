#include "run_lengths.hpp"

#include <fmt/format.h>

#include <iostream>
#include <utility>
#include <vector>

#include "units.hpp"

namespace popshot::cli {

namespace {

bool was_chosen(const std::optional<theory::Defaults>& defaults, const std::string& key) {
  return defaults && defaults->was_chosen(key);
}

}  // namespace

void choose_run_lengths(ModelFile& file, bool quiet) {
  auto& model = file.model;
  if (!theory::is_complete(model)) {
    file.defaults = theory::choose_defaults(model);
    model = theory::with_defaults(std::move(model), *file.defaults);
  }
  if (quiet || was_chosen(file.defaults, "frequency_range") || !is_stationary(model)) return;
  const auto outside =
      theory::resonance_outside(model, file.defaults ? file.defaults->modes : theory::known_modes(model));
  if (!outside) return;
  const RateUnit unit = rate_unit(model.time_unit);
  std::cerr << fmt::format(
      "note: the {} at {} (quality {:.2g}) lies outside spectrum.frequency_range, {:g} .. {:g} {}\n",
      outside->growing ? "oscillation" : "resonance", rate_text(outside->frequency, model.time_unit, 3),
      outside->quality(), unit.factor * model.spectrum.frequency_min, unit.factor * model.spectrum.frequency_max,
      rate_unit_text(model.time_unit));
}

std::string run_lengths_text(const ModelFile& file) {
  if (!file.defaults) return {};
  const auto& simulation = file.model.simulation;
  const auto& spectrum = file.model.spectrum;
  const auto& unit = file.model.time_unit;
  const RateUnit rates = rate_unit(unit);
  std::string text;
  const auto add = [&](const std::string& key, const std::string& what) {
    if (was_chosen(file.defaults, key)) text += (text.empty() ? "" : ", ") + what;
  };
  add("duration", fmt::format("duration {:g} {}", simulation.duration, unit));
  add("transient", fmt::format("transient {:g} {}", simulation.transient, unit));
  add("record_interval", fmt::format("record interval {:g} {}", simulation.record_interval, unit));
  add("frequency_range", fmt::format("frequencies {:g} .. {:g} {}", rates.factor * spectrum.frequency_min,
                                     rates.factor * spectrum.frequency_max, rate_unit_text(unit)));
  add("resolution", fmt::format("resolution {:g} {}", rates.factor * spectrum.resolution, rate_unit_text(unit)));
  return fmt::format("{} (auto: {})\n", text, file.defaults->evidence);
}

nlohmann::ordered_json tabulate_run_lengths(const ModelFile& file) {
  const auto& simulation = file.model.simulation;
  const auto& spectrum = file.model.spectrum;
  nlohmann::ordered_json table;
  const auto add = [&](const std::string& key, const nlohmann::ordered_json& value) {
    table[key] = {{"value", value}, {"auto", was_chosen(file.defaults, key)}};
  };
  add("duration", simulation.duration);
  add("transient", simulation.transient);
  add("record_interval", simulation.record_interval);
  add("frequency_range", {spectrum.frequency_min, spectrum.frequency_max});
  add("resolution", spectrum.resolution);
  if (file.defaults) table["evidence"] = file.defaults->evidence;
  return table;
}

void add_run_lengths(Dataset& data, const model::Model& model, const std::optional<theory::Defaults>& defaults) {
  const std::vector<std::pair<std::string, double>> values{{"duration", model.simulation.duration},
                                                           {"transient", model.simulation.transient},
                                                           {"record_interval", model.simulation.record_interval},
                                                           {"frequency_min", model.spectrum.frequency_min},
                                                           {"frequency_max", model.spectrum.frequency_max},
                                                           {"resolution", model.spectrum.resolution}};
  for (const auto& [name, value] : values) data.attributes.emplace_back(name, value);
  std::string chosen;
  if (defaults) {
    for (const auto& key : defaults->chosen) chosen += (chosen.empty() ? "" : " ") + key;
  }
  data.attributes.emplace_back("chosen", chosen);
  if (defaults) data.attributes.emplace_back("chosen_from", defaults->evidence);
}

}  // namespace popshot::cli
