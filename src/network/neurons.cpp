#include "neurons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "kernel.hpp"
#include "popshot/core/error.hpp"
#include "popshot/mean_field/population.hpp"

namespace popshot::network {

namespace {

constexpr double pi = std::numbers::pi;

/// The coefficients of the kernel: a = 4 sin^2(w h/2) and b = sin(w h)/w, for either sign of eta. theory.md (11).
struct KernelCoefficients {
  double a;
  double b;
};

KernelCoefficients kernel_coefficients(double eta, double h) {
  const double angle = std::sqrt(std::abs(eta)) * h;
  const double half = eta < 0 ? std::sinh(std::min(angle, 2.0) / 2) : std::sin(std::min(angle, pi) / 2);
  const double a = (eta < 0 ? -4.0 : 4.0) * half * half;
  const double sine = eta < 0 ? std::sinh(angle) : std::sin(angle);
  return {a, angle > 0 ? sine / angle * h : h};
}

/// x rounded to that many binary digits.
double with_bits(double x, int bits) {
  int exponent = 0;
  const double mantissa = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, bits)), exponent - bits);
}

/// Where x = eta h^2 gives |a| < limit, with a = 4 sin^2(sqrt(x)/2) or -4 sinh^2(sqrt(-x)/2).
class InputRange {
 public:
  explicit InputRange(double limit)
      : low_(-4.0 * std::pow(std::asinh(std::sqrt(limit) / 2), 2)),
        high_(4.0 * std::pow(std::asin(std::sqrt(limit) / 2), 2)) {}
  [[nodiscard]] bool holds(double x) const { return low_ < x && x < high_; }

 private:
  double low_, high_;
};

}  // namespace

PageArray page_array(std::size_t count) {
  constexpr std::size_t page = 4096;
  const std::size_t bytes = (count * sizeof(float) / page + 1) * page;
  return PageArray(static_cast<float*>(std::aligned_alloc(page, bytes)));
}

void DoubleNeurons::add(double v, double constant_input) {
  resize(size() + 1);
  voltage.back() = v;
  set_input(size() - 1, constant_input);
}

void DoubleNeurons::resize(std::size_t count) {
  for (auto* values : {&voltage, &c, &b, &e, &half_turns, &angle, &last_angle, &tangent}) values->resize(count);
}

void DoubleNeurons::set_input(std::size_t i, double constant_input) {
  const auto flow = riccati_flow(constant_input, h);
  c[i] = flow.c;
  b[i] = flow.b;
  e[i] = flow.e;
  half_turns[i] = flow.half_turns;
  angle[i] = std::copysign(std::sqrt(std::abs(constant_input)) * h, constant_input);
  last_angle[i] = angle[i] - flow.half_turns * pi;
  tangent[i] = std::tan(last_angle[i] / 2);
}

DoubleView DoubleNeurons::view(std::size_t begin, std::size_t end) {
  return {voltage.data() + begin,
          c.data() + begin,
          b.data() + begin,
          e.data() + begin,
          half_turns.data() + begin,
          angle.data() + begin,
          last_angle.data() + begin,
          tangent.data() + begin,
          end - begin,
          h};
}

void DoubleNeurons::reserve(std::size_t count) {
  for (auto* values : {&voltage, &c, &b, &e, &half_turns, &angle, &last_angle, &tangent}) values->reserve(count);
}

Neurons::Neurons(std::size_t capacity, double step, model::Precision precision, const std::string& population_name)
    : h(step) {
  doubles.h = step;
  if (precision == model::Precision::double_) {
    doubles.reserve(capacity);
    return;
  }
  y = page_array(capacity);
  a = page_array(capacity);
  if (!y || !a) throw InputError(fmt::format("population '{}': not enough memory", population_name));
}

Path Neurons::path(double eta) const {
  static const InputRange near_range(kernel_near_a);
  static const InputRange single_range(kernel_largest_a);
  const double x = eta * h * h;
  if (y == nullptr || !single_range.holds(x)) return Path::double_;
  return near_range.holds(x) ? Path::near : Path::single;
}

void Neurons::add_single(double eta, double voltage) {
  if (near == singles && path(eta) == Path::near) ++near;
  start_single(singles++, eta, voltage);
}

std::optional<Line> Neurons::line(std::span<const double, kernel_group> eta) const {
  if (path(eta.front()) != Path::near || path(eta.back()) != Path::near) return std::nullopt;
  std::array<double, kernel_group> exact{};
  double largest = 0.0;
  for (std::size_t i = 0; i < kernel_group; ++i) {
    exact[i] = constant_current_kick(eta[i] * h * h);
    largest = std::max(largest, std::abs(exact[i]));
  }
  if (largest > kernel_near_a) return std::nullopt;
  const double slope = (exact.back() - exact.front()) / static_cast<double>(kernel_group - 1);
  const Line line{static_cast<float>(exact.front()), static_cast<float>(with_bits(slope, 20))};
  constexpr double tolerance = 0x1p-23;
  for (std::size_t i = 0; i < kernel_group; ++i) {
    if (std::abs(static_cast<double>(line(i)) - exact[i]) > tolerance * largest) return std::nullopt;
  }
  return line;
}

void Neurons::resize(const std::array<std::size_t, paths>& counts) {
  lined = counts[0];
  near = lined + counts[1];
  singles = near + counts[2];
  lines.resize(lined / kernel_group);
  doubles.resize(counts[3]);
}

void Neurons::start_single(std::size_t i, double eta, double voltage) {
  const auto kernel = kernel_coefficients(eta, h);
  y[i] = static_cast<float>(kernel.b * voltage - kernel.a / 2);
  if (i >= lined) a[i - lined] = static_cast<float>(kernel.a);
}

void Neurons::start_double(std::size_t i, double eta, double voltage) {
  doubles.voltage[i] = voltage;
  doubles.set_input(i, eta);
}

void Neurons::set_single(std::size_t i, double eta) {
  const auto factor = [](double x) {  // b/h, as in the kernel
    return 1.0 - x * (1.0 / 6.0 + x * (1.0 / 180.0 + x * (1.0 / 1512.0 + x * (23.0 / 226800.0))));
  };
  const double old = a[i - lined];
  const double changed = constant_current_kick(eta * h * h);
  y[i] = static_cast<float>((y[i] + old / 2) * factor(changed) / factor(old) - changed / 2);
  a[i - lined] = static_cast<float>(changed);
  if (std::abs(changed) > kernel_near_a) near = std::min(near, i);
}

SpikeSums Neurons::advance(double kick, std::int64_t step) {
  return advance_doubles(0, doubles.size(), kick, step) + advance_singles(0, singles, kick, step);
}

SingleView Neurons::view_of_singles(std::size_t begin, std::size_t end) const {
  assert(begin % kernel_group == 0 && (end % kernel_group == 0 || end == singles));
  const std::size_t lines_end = std::clamp(lined, begin, end);
  const std::size_t near_end = std::clamp(near / kernel_group * kernel_group, begin, end);
  return {y.get() + begin,
          lines.data() + std::min(begin, lined) / kernel_group,
          a.get() + (std::max(begin, lined) - lined),
          lines_end - begin,
          near_end - begin,
          end - begin};
}

SpikeSums Neurons::advance_singles(std::size_t begin, std::size_t end, double kick, std::int64_t step) {
  if (begin >= end) return {};
  const auto scaled = static_cast<float>(h * kick);
  if (!noise.active()) {
    return step_single(view_of_singles(begin, end), scaled);
  }
  // Noise of a greater scale takes every neuron to y = -1 all the same; times the largest number it stays finite.
  constexpr double largest_scale = 1e20;
  const auto scale = static_cast<float>(std::min(h * noise_scale(noise, kick, h), largest_scale));
  SpikeSums spikes;
  for_noise_blocks(noise, step, begin, end, [&](std::size_t first, std::size_t last, const float* numbers) {
    spikes += step_single_noisy(y.get() + first, a.get() + first, numbers, last - first, scaled, scale);
  });
  return spikes;
}

SpikeSums Neurons::advance_doubles(std::size_t begin, std::size_t end, double kick, std::int64_t step) {
  if (begin >= end) return {};
  return network::advance(doubles, begin, end, kick, noise.of_group(noise.group + 1), step);
}

SpikeSums advance(DoubleNeurons& d, std::size_t begin, std::size_t end, double kick, const NoiseSource& noise,
                  std::int64_t step) {
  if (begin >= end) return {};
  const double scale = noise_scale(noise, kick, d.h);
  const auto advance_part = [&](std::size_t first, std::size_t last, const float* numbers) {
    return step_double(d.view(first, last), kick, numbers, scale);
  };
  if (!noise.active()) return advance_part(begin, end, nullptr);
  SpikeSums spikes;
  for_noise_blocks(noise, step, begin, end, [&](std::size_t first, std::size_t last, const float* numbers) {
    spikes += advance_part(first, last, numbers);
  });
  return spikes;
}

double start_rate(const model::Model& model, const mean_field::OperatingPoint& point, std::size_t k) {
  const auto* lorentzian = std::get_if<model::LorentzianStart>(&model.simulation.start);
  const double rate = point.rate(static_cast<Eigen::Index>(k));
  return lorentzian != nullptr ? lorentzian->rate.of(k).value_or(rate) : rate;
}

StartVoltage::StartVoltage(const model::Model& model, std::size_t k, std::uint64_t trial,
                           const mean_field::OperatingPoint& point, RandomStream stream)
    : seed_(model.simulation.seed),
      stream_(stream),
      member_{trial, k},
      input_(point.input(static_cast<Eigen::Index>(k))),
      neuron_(model.populations[k]) {
  const auto* lorentzian = std::get_if<model::LorentzianStart>(&model.simulation.start);
  if (lorentzian == nullptr) return;
  const auto& population = model.populations[k];
  alike_ = true;
  center_ = lorentzian->voltage.of(k).value_or(mean_field::stationary_state_variable(population, input_).real());
  half_width_ = pi * population.tau * start_rate(model, point, k);
}

double StartVoltage::operator()(std::int64_t j, double eta) const {
  const double u = uniform_number(seed_, stream_, member_, static_cast<std::uint64_t>(j));
  const double phase = std::tan(pi * (u - 0.5));
  if (alike_) return center_ + half_width_ * phase;
  const auto rest = neuron_.rest(eta + input_);
  return rest.real() + rest.imag() * phase;
}

}  // namespace popshot::network
