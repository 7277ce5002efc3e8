// The sections that say what the network is: [[population]], [[subpopulation]], [[projection]], [coupling].
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "sections.hpp"

namespace popshot::io {

namespace {

constexpr std::int64_t largest_population = 1'000'000'000;

const Words sampling_words = {{"random", "quantile"}};
const Words synapse_kinds = {{"instantaneous", "exponential", "alpha", "biexponential"}};
/// The spikes of a delay of more time steps than this would take too much memory.
constexpr double longest_delay = 1e6;

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
  entry.allow_keys({"name", "size", "tau", "heterogeneity", "noise", "sampling", "raster"});
  model::Population population;
  population.name = read_name(entry);
  population.size = entry.integer("size", {1, largest_population});
  population.tau = entry.number("tau", NumberRange::positive(), population.tau);
  population.noise = read_noise(entry);
  population.heterogeneity = read_heterogeneity(entry, population.noise);
  population.sampling = entry.word("sampling", sampling_words, "random") == "quantile" ? model::Sampling::quantile
                                                                                       : model::Sampling::random;
  population.raster = read_raster(entry, population.size);
  return population;
}

// ---- projections ----

model::Synapse read_synapse(const TableReader& entry) {
  const TableReader::Kind synapse = entry.kind("synapse", synapse_kinds, "instantaneous");
  if (synapse.word == "instantaneous") {
    if (synapse.table) synapse.table->allow_keys({"kind"}, "key of an instantaneous synapse");
    return {};
  }
  if (!synapse.table) {
    entry.fail("synapse", "needs its time constants",
               synapse.word == "biexponential" ? "{ kind = \"biexponential\", rise = .., decay = .. }"
                                               : fmt::format("{{ kind = \"{}\", tau = .. }}", synapse.word));
  }
  const std::string what = fmt::format("key of a synapse of kind \"{}\"", synapse.word);
  if (synapse.word == "biexponential") {
    synapse.table->allow_keys({"kind", "rise", "decay"}, what);
    return {synapse.table->number("rise", NumberRange::positive()),
            synapse.table->number("decay", NumberRange::positive())};
  }
  synapse.table->allow_keys({"kind", "tau"}, what);
  const double tau = synapse.table->number("tau", NumberRange::positive());
  return synapse.word == "alpha" ? model::Synapse{tau, tau} : model::Synapse{0.0, tau};
}

std::vector<std::string> population_names(const model::Model& model) {
  std::vector<std::string> names;
  for (const model::Population& population : model.populations) names.push_back(population.name);
  return names;
}

/// The index of the population or subpopulation that projections come from.
std::size_t read_origin(const TableReader& entry, const model::Model& model) {
  const std::string name = entry.string("from");
  std::vector<std::string> known = population_names(model);
  for (const auto& subpopulation : model.subpopulations) known.push_back(subpopulation.name);
  const auto found = std::find(known.begin(), known.end(), name);
  if (found == known.end()) entry.fail("from", "unknown population" + suggestion(name, known), quoted_list(known));
  return static_cast<std::size_t>(found - known.begin());
}

NumberRange delay_range(const model::Model& model) {
  const auto& simulation = model.simulation;
  // A step that is chosen later divides the record interval and is at most a tenth of the smallest tau; whether it is
  // long enough is asked then.
  double step = simulation.time_step > 0.0 ? simulation.time_step : simulation.record_interval;
  if (!(step > 0.0)) {
    step = std::numeric_limits<double>::infinity();
    for (const model::Population& population : model.populations) step = std::min(step, 0.1 * population.tau);
  }
  return {.low = 0.0, .high = longest_delay * step, .low_included = true};
}

model::Projection read_projection(const TableReader& entry, const model::Model& model) {
  entry.allow_keys({"from", "to", "weight", "delay", "synapse"});
  model::Projection projection;
  projection.from = read_origin(entry, model);
  projection.to = read_population_reference(entry, "to", model);
  projection.weight = entry.number("weight", NumberRange::any());
  projection.delay = entry.number("delay", delay_range(model), 0.0);
  projection.synapse = read_synapse(entry);
  return projection;
}

/// The square matrix of that key, one row and column for each population.
std::vector<std::vector<double>> read_matrix(const TableReader& table, std::string_view key, std::size_t count,
                                             const NumberRange& range) {
  const toml::node* node = table.find(key);
  const std::string allowed = fmt::format("{} rows of {} numbers, one for each population", count, count);
  const toml::array* rows = node == nullptr ? nullptr : node->as_array();
  if (rows == nullptr || rows->size() != count) table.fail(key, "must be a matrix", allowed);
  std::vector<std::vector<double>> matrix;
  for (const toml::node& row : *rows) {
    const toml::array* list = row.as_array();
    if (list == nullptr || list->size() != count) table.fail(key, "must be a matrix", allowed);
    auto& values = matrix.emplace_back();
    for (const toml::node& entry : *list) {
      const auto value = entry.value<double>();
      if (!value || !range.contains(*value) || !std::isfinite(*value)) {
        table.fail(key, fmt::format("one of its entries, {}, is not allowed", describe(entry)), range.text());
      }
      values.push_back(*value);
    }
  }
  return matrix;
}

/// [coupling]: projections between all populations at once.
void read_coupling(const TableReader& document, const model::Model& model,
                   std::vector<model::Projection>& projections) {
  const auto table = document.optional_table("coupling");
  if (!table) return;
  table->allow_keys({"weights", "file", "delays", "delays_file", "synapse"});
  const std::size_t count = model.populations.size();
  const auto weights = read_matrix(*table, "weights", count, NumberRange::any());
  std::vector<std::vector<double>> delays(count, std::vector<double>(count, 0.0));
  if (const toml::node* node = table->find("delays")) {
    delays = node->is_array() ? read_matrix(*table, "delays", count, delay_range(model))
                              : std::vector<std::vector<double>>(
                                    count, std::vector<double>(count, table->number("delays", delay_range(model))));
  }
  const model::Synapse synapse = read_synapse(*table);
  for (std::size_t to = 0; to < count; ++to) {
    for (std::size_t from = 0; from < count; ++from) {
      if (weights[to][from] == 0.0) continue;
      projections.push_back({from, to, weights[to][from], delays[to][from], synapse});
    }
  }
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

std::size_t read_population_reference(const TableReader& entry, std::string_view key, const model::Model& model) {
  const std::string name = entry.string(key);
  if (const auto index = model.find_population(name)) return *index;
  const std::vector<std::string> known = population_names(model);
  const bool is_part = std::any_of(model.subpopulations.begin(), model.subpopulations.end(),
                                   [&](const auto& part) { return part.name == name; });
  if (is_part) entry.fail(key, "is a subpopulation, which receives what its population does", quoted_list(known));
  entry.fail(key, "unknown population" + suggestion(name, known), quoted_list(known));
}

std::vector<model::Subpopulation> read_subpopulations(const TableReader& document, const model::Model& model) {
  std::vector<model::Subpopulation> subpopulations;
  for (const TableReader& unnamed : document.list_of_tables("subpopulation")) {
    const TableReader entry = named_population(unnamed);
    entry.allow_keys({"name", "of", "size"});
    model::Subpopulation subpopulation;
    subpopulation.name = read_name(entry);
    const bool taken = model.find_population(subpopulation.name) ||
                       std::any_of(subpopulations.begin(), subpopulations.end(),
                                   [&](const auto& other) { return other.name == subpopulation.name; });
    if (taken) unnamed.fail("name", "another population has this name already");
    subpopulation.of = read_population_reference(entry, "of", model);
    subpopulation.size = entry.integer("size", {1, largest_population});
    std::int64_t all = subpopulation.size;
    for (const auto& other : subpopulations) {
      if (other.of == subpopulation.of) all += other.size;
    }
    const model::Population& of = model.populations[subpopulation.of];
    if (all >= of.size) {
      entry.fail("size", fmt::format("leaves no neuron of population '{}' outside its subpopulations", of.name),
                 fmt::format("sizes that add up to less than {}", of.size));
    }
    if (of.sampling == model::Sampling::quantile || of.raster.count > 0) {
      entry.fail("of",
                 fmt::format("population '{}' is {}", of.name,
                             of.raster.count > 0 ? "recorded in a raster" : "sampled on quantiles"),
                 "populations with sampling = \"random\" and without a raster");
    }
    subpopulations.push_back(std::move(subpopulation));
  }
  return subpopulations;
}

std::vector<model::Projection> read_projections(const TableReader& document, const model::Model& model) {
  std::vector<model::Projection> projections;
  for (const TableReader& entry : document.list_of_tables("projection")) {
    projections.push_back(read_projection(named_projection(entry), model));
  }
  read_coupling(document, model, projections);
  return projections;
}

}  // namespace popshot::io
