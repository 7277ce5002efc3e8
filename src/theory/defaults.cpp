#include "popshot/theory/defaults.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "popshot/core/error.hpp"
#include "popshot/model/ladder.hpp"
#include "rates.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;

/// Recorded values of a run.
constexpr double most_samples = 1e9;
/// What is chosen is rounded with this much room, so that every build and every unit of time give the same.
constexpr double room = 1e-6;

std::string text(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.3g", value);
  return buffer.data();
}

double largest_tau(const model::Model& model) {
  double largest = 0.0;
  for (const auto& population : model.populations) largest = std::max(largest, population.tau);
  return largest;
}

/// Times and frequencies on the ladder.
class Rounding {
 public:
  explicit Rounding(double unit) : unit_(unit) {}
  [[nodiscard]] double time_above(double time) const { return model::ladder_at_least(time / unit_, 1.0) * unit_; }
  [[nodiscard]] double time_below(double time) const {
    return model::ladder_value(time / unit_ * (1.0 + room), 1.0) * unit_;
  }
  [[nodiscard]] double frequency_above(double f) const { return model::ladder_at_least(f * unit_, 1.0) / unit_; }
  [[nodiscard]] double frequency_below(double f) const {
    return model::ladder_value(f * unit_ * (1.0 + room), 1.0) / unit_;
  }

 private:
  double unit_;
};

/// When the stimuli change for the last time (0 if they do not), and their longest period.
struct Motion {
  double last = 0.0;
  double period = 0.0;

  void change(double time) {
    if (std::isfinite(time)) last = std::max(last, time);
  }
};

Motion motion_of(const model::Model& model) {
  Motion motion;
  for (const auto& stimulus : model.stimuli) {
    const auto of = [&]<class Current>(const Current& current) {
      if constexpr (requires { current.begin; }) {
        motion.change(current.begin);
        motion.change(current.end);
      }
      if constexpr (requires { current.frequency; }) motion.period = std::max(motion.period, 1.0 / current.frequency);
      if constexpr (requires { current.period; }) motion.period = std::max(motion.period, current.period);
      if constexpr (requires { current.time; }) motion.change(current.time.back());
    };
    std::visit(of, stimulus.current);
  }
  return motion;
}

class Choice {
 public:
  explicit Choice(const model::Model& model)
      : model_(model), unit_(smallest_tau(model)), tau_(largest_tau(model)), round_(unit_) {
    const auto& simulation = model.simulation;
    const auto& spectrum = model.spectrum;
    result_.duration = simulation.duration;
    result_.transient = simulation.transient;
    result_.record_interval = simulation.record_interval;
    result_.frequency_min = spectrum.frequency_min;
    result_.frequency_max = spectrum.frequency_max;
    result_.resolution = spectrum.resolution;
  }

  [[nodiscard]] Defaults made() {
    result_.modes = known_modes(model_);
    describe();
    const bool given_range = result_.frequency_max > 0.0;
    if (!given_range) choose_range();
    if (!(result_.resolution > 0.0)) choose_resolution(given_range);
    if (!given_range) raise_range();
    if (!(result_.duration > 0.0)) choose_duration();
    if (!(result_.record_interval > 0.0)) choose_record_interval();
    if (result_.was_chosen("duration") && !model::is_multiple(result_.duration, result_.record_interval)) {
      result_.duration = std::ceil(result_.duration / result_.record_interval) * result_.record_interval;
    }
    if (!(result_.transient >= 0.0)) choose_transient();
    require_storable();
    return std::move(result_);
  }

 private:
  void require_storable() const {
    if (result_.duration / result_.record_interval <= most_samples) return;
    const std::string length = "a run of more than 1e9 recorded values of " + text(result_.record_interval) + " each";
    if (result_.was_chosen("duration")) {
      throw InputError("spectrum.resolution: " + text(result_.resolution) + " asks for " + length +
                       "; allowed: a coarser resolution, or an explicit duration");
    }
    throw InputError("simulation.duration: " + text(result_.duration) + " is " + length +
                     ", the record interval that is chosen; allowed: <= " +
                     text(most_samples * result_.record_interval) + ", or an explicit record_interval");
  }

  void choose_range() {
    result_.chosen.emplace_back("frequency_range");
    const auto& modes = result_.modes;
    double lowest = 0.0;
    double highest = std::max(modes.rate.maxCoeff(), 1.0 / (2.0 * pi * unit_));
    for (const auto& one : modes.resonances) {
      lowest = lowest > 0.0 ? std::min(lowest, one.frequency) : one.frequency;
      highest = std::max(highest, one.frequency);
    }
    if (modes.resonances.empty()) {
      lowest = std::clamp(std::min(1.0 / (2.0 * pi * modes.slowest), modes.rate.maxCoeff()), 0.1 / tau_, 1.0 / tau_);
    }
    result_.frequency_min = round_.frequency_below(lowest / 5.0);
    result_.frequency_max = round_.frequency_above(3.0 * highest);
    // What is recorded, or the steps that it is made of, may resolve less.
    const double shortest = std::max(result_.record_interval, model_.simulation.time_step);
    if (shortest > 0.0 && result_.frequency_max * shortest > 0.5) result_.frequency_max = 0.5 / shortest;
    result_.frequency_min = std::min(result_.frequency_min, result_.frequency_max / 8.0);
  }

  void choose_resolution(bool given_range) {
    result_.chosen.emplace_back("resolution");
    const double half = result_.frequency_min / 2.0;
    double wanted = half;
    for (const auto& one : result_.modes.resonances) {
      const bool inside = one.frequency >= result_.frequency_min && one.frequency <= result_.frequency_max;
      if (inside && !one.growing) wanted = std::min(wanted, one.width / 3.0);
    }
    result_.resolution = round_.frequency_below(std::max(wanted, std::min(half, 0.005 / tau_)));
    if (!(result_.duration > 0.0)) return;
    const double least = 3.0 / result_.duration;  // three segments, of 1.5/resolution, that overlap by half
    if (result_.resolution < least) result_.resolution = round_.frequency_above(least);
    if (given_range)
      result_.resolution =
          std::max(std::min(result_.resolution, result_.frequency_max / 4.0), 1.5 / result_.duration * (1.0 + room));
  }

  /// No frequencies that the resolution does not show.
  void raise_range() {
    if (result_.frequency_min >= 2.0 * result_.resolution * (1.0 - room)) return;
    result_.frequency_min = std::min(round_.frequency_above(2.0 * result_.resolution), result_.frequency_max / 4.0);
  }

  void choose_duration() {
    result_.chosen.emplace_back("duration");
    const auto& modes = result_.modes;
    const double trials = static_cast<double>(model_.spectrum.trials);
    double duration = 5.0 / result_.resolution * std::max(1.0, 12.0 / trials);
    if (!is_stationary(model_) || !modes.stable) {
      const auto motion = motion_of(model_);
      double longest = std::max({100.0 * tau_, 20.0 * modes.slowest, 10.0 * motion.period});
      if (!modes.resonances.empty()) longest = std::max(longest, 20.0 / modes.resonances.front().frequency);
      if (motion.last > 0.0) longest = std::max(longest, motion.last + 10.0 * modes.slowest);
      longest = std::min(longest, 2000.0 * tau_);
      // (with a stationary input the state may be stable and only not known)
      duration = is_stationary(model_) ? std::max(duration, longest) : longest;
    }
    result_.duration = round_.time_above(duration);
  }

  void choose_record_interval() {
    result_.chosen.emplace_back("record_interval");
    const double longest = std::min({0.5 / result_.frequency_max, unit_, result_.duration});
    const double step = model_.simulation.time_step;
    double interval = round_.time_below(longest);
    if (step > 0.0 && !model::is_multiple(interval, step)) {
      interval = std::max(1.0, std::floor(longest / step * (1.0 + 1e-9))) * step;
    }
    if (result_.frequency_max * interval > 0.5 * (1.0 + room)) {
      throw InputError(
          "spectrum.frequency_range: its upper end " + text(result_.frequency_max) +
          " is above the Nyquist frequency of the time step; allowed: up to 0.5 / simulation.time_step = " +
          text(0.5 / step));
    }
    result_.record_interval = interval;
  }

  void choose_transient() {
    result_.chosen.emplace_back("transient");
    const double longest = round_.time_below(500.0 * tau_);
    result_.transient = std::min(round_.time_above(10.0 * result_.modes.slowest), longest);
  }

  void describe() {
    const auto& modes = result_.modes;
    std::string& evidence = result_.evidence;
    if (!modes.resonances.empty()) {
      const auto& first = modes.resonances.front();
      evidence = (first.growing ? "oscillation at " : "resonance at ") + text(first.frequency) +
                 (first.growing ? std::string() : ", width " + text(first.width)) + "; ";
    }
    switch (modes.source) {
      case Modes::Source::eigenvalues:
        evidence += "slowest mode " + text(modes.slowest);
        break;
      case Modes::Source::estimate:
        evidence += "slowest mode about " + text(modes.slowest);
        break;
      case Modes::Source::response:
        evidence += "by the response of the mean field";
        break;
      case Modes::Source::rates:
        evidence += "by tau, synapses and delays alone";
        break;
    }
  }

  const model::Model& model_;
  double unit_;
  double tau_;
  Rounding round_;
  Defaults result_;
};

}  // namespace

bool Defaults::was_chosen(const std::string& key) const {
  return std::find(chosen.begin(), chosen.end(), key) != chosen.end();
}

Defaults choose_defaults(const model::Model& model) { return Choice(model).made(); }

bool is_complete(const model::Model& model) {
  const auto& simulation = model.simulation;
  const auto& spectrum = model.spectrum;
  return simulation.duration > 0.0 && simulation.transient >= 0.0 && simulation.record_interval > 0.0 &&
         spectrum.frequency_max > 0.0 && spectrum.resolution > 0.0;
}

model::Model with_defaults(model::Model model) {
  if (is_complete(model)) return model;
  const auto defaults = choose_defaults(model);
  return with_defaults(std::move(model), defaults);
}

model::Model with_defaults(model::Model model, const Defaults& defaults) {
  auto& simulation = model.simulation;
  auto& spectrum = model.spectrum;
  if (!(simulation.duration > 0.0)) simulation.duration = defaults.duration;
  if (!(simulation.transient >= 0.0)) simulation.transient = defaults.transient;
  if (!(simulation.record_interval > 0.0)) simulation.record_interval = defaults.record_interval;
  if (!(spectrum.frequency_max > 0.0)) {
    spectrum.frequency_min = defaults.frequency_min;
    spectrum.frequency_max = defaults.frequency_max;
  }
  if (!(spectrum.resolution > 0.0)) spectrum.resolution = defaults.resolution;
  return model;
}

std::optional<ResonantMode> resonance_outside(const model::Model& model, const Modes& modes) {
  if (!is_stationary(model) || modes.resonances.empty()) return std::nullopt;
  const auto& first = modes.resonances.front();
  const auto& range = model.spectrum;
  if (first.frequency >= range.frequency_min && first.frequency <= range.frequency_max) return std::nullopt;
  return first;
}

}  // namespace popshot::theory
