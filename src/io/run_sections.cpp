// The sections that say how the model is run and looked at: [simulation], [spectrum].
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "popshot/model/ladder.hpp"
#include "sections.hpp"

namespace popshot::io {

namespace {

/// The longest time step, as a fraction of the smallest time constant.
constexpr double longest_step = 0.1;
/// More time steps and samples than these can be neither counted nor stored.
constexpr double most_steps = 1e15;
constexpr double most_samples = 1e9;

const Words start_kinds = {{"stationary", "lorentzian"}};
const Words state_words = {{"highest", "lowest"}};
const Words noise_words = {{"ensemble", "spectral", "markovian"}};
const Words precision_words = {{"single", "double"}};

/// Reads the sections of one table of the document, or their defaults if the table is absent.
TableReader section(const TableReader& document, std::string_view key) {
  static const toml::table empty;
  if (const auto table = document.optional_table(key)) return *table;
  return {empty, std::string(key), document.file()};
}

double smallest_tau(const model::Model& model) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const model::Population& population : model.populations) smallest = std::min(smallest, population.tau);
  return smallest;
}

/// 0 for "auto", which is what it is without the key too: theory::with_time_step chooses it.
double read_time_step(const TableReader& simulation, double smallest_time_constant) {
  const toml::node* node = simulation.find("time_step");
  if (node == nullptr) return 0.0;
  const NumberRange range = {.low = 0.0, .high = longest_step * smallest_time_constant};
  if (node->is_string()) {
    if (node->value_or(std::string()) == "auto") return 0.0;
    simulation.fail("time_step", "is neither \"auto\" nor a number", "\"auto\", or a number " + range.text());
  }
  return simulation.number("time_step", range);
}

/// 0 without the key, and then theory::with_defaults chooses it.
double read_record_interval(const TableReader& simulation, double time_step, double duration) {
  if (simulation.find("record_interval") == nullptr) {
    if (duration > 0.0 && duration < time_step) {
      simulation.fail("duration", "is too short for one time step", fmt::format(">= {}", time_step));
    }
    return 0.0;
  }
  const double interval = simulation.number("record_interval", NumberRange::positive());
  if (time_step > 0.0 && !model::is_multiple(interval, time_step)) {
    simulation.fail("record_interval", "is not a multiple of the time step",
                    fmt::format("whole multiples of {}", time_step));
  }
  if (duration > 0.0 && interval > duration) {
    simulation.fail("record_interval", "is longer than the duration", fmt::format("<= {}", duration));
  }
  return interval;
}

/// A number for all populations, or a list with one for each.
model::PerPopulation read_per_population(const TableReader& table, std::string_view key, const NumberRange& range,
                                         std::size_t populations) {
  const toml::node* node = table.find(key);
  if (node == nullptr) return {};
  if (!node->is_array()) return table.number(key, range);
  if (node->as_array()->size() != populations) {
    table.fail(key, fmt::format("has {} numbers", node->as_array()->size()),
               fmt::format("a number, or a list of {}: one for each population", populations));
  }
  return model::PerPopulation(*table.numbers(key, populations, range));
}

std::variant<model::StationaryStart, model::LorentzianStart> read_start(const TableReader& simulation,
                                                                        std::size_t populations) {
  const TableReader::Kind start = simulation.kind("start", start_kinds, "stationary");
  if (start.word == "stationary") {
    if (start.table) start.table->allow_keys({"kind"});
    return model::StationaryStart{};
  }
  model::LorentzianStart lorentzian;
  if (!start.table) return lorentzian;
  start.table->allow_keys({"kind", "rate", "voltage"});
  lorentzian.rate = read_per_population(*start.table, "rate", NumberRange::positive(), populations);
  lorentzian.voltage = read_per_population(*start.table, "voltage", NumberRange::any(), populations);
  return lorentzian;
}

/// As far as the values are given: theory::with_defaults asks again.
void check_lengths(const TableReader& table, const model::Simulation& simulation, double smallest_time_constant) {
  const double interval = simulation.record_interval;
  if (interval > 0.0 && simulation.duration / interval > most_samples) {
    table.fail("duration", fmt::format("gives more than {} recorded values", most_samples),
               fmt::format("<= {}", most_samples * interval));
  }
  // (a step that is chosen later is at most the longest that is allowed)
  const double longest = std::min(longest_step * smallest_time_constant, interval > 0.0 ? interval : INFINITY);
  const double step = simulation.time_step > 0.0 ? simulation.time_step : longest;
  if (simulation.duration / step > most_steps) {
    table.fail("duration", fmt::format("takes more than {} time steps", most_steps));
  }
  if ((simulation.duration + std::max(0.0, simulation.transient)) / step > most_steps) {
    table.fail("transient", fmt::format("duration and transient take more than {} time steps", most_steps));
  }
}

/// Zeros without the key.
std::pair<double, double> read_frequency_range(const TableReader& spectrum) {
  const auto given = spectrum.numbers("frequency_range", 2, NumberRange::positive());
  if (!given) return {0.0, 0.0};
  if (!(given->at(0) < given->at(1))) spectrum.fail("frequency_range", "its ends are not in ascending order");
  // They may lie above what the recording resolves: theory has them all the same.
  return {given->at(0), given->at(1)};
}

}  // namespace

model::Simulation read_simulation(const TableReader& document, const model::Model& model) {
  const TableReader table = section(document, "simulation");
  table.allow_keys({"duration", "transient", "time_step", "record_interval", "seed", "start", "state", "precision"});
  model::Simulation simulation;
  // What the file leaves open is chosen later: theory::with_defaults, theory::with_time_step.
  simulation.duration = table.number("duration", NumberRange::positive(), 0.0);
  simulation.transient = table.number("transient", NumberRange::not_negative(), -1.0);
  const double tau = smallest_tau(model);
  simulation.time_step = read_time_step(table, tau);
  simulation.record_interval = read_record_interval(table, simulation.time_step, simulation.duration);
  simulation.seed = static_cast<std::uint64_t>(
      table.integer("seed", {0, std::numeric_limits<std::int64_t>::max()}, static_cast<std::int64_t>(simulation.seed)));
  simulation.start = read_start(table, model.populations.size());
  simulation.state = table.word("state", state_words, "highest") == "lowest" ? model::Simulation::State::lowest
                                                                             : model::Simulation::State::highest;
  simulation.precision = table.word("precision", precision_words, "single") == "double" ? model::Precision::double_
                                                                                        : model::Precision::single;
  check_lengths(table, simulation, tau);
  return simulation;
}

model::MesoscopicSettings read_mesoscopic(const TableReader& document, const model::Model& model) {
  const TableReader table = section(document, "mesoscopic");
  table.allow_keys({"noise", "ensemble_size", "tolerance"});
  model::MesoscopicSettings mesoscopic;
  const std::string noise = table.word("noise", noise_words, "ensemble");
  if (noise == "spectral") mesoscopic.noise = model::MesoscopicNoise::spectral;
  if (noise == "markovian") mesoscopic.noise = model::MesoscopicNoise::markovian;
  for (const model::Population& population : model.populations) {
    if (noise != "markovian") break;
    if (std::holds_alternative<model::Lorentzian>(population.heterogeneity) &&
        std::holds_alternative<model::NoNoise>(population.noise)) {
      continue;
    }
    table.fail(
        "noise",
        fmt::format("population '{}' is not Lorentzian or has noise in its neurons, for which there are no Markovian "
                    "models",
                    population.name),
        "\"ensemble\", \"spectral\"");
  }
  mesoscopic.ensemble_size = table.integer("ensemble_size", {16, 1'000'000}, mesoscopic.ensemble_size);
  if (mesoscopic.ensemble_size % 4 != 0) {
    table.fail("ensemble_size", "is not a multiple of 4", "multiples of 4, 16 to 1000000");
  }
  mesoscopic.tolerance = table.number("tolerance", {.low = 0.0, .high = 1.0}, mesoscopic.tolerance);
  return mesoscopic;
}

model::SpectrumSettings read_spectrum(const TableReader& document) {
  const TableReader table = section(document, "spectrum");
  table.allow_keys({"frequency_range", "resolution", "bands", "trials"});
  model::SpectrumSettings spectrum;
  std::tie(spectrum.frequency_min, spectrum.frequency_max) = read_frequency_range(table);
  spectrum.resolution = table.number("resolution", NumberRange::positive(), 0.0);
  spectrum.bands = table.integer("bands", {1, 1000}, spectrum.bands);
  spectrum.trials = table.integer("trials", {2, 100000}, spectrum.trials);
  return spectrum;
}

}  // namespace popshot::io
