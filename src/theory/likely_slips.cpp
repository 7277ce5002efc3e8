#include "popshot/theory/likely_slips.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "popshot/mean_field/stationary.hpp"

namespace popshot::theory {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// So far from every state a start is not meant, and so far below tau is no delay beyond doubt.
constexpr double far = 100.0;
constexpr double very_far = 1000.0;
/// Models whose states are known in milliseconds.
constexpr std::size_t most_populations = 4;
constexpr std::size_t most_values = 100;  // of an empirical density
constexpr double rounding = 1.0 + 1e-9;

double smallest_tau(const model::Model& model) {
  double smallest = infinity;
  for (const auto& population : model.populations) smallest = std::min(smallest, population.tau);
  return smallest;
}

/// Whether the unit of time is one that neurons have a tau in.
bool is_physical(const model::Model& model) { return model.time_unit == "ms" || model.time_unit == "s"; }

/// " (and n more)".
std::string and_more(std::size_t more) { return more == 0 ? "" : fmt::format(" (and {} more)", more); }

/// One line for all times of projections that are too short; `times` gives those of a projection with their keys.
template <class Times>
void short_times(const model::Model& model, std::vector<Slip>& slips, const std::string& what, Times&& times) {
  const double tau = smallest_tau(model);
  const double step = model.simulation.time_step;
  std::size_t count = 0;
  std::optional<std::pair<std::string, double>> first;
  for (const auto& projection : model.projections) {
    bool counts = false;
    for (const auto& [key, time] : times(projection)) {
      if (!(time > 0.0)) continue;
      if (!(time <= tau / very_far * rounding || (time < step && time < tau / far))) continue;
      counts = true;
      if (!first) {
        first = {fmt::format("projection.{}->{}.{}", model.populations[projection.from].name,
                             model.populations[projection.to].name, key),
                 time};
      }
    }
    if (counts) ++count;
  }
  if (!first) return;
  const double time = first->second;
  const std::string against = time < step ? fmt::format("shorter than the time step of {:g}", step)
                                          : fmt::format("{:.0f} times shorter than tau", tau / time);
  const std::string guess = model.time_unit == "ms" ? "seconds instead of ms?" : "another unit than that of tau?";
  slips.push_back({first->first, fmt::format("{} = {:g}{} is {} (the smallest tau is {:g}): a {} in {}", first->first,
                                             time, and_more(count - 1), against, tau, what, guess)});
}

void short_projections(const model::Model& model, std::vector<Slip>& slips) {
  using Times = std::vector<std::pair<std::string, double>>;
  short_times(model, slips, "delay", [](const model::Projection& projection) {
    return Times{{"delay", projection.delay}};
  });
  short_times(model, slips, "synaptic time constant", [](const model::Projection& projection) {
    const auto& synapse = projection.synapse;
    if (synapse.rise > 0.0 && synapse.rise != synapse.decay) {
      return Times{{"synapse.rise", synapse.rise}, {"synapse.decay", synapse.decay}};
    }
    return Times{{"synapse.tau", synapse.decay}};
  });
}

void default_tau(const model::Model& model, std::vector<Slip>& slips) {
  if (!is_physical(model)) return;
  const model::Population* first = nullptr;
  std::size_t count = 0;
  for (const auto& population : model.populations) {
    if (population.tau != 1.0 || population.part_of) continue;
    if (first == nullptr) first = &population;
    ++count;
  }
  if (first == nullptr) return;
  const std::string key = fmt::format("population.{}.tau", first->name);
  slips.push_back({key, fmt::format("{} = 1 {}{}, which is the default: was it left out?", key, model.time_unit,
                                    and_more(count - 1))});
}

void long_step(const model::Model& model, std::vector<Slip>& slips) {
  const double step = model.simulation.time_step;
  const double tau = smallest_tau(model);
  if (!(step * rounding >= tau / 10.0)) return;
  const std::string key = "simulation.time_step";
  slips.push_back(
      {key, fmt::format("{} = {:g} is a tenth of the smallest tau ({:g}) or more: for a first look at most; "
                        "\"auto\" chooses one that does",
                        key, step, tau)});
}

bool has_cheap_states(const model::Model& model) {
  if (model.populations.size() > most_populations) return false;
  return std::all_of(model.populations.begin(), model.populations.end(), [](const auto& population) {
    const auto* empirical = std::get_if<model::Empirical>(&population.heterogeneity);
    return !std::holds_alternative<model::GaussianNoise>(population.noise) &&
           (empirical == nullptr || empirical->value.size() <= most_values);
  });
}

void far_start(const model::Model& model, std::vector<Slip>& slips) {
  const auto* start = std::get_if<model::LorentzianStart>(&model.simulation.start);
  if (start == nullptr || !start->rate || !has_cheap_states(model)) return;
  const auto states = mean_field::stationary_states(model).states;
  if (states.empty()) return;
  double lowest = infinity;
  double highest = 0.0;
  for (const auto& state : states) {
    lowest = std::min(lowest, state.point.rate.minCoeff());
    highest = std::max(highest, state.point.rate.maxCoeff());
  }
  const auto& rates = start->rate.values();
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
  const bool above = *most > far * highest;
  const bool below = is_physical(model) && *least < lowest / far;
  if (!above && !below) return;
  const double rate = above ? *most : *least;
  const std::string key = "simulation.start.rate";
  const std::string unit = "1/" + model.time_unit;
  slips.push_back(
      {key,
       fmt::format("{} = {:g} ({}) is far {} the rates of every stationary state, {:.3g} .. {:.3g}: in another unit?",
                   key, rate, unit, above ? "above" : "below", lowest, highest)});
}

/// When a current is on, or varies; nothing if it always is.
struct Window {
  double begin = 0.0;
  double end = infinity;
  const char* verb = "is on";
};

std::optional<Window> window_of(const model::Stimulus& stimulus) {
  if (const auto* step = std::get_if<model::StepCurrent>(&stimulus.current)) return Window{step->begin, step->end};
  if (const auto* sine = std::get_if<model::SineCurrent>(&stimulus.current)) return Window{sine->begin, sine->end};
  if (const auto* pulses = std::get_if<model::PulseCurrent>(&stimulus.current)) {
    return Window{pulses->begin, pulses->end + pulses->width};  // the last pulse is whole
  }
  if (const auto* ramp = std::get_if<model::RampCurrent>(&stimulus.current)) {
    return Window{ramp->begin, ramp->end, "varies"};
  }
  if (const auto* table = std::get_if<model::TableCurrent>(&stimulus.current)) {
    const bool flat = std::all_of(table->value.begin(), table->value.end(),
                                  [&](double value) { return value == table->value.front(); });
    if (!flat) return Window{table->time.front(), table->time.back(), "varies"};
  }
  return std::nullopt;
}

void stimuli_outside(const model::Model& model, std::vector<Slip>& slips) {
  const double begin = -model.simulation.transient;
  const double end = model.simulation.duration;
  for (std::size_t i = 0; i < model.stimuli.size(); ++i) {
    const auto window = window_of(model.stimuli[i]);
    if (!window || (window->begin < end && window->end > begin)) continue;
    const std::string key = fmt::format("stimulus.{}", i);
    slips.push_back({key, fmt::format("{} into {} {} from {:g} to {:g} only, outside the run, which lasts from {:g} to "
                                      "{:g}",
                                      key, model.populations[model.stimuli[i].to].name, window->verb, window->begin,
                                      window->end, begin == 0.0 ? 0.0 : begin, end)});
  }
}

}  // namespace

std::vector<Slip> likely_slips(const model::Model& model) {
  std::vector<Slip> slips;
  short_projections(model, slips);
  default_tau(model, slips);
  long_step(model, slips);
  far_start(model, slips);
  stimuli_outside(model, slips);
  return slips;
}

}  // namespace popshot::theory
