#include "popshot/mean_field/stationary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <numbers>
#include <string>
#include <utility>

#include "popshot/core/error.hpp"
#include "stationary_root.hpp"
#include "stationary_search.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;

/// Bounds of the relative error of a few roundings: more than the square roots and quotients of a curve make.
Interval with_rounding(double low, double high) {
  constexpr double error = 16.0 * 0x1p-52;
  return {rounded_down(low * (1.0 - error)), rounded_up(high * (1.0 + error))};
}

/// (S3)-(S6): F and F' of a Lorentzian population.
class LorentzianCurve final : public RateCurve {
 public:
  explicit LorentzianCurve(const model::Population& population)
      : population_(population), lorentzian_(std::get<model::Lorentzian>(population.heterogeneity)) {}

  [[nodiscard]] double rate(double input) const override { return stationary_rate(population_, input); }
  [[nodiscard]] double slope(double input) const override { return stationary_rate_slope(population_, input); }

  [[nodiscard]] Interval rate(const Interval& input) const override {
    const Interval a = from_center(input);
    return with_rounding(rate_at(a.lower), rate_at(a.upper));
  }

  [[nodiscard]] Interval slope(const Interval& input) const override {
    const Interval a = from_center(input);
    const double low = slope_at(a.lower);
    const double high = slope_at(a.upper);
    const double peak = lorentzian_.half_width / std::numbers::sqrt3;
    // The slope is flat to second order at its peak, so that the rounding of the peak's place does not matter.
    const double largest = a.contains(peak) ? slope_at(peak) : std::max(low, high);
    return with_rounding(std::min(low, high), std::max({low, high, largest}));
  }

 private:
  /// eta_center + input, which the curve depends on alone.
  [[nodiscard]] Interval from_center(const Interval& input) const {
    return input + Interval{lorentzian_.center, lorentzian_.center};
  }
  [[nodiscard]] double rate_at(double a) const {
    return stationary_root(a, lorentzian_.half_width).imag() / (pi * population_.tau);
  }
  [[nodiscard]] double slope_at(double a) const { return rate_at(a) / (2.0 * std::hypot(a, lorentzian_.half_width)); }

  const model::Population& population_;
  const model::Lorentzian& lorentzian_;
};

/// (S14): no stationary state has a rate above this.
double largest_possible_rate(const model::Model& model, const RateProblem& problem) {
  double largest = 0.0;
  for (Eigen::Index k = 0; k < problem.input.size(); ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const auto& lorentzian = std::get<model::Lorentzian>(population.heterogeneity);
    const double a = std::max(lorentzian.center + problem.input(k), 0.0) + lorentzian.half_width / 2.0;
    const double b = problem.coupling.row(k).cwiseMax(0.0).sum();
    const double scale = (pi * population.tau) * (pi * population.tau);
    const double bound = (b + std::sqrt(b * b + 4.0 * scale * a)) / (2.0 * scale);
    if (!std::isfinite(bound) || !std::isfinite(lorentzian.center)) return NAN;  // a maximum would lose it
    largest = std::max(largest, bound);
  }
  return 1.001 * largest;  // more than rounding can have taken off
}

/// The work per box grows with the cube of the number of populations: this keeps the total bounded.
std::size_t box_budget(std::size_t populations) {
  const double reduction = std::min(1.0, std::pow(8.0 / static_cast<double>(populations), 3));
  return static_cast<std::size_t>(std::max(100.0, 2e5 * reduction));
}

std::string rates_of(const StationaryState& state) {
  std::string text;
  for (Eigen::Index k = 0; k < state.point.rate.size(); ++k) {
    text += fmt::format("{}{:.4g}", k == 0 ? "" : ", ", state.point.rate(k));
  }
  return text;
}

}  // namespace

StationaryStates stationary_states(const model::Model& model) {
  StationaryStates result;
  const std::size_t count = model.populations.size();
  if (count == 0) {
    result.complete = true;
    return result;
  }
  RateProblem problem;
  problem.coupling = coupling_matrix(model);
  problem.input.resize(static_cast<Eigen::Index>(count));
  for (std::size_t k = 0; k < count; ++k) {
    problem.input(static_cast<Eigen::Index>(k)) = constant_current(model, k);
    problem.curves.push_back(std::make_unique<LorentzianCurve>(model.populations[k]));
  }
  problem.largest_rate = largest_possible_rate(model, problem);
  if (!problem.coupling.allFinite() || !problem.input.allFinite() || !std::isfinite(problem.largest_rate)) {
    throw InputError("model: weights, currents and heterogeneity must be finite for stationary states to exist");
  }

  const RateSolutions solutions = solve_rates(problem, box_budget(count));
  result.complete = solutions.complete;
  for (const Eigen::VectorXd& rate : solutions.rates) {
    StationaryState state;
    state.point.input = problem.input + problem.coupling * rate;
    state.point.rate.resize(rate.size());
    state.voltage.resize(rate.size());
    for (Eigen::Index k = 0; k < rate.size(); ++k) {
      const auto& population = model.populations[static_cast<std::size_t>(k)];
      state.point.rate(k) = stationary_rate(population, state.point.input(k));
      state.voltage(k) = stationary_state_variable(population, state.point.input(k)).real();
    }
    state.eigenvalues = eigenvalues(model, state.point);
    result.states.push_back(std::move(state));
  }
  std::sort(result.states.begin(), result.states.end(), [](const StationaryState& left, const StationaryState& right) {
    return left.point.rate.mean() < right.point.rate.mean();
  });
  return result;
}

StationaryState selected_state(const model::Model& model) {
  const StationaryStates found = stationary_states(model);
  std::vector<StationaryState> stable;
  std::copy_if(found.states.begin(), found.states.end(), std::back_inserter(stable),
               [](const StationaryState& state) { return state.stable(); });
  if (!stable.empty()) {
    return model.simulation.state == model::Simulation::State::lowest ? stable.front() : stable.back();
  }
  std::string reason = "none was found";
  if (!found.states.empty()) {
    const StationaryState& state = found.states.back();
    const std::complex<double> leading = state.eigenvalues.front();
    reason = fmt::format("at rates ({}) the leading eigenvalue is {:.4g}{}", rates_of(state), leading.real(),
                         leading.imag() != 0.0
                             ? fmt::format(" +- {:.4g} i, so that the mean field oscillates", std::abs(leading.imag()))
                             : std::string());
  }
  throw InputError(fmt::format(
      "simulation.start: the mean field has no stable stationary state ({}); use start = {{ kind = \"lorentzian\", "
      "rate = ..., voltage = ... }} with values of your own",
      reason));
}

}  // namespace popshot::mean_field
