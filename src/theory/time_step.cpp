#include "popshot/theory/time_step.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdio>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "popshot/core/error.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/scheme.hpp"
#include "popshot/model/ladder.hpp"
#include "popshot/theory/defaults.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "rates.hpp"
#include "scheme_spectrum.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
constexpr double infinity = std::numeric_limits<double>::infinity();
using Complex = std::complex<double>;
using Eigen::Index;

/// The longest step, as a fraction of the smallest tau.
constexpr double longest_step = 0.1;
/// Relative errors of eigenvalues, power and rates that are no matter.
constexpr double tolerance = 0.005;
/// A chosen step keeps this much of the bounds, so that every build chooses the same.
constexpr double margin = 0.8;
/// The scheme is looked at with as many steps as this, then the rule is left.
constexpr std::size_t most_judged = 12;
constexpr std::size_t most_candidates = 40;
constexpr std::size_t most_populations = 8;
/// Largest cost of the search, in about a microsecond on a slow processor.
constexpr double largest_cost = 2e6;
/// Longest delay and run, in steps.
constexpr double longest_delay = 1e6;
constexpr double most_steps = 1e15;

/// How far from its bound the worst of the criteria is, and which it is.
struct Excess {
  double ratio = 0.0;
  const char* what = "";

  void consider(double value, const char* name) {
    if (!(value <= ratio)) {
      ratio = value;
      what = name;
    }
  }
};

// ---- the linear theory of the scheme at a stable state ----

class StateBounds {
 public:
  StateBounds(const model::Model& model, const mean_field::StationaryState& state)
      : model_(model), point_(state.point) {
    const auto& spectrum = model.spectrum;
    floor_ = std::max(pi * spectrum.resolution, 1.0 / model.simulation.duration);
    double slowest = infinity;
    for (const Complex value : state.eigenvalues) slowest = std::min(slowest, std::abs(value.real()));
    for (const Complex value : state.eigenvalues) {
      if (value.imag() < 0.0) continue;
      const double damping = std::abs(value.real());
      const double frequency = value.imag() / (2.0 * pi);
      const bool resonance =
          frequency >= spectrum.frequency_min && frequency <= spectrum.frequency_max && damping <= value.imag();
      if (damping <= 3.0 * slowest || resonance) eigenvalue_.push_back(value);
    }
    for (std::int64_t b = 0; b <= spectrum.bands; ++b) {
      const double part = static_cast<double>(b) / static_cast<double>(spectrum.bands);
      edge_.push_back(spectrum.frequency_min * std::pow(spectrum.frequency_max / spectrum.frequency_min, part));
    }
    tabulate_noise();
  }

  /// Criteria in the order of what they cost; past `enough` no more are looked at.
  [[nodiscard]] Excess at(double time_step, double enough) const {
    const mean_field::SchemeLoop scheme(model_, point_, time_step);
    Excess excess;
    for (Index k = 0; k < point_.rate.size(); ++k) {
      const double rate = scheme.populations()[static_cast<std::size_t>(k)].rate();
      const double exact =
          mean_field::stationary_rate(model_.populations[static_cast<std::size_t>(k)], point_.input(k));
      excess.consider(std::abs(rate - exact) / (tolerance * exact), "stationary rates");
    }
    std::vector<Complex> own;
    for (const Complex lambda : eigenvalue_) {
      const auto found = mean_field::scheme_eigenvalue_near(scheme, lambda);
      if (!found) {
        excess.consider(infinity, "eigenvalues");
        return excess;
      }
      const double allowed = tolerance * std::max(std::abs(lambda.real()), floor_);
      excess.consider(std::abs(*found - lambda) / allowed, "eigenvalues");
      own.push_back(*found);
    }
    if (excess.ratio > enough) return excess;
    // One that is hardly damped may grow, if that makes no difference in a whole run.
    const double run = model_.simulation.duration + model_.simulation.transient;
    int growing = 0;
    for (const Complex value : own) {
      if (value.real() > 0.0 && value.real() * run < 0.01) growing += value.imag() > 0.0 ? 2 : 1;
    }
    if (mean_field::unstable_modes(scheme, eigenvalue_) > growing) {
      excess.consider(infinity, "stability");
      return excess;
    }
    compare_power(time_step, own, excess);
    return excess;
  }

 private:
  /// S0 of every population at a few frequencies of every band.
  void tabulate_noise() {
    constexpr int per_band = 4;
    for (std::size_t b = 0; b + 1 < edge_.size(); ++b) {
      for (int i = 0; i < per_band; ++i) {
        noise_frequency_.push_back(edge_[b] * std::pow(edge_[b + 1] / edge_[b], static_cast<double>(i) / per_band));
      }
    }
    noise_frequency_.push_back(edge_.back());
    for (std::size_t k = 0; k < model_.populations.size(); ++k) {
      const auto& population = model_.populations[k];
      const auto neurons = static_cast<double>(population.size);
      const double input = point_.input(static_cast<Index>(k));
      auto& values = noise_.emplace_back();
      floor_power_.push_back(mean_field::stationary_rate(population, input) / neurons);
      if (!std::holds_alternative<model::NoNoise>(population.noise) ||
          std::holds_alternative<model::Identical>(population.heterogeneity)) {
        values.assign(noise_frequency_.size(), floor_power_.back());
        continue;
      }
      const UncoupledSpectrum density(population, input);
      for (const double f : noise_frequency_) values.push_back(density(f) / neurons);
    }
  }

  /// In between: linear.
  [[nodiscard]] double noise(std::size_t k, double f) const {
    const auto above = std::upper_bound(noise_frequency_.begin() + 1, noise_frequency_.end() - 1, f);
    const auto i = static_cast<std::size_t>(above - noise_frequency_.begin());
    const double part = (f - noise_frequency_[i - 1]) / (noise_frequency_[i] - noise_frequency_[i - 1]);
    return noise_[k][i - 1] + part * (noise_[k][i] - noise_[k][i - 1]);
  }

  /// Frequencies for integrals over the bands: evenly spaced, and close together where there are resonances.
  [[nodiscard]] std::vector<double> grid(const std::vector<Complex>& own) const {
    constexpr int per_band = 6;
    std::vector<double> f;
    for (std::size_t b = 0; b + 1 < edge_.size(); ++b) {
      for (int i = 0; i < per_band; ++i) f.push_back(edge_[b] + (edge_[b + 1] - edge_[b]) * i / per_band);
    }
    f.push_back(edge_.back());
    for (const auto* values : {&eigenvalue_, &own}) {
      for (const Complex value : *values) {
        const double middle = std::abs(value.imag()) / (2.0 * pi);
        const double width = std::abs(value.real()) / (2.0 * pi);
        for (const double offset : {0.0, 0.3, 0.7, 1.2, 2.0, 4.0, 8.0, 16.0}) {
          for (const double place : {middle - offset * width, middle + offset * width}) {
            if (place > edge_.front() && place < edge_.back()) f.push_back(place);
          }
        }
      }
    }
    // What hardly decays in a whole run is a line, of which only the flanks have a power.
    for (const Complex value : eigenvalue_) {
      if (std::abs(value.real()) > 0.25 / model_.simulation.duration) continue;
      std::erase_if(f, [&](double place) {
        return place > edge_.front() && place < edge_.back() &&
               std::abs(2.0 * pi * place - value.imag()) < 4.0 * floor_;
      });
    }
    std::sort(f.begin(), f.end());
    f.erase(std::unique(f.begin(), f.end()), f.end());
    return f;
  }

  void compare_power(double time_step, const std::vector<Complex>& own, Excess& excess) const {
    model::Model quiet = model_;
    std::erase_if(quiet.stimuli, model::is_random);
    const auto f = grid(own);
    const SchemeSpectrum scheme(quiet, point_, time_step);
    const auto count = static_cast<std::size_t>(point_.rate.size());
    const auto exact =
        shot_noise(quiet, point_, f, {.uncoupled = [this](std::size_t k, double at) { return noise(k, at); }});
    std::vector<std::vector<double>> power(count);
    std::vector<std::vector<double>> expected;
    for (std::size_t k = 0; k < count; ++k) expected.push_back(exact.total.power(k));
    for (const double at : f) {
      const auto step = scheme.at(at);
      for (std::size_t k = 0; k < count; ++k) {
        const auto row = static_cast<Index>(k);
        double sum = step.jitter(row, row).real();
        for (std::size_t l = 0; l < count; ++l) {
          sum += std::norm(step.amplification(row, static_cast<Index>(l))) * noise(l, at);
        }
        power[k].push_back(sum);
      }
    }
    for (std::size_t b = 0; b + 1 < edge_.size(); ++b) {
      for (std::size_t k = 0; k < count; ++k) {
        double of_scheme = 0.0;
        double of_theory = 0.0;
        for (std::size_t i = 1; i < f.size(); ++i) {
          if (f[i - 1] < edge_[b] || f[i] > edge_[b + 1]) continue;
          const double half = (f[i] - f[i - 1]) / 2.0;
          of_scheme += half * (power[k][i] + power[k][i - 1]);
          of_theory += half * (expected[k][i] + expected[k][i - 1]);
        }
        const double allowed = tolerance * std::max(of_theory, floor_power_[k] * (edge_[b + 1] - edge_[b]));
        excess.consider(std::abs(of_scheme - of_theory) / allowed, "power in the bands");
      }
    }
  }

  const model::Model& model_;
  mean_field::OperatingPoint point_;
  double floor_ = 0.0;               ///< of the scale of errors of eigenvalues
  std::vector<Complex> eigenvalue_;  ///< that matter, Im >= 0
  std::vector<double> edge_;         ///< of the bands
  std::vector<double> noise_frequency_;
  std::vector<std::vector<double>> noise_;  ///< S0/N [population][frequency]
  std::vector<double> floor_power_;         ///< r/N
};

// ---- the rule ----

/// The largest absolute value of a current that is delivered in kicks, and the highest of its frequencies.
struct Swing {
  double amplitude = 0.0;
  double highest = 0.0;
  double frequency = 0.0;
};

Swing swing(const model::Stimulus& stimulus) {
  Swing result;
  const auto reach = [&](double value) {
    result.amplitude = std::max(result.amplitude, std::abs(value));
    result.highest = std::max(result.highest, value);
  };
  if (const auto* step = std::get_if<model::StepCurrent>(&stimulus.current)) reach(step->amplitude);
  if (const auto* pulse = std::get_if<model::PulseCurrent>(&stimulus.current)) reach(pulse->amplitude);
  if (const auto* ramp = std::get_if<model::RampCurrent>(&stimulus.current)) reach(ramp->amplitude);
  if (const auto* table = std::get_if<model::TableCurrent>(&stimulus.current)) {
    for (const double value : table->value) reach(value);
  }
  if (const auto* sine = std::get_if<model::SineCurrent>(&stimulus.current)) {
    reach(std::abs(sine->amplitude));
    result.frequency = sine->frequency;
  }
  return result;
}

/// The step of the rule, and what limits it. docs/guide.md "How large a step".
struct Rule {
  double time_step = infinity;
  const char* what = "";

  void limit(double step, const char* name) {
    if (step < time_step) {
      time_step = step;
      what = name;
    }
  }
};

/// What moving stimuli ask for.
void limit_by_stimuli(const model::Model& model, Rule& rule) {
  constexpr double largest_kick = 0.1;  // h^2 I/tau^2
  constexpr double steps_per_period = 25.0;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    double amplitude = 0.0;
    for (const auto& stimulus : model.stimuli) {
      if (!receives(model, k, stimulus)) continue;
      const auto one = swing(stimulus);
      amplitude += one.amplitude;
      if (one.frequency > 0.0) rule.limit(1.0 / (steps_per_period * one.frequency), "the stimuli");
      if (const auto* ou = std::get_if<model::OrnsteinUhlenbeckCurrent>(&stimulus.current)) {
        amplitude += 3.0 * ou->standard_deviation;
        rule.limit(ou->correlation_time / 2.0, "the stimuli");
      }
    }
    if (amplitude > 0.0) rule.limit(model.populations[k].tau * std::sqrt(largest_kick / amplitude), "the stimuli");
  }
}

Rule rule_of(const model::Model& model) {
  constexpr double steps_per_tau = 25.0;
  constexpr double steps_per_synapse = 2.0;
  constexpr double steps_per_noise = 40.0;
  constexpr double largest_turn = 0.13;  // h |x*|/tau: a neuron turns by it in a step
  constexpr double largest_loop = 0.1;
  Rule rule;
  rule.limit(smallest_tau(model) / steps_per_tau, "tau");
  for (const auto& projection : model.projections) {
    for (const double constant : {projection.synapse.rise, projection.synapse.decay}) {
      if (constant > 0.0) rule.limit(constant / steps_per_synapse, "the synapses");
    }
  }
  for (const auto& population : model.populations) {
    const auto* noise = std::get_if<model::GaussianNoise>(&population.noise);
    // V' = V^2 + sqrt(2 D) xi has the natural time D^(-1/3).
    if (noise != nullptr) rule.limit(population.tau / std::cbrt(noise->intensity) / steps_per_noise, "the noise");
  }
  limit_by_stimuli(model, rule);
  const auto count = static_cast<Index>(model.populations.size());
  Eigen::VectorXd extra = Eigen::VectorXd::Zero(count);
  for (Index k = 0; k < count; ++k) {
    for (const auto& stimulus : model.stimuli) {
      if (receives(model, static_cast<std::size_t>(k), stimulus)) extra(k) += swing(stimulus).highest;
    }
  }
  const Eigen::VectorXd rate = estimated_rates(model, extra, 0.0).cwiseMax(estimated_rates(model, extra, 1.0));
  Eigen::VectorXd loop = Eigen::VectorXd::Zero(count);
  Eigen::VectorXd excitation = extra;
  for (const auto& projection : model.projections) {
    const auto from = static_cast<Index>(projection.from);
    const auto to = static_cast<Index>(projection.to);
    const double tau = model.populations[projection.from].tau;
    excitation(to) += model.populations[projection.to].tau * std::max(0.0, projection.weight) * rate(from);
    if (projection.synapse.decay == 0.0) loop(to) += std::abs(projection.weight) * rate(from) / tau;
  }
  for (Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const double input = constant_current(model, static_cast<std::size_t>(k)) + excitation(k);
    const double turn = std::abs(mean_field::ComplexNeurons(simplified(population), 1e-6).rest(input));
    rule.limit(population.tau * largest_turn / turn, "the largest rate");
    if (loop(k) > 0.0) rule.limit(std::sqrt(largest_loop / loop(k)), "the coupling");
  }
  return rule;
}

// ---- both ----

/// Round steps that divide the record interval, the longest first; where there are none within a decade, the record
/// interval over whole numbers.
std::vector<double> candidates(const model::Model& model) {
  const double unit = smallest_tau(model);
  const double record = model.simulation.record_interval;
  const double longest = std::min(longest_step * unit, record);
  std::vector<double> steps;
  for (double h = model::ladder_value(longest, unit); h > 1e-5 * longest && steps.size() < most_candidates;
       h = model::ladder_below(h, unit)) {
    if (model::is_multiple(record, h)) steps.push_back(h);
  }
  if (!steps.empty() && steps.front() > 0.099 * longest) return steps;
  steps.clear();
  double parts = std::ceil(record / longest * (1.0 - 1e-9));
  while (steps.size() < most_candidates) {
    steps.push_back(record / parts);
    parts = std::max(parts + 1.0, std::floor(1.25 * parts));
  }
  return steps;
}

/// What looking at one step costs, in about a microsecond on a slow processor.
double cost(const model::Model& model, std::size_t states, double time_step) {
  const auto count = static_cast<double>(model.populations.size());
  double nodes = 0.0;
  for (const auto& population : model.populations) {
    nodes += static_cast<double>(mean_field::ComplexNeurons(population).eta.size());
  }
  double longest = 0.0;
  for (const auto& projection : model.projections) longest = std::max(longest, projection.delay);
  const double each = 1.0 + 0.1 * nodes + 0.5 * count * count + static_cast<double>(model.projections.size());
  const double points = 500.0 + 40.0 * static_cast<double>(model.spectrum.bands) + 12.0 * longest / time_step;
  return each * points * static_cast<double>(states);
}

/// The stable states at which the scheme is judged; none where only the rule is left.
std::vector<mean_field::StationaryState> judged_states(const model::Model& model, double longest,
                                                       const std::stop_token& stop) {
  if (model.populations.size() > most_populations || model.spectrum.bands > 100) return {};
  for (const auto& population : model.populations) {
    if (std::holds_alternative<model::GaussianNoise>(population.noise)) return {};
  }
  if (cost(model, 1, longest) > largest_cost) return {};
  auto states = mean_field::stationary_states(model, stop).states;
  std::erase_if(states, [](const auto& state) { return !state.stable() || state.eigenvalues.empty(); });
  return states;
}

bool moves(const model::Model& model) {
  return !is_stationary(model) || std::any_of(model.stimuli.begin(), model.stimuli.end(), [](const auto& stimulus) {
    return std::holds_alternative<model::OrnsteinUhlenbeckCurrent>(stimulus.current);
  });
}

/// What the states and the rule ask for.
class Bounds {
 public:
  /// longest: the longest step that will be looked at.
  Bounds(const model::Model& model, double longest, const std::stop_token& stop) : model_(model), stop_(stop) {
    for (const auto& state : judged_states(model, longest, stop)) {
      throw_if_stopped(stop);
      states_.emplace_back(model, state);
    }
    if (states_.empty() || !is_stationary(model)) {
      rule_ = rule_of(model);  // where there is no theory, or where the stimuli lead away from it
    } else if (moves(model)) {
      limit_by_stimuli(model, rule_);
    }
  }

  [[nodiscard]] bool by_rule() const { return states_.empty(); }
  /// Only the rule from now on.
  void give_states_up() {
    states_.clear();
    rule_ = rule_of(model_);
  }
  [[nodiscard]] double cost_of(double time_step) const { return cost(model_, states_.size(), time_step); }

  [[nodiscard]] Excess at(double time_step, double enough) const {
    Excess excess;
    // Errors grow at least as the square.
    excess.consider(std::pow(time_step / rule_.time_step * (1.0 - 1e-9), 2), rule_.what);
    for (const auto& state : states_) {
      throw_if_stopped(stop_);
      if (excess.ratio > enough) break;
      const auto one = state.at(time_step, enough);
      excess.consider(one.ratio, one.what);
    }
    return excess;
  }

  /// A rule has its margin already.
  [[nodiscard]] bool meets(const Excess& excess) const {
    return excess.ratio <= (excess.what == rule_.what ? 1.0 : margin);
  }

 private:
  const model::Model& model_;
  std::stop_token stop_;
  std::vector<StateBounds> states_;
  Rule rule_;
};

std::string text(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.6g", value);
  return buffer.data();
}

}  // namespace

TimeStepChoice choose_time_step(const model::Model& model, const std::stop_token& stop) {
  const auto steps = candidates(model);
  Bounds bounds(model, steps.front(), stop);
  const bool whole = steps.front() > model.simulation.record_interval * (1.0 - 1e-6);
  const std::string first = whole ? "the record interval" : "tau";
  TimeStepChoice choice{0.0, first, bounds.by_rule()};
  double spent = 0.0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    throw_if_stopped(stop);
    if (!choice.by_rule && (i == most_judged || (spent += bounds.cost_of(steps[i])) > largest_cost)) {
      bounds.give_states_up();
      choice.by_rule = true;
    }
    choice.time_step = steps[i];
    const auto excess = bounds.at(steps[i], margin);
    if (bounds.meets(excess)) return choice;
    choice.limit = excess.what;
  }
  choice.limit += ", which shorter steps may not meet either";
  return choice;
}

TimeStepExcess time_step_excess(const model::Model& model, const std::stop_token& stop) {
  const double step = model.simulation.time_step;
  const auto excess = Bounds(model, step, stop).at(step, infinity);
  return {excess.ratio, excess.what};
}

model::Model with_time_step(model::Model model) {
  model = with_defaults(std::move(model));
  if (model.simulation.time_step > 0.0) return model;
  const auto choice = choose_time_step(model);
  return with_time_step(std::move(model), choice);
}

model::Model with_time_step(model::Model model, const TimeStepChoice& choice) {
  auto& simulation = model.simulation;
  if (simulation.time_step > 0.0) return model;
  simulation.time_step = choice.time_step;
  for (const auto& projection : model.projections) {
    if (projection.delay <= longest_delay * simulation.time_step) continue;
    throw InputError("simulation.time_step: the step of " + text(simulation.time_step) + " that \"auto\" chooses is " +
                     "too short for the delay of " + text(projection.delay) +
                     "; allowed: an explicit time step of at " + "least " + text(projection.delay / longest_delay) +
                     ", or shorter delays");
  }
  if ((simulation.duration + simulation.transient) / simulation.time_step > most_steps) {
    throw InputError("simulation.duration: takes more than 1e15 of the time steps of " + text(simulation.time_step) +
                     " that \"auto\" chooses; allowed: shorter runs");
  }
  return model;
}

}  // namespace popshot::theory
