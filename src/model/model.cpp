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

std::string gigabytes(double bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g GB", bytes / 1e9);
  return text.data();
}

}  // namespace

std::optional<std::size_t> Model::find_population(const std::string& population_name) const {
  for (std::size_t k = 0; k < populations.size(); ++k) {
    if (populations[k].name == population_name) return k;
  }
  return std::nullopt;
}

Schedule schedule(const Simulation& simulation) {
  return {simulation.duration, simulation.transient, simulation.time_step, simulation.record_interval};
}

double constant_current(const Model& model, std::size_t k) {
  double sum = 0.0;
  for (const Stimulus& stimulus : model.stimuli) {
    const auto* constant = std::get_if<ConstantCurrent>(&stimulus.current);
    if (stimulus.to == k && constant != nullptr) sum += constant->amplitude;
  }
  return sum;
}

bool is_stationary(const Model& model) {
  return std::all_of(model.stimuli.begin(), model.stimuli.end(), [](const Stimulus& stimulus) {
    return std::holds_alternative<ConstantCurrent>(stimulus.current);
  });
}

double current_integral(const Model& model, std::size_t k, double begin, double end) {
  double sum = 0.0;
  for (const Stimulus& stimulus : model.stimuli) {
    if (stimulus.to != k) continue;
    sum += std::visit([begin, end](const auto& current) { return integral_of(current, begin, end); }, stimulus.current);
  }
  return sum;
}

double network_memory(const Model& model) {
  // Single: state and coefficient. Double: voltage and the four numbers of its flow.
  const double state_bytes = model.simulation.precision == Precision::single ? 2 * sizeof(float) : 5 * sizeof(double);
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
