#include "popshot/mean_field/scheme.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kicked_rest.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/model/synapse.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using Eigen::Index;

}  // namespace

std::array<Complex, 3> step_moments(Complex x) {
  std::array<Complex, 3> result{};
  if (std::abs(x) > 1.0) {
    result[0] = (std::exp(x) - 1.0) / x;
    result[1] = (result[0] - 1.0) / x;
    result[2] = (2.0 * result[1] - 1.0) / x;
    return result;
  }
  // u^i (1 - u)^n has the integral i! n!/(n + i + 1)!
  Complex power = 1.0;
  for (int n = 0; n < 22; ++n) {
    const double m = n;
    result[0] += power / (m + 1.0);
    result[1] += power / ((m + 1.0) * (m + 2.0));
    result[2] += 2.0 * power / ((m + 1.0) * (m + 2.0) * (m + 3.0));
    power *= x / (m + 1.0);
  }
  return result;
}

SchemeResponse::SchemeResponse(const model::Population& population, double constant, double synaptic, double time_step)
    : tau_(population.tau), time_step_(time_step) {
  if (std::holds_alternative<model::GaussianNoise>(population.noise)) {
    noisy_.emplace(population, constant + synaptic);
    rate_ = stationary_rate(population, constant + synaptic);
    return;
  }
  const double h = time_step / tau_;
  const ComplexNeurons neurons(population);
  const auto* cauchy = std::get_if<model::CauchyNoise>(&population.noise);
  const double width = cauchy != nullptr ? cauchy->width : 0.0;
  // The kick as Inputs and the stepper make it, and its derivative. (6b)
  const double x = h * h * synaptic;
  const double common = constant_current_kick(x) / h + h * std::pow(width * h, 2) / 12.0;
  const Complex kick{common, width * h * constant_current_kick_slope(h * common)};
  constexpr double small = 1e-4;
  const double bend =
      (constant_current_kick_slope(h * common + small) - constant_current_kick_slope(h * common - small)) /
      (2.0 * small);
  const Complex slope = constant_current_kick_slope(x) * Complex{1.0, width * h * h * bend};
  double spikes = 0.0;
  for (std::size_t m = 0; m < neurons.eta.size(); ++m) {
    const auto flow = riccati_flow(neurons.eta[m] + constant - Complex{0.0, width}, h);
    const Complex y = kicked_rest(flow, kick);
    const Complex denominator = flow.c - flow.b * y;
    const Complex weight = neurons.weight[m] * slope / pi;
    spikes += (neurons.weight[m] * riccati_angle(flow, y)).real();
    // The flow has determinant 1 before the factor is taken out.
    const Complex multiplier = std::exp(-2.0 * flow.log_factor) / (denominator * denominator);
    const Complex count = flow.b / denominator;
    multiplier_.push_back(multiplier);
    moments_.push_back({weight * count, weight * (count / 2.0 + h * (1.0 - multiplier) / 12.0),
                        weight * (0.3 * count + h * (1.0 / 10.0 - multiplier / 15.0))});
  }
  rate_ = spikes / time_step;
}

std::array<Complex, 3> SchemeResponse::operator()(Complex z) const {
  std::array<Complex, 3> result{};
  if (noisy_) {
    const Complex s = std::log(z) / time_step_;
    const Complex response = tau_ * (*noisy_)(s);
    result = step_moments(s * time_step_);
    for (Complex& value : result) value *= response;
    return result;
  }
  // The imaginary part of a complex response to a real input is (R(z) - conj R(conj z))/2i.
  const Complex back = 1.0 / z;
  for (std::size_t m = 0; m < multiplier_.size(); ++m) {
    const Complex above = 1.0 / (1.0 - multiplier_[m] * back);
    const Complex below = 1.0 / (1.0 - std::conj(multiplier_[m]) * back);
    for (std::size_t i = 0; i < 3; ++i) result[i] += moments_[m][i] * above - std::conj(moments_[m][i]) * below;
  }
  for (Complex& value : result) value /= Complex{0.0, 2.0};
  return result;
}

SchemeLoop::SchemeLoop(const model::Model& model, const OperatingPoint& point, double time_step)
    : time_step_(time_step) {
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const double constant = constant_current(model, k);
    responses_.emplace_back(model.populations[k], constant, point.input(static_cast<Index>(k)) - constant, time_step);
  }
  for (const model::Projection& projection : model.projections) {
    auto channel = std::find_if(channels_.begin(), channels_.end(), [&](const Channel& other) {
      return other.like.delay == projection.delay && other.like.synapse.rise == projection.synapse.rise &&
             other.like.synapse.decay == projection.synapse.decay;
    });
    if (channel == channels_.end()) {
      channels_.push_back({projection, {}});
      channel = std::prev(channels_.end());
    }
    channel->weight.emplace_back(static_cast<int>(projection.to), static_cast<int>(projection.from), projection.weight);
  }
}

Eigen::MatrixX3cd SchemeLoop::responses(Complex z) const {
  Eigen::MatrixX3cd result(static_cast<Index>(responses_.size()), 3);
  for (Index k = 0; k < result.rows(); ++k) {
    const auto response = responses_[static_cast<std::size_t>(k)](z);
    for (Index i = 0; i < 3; ++i) result(k, i) = response[static_cast<std::size_t>(i)];
  }
  return result;
}

std::array<Eigen::MatrixXcd, 3> SchemeLoop::transfers(Complex z) const {
  const auto count = static_cast<Index>(responses_.size());
  std::array<Eigen::MatrixXcd, 3> result;
  result.fill(Eigen::MatrixXcd::Zero(count, count));
  for (const Channel& channel : channels_) {
    const auto transfer = model::kick_transfer(channel.like, z, time_step_);
    for (const auto& one : channel.weight) {
      for (std::size_t i = 0; i < 3; ++i) result[i](one.row(), one.col()) += transfer[i] * one.value();
    }
  }
  return result;
}

Eigen::MatrixXcd scheme_loop(const Eigen::MatrixX3cd& responses, const std::array<Eigen::MatrixXcd, 3>& transfers,
                             Complex z) {
  // The kick at the end of a step begins the next one.
  Eigen::MatrixXcd result = transfers[0] * responses.col(0).asDiagonal();
  result += transfers[1] * responses.col(1).asDiagonal();
  result += transfers[2] * responses.col(2).asDiagonal();
  return result / z;
}

Eigen::MatrixXcd SchemeLoop::loop(Complex z) const { return scheme_loop(responses(z), transfers(z), z); }

Complex SchemeLoop::characteristic(Complex z) const {
  const auto count = static_cast<Index>(responses_.size());
  return (Eigen::MatrixXcd::Identity(count, count) - loop(z)).determinant();
}

std::optional<Complex> scheme_eigenvalue_near(const SchemeLoop& scheme, Complex lambda) {
  const double h = scheme.time_step();
  const double reach = 0.5 * std::abs(lambda) + 0.05 * (1.0 + std::abs(lambda));
  const auto value = [&](Complex s) { return scheme.characteristic(std::exp(s * h)); };
  std::optional<Complex> result;
  Complex s = lambda;
  Complex change = 0.0;
  for (int iteration = 0; iteration < 60; ++iteration) {
    const double step = 1e-6 * (1.0 + std::abs(s));
    const Complex derivative = (value(s + step) - value(s - step)) / (2.0 * step);
    change = -value(s) / derivative;
    s += change;
    if (!(std::abs(s - lambda) < reach) || std::abs(change) < 1e-13 * (1.0 + std::abs(s))) break;
  }
  // (a double zero is found to half of the digits)
  if (std::abs(s - lambda) < reach && std::abs(change) < 1e-6 * (1.0 + std::abs(s))) result = s;
  // Modes of populations that nothing comes back to.
  for (const SchemeResponse& response : scheme.populations()) {
    for (const Complex multiplier : response.multipliers()) {
      for (const Complex mode : {std::log(multiplier) / h, std::log(std::conj(multiplier)) / h}) {
        const double distance = std::abs(mode - lambda);
        if (distance < 0.02 * (1.0 + std::abs(lambda)) && (!result || distance < std::abs(*result - lambda))) {
          result = mode;
        }
      }
    }
  }
  return result;
}

std::optional<Complex> scheme_eigenvalue_near(const model::Model& model, const OperatingPoint& point, double time_step,
                                              Complex lambda) {
  return scheme_eigenvalue_near(SchemeLoop(model, point, time_step), lambda);
}

int unstable_modes(const SchemeLoop& scheme, const std::vector<Complex>& eigenvalues) {
  const double h = scheme.time_step();
  // A response turns once while z turns by 2 pi over the length of its memory in steps.
  double longest = 0.0;
  for (const auto& channel : scheme.channels()) longest = std::max(longest, channel.like.delay / h);
  constexpr std::size_t most_points = 20000;
  const auto points = std::min(most_points, 48 + static_cast<std::size_t>(6.0 * longest));
  std::vector<double> angle;
  for (std::size_t i = 0; i <= points; ++i) {
    angle.push_back(pi * static_cast<double>(i) / static_cast<double>(points));
  }
  const auto look_closely = [&](double middle, double width) {
    for (const double widths : {-8.0, -4.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0}) {
      const double place = middle + widths * width;
      if (place > 0.0 && place < pi) angle.push_back(place);
    }
  };
  for (const Complex lambda : eigenvalues) {
    if (lambda.imag() >= 0.0) look_closely(lambda.imag() * h, lambda.real() * h);
  }
  // .. and at poles near the circle.
  for (const SchemeResponse& response : scheme.populations()) {
    for (const Complex multiplier : response.multipliers()) {
      const double width = 1.0 - std::abs(multiplier);
      if (width < 0.05) look_closely(std::abs(std::arg(multiplier)), width);
    }
  }
  std::sort(angle.begin(), angle.end());
  const auto at = [&](double place) { return scheme.characteristic(std::polar(1.0, place)); };
  // The phase is followed where three values in a row are about on a line.
  double turned = 0.0;
  const auto follow = [&](const auto& self, double low, Complex left, double high, Complex right, int depth) -> void {
    const double middle = 0.5 * (low + high);
    const Complex value = at(middle);
    const bool straight =
        std::abs(value - 0.5 * (left + right)) < 0.25 * std::abs(value) && std::abs(std::arg(right / left)) < 1.0;
    if (straight || depth == 0) {
      turned += std::arg(value / left) + std::arg(right / value);
      return;
    }
    self(self, low, left, middle, value, depth - 1);
    self(self, middle, value, high, right, depth - 1);
  };
  Complex left = at(angle.front());
  for (std::size_t i = 1; i < angle.size(); ++i) {
    const Complex right = at(angle[i]);
    follow(follow, angle[i - 1], left, angle[i], right, 30);
    left = right;
  }
  // The other half of the circle is the mirror image.
  return static_cast<int>(std::lround(-turned / pi));
}

int unstable_modes(const model::Model& model, const OperatingPoint& point, double time_step) {
  return unstable_modes(SchemeLoop(model, point, time_step), eigenvalues(model, point));
}

}  // namespace popshot::mean_field
