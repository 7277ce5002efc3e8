// The sections that say what the network is: [[population]], [[projection]], [[stimulus]].
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "sections.hpp"

namespace popshot::io {

namespace {

constexpr std::int64_t largest_population = 1'000'000'000;

const Words heterogeneity_kinds = {{"lorentzian"},
                                   {"gaussian", "uniform", "mixture", "q-gaussian", "rational", "empirical"}};
const Words sampling_words = {{"random", "quantile"}};
const Words synapse_kinds = {{"instantaneous"}, {"exponential", "alpha", "biexponential"}};
const Words stimulus_kinds = {{"constant", "step", "sine"}, {"table", "ramp", "pulses", "ornstein-uhlenbeck", "white"}};

bool is_name(const std::string& text) {
  const auto letter = [](unsigned char c) { return c < 0x80 && (std::isalpha(c) != 0 || c == '_'); };
  const auto inside = [&](unsigned char c) { return letter(c) || (c < 0x80 && std::isdigit(c) != 0) || c == '-'; };
  return !text.empty() && letter(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), inside);
}

/// The entry under the name that --set can use for it, where it has one: that in place of its number.
TableReader named(const TableReader& entry, const std::string& name) {
  return entry.renamed(entry.path().substr(0, entry.path().rfind('.') + 1) + name);
}

/// The string of a key, or "" if there is none.
std::string string_if_any(const TableReader& entry, std::string_view key) {
  const toml::node* node = entry.find(key);
  return node == nullptr ? "" : node->value_or(std::string());
}

TableReader named_population(const TableReader& entry) {
  const std::string name = string_if_any(entry, "name");
  return is_name(name) ? named(entry, name) : entry;
}

TableReader named_projection(const TableReader& entry) {
  const std::string from = string_if_any(entry, "from");
  const std::string to = string_if_any(entry, "to");
  return is_name(from) && is_name(to) ? named(entry, from + "->" + to) : entry;
}

// ---- populations ----

std::string read_name(const TableReader& entry) {
  std::string name = entry.string("name");
  if (!is_name(name)) {
    entry.fail("name", "is not a name", "a letter or _, followed by letters, digits, _ and -");
  }
  return name;
}

model::Heterogeneity read_heterogeneity(const TableReader& entry) {
  const TableReader heterogeneity = entry.table("heterogeneity");
  const std::string kind = heterogeneity.word("kind", heterogeneity_kinds);
  heterogeneity.allow_keys({"kind", "center", "half_width"});
  return model::Lorentzian{.center = heterogeneity.number("center", NumberRange::any()),
                           .half_width = heterogeneity.number("half_width", NumberRange::positive())};
}

model::Raster read_raster(const TableReader& entry, std::int64_t size) {
  const auto table = entry.optional_table("raster");
  if (!table) return {};
  table->allow_keys({"first", "count", "stride"});
  const model::Raster raster = {.first = table->integer("first", {0, size - 1}, 0),
                                .count = table->integer("count", {1, size}),
                                .stride = table->integer("stride", {1, largest_population}, 1)};
  const std::int64_t last = raster.first + (raster.count - 1) * raster.stride;
  if (last >= size) {
    table->fail("count",
                fmt::format("the last neuron of the raster, first + (count - 1) stride = {}, does not exist", last),
                fmt::format("neurons 0 to {}", size - 1));
  }
  return raster;
}

model::Population read_population(const TableReader& entry) {
  entry.refuse_planned("noise");
  entry.allow_keys({"name", "size", "tau", "heterogeneity", "sampling", "raster"});
  model::Population population;
  population.name = read_name(entry);
  population.size = entry.integer("size", {1, largest_population});
  population.tau = entry.number("tau", NumberRange::positive(), population.tau);
  population.heterogeneity = read_heterogeneity(entry);
  population.sampling = entry.word("sampling", sampling_words, "random") == "quantile" ? model::Sampling::quantile
                                                                                       : model::Sampling::random;
  population.raster = read_raster(entry, population.size);
  return population;
}

// ---- projections and stimuli ----

/// The index of the population that a key names.
std::size_t read_population_reference(const TableReader& entry, std::string_view key, const model::Model& model) {
  const std::string name = entry.string(key);
  if (const auto index = model.find_population(name)) return *index;
  std::vector<std::string> known;
  for (const model::Population& population : model.populations) known.push_back(population.name);
  entry.fail(key, "unknown population" + suggestion(name, known), quoted_list(known));
}

model::Projection read_projection(const TableReader& entry, const model::Model& model) {
  entry.allow_keys({"from", "to", "weight", "delay", "synapse"});
  model::Projection projection;
  projection.from = read_population_reference(entry, "from", model);
  projection.to = read_population_reference(entry, "to", model);
  projection.weight = entry.number("weight", NumberRange::any());
  if (entry.number("delay", NumberRange::not_negative(), 0.0) > 0.0) {
    entry.fail("delay", "delays are not supported yet", "0");
  }
  const TableReader::Kind synapse = entry.kind("synapse", synapse_kinds, "instantaneous");
  if (synapse.table) synapse.table->allow_keys({"kind"});
  return projection;
}

/// The end of a current that flows from `begin` on.
double read_end(const TableReader& entry, double begin, bool infinity_allowed) {
  NumberRange range = NumberRange::above(begin);
  range.infinity_allowed = infinity_allowed;
  return infinity_allowed ? entry.number("end", range, std::numeric_limits<double>::infinity())
                          : entry.number("end", range);
}

model::Stimulus read_stimulus(const TableReader& entry, const model::Model& model) {
  entry.allow_keys({"to", "kind", "amplitude", "frequency", "phase", "begin", "end"});
  const std::string kind = entry.word("kind", stimulus_kinds);
  const std::string what = fmt::format("key of a stimulus of kind \"{}\"", kind);
  model::Stimulus stimulus;
  if (kind == "constant") {
    entry.allow_keys({"to", "kind", "amplitude"}, what);
    stimulus.current = model::ConstantCurrent{entry.number("amplitude", NumberRange::any())};
  } else if (kind == "step") {
    entry.allow_keys({"to", "kind", "amplitude", "begin", "end"}, what);
    model::StepCurrent step;
    step.amplitude = entry.number("amplitude", NumberRange::any());
    step.begin = entry.number("begin", NumberRange::any());
    step.end = read_end(entry, step.begin, false);
    stimulus.current = step;
  } else {
    model::SineCurrent sine;
    sine.amplitude = entry.number("amplitude", NumberRange::any());
    sine.frequency = entry.number("frequency", NumberRange::positive());
    sine.phase = entry.number("phase", NumberRange::any(), 0.0);
    sine.begin = entry.number("begin", NumberRange::any(), 0.0);
    sine.end = read_end(entry, sine.begin, true);
    stimulus.current = sine;
  }
  stimulus.to = read_population_reference(entry, "to", model);
  return stimulus;
}

}  // namespace

std::vector<model::Population> read_populations(const TableReader& document) {
  std::vector<model::Population> populations;
  for (const TableReader& entry : document.list_of_tables("population")) {
    model::Population population = read_population(named_population(entry));
    const bool taken = std::any_of(populations.begin(), populations.end(),
                                   [&](const model::Population& other) { return other.name == population.name; });
    if (taken) entry.fail("name", "another population has this name already");
    populations.push_back(std::move(population));
  }
  if (populations.empty()) fail_at(document.file(), "population: the model has none; add a section [[population]]");
  return populations;
}

std::vector<model::Projection> read_projections(const TableReader& document, const model::Model& model) {
  std::vector<model::Projection> projections;
  for (const TableReader& entry : document.list_of_tables("projection")) {
    projections.push_back(read_projection(named_projection(entry), model));
  }
  return projections;
}

std::vector<model::Stimulus> read_stimuli(const TableReader& document, const model::Model& model) {
  std::vector<model::Stimulus> stimuli;
  for (const TableReader& entry : document.list_of_tables("stimulus")) stimuli.push_back(read_stimulus(entry, model));
  return stimuli;
}

}  // namespace popshot::io
