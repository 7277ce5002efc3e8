#include "popshot/theory/modes.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <optional>
#include <tuple>
#include <utility>

#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "rates.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using Eigen::Index;

/// All states are searched for in models of so many populations.
constexpr std::size_t most_searched = 4;
/// The largest matrix of the linearised mean field whose eigenvalues are computed: a tenth of a second.
constexpr std::size_t largest_matrix = 250;
/// Points along a delay (mean_field/eigenvalues.cpp).
constexpr std::size_t delay_points = 20;
/// Newton's method is tried in models of so many populations.
constexpr std::size_t most_solved = 300;
/// The largest cost of the response at all frequencies, in about a nanosecond.
constexpr double largest_cost = 1e9;

double largest_tau(const model::Model& model) {
  double largest = 0.0;
  for (const auto& population : model.populations) largest = std::max(largest, population.tau);
  return largest;
}

std::size_t nodes(const model::Model& model) {
  std::size_t sum = 0;
  for (const auto& population : model.populations) sum += mean_field::ComplexNeurons(population).eta.size();
  return sum;
}

/// Rows of the matrix of the linearised mean field.
std::size_t matrix_size(const model::Model& model) {
  std::vector<std::tuple<std::size_t, double, double, double>> channels;
  for (const auto& projection : model.projections) {
    channels.emplace_back(projection.from, projection.delay, projection.synapse.rise, projection.synapse.decay);
  }
  std::sort(channels.begin(), channels.end());
  channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
  std::size_t rows = 2 * nodes(model);
  for (const auto& [from, delay, rise, decay] : channels) {
    rows += (delay > 0.0 ? delay_points : 0) + (rise > 0.0 ? 1 : 0) + (decay > 0.0 ? 1 : 0);
  }
  return rows;
}

bool is_stable(const std::vector<Complex>& eigenvalues) {
  return eigenvalues.empty() || eigenvalues.front().real() < 0.0;
}

struct State {
  mean_field::OperatingPoint point;
  std::vector<Complex> eigenvalues;
};

/// The stable state of lowest or highest mean rate; where there is none, the state of highest rate.
std::optional<State> searched_state(const model::Model& model) {
  auto states = mean_field::stationary_states(model).states;
  if (states.empty()) return std::nullopt;
  const auto stable = [](const auto& state) { return state.stable(); };
  auto chosen = std::prev(states.end());
  if (std::any_of(states.begin(), states.end(), stable)) {
    chosen = model.simulation.state == model::Simulation::State::lowest
                 ? std::find_if(states.begin(), states.end(), stable)
                 : std::prev(std::find_if(states.rbegin(), states.rend(), stable).base());
  }
  return State{std::move(chosen->point), std::move(chosen->eigenvalues)};
}

/// The same from estimates of the rates.
std::optional<State> estimated_state(const model::Model& model, bool with_eigenvalues) {
  const double preferred = model.simulation.state == model::Simulation::State::lowest ? 0.0 : 1.0;
  std::optional<State> first;
  for (const double start : {preferred, 1.0 - preferred}) {
    auto point = state_near_estimate(model, start);
    if (!point) continue;
    State state{std::move(*point), {}};
    if (with_eigenvalues) state.eigenvalues = mean_field::eigenvalues(model, state.point);
    if (is_stable(state.eigenvalues)) return state;
    if (!first) first = std::move(state);
  }
  return first;
}

/// Those of `all` that matter.
std::vector<ResonantMode> relevant(std::vector<ResonantMode> all, double smallest_time_constant) {
  constexpr double least_quality = 0.5;
  constexpr double damping_ratio = 5.0;
  const double widest = 5.0 / (pi * smallest_time_constant);
  std::erase_if(all, [&](const ResonantMode& one) { return one.quality() <= least_quality || one.width > widest; });
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.growing != b.growing ? a.growing : a.width < b.width; });
  double narrowest = widest;
  for (const auto& one : all) narrowest = std::min(narrowest, one.width);
  std::erase_if(all, [&](const ResonantMode& one) { return !one.growing && one.width > damping_ratio * narrowest; });
  return all;
}

void take_eigenvalues(Modes& modes, const std::vector<Complex>& eigenvalues, double smallest_time_constant) {
  double least = 0.0;
  for (const Complex value : eigenvalues) {
    const double rate = std::abs(value.real());
    least = least > 0.0 ? std::min(least, rate) : rate;
    if (value.imag() <= 0.0) continue;
    modes.resonances.push_back({value.imag() / (2.0 * pi), rate / pi, value.real() > 0.0});
  }
  if (least > 0.0) modes.slowest = std::max(modes.slowest, 1.0 / least);
  modes.resonances = relevant(std::move(modes.resonances), smallest_time_constant);
}

/// Peaks over frequency of the power of (1 - H J)^-1 - 1, what coupling adds to fluctuations (docs/theory.md (52)).
class ResponseScan {
 public:
  static constexpr int points = 120;

  ResponseScan(const model::Model& model, const mean_field::OperatingPoint& point) : model_(model) {
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      responses_.emplace_back(mean_field::ComplexNeurons(model.populations[k], 1e-6),
                              point.input(static_cast<Index>(k)));
    }
    const double highest = 3.0 * std::max(point.rate.maxCoeff(), 1.0 / (2.0 * pi * smallest_tau(model)));
    const double lowest = 0.01 / largest_tau(model);
    for (int i = 0; i < points; ++i) {
      frequency_.push_back(lowest * std::pow(highest / lowest, static_cast<double>(i) / (points - 1)));
      power_.push_back(power(frequency_.back()));
    }
  }

  [[nodiscard]] std::vector<ResonantMode> peaks() const {
    std::vector<ResonantMode> result;
    for (std::size_t i = 1; i + 1 < power_.size(); ++i) {
      if (!(power_[i] > power_[i - 1] && power_[i] >= power_[i + 1])) continue;
      const double half = 0.5 * power_[i];
      std::size_t low = i;
      std::size_t high = i;
      while (low > 0 && power_[low] > half) --low;
      while (high + 1 < power_.size() && power_[high] > half) ++high;
      if (power_[low] > half || power_[high] > half) continue;  // a shoulder
      result.push_back({frequency_[i], crossing(high, high - 1, half) - crossing(low, low + 1, half), false});
    }
    return result;
  }

 private:
  /// Where the power is `value` between two neighbouring frequencies.
  [[nodiscard]] double crossing(std::size_t below, std::size_t above, double value) const {
    const double part = (value - power_[below]) / (power_[above] - power_[below]);
    return frequency_[below] + part * (frequency_[above] - frequency_[below]);
  }
  [[nodiscard]] double power(double f) const {
    const Complex s{0.0, 2.0 * pi * f};
    Eigen::MatrixXcd matrix = -mean_field::coupling_matrix(model_, s);
    for (Index k = 0; k < matrix.rows(); ++k) matrix.row(k) *= responses_[static_cast<std::size_t>(k)](s);
    matrix.diagonal().array() += 1.0;
    return (matrix.partialPivLu().inverse() - Eigen::MatrixXcd::Identity(matrix.rows(), matrix.cols())).squaredNorm();
  }

  const model::Model& model_;
  std::vector<mean_field::Response> responses_;
  std::vector<double> frequency_;
  std::vector<double> power_;
};

/// The cost of that, in about a nanosecond.
double scan_cost(const model::Model& model) {
  const auto count = static_cast<double>(model.populations.size());
  const double each = 10.0 * count * count * count + 100.0 * static_cast<double>(model.projections.size()) +
                      20.0 * static_cast<double>(nodes(model));
  return ResponseScan::points * each;
}

/// What tau, synapses and delays alone say of the slowest mode.
double usual_slowest(const model::Model& model) {
  double longest = 0.0;
  for (const auto& projection : model.projections) {
    longest = std::max(longest, projection.delay + projection.synapse.rise + projection.synapse.decay);
  }
  return largest_tau(model) + longest;
}

}  // namespace

Modes known_modes(const model::Model& model) {
  model::Model plain = model;
  bool noisy = false;
  for (auto& population : plain.populations) {
    noisy = noisy || std::holds_alternative<model::GaussianNoise>(population.noise);
    population = simplified(std::move(population));
  }
  Modes modes;
  modes.slowest = largest_tau(plain);
  const double smallest = smallest_tau(plain);
  const bool affordable = matrix_size(plain) <= largest_matrix;
  const std::size_t populations = plain.populations.size();
  std::optional<State> state;
  if (affordable && populations <= most_searched) {
    state = searched_state(plain);
  } else if (populations <= most_solved) {
    state = estimated_state(plain, affordable);
  }
  if (state && affordable) {
    modes.source = noisy ? Modes::Source::estimate : Modes::Source::eigenvalues;
    modes.rate = state->point.rate;
    modes.stable = is_stable(state->eigenvalues);
    take_eigenvalues(modes, state->eigenvalues, smallest);
    return modes;
  }
  modes.slowest = usual_slowest(plain);
  if (state && scan_cost(plain) <= largest_cost) {
    modes.source = Modes::Source::response;
    modes.rate = state->point.rate;
    modes.resonances = relevant(ResponseScan(plain, state->point).peaks(), smallest);
    for (const auto& one : modes.resonances) modes.slowest = std::max(modes.slowest, 1.0 / (pi * one.width));
    return modes;
  }
  const auto count = static_cast<Index>(plain.populations.size());
  modes.rate = state ? state->point.rate : estimated_rates(plain, Eigen::VectorXd::Zero(count), 1.0);
  return modes;
}

}  // namespace popshot::theory
