// The two loops over neurons that network simulation spends its time in. Narrow on purpose: arrays in, sums over spikes
// out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "popshot/core/step_spikes.hpp"

namespace popshot::network {

/// The spikes of a step as whole numbers, exact in any order: how many, and the sums of u and u^2 over them in units of
/// spike_unit; u is the part of the step that is left after a spike. Of up to 10^11 neurons.
struct SpikeSums {
  std::int64_t count = 0;
  std::int64_t first = 0;
  std::int64_t second = 0;

  SpikeSums& operator+=(const SpikeSums& other) {
    count += other.count;
    first += other.first;
    second += other.second;
    return *this;
  }
  friend SpikeSums operator+(SpikeSums left, const SpikeSums& right) { return left += right; }
  friend SpikeSums operator-(const SpikeSums& left, const SpikeSums& right) {
    return {left.count - right.count, left.first - right.first, left.second - right.second};
  }
  friend bool operator==(const SpikeSums&, const SpikeSums&) = default;
};
inline constexpr double spike_unit = 0x1p-16;

/// The same as numbers, times `scale`: spikes per neuron with one over their number.
[[nodiscard]] inline StepSpikes scaled(const SpikeSums& sums, double scale) {
  return {scale * static_cast<double>(sums.count), scale * spike_unit * static_cast<double>(sums.first),
          scale * spike_unit * static_cast<double>(sums.second)};
}

/// Largest |a| for which the single-precision kernel may be used (w h < 0.72): its kick factor is then right to 2e-7 of
/// a kick h D of 0.1, and the time of a spike within the step to 0.008 of it (0.003 on the average).
inline constexpr double kernel_largest_a = 1.0 / 2.0;
/// Largest |a| for which the kick factor may be 1 - a/6: right to 2e-7 too.
inline constexpr double kernel_near_a = 1.0 / 160.0;

/// Neurons in single precision come in groups of this many: a vector of the widest instruction set.
inline constexpr std::size_t kernel_group = 16;

/// The coefficients a of a kernel_group whose neurons differ by equal steps: first + i slope, i = 0 .. kernel_group -
/// 1, in single precision. The slope has 20 bits, so that its multiples are exact and the sum is rounded once.
struct Line {
  float first;
  float slope;
  [[nodiscard]] float operator()(std::size_t i) const { return first + slope * static_cast<float>(i); }
};

/// Neurons in single precision: state y and coefficient a of each. The first `lined` have their coefficients from
/// lines; coefficients[0] belongs to the neuron after them. Of the first `near`, which the lined ones are among, |a| <=
/// kernel_near_a. `lined` and `near` are multiples of kernel_group.
struct SingleView {
  float* y = nullptr;
  const Line* lines = nullptr;
  const float* coefficients = nullptr;
  std::size_t lined = 0;
  std::size_t near = 0;
  std::size_t count = 0;
  bool rare = false;  ///< few of them fire in a step: makes no difference but to the speed
};
/// Where so many neurons fire in a step, or fewer, it pays to say that they are rare.
inline constexpr std::size_t neurons_per_rare_spike = 300;

/// One kick and one drift of neurons in single precision; returns their spikes.
///
/// State y = b V - a/2 with b = sin(w h)/w and a = 4 sin^2(w h/2) (negative for eta < 0). A kick of the voltage
/// by D and the exact drift over h (units of tau) are y1 = y + a + b D, y' = y1/(1 - y1), a spike where 1 - y1 < 0;
/// b = h (1 - a/6 - a^2/180 - ...), so that two arrays suffice, or little more than one. theory.md (11)-(13b). kick = h
/// D. The `near` neurons take fewer operations than the others, the lined ones more, but they move fewer bytes. Of a
/// neuron that has fired u = -1/y', but for O(a). (13c). Where 1 - y1 is exactly zero the spike falls into the next
/// step. Runs on the widest instruction set that the machine has; the same bits on each.
SpikeSums step_single(const SingleView& neurons, float kick);
/// The same with noise, for neurons of any a: neuron i is kicked by h (D + noise scale) with the standard numbers
/// noise[i]; kick = h D, scale = h times the scale of the noise in units of voltage.
SpikeSums step_single_noisy(float* y, const float* a, const float* noise, std::size_t count, float kick, float scale);

/// Name of the instruction set that the kernels run on here.
const char* kernel_target();
/// The instruction sets that the kernels are compiled for and this machine has, as Highway's bits.
std::int64_t kernel_targets();

/// Makes the kernels and the noise numbers run on one of kernel_targets() while it lives; for tests and benchmarks, not
/// while others simulate.
class ChosenTarget {
 public:
  explicit ChosenTarget(std::int64_t target);
  ~ChosenTarget();
  ChosenTarget(const ChosenTarget&) = delete;
  ChosenTarget& operator=(const ChosenTarget&) = delete;
  ChosenTarget(ChosenTarget&&) = delete;
  ChosenTarget& operator=(ChosenTarget&&) = delete;
};

/// Neurons in double precision: voltage, coefficients of the flow (RiccatiFlow), and what the times of their spikes
/// follow from: angle is w h, or -kappa h where the constant input is eta = -kappa^2 <= 0; last_angle is w h without
/// whole half-turns and tangent that of its half. h is the step in units of tau.
struct DoubleView {
  double* voltage = nullptr;
  const double* c = nullptr;
  const double* b = nullptr;
  const double* e = nullptr;
  const double* half_turns = nullptr;
  const double* angle = nullptr;
  const double* last_angle = nullptr;
  const double* tangent = nullptr;
  std::size_t count = 0;
  double h = 0.0;
};

/// The spikes of neuron i, which has fired `count` > 0 times in the step that it is at the end of: all of them follow
/// from the phase that it has gone through since the last one. Additions, products, divisions and square roots only,
/// which round alike everywhere. theory.md (4a).
[[nodiscard]] SpikeSums spikes_before(const DoubleView& neurons, std::size_t i, double count);

/// One kick by `kick` and one drift of neurons in double precision by riccati_step, any step, any eta; returns their
/// spikes. With `noise` (not null), neuron i is kicked by scale noise[i] more.
SpikeSums step_double(const DoubleView& neurons, double kick, const float* noise, double scale);

/// step_single and step_double on the instruction set that is chosen now, for a loop.
struct Kernels {
  SpikeSums (*single)(const SingleView& neurons, float kick);
  SpikeSums (*double_)(const DoubleView& neurons, double kick, const float* noise, double scale);
};
[[nodiscard]] Kernels kernels();

}  // namespace popshot::network
