#include "popshot/model/model.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "popshot/core/error.hpp"

namespace popshot::model {

namespace {

/// The overlap of [begin, end] with the time during which a current flows.
struct Overlap {
  double begin;
  double end;
  [[nodiscard]] bool empty() const { return !(end > begin); }
};

Overlap overlap(double begin, double end, double current_begin, double current_end) {
  return {std::max(begin, current_begin), std::min(end, current_end)};
}

double integral_of(const ConstantCurrent&, double, double) { return 0.0; }

double integral_of(const StepCurrent& current, double begin, double end) {
  const Overlap flow = overlap(begin, end, current.begin, current.end);
  return flow.empty() ? 0.0 : current.amplitude * (flow.end - flow.begin);
}

double integral_of(const SineCurrent& current, double begin, double end) {
  const Overlap flow = overlap(begin, end, current.begin, current.end);
  if (flow.empty()) return 0.0;
  // cos a - cos b = 2 sin((a + b)/2) sin((b - a)/2): no cancellation over short intervals.
  const double half_angle = std::numbers::pi * current.frequency * (flow.end - flow.begin);
  const double middle_angle = std::numbers::pi * current.frequency * (flow.begin + flow.end) + current.phase;
  return current.amplitude * std::sin(middle_angle) * std::sin(half_angle) / (std::numbers::pi * current.frequency);
}

double integral_of(const PulseCurrent& current, double begin, double end) {
  const double before = std::min(end, current.end);
  // Without a begin the pulses have always been there, one of them from 0 on.
  const double origin = std::isinf(current.begin) ? 0.0 : current.begin;
  const auto start_of = [&](double i) { return origin + i * current.period; };
  // Of the pulses that begin before the end, the first that is not over at `begin`, and the last.
  double first = std::floor((begin - origin) / current.period);
  if (origin == current.begin) first = std::max(0.0, first);
  double last = std::ceil((before - origin) / current.period) - 1.0;
  if (start_of(last) >= before) last -= 1.0;  // rounding of the quotient
  if (last < first) return 0.0;
  const auto part = [&](double i) {
    const Overlap flow = overlap(begin, end, start_of(i), start_of(i) + current.width);
    return flow.empty() ? 0.0 : flow.end - flow.begin;
  };
  double sum = part(first);
  if (last > first) sum += part(last) + (last - first - 1.0) * current.width;
  return current.amplitude * sum;
}

double integral_of(const RampCurrent& current, double begin, double end) {
  double sum = 0.0;
  if (const Overlap rise = overlap(begin, end, current.begin, current.end); !rise.empty()) {
    const double middle = 0.5 * (rise.begin + rise.end);
    sum += current.amplitude * (middle - current.begin) / (current.end - current.begin) * (rise.end - rise.begin);
  }
  const double after = std::max(begin, current.end);
  if (end > after) sum += current.amplitude * (end - after);
  return sum;
}

double integral_of(const TableCurrent& current, double begin, double end) {
  const auto& t = current.time;
  const auto& v = current.value;
  double sum = 0.0;
  if (begin < t.front()) sum += v.front() * (std::min(end, t.front()) - begin);
  if (end > t.back()) sum += v.back() * (end - std::max(begin, t.back()));
  auto i = static_cast<std::size_t>(std::upper_bound(t.begin(), t.end(), begin) - t.begin());
  for (i = std::max<std::size_t>(i, 1); i < t.size() && t[i - 1] < end; ++i) {
    const Overlap part = overlap(begin, end, t[i - 1], t[i]);
    if (part.empty()) continue;
    const double place = (0.5 * (part.begin + part.end) - t[i - 1]) / (t[i] - t[i - 1]);
    sum += (v[i - 1] + place * (v[i] - v[i - 1])) * (part.end - part.begin);
  }
  return sum;
}

// Random currents are made where they are stepped: Inputs in synapse.hpp.
double integral_of(const OrnsteinUhlenbeckCurrent&, double, double) { return 0.0; }
double integral_of(const WhiteNoiseCurrent&, double, double) { return 0.0; }

bool is_zero(const TableCurrent& table) {
  return std::all_of(table.value.begin(), table.value.end(), [](double value) { return value == 0.0; });
}
bool is_zero(const OrnsteinUhlenbeckCurrent& current) { return current.standard_deviation == 0.0; }
bool is_zero(const WhiteNoiseCurrent& current) { return current.power == 0.0; }
template <class Current>
bool is_zero(const Current& current) {
  return current.amplitude == 0.0;
}

std::string gigabytes(double bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g GB", bytes / 1e9);
  return text.data();
}

}  // namespace

std::optional<double> PerPopulation::of(std::size_t k) const {
  if (values_.empty()) return std::nullopt;
  return values_.size() == 1 ? values_.front() : values_.at(k);
}

void PerPopulation::append_that_of(std::size_t k) {
  if (values_.size() > 1) values_.push_back(values_.at(k));
}

std::optional<std::size_t> Model::find_population(const std::string& population_name) const {
  for (std::size_t k = 0; k < populations.size(); ++k) {
    if (populations[k].name == population_name) return k;
  }
  return std::nullopt;
}

Schedule schedule(const Simulation& simulation) {
  if (!(simulation.time_step > 0.0)) {
    throw InputError(
        "simulation.time_step: is not chosen yet; allowed: a number > 0 (theory::with_time_step chooses one)");
  }
  if (!(simulation.duration > 0.0) || !(simulation.transient >= 0.0) || !(simulation.record_interval > 0.0)) {
    throw InputError(
        "simulation: duration, transient or record_interval is not chosen yet; allowed: numbers > 0 "
        "(theory::with_defaults chooses them)");
  }
  return {simulation.duration, simulation.transient, simulation.time_step, simulation.record_interval};
}

Model split_subpopulations(Model model) {
  const std::vector<Subpopulation> subpopulations = std::move(model.subpopulations);
  model.subpopulations.clear();
  if (subpopulations.empty()) return model;
  const std::size_t count = model.populations.size();
  std::vector<std::vector<std::size_t>> parts(count);
  std::vector<double> whole(count);
  for (std::size_t k = 0; k < count; ++k) {
    whole[k] = static_cast<double>(model.populations[k].size);
    parts[k] = {k};
  }
  for (const Subpopulation& chosen : subpopulations) {
    Population& rest = model.populations[chosen.of];
    if (rest.sampling == Sampling::quantile || rest.raster.count > 0) {
      throw InputError("subpopulation '" + chosen.name +
                       "': a population with subpopulations is sampled at random and "
                       "has no raster; population '" +
                       rest.name + "' is " + (rest.raster.count > 0 ? "recorded in a raster" : "sampled on quantiles"));
    }
    if (chosen.size >= rest.size) {
      throw InputError("subpopulation '" + chosen.name + "': there is no neuron of population '" + rest.name +
                       "' outside its subpopulations; allowed: sizes that leave at least one");
    }
    rest.size -= chosen.size;
    Population part = rest;
    part.name = chosen.name;
    part.size = chosen.size;
    part.part_of = chosen.of;
    parts[chosen.of].push_back(model.populations.size());
    if (auto* start = std::get_if<LorentzianStart>(&model.simulation.start)) {
      start->rate.append_that_of(chosen.of);
      start->voltage.append_that_of(chosen.of);
    }
    model.populations.push_back(std::move(part));
  }
  // From a whole population: from each of its parts, in proportion. To a population: to each of its parts.
  std::vector<Projection> projections;
  for (const Projection& projection : model.projections) {
    const bool from_whole = projection.from < count;
    for (const std::size_t from : from_whole ? parts[projection.from] : std::vector<std::size_t>{projection.from}) {
      for (const std::size_t to : parts[projection.to]) {
        Projection part = projection;
        part.from = from;
        part.to = to;
        if (from_whole) part.weight *= static_cast<double>(model.populations[from].size) / whole[projection.from];
        projections.push_back(part);
      }
    }
  }
  model.projections = std::move(projections);
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    model.outputs.push_back({model.populations[k].name, k < count ? parts[k] : std::vector<std::size_t>{k}});
  }
  return model;
}

std::vector<Output> outputs(const Model& model) {
  if (!model.outputs.empty()) return model.outputs;
  std::vector<Output> all;
  for (std::size_t k = 0; k < model.populations.size(); ++k) all.push_back({model.populations[k].name, {k}});
  return all;
}

std::int64_t output_size(const Model& model, const Output& output) {
  std::int64_t size = 0;
  for (const std::size_t part : output.parts) size += model.populations[part].size;
  return size;
}

bool receives(const Model& model, std::size_t k, const Stimulus& stimulus) {
  return stimulus.to == k || model.populations[k].part_of == stimulus.to;
}

bool is_random(const Stimulus& stimulus) {
  return std::holds_alternative<OrnsteinUhlenbeckCurrent>(stimulus.current) ||
         std::holds_alternative<WhiteNoiseCurrent>(stimulus.current);
}

double stimulus_spectrum(const Stimulus& stimulus, double f) {
  if (const auto* white = std::get_if<WhiteNoiseCurrent>(&stimulus.current)) return white->power;
  if (const auto* ou = std::get_if<OrnsteinUhlenbeckCurrent>(&stimulus.current)) {
    const double x = 2.0 * std::numbers::pi * f * ou->correlation_time;
    return 2.0 * ou->standard_deviation * ou->standard_deviation * ou->correlation_time / (1.0 + x * x);
  }
  return 0.0;
}

double constant_current(const Model& model, std::size_t k) {
  double sum = 0.0;
  for (const Stimulus& stimulus : model.stimuli) {
    const auto* constant = std::get_if<ConstantCurrent>(&stimulus.current);
    if (constant != nullptr && receives(model, k, stimulus)) sum += constant->amplitude;
  }
  return sum;
}

bool varies(const Stimulus& stimulus) {
  if (std::holds_alternative<ConstantCurrent>(stimulus.current) || is_random(stimulus)) return false;
  return !std::visit([](const auto& current) { return is_zero(current); }, stimulus.current);
}

bool is_stationary(const Model& model) { return std::none_of(model.stimuli.begin(), model.stimuli.end(), varies); }

double current_integral(const Model& model, std::size_t k, double begin, double end) {
  double sum = 0.0;
  if (!(end > begin)) return sum;
  for (const Stimulus& stimulus : model.stimuli) {
    if (!receives(model, k, stimulus)) continue;
    sum += std::visit([begin, end](const auto& current) { return integral_of(current, begin, end); }, stimulus.current);
  }
  return sum;
}

double network_memory(const Model& model) {
  // Single: state and coefficient. Double: voltage, the four numbers of its flow and three for the times of its spikes.
  const double state_bytes = model.simulation.precision == Precision::single ? 2 * sizeof(float) : 8 * sizeof(double);
  const double setup_bytes = sizeof(double);
  double neurons = 0.0;
  for (const Population& population : model.populations) neurons += static_cast<double>(population.size);
  return neurons * (state_bytes + setup_bytes);
}

double physical_memory() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void require_memory(const Model& model, double available) {
  const double needed = network_memory(model);
  if (needed <= available) return;
  throw InputError(
      "a network simulation of model \"" + model.name + "\" needs about " + gigabytes(needed) +
      " of memory, more than the " + gigabytes(available) + " that there are; lower the sizes" +
      (model.simulation.precision == Precision::single ? "" : " or use simulation.precision = \"single\""));
}

}  // namespace popshot::model
