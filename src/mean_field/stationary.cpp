#include "popshot/mean_field/stationary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numbers>
#include <string>
#include <utility>

#include "popshot/core/error.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/mean_field/population.hpp"
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

/// (S3)-(S6): F and F' of a single complex neuron.
class LorentzianCurve final : public RateCurve {
 public:
  explicit LorentzianCurve(ComplexNeurons neurons) : neurons_(std::move(neurons)) {}

  [[nodiscard]] double rate(double input) const override { return neurons_.rate(input); }
  [[nodiscard]] double slope(double input) const override { return neurons_.slope(input); }

  [[nodiscard]] Interval rate(const Interval& input) const override {
    const Interval a = from_center(input);
    return with_rounding(rate_at(a.lower), rate_at(a.upper));
  }

  [[nodiscard]] Interval slope(const Interval& input) const override {
    const Interval a = from_center(input);
    const double low = slope_at(a.lower);
    const double high = slope_at(a.upper);
    const double peak = half_width() / std::numbers::sqrt3;
    // The slope is flat to second order at its peak, so that the rounding of the peak's place does not matter.
    const double largest = a.contains(peak) ? slope_at(peak) : std::max(low, high);
    return with_rounding(std::min(low, high), std::max({low, high, largest}));
  }

 private:
  /// eta_center + input, which the curve depends on alone.
  [[nodiscard]] Interval from_center(const Interval& input) const {
    const double center = neurons_.eta[0].real();
    return input + Interval{center, center};
  }
  [[nodiscard]] double half_width() const { return neurons_.eta[0].imag(); }
  [[nodiscard]] double rate_at(double a) const { return stationary_root(a, half_width()).imag() / (pi * neurons_.tau); }
  [[nodiscard]] double slope_at(double a) const { return rate_at(a) / (2.0 * std::hypot(a, half_width())); }

  ComplexNeurons neurons_;
};

/// F and F' of any number of complex neurons: F by its monotony, F' from the middle with a bound of F''. The nodes are
/// as exact as they are, so that completeness is shown up to their error. any_model.md (46).
class NodeCurve final : public RateCurve {
 public:
  explicit NodeCurve(ComplexNeurons neurons) : neurons_(std::move(neurons)) {}

  [[nodiscard]] double rate(double input) const override { return neurons_.rate(input); }
  [[nodiscard]] double slope(double input) const override { return neurons_.slope(input); }
  [[nodiscard]] Interval rate(const Interval& input) const override {
    const double low = neurons_.rate(input.lower);
    const double high = neurons_.rate(input.upper);
    const double error = node_error * (std::abs(high) + 1e-3 / neurons_.tau);
    return {std::min(low, high) - error, std::max(low, high) + error};
  }
  [[nodiscard]] Interval slope(const Interval& input) const override {
    const double middle = input.middle();
    // |F''| <= sum |W|/(4 pi tau |eta + I|^(3/2))
    double bend = 0.0;
    for (std::size_t m = 0; m < neurons_.eta.size(); ++m) {
      const double a = neurons_.eta[m].real();
      const double nearest = std::max({a + input.lower, -(a + input.upper), 0.0});
      const double distance = std::hypot(nearest, neurons_.eta[m].imag());
      bend += std::abs(neurons_.weight[m]) / (4.0 * pi * neurons_.tau * distance * std::sqrt(distance));
    }
    const double slope = neurons_.slope(middle);
    const double reach = bend * 0.5 * input.width() * (1.0 + node_error) + node_error * (1.0 + std::abs(slope));
    return {slope - reach, slope + reach};
  }

 private:
  static constexpr double node_error = 1e-13;
  ComplexNeurons neurons_;
};

/// F of a population with Gaussian noise, tabulated over the inputs that are possible. Its slope between is bounded by
/// what it is at nearby points of the table, which is no proof.
class TabulatedCurve final : public RateCurve {
 public:
  TabulatedCurve(const model::Population& population, double low, double high, const std::stop_token& stop)
      : low_(low) {
    constexpr std::size_t points = 400;
    spacing_ = (high - low) / static_cast<double>(points - 1);
    std::vector<double> rates(points);
    for (std::size_t i = 0; i < points; ++i) {
      throw_if_stopped(stop);
      const double input = low + spacing_ * static_cast<double>(i);
      rates[i] = stationary_rate(population, input);
    }
    spline_ = std::make_unique<Spline>(rates.begin(), rates.end(), low, spacing_);
    high_ = high;
  }
  [[nodiscard]] double rate(double input) const override { return (*spline_)(std::clamp(input, low_, high_)); }
  [[nodiscard]] double slope(double input) const override { return spline_->prime(std::clamp(input, low_, high_)); }
  [[nodiscard]] Interval rate(const Interval& input) const override {
    const double error = 1e-13 * (1.0 + rate(input.upper));
    return {rate(input.lower) - error, rate(input.upper) + error};
  }
  [[nodiscard]] Interval slope(const Interval& input) const override {
    double low = std::min(slope(input.lower), slope(input.upper));
    double high = std::max(slope(input.lower), slope(input.upper));
    const auto first = static_cast<std::int64_t>(std::floor((input.lower - low_) / spacing_));
    const auto last = static_cast<std::int64_t>(std::ceil((input.upper - low_) / spacing_));
    for (std::int64_t i = first + 1; i < last; ++i) {
      const double value = slope(low_ + spacing_ * static_cast<double>(i));
      low = std::min(low, value);
      high = std::max(high, value);
    }
    const double margin = 1e-12 + 0.02 * (high - low);
    return {low - margin, high + margin};
  }

 private:
  using Spline = boost::math::interpolators::cardinal_cubic_b_spline<double>;
  double low_;
  double high_ = 0.0;
  double spacing_ = 1.0;
  std::unique_ptr<Spline> spline_;
};

/// The inputs that population k may get, given that no rate is above `largest`.
Interval possible_inputs(const RateProblem& problem, Eigen::Index k, double largest) {
  return {problem.input(k) + largest * problem.coupling.row(k).cwiseMin(0.0).sum() - 1e-6,
          problem.input(k) + largest * problem.coupling.row(k).cwiseMax(0.0).sum() + 1e-6};
}

std::unique_ptr<RateCurve> make_curve(const model::Population& population) {
  if (std::holds_alternative<model::GaussianNoise>(population.noise)) return nullptr;  // made when the inputs are known
  ComplexNeurons neurons(population);
  if (neurons.single()) return std::make_unique<LorentzianCurve>(std::move(neurons));
  return std::make_unique<NodeCurve>(std::move(neurons));
}

/// (S14): no stationary state has a rate above this.
double largest_possible_rate(const model::Model& model, const RateProblem& problem) {
  double largest = 0.0;
  for (Eigen::Index k = 0; k < problem.input.size(); ++k) {
    auto population = model.populations[static_cast<std::size_t>(k)];
    if (const auto* noise = std::get_if<model::GaussianNoise>(&population.noise)) {
      // Noise adds less to the rate than the current 10 D^(2/3) and a Cauchy noise of this width do.
      population.noise = model::CauchyNoise{10.0 * std::cbrt(noise->intensity * noise->intensity)};
    }
    const ComplexNeurons neurons(population);
    // A sum with weights W is at most sum |W| times its largest term.
    double weight = 0.0;
    double drive = 0.0;
    for (std::size_t m = 0; m < neurons.eta.size(); ++m) {
      weight += std::abs(neurons.weight[m]);
      const double center = neurons.eta[m].real() + problem.input(k);
      const double width = neurons.eta[m].imag();
      const double above = neurons.single() ? std::max(center, 0.0) + width / 2.0 : std::hypot(center, width);
      if (!std::isfinite(above) || !std::isfinite(neurons.eta[m].real())) return NAN;  // a maximum would lose it
      drive = std::max(drive, above);
    }
    const double a = weight * weight * drive;
    const double b = weight * weight * problem.coupling.row(k).cwiseMax(0.0).sum();
    const double scale = (pi * population.tau) * (pi * population.tau);
    const double bound = (b + std::sqrt(b * b + 4.0 * scale * a)) / (2.0 * scale);
    if (!std::isfinite(bound)) return NAN;
    largest = std::max(largest, bound);
  }
  // No solution lies above what the rates themselves allow at the largest input.
  for (int i = 0; i < 8; ++i) {
    double allowed = 0.0;
    for (Eigen::Index k = 0; k < problem.input.size(); ++k) {
      const double input = problem.input(k) + largest * problem.coupling.row(k).cwiseMax(0.0).sum();
      const auto& curve = problem.curves[static_cast<std::size_t>(k)];
      if (!curve) return 1.001 * largest;
      allowed = std::max(allowed, curve->rate(input));
    }
    if (!(1.01 * allowed < largest)) break;
    largest = 1.01 * allowed;
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

StationaryStates stationary_states(const model::Model& model, const std::stop_token& stop) {
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
    throw_if_stopped(stop);
    problem.input(static_cast<Eigen::Index>(k)) = constant_current(model, k);
    problem.curves.push_back(make_curve(model.populations[k]));
  }
  problem.largest_rate = largest_possible_rate(model, problem);
  if (!problem.coupling.allFinite() || !problem.input.allFinite() || !std::isfinite(problem.largest_rate)) {
    throw InputError("model: weights, currents and heterogeneity must be finite for stationary states to exist");
  }

  bool rigorous = true;
  for (std::size_t k = 0; k < count; ++k) {
    if (problem.curves[k]) continue;
    const auto inputs = possible_inputs(problem, static_cast<Eigen::Index>(k), problem.largest_rate);
    problem.curves[k] = std::make_unique<TabulatedCurve>(model.populations[k], inputs.lower, inputs.upper, stop);
    rigorous = false;
  }

  const RateSolutions solutions = solve_rates(problem, box_budget(count), stop);
  result.complete = solutions.complete && rigorous;
  for (const Eigen::VectorXd& rate : solutions.rates) {
    throw_if_stopped(stop);
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

StationaryState selected_state(const model::Model& model, const std::stop_token& stop, StateUse use) {
  const StationaryStates found = stationary_states(model, stop);
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
  const std::string values = "start = { kind = \"lorentzian\", rate = .., voltage = .. }";
  if (use == StateUse::start) {
    throw InputError(
        fmt::format("simulation.start: the mean field has no stable stationary state ({}); allowed here: {} with "
                    "both values given, for all populations or as a list",
                    reason, values));
  }
  const auto* start = std::get_if<model::LorentzianStart>(&model.simulation.start);
  const bool given = start != nullptr && start->rate && start->voltage;
  throw InputError(
      fmt::format("model: the mean field has no stable stationary state ({}), and linear theory is that of small "
                  "fluctuations around one; what works: 'popshot simulate' and, over time, 'popshot compare'{}",
                  reason, given ? "" : ", with " + values));
}

}  // namespace popshot::mean_field
