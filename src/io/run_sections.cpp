// The sections that say how the model is run and looked at: [simulation], [spectrum].
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "sections.hpp"

namespace popshot::io {

namespace {

/// The longest time step, as a fraction of the smallest time constant.
constexpr double longest_step = 0.1;
/// By default activity is recorded over this many time steps.
constexpr double steps_per_record = 4.0;
/// How far a record interval may be from a multiple of the time step, relative to itself.
constexpr double multiple_tolerance = 1e-9;
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

double read_time_step(const TableReader& simulation, const model::Model& model) {
  double smallest_tau = std::numeric_limits<double>::infinity();
  for (const model::Population& population : model.populations) {
    smallest_tau = std::min(smallest_tau, population.tau);
  }
  const NumberRange range = {.low = 0.0, .high = longest_step * smallest_tau};
  const double time_step = simulation.number("time_step", range, model::Simulation().time_step);
  if (!range.contains(time_step)) {
    simulation.fail("time_step",
                    fmt::format("is absent, and its default {} is too long for tau = {}", time_step, smallest_tau),
                    range.text());
  }
  return time_step;
}

double read_record_interval(const TableReader& simulation, double time_step, double duration) {
  const double interval = simulation.number("record_interval", NumberRange::positive(), steps_per_record * time_step);
  const double steps = interval / time_step;
  const double whole_steps = std::round(steps);
  if (whole_steps < 1.0 || std::abs(steps - whole_steps) > multiple_tolerance * steps) {
    simulation.fail("record_interval", "is not a multiple of the time step",
                    fmt::format("whole multiples of {}", time_step));
  }
  if (interval > duration) {
    const std::string allowed = fmt::format(">= record_interval = {}", interval);
    if (simulation.find("record_interval") == nullptr) {
      simulation.fail("duration", "is too short for one recorded value", allowed);
    }
    simulation.fail("record_interval", "is longer than the duration", fmt::format("<= {}", duration));
  }
  return interval;
}

std::variant<model::StationaryStart, model::LorentzianStart> read_start(const TableReader& simulation) {
  const TableReader::Kind start = simulation.kind("start", start_kinds, "stationary");
  if (start.word == "stationary") {
    if (start.table) start.table->allow_keys({"kind"});
    return model::StationaryStart{};
  }
  model::LorentzianStart lorentzian;
  if (!start.table) return lorentzian;
  start.table->allow_keys({"kind", "rate", "voltage"});
  if (start.table->find("rate") != nullptr) lorentzian.rate = start.table->number("rate", NumberRange::positive());
  if (start.table->find("voltage") != nullptr) lorentzian.voltage = start.table->number("voltage", NumberRange::any());
  return lorentzian;
}

void check_lengths(const TableReader& table, const model::Simulation& simulation) {
  if (simulation.duration / simulation.record_interval > most_samples) {
    table.fail("duration", fmt::format("gives more than {} recorded values", most_samples),
               fmt::format("<= {}", most_samples * simulation.record_interval));
  }
  if ((simulation.duration + simulation.transient) / simulation.time_step > most_steps) {
    table.fail("transient", fmt::format("duration and transient take more than {} time steps", most_steps));
  }
}

/// The lowest and the highest frequency. Where none are given: the usual ones, as far as the recording resolves them.
std::pair<double, double> read_frequency_range(const TableReader& spectrum, double record_interval) {
  const double highest = 0.5 / record_interval;
  const model::SpectrumSettings usual;
  const auto given = spectrum.numbers("frequency_range", 2, NumberRange::positive());
  if (!given) {
    const double maximum = std::min(usual.frequency_max, highest);
    return {usual.frequency_min * maximum / usual.frequency_max, maximum};
  }
  const auto [minimum, maximum] = std::pair{given->at(0), given->at(1)};
  if (!(minimum < maximum)) {
    spectrum.fail("frequency_range", "its ends are not in ascending order");
  }
  if (maximum > highest) {
    spectrum.fail("frequency_range", "its upper end is above the Nyquist frequency",
                  fmt::format("up to 0.5 / simulation.record_interval = {}", highest));
  }
  return {minimum, maximum};
}

}  // namespace

model::Simulation read_simulation(const TableReader& document, const model::Model& model) {
  const TableReader table = section(document, "simulation");
  table.allow_keys({"duration", "transient", "time_step", "record_interval", "seed", "start", "state", "precision"});
  model::Simulation simulation;
  simulation.duration = table.number("duration", NumberRange::positive(), simulation.duration);
  simulation.transient = table.number("transient", NumberRange::not_negative(), simulation.transient);
  simulation.time_step = read_time_step(table, model);
  simulation.record_interval = read_record_interval(table, simulation.time_step, simulation.duration);
  simulation.seed = static_cast<std::uint64_t>(
      table.integer("seed", {0, std::numeric_limits<std::int64_t>::max()}, static_cast<std::int64_t>(simulation.seed)));
  simulation.start = read_start(table);
  simulation.state = table.word("state", state_words, "highest") == "lowest" ? model::Simulation::State::lowest
                                                                             : model::Simulation::State::highest;
  simulation.precision = table.word("precision", precision_words, "single") == "double" ? model::Precision::double_
                                                                                        : model::Precision::single;
  check_lengths(table, simulation);
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

model::SpectrumSettings read_spectrum(const TableReader& document, const model::Model& model) {
  const TableReader table = section(document, "spectrum");
  table.allow_keys({"frequency_range", "resolution", "bands", "trials"});
  model::SpectrumSettings spectrum;
  std::tie(spectrum.frequency_min, spectrum.frequency_max) =
      read_frequency_range(table, model.simulation.record_interval);
  spectrum.resolution = table.number("resolution", NumberRange::positive(), spectrum.resolution);
  spectrum.bands = table.integer("bands", {1, 1000}, spectrum.bands);
  spectrum.trials = table.integer("trials", {2, 100000}, spectrum.trials);
  return spectrum;
}

}  // namespace popshot::io
