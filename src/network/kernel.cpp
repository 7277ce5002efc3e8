// Compiled once per instruction set by Highway, dispatched at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
// clang-format off
#include <hwy/highway.h>
#include <hwy/cache_control.h>
// clang-format on

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "kernel.hpp"
#include "popshot/core/riccati.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::network {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Singles = hn::CappedTag<float, kernel_group>;
using Vector = hn::Vec<Singles>;

/// A kick that all neurons get: y1 = (y + a (1 - k/6 - k a/180 - ..)) + k with k = h D, theory.md (13a). Without the
/// terms of higher order in a for neurons of small a.
struct CommonKick {
  Vector kick, linear, quadratic, cubic, quartic, rest;

  explicit CommonKick(float k)
      : kick(hn::Set(Singles(), k)),
        linear(hn::Set(Singles(), 1.0F - k * (1.0F / 6.0F))),
        quadratic(hn::Set(Singles(), k * (1.0F / 180.0F))),
        cubic(hn::Set(Singles(), k * (1.0F / 1512.0F))),
        quartic(hn::Set(Singles(), k * (23.0F / 226800.0F))),
        rest(hn::Set(Singles(), 1.0F - k)) {}

  /// y1, and 1 - y1. No multiply-add, so that every instruction set rounds alike.
  template <bool near>
  HWY_INLINE Vector apply(Vector y, Vector a, Vector& denominator) const {
    auto factor = linear;
    if constexpr (!near) {
      const auto higher = hn::Add(quadratic, hn::Mul(a, hn::Add(cubic, hn::Mul(a, quartic))));
      factor = hn::Sub(linear, hn::Mul(a, higher));
    }
    const auto moved = hn::Add(y, hn::Mul(a, factor));
    denominator = hn::Sub(rest, moved);
    return hn::Add(moved, kick);
  }
};

/// With noise: a kick of its own for every neuron.
HWY_INLINE Vector after_own_kick(Vector y, Vector a, Vector kick, Vector& denominator) {
  const Singles d;
  // b/h = 1 - a/6 - a^2/180 - a^3/1512 - 23 a^4/226800
  const auto one = hn::Set(d, 1.0F);
  auto sum = hn::Add(hn::Set(d, 1.0F / 1512.0F), hn::Mul(a, hn::Set(d, 23.0F / 226800.0F)));
  sum = hn::Add(hn::Set(d, 1.0F / 180.0F), hn::Mul(a, sum));
  sum = hn::Add(hn::Set(d, 1.0F / 6.0F), hn::Mul(a, sum));
  const auto factor = hn::Sub(one, hn::Mul(a, sum));
  const auto y1 = hn::Add(y, hn::Add(a, hn::Mul(kick, factor)));
  denominator = hn::Sub(one, y1);
  return y1;
}

/// Neurons that are stepped before their spikes are added up.
constexpr std::size_t chunk = 1024;

/// The spikes of up to a chunk of neurons: the states of those that have fired, one after the other, and whether a
/// denominator was exactly zero.
class Fired {
 public:
  HWY_INLINE Fired() : largest_(hn::Zero(Singles())) {}

  /// Of a vector of neurons with these states after the step and these denominators.
  HWY_INLINE void add(Vector y, Vector denominator) { add(y, hn::Lt(denominator, hn::Zero(Singles()))); }
  HWY_INLINE void add(Vector y, hn::Mask<Singles> fired) {
    const Singles d;
    hn::StoreU(hn::Compress(y, fired), d, state_.data() + count_);
    count_ += hn::CountTrue(d, fired);
    largest_ = hn::Max(largest_, y);
  }

  /// Adds the spikes up, in whole numbers, and forgets them.
  HWY_INLINE void add_up(SpikeSums& sums) {
    if (count_ == 0) return;
    const Singles d;
    const hn::RebindToSigned<Singles> whole;
    const auto none = hn::Set(d, -1e30F);
    hn::StoreU(none, d, state_.data() + count_);
    const auto unit = hn::Set(d, static_cast<float>(1.0 / spike_unit));
    const auto half = hn::Set(d, 0.5F);
    auto first = hn::Zero(whole);
    auto second = hn::Zero(whole);
    for (std::size_t i = 0; i < count_; i += hn::Lanes(d)) {
      const auto u = hn::Div(hn::Set(d, -1.0F), hn::LoadU(d, state_.data() + i));
      const auto square = hn::Mul(u, u);
      first = hn::Add(first, hn::ConvertTo(whole, hn::Add(hn::Mul(u, unit), half)));
      second = hn::Add(second, hn::ConvertTo(whole, hn::Add(hn::Mul(square, unit), half)));
    }
    sums.count += static_cast<std::int64_t>(count_);
    sums.first += hn::GetLane(hn::SumOfLanes(whole, first));
    sums.second += hn::GetLane(hn::SumOfLanes(whole, second));
    count_ = 0;
  }
  [[nodiscard]] HWY_INLINE bool zero() const {
    const Singles d;
    return !hn::AllFalse(d, hn::Gt(largest_, hn::Set(d, 3e38F)));
  }

 private:
  alignas(64) std::array<float, chunk + 2 * kernel_group> state_;
  std::size_t count_ = 0;
  Vector largest_;
};

// Loads and stores under a mask touch nothing beyond it on these.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX2
#define POPSHOT_MASKED_MEMORY 1
#else
#define POPSHOT_MASKED_MEMORY 0
#endif

/// Up to a vector of numbers, zeros beyond `count`.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_first(D d, const T* HWY_RESTRICT from, std::size_t count) {
#if POPSHOT_MASKED_MEMORY
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
#else
  HWY_ALIGN std::array<T, HWY_MAX_BYTES / sizeof(T)> padded{};
  std::copy_n(from, count, padded.begin());
  return hn::Load(d, padded.data());
#endif
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_first(D d, hn::Vec<D> values, T* HWY_RESTRICT to, std::size_t count) {
#if POPSHOT_MASKED_MEMORY
  hn::BlendedStore(values, hn::FirstN(d, count), d, to);
#else
  HWY_ALIGN std::array<T, HWY_MAX_BYTES / sizeof(T)> padded;
  hn::Store(values, d, padded.data());
  std::copy_n(padded.begin(), count, to);
#endif
}
#undef POPSHOT_MASKED_MEMORY

/// Steps a vector of neurons from i on, of coefficients a, by step(y, a, i, denominator) -> y1. Returns their states
/// and the denominators.
template <class Step>
HWY_INLINE Vector step_vector(float* HWY_RESTRICT y, std::size_t i, Vector a, const Step& step, Vector& denominator) {
  const Singles d;
  const auto y1 = step(hn::LoadU(d, y + i), a, i, denominator);
  const auto next = hn::Div(y1, denominator);
  hn::StoreU(next, d, y + i);
  return next;
}

/// Asks memory for what comes a page after the numbers at hand, as many of them as step_vectors takes at once: the
/// processor's own foresight ends with a page.
HWY_INLINE void prefetch(const float* numbers) {
  constexpr std::size_t ahead = 1024;
  constexpr std::size_t cache_line = 16;
  for (std::size_t i = 0; i < 4 * hn::Lanes(Singles()); i += cache_line) hwy::Prefetch(numbers + ahead + i);
}

/// Steps the neurons begin <= i < end, whole vectors, at most a chunk. Four at a time: their divisions overlap.
/// coefficient(i) gives those of a vector; `many`: y lies in memory, not in a cache.
template <bool many, class Coefficient, class Step>
HWY_INLINE void step_chunk(float* HWY_RESTRICT y, std::size_t begin, std::size_t end, Fired& fired,
                           const Coefficient& coefficient, const Step& step) {
  const std::size_t lanes = hn::Lanes(Singles());
  std::size_t i = begin;
  for (; i + 4 * lanes <= end; i += 4 * lanes) {
    if constexpr (many) prefetch(y + i);
    const auto a0 = coefficient.of_four(i, 0);
    const auto a1 = coefficient.of_four(i, 1);
    const auto a2 = coefficient.of_four(i, 2);
    const auto a3 = coefficient.of_four(i, 3);
    Vector d0;
    Vector d1;
    Vector d2;
    Vector d3;
    const auto y0 = step_vector(y, i, a0, step, d0);
    const auto y1 = step_vector(y, i + lanes, a1, step, d1);
    const auto y2 = step_vector(y, i + 2 * lanes, a2, step, d2);
    const auto y3 = step_vector(y, i + 3 * lanes, a3, step, d3);
    fired.add(y0, d0);
    fired.add(y1, d1);
    fired.add(y2, d2);
    fired.add(y3, d3);
  }
  for (; i < end; i += lanes) {
    Vector denominator;
    const auto next = step_vector(y, i, coefficient(i), step, denominator);
    fired.add(next, denominator);
  }
}

/// The same of any number of whole vectors; `begin` and `end` begin groups of four vectors unless the end is that of
/// all.
template <bool many, class Coefficient, class Step>
HWY_INLINE void step_vectors(float* HWY_RESTRICT y, std::size_t begin, std::size_t end, Fired& fired, SpikeSums& sums,
                             const Coefficient& coefficient, const Step& step) {
  for (std::size_t i = begin; i < end; i += chunk) {
    step_chunk<many>(y, i, std::min(end, i + chunk), fired, coefficient, step);
    fired.add_up(sums);
  }
}

/// Steps the neurons begin <= i < end, any number. For the last ones, fewer than a vector, `coefficient` and `step`
/// must look at nothing beyond the end.
template <class Coefficient, class Step>
HWY_INLINE void step_any(float* HWY_RESTRICT y, std::size_t begin, std::size_t end, Fired& fired, SpikeSums& sums,
                         const Coefficient& coefficient, const Step& step) {
  const Singles d;
  const std::size_t i = end - (end - begin) % hn::Lanes(d);
  step_vectors<false>(y, begin, i, fired, sums, coefficient, step);
  if (i == end) return;
  Vector denominator;
  const auto y1 = step(load_first(d, y + i, end - i), coefficient(i), i, denominator);
  const auto next = hn::Div(y1, denominator);
  store_first(d, next, y + i, end - i);
  fired.add(next, hn::And(hn::FirstN(d, end - i), hn::Lt(denominator, hn::Zero(d))));
  fired.add_up(sums);
}

/// At the instant of a spike the denominator may be exactly zero, and y is infinite: kept finite, so that the spike
/// falls into the next step. Seldom needed.
HWY_INLINE void keep_finite(const Fired& fired, float* y, std::size_t count) {
  if (!fired.zero()) return;
  for (std::size_t i = 0; i < count; ++i) y[i] = std::min(y[i], 1e30F);
}

/// numbers[i], ... of a vector, or as many as there are before the end.
HWY_INLINE Vector load_up_to(const float* numbers, std::size_t i, std::size_t end) {
  const Singles d;
  return i + hn::Lanes(d) <= end ? hn::LoadU(d, numbers + i) : load_first(d, numbers + i, end - i);
}

/// Coefficients in an array: of a vector of neurons from i on, or of the v-th of the four from i on.
struct InArray {
  const float* HWY_RESTRICT a;
  HWY_INLINE Vector operator()(std::size_t i) const { return hn::LoadU(Singles(), a + i); }
  HWY_INLINE Vector of_four(std::size_t i, std::size_t v) const { return (*this)(i + v * hn::Lanes(Singles())); }
};

/// The same of neurons on lines, one for each kernel_group.
struct OnLines {
  const Line* HWY_RESTRICT lines;

  /// Neurons from `place` on of a group. The product is exact, so that a fused multiply-add rounds like a product and a
  /// sum. theory.md (13b).
  static HWY_INLINE Vector on_line(const Line& line, std::size_t place) {
    const Singles d;
    return hn::MulAdd(hn::Set(d, line.slope), hn::Iota(d, static_cast<float>(place)), hn::Set(d, line.first));
  }
  HWY_INLINE Vector operator()(std::size_t i) const { return on_line(lines[i / kernel_group], i % kernel_group); }
  /// i is a multiple of four vectors: where these are whole groups, the compiler sees which vectors share a line.
  HWY_INLINE Vector of_four(std::size_t i, std::size_t v) const {
    const std::size_t lanes = hn::Lanes(Singles());
    const std::size_t place = v * lanes + (4 * lanes % kernel_group == 0 ? 0 : i % kernel_group);
    return on_line(lines[i / kernel_group + place / kernel_group], place % kernel_group);
  }
};

/// Coefficients in an array of which nothing beyond `end` may be looked at.
struct InArrayUpTo {
  const float* HWY_RESTRICT a;
  std::size_t end;
  HWY_INLINE Vector operator()(std::size_t i) const { return load_up_to(a, i, end); }
  HWY_INLINE Vector of_four(std::size_t i, std::size_t v) const { return InArray{a}.of_four(i, v); }
};

SpikeSums step_singles(const SingleView& neurons, float kick) {
  float* HWY_RESTRICT y = neurons.y;
  const std::size_t lined = neurons.lined;
  const std::size_t count = neurons.count - lined;
  const CommonKick common(kick);
  const auto near_step = [&](Vector own, Vector a, std::size_t, Vector& denominator)
                             HWY_ATTR { return common.apply<true>(own, a, denominator); };
  const auto far_step = [&](Vector own, Vector a, std::size_t, Vector& denominator)
                            HWY_ATTR { return common.apply<false>(own, a, denominator); };
  Fired fired;
  SpikeSums sums;
  if (lined > 0) {
    step_vectors<true>(y, 0, lined, fired, sums, OnLines{neurons.lines}, near_step);
    y += lined;
  }
  const float* HWY_RESTRICT a = neurons.coefficients;
  const std::size_t near = neurons.near - lined;
  step_vectors<false>(y, 0, near, fired, sums, InArray{a}, near_step);
  step_any(y, near, count, fired, sums, InArrayUpTo{a, count}, far_step);
  keep_finite(fired, neurons.y, neurons.count);
  return sums;
}

SpikeSums step_noisy(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, const float* HWY_RESTRICT noise,
                     std::size_t count, float kick, float scale) {
  const auto kicks = hn::Set(Singles(), kick);
  const auto scales = hn::Set(Singles(), scale);
  Fired fired;
  SpikeSums sums;
  step_any(y, 0, count, fired, sums, InArrayUpTo{a, count},
           [&](Vector own, Vector coefficient, std::size_t i, Vector& denominator) HWY_ATTR {
             const auto number = load_up_to(noise, i, count);
             return after_own_kick(own, coefficient, hn::Add(kicks, hn::Mul(number, scales)), denominator);
           });
  keep_finite(fired, y, count);
  return sums;
}

#if HWY_HAVE_FLOAT64
/// riccati_step of core/riccati.hpp, operation by operation, on as many whole vectors of neurons as there are from i
/// on; adds their spikes.
template <class D>
HWY_INLINE void step_whole_vectors(D d, const DoubleView& neurons, std::size_t& i, double kick,
                                   const float* HWY_RESTRICT noise, double scale, SpikeSums& sums) {
  const std::size_t lanes = hn::Lanes(d);
  const auto closest = hn::Set(d, 1e-30);
  const auto zero = hn::Zero(d);
  HWY_ALIGN std::array<double, HWY_MAX_BYTES / sizeof(double)> spikes;
  for (; i + lanes <= neurons.count; i += lanes) {
    auto own = hn::Set(d, kick);
    if (noise != nullptr) {
      const auto numbers = hn::LoadU(hn::Rebind<float, D>(), noise + i);
      own = hn::Add(own, hn::Mul(hn::Set(d, scale), hn::PromoteTo(d, numbers)));
    }
    const auto x = hn::Add(hn::LoadU(d, neurons.voltage + i), own);
    const auto cosine = hn::LoadU(d, neurons.c + i);
    auto denominator = hn::Sub(cosine, hn::Mul(hn::LoadU(d, neurons.b + i), x));
    denominator = hn::IfThenElse(hn::Lt(hn::Abs(denominator), closest), hn::Neg(closest), denominator);
    const auto numerator = hn::Add(hn::Mul(cosine, x), hn::LoadU(d, neurons.e + i));
    hn::StoreU(hn::Div(numerator, denominator), d, neurons.voltage + i);
    const auto one = hn::IfThenElseZero(hn::Lt(denominator, zero), hn::Set(d, 1.0));
    const auto fired = hn::Add(hn::LoadU(d, neurons.half_turns + i), one);
    if (hn::AllFalse(d, hn::Gt(fired, zero))) continue;
    hn::Store(fired, d, spikes.data());
    for (std::size_t j = 0; j < lanes; ++j) {
      if (spikes[j] > 0.0) {
        sums +=
            spikes_before(neurons.voltage[i + j], neurons.eta[i + j], neurons.h, static_cast<std::int64_t>(spikes[j]));
      }
    }
  }
}

SpikeSums step_doubles(const DoubleView& neurons, double kick, const float* noise, double scale) {
  std::size_t i = 0;
  SpikeSums sums;
  step_whole_vectors(hn::ScalableTag<double>(), neurons, i, kick, noise, scale, sums);
  step_whole_vectors(hn::CappedTag<double, 2>(), neurons, i, kick, noise, scale, sums);
  step_whole_vectors(hn::CappedTag<double, 1>(), neurons, i, kick, noise, scale, sums);
  return sums;
}
#else
SpikeSums step_doubles(const DoubleView& neurons, double kick, const float* noise, double scale) {
  SpikeSums sums;
  for (std::size_t i = 0; i < neurons.count; ++i) {
    const double own = noise != nullptr ? kick + scale * static_cast<double>(noise[i]) : kick;
    const RiccatiFlow<double> flow{neurons.c[i], neurons.b[i], neurons.e[i], neurons.half_turns[i]};
    const auto step = riccati_step(flow, neurons.voltage[i] + own);
    neurons.voltage[i] = step.state;
    if (step.spikes > 0.0) {
      sums += spikes_before(step.state, neurons.eta[i], neurons.h, static_cast<std::int64_t>(step.spikes));
    }
  }
  return sums;
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace popshot::network
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace popshot::network {

HWY_EXPORT(step_singles);
HWY_EXPORT(step_noisy);
HWY_EXPORT(step_doubles);

Kernels kernels() {
  auto& chosen = hwy::GetChosenTarget();
  if (!chosen.IsInitialized()) chosen.Update(hwy::SupportedTargets());
  return {HWY_DYNAMIC_DISPATCH(step_singles), HWY_DYNAMIC_DISPATCH(step_doubles)};
}

SpikeSums step_single(const SingleView& neurons, float kick) {
  return HWY_DYNAMIC_DISPATCH(step_singles)(neurons, kick);
}

SpikeSums step_single_noisy(float* y, const float* a, const float* noise, std::size_t count, float kick, float scale) {
  return HWY_DYNAMIC_DISPATCH(step_noisy)(y, a, noise, count, kick, scale);
}

std::int64_t kernel_targets() { return hwy::SupportedTargets() & HWY_TARGETS; }

const char* kernel_target() {
  const std::int64_t targets = kernel_targets();
  // Better targets have lower bits.
  return hwy::TargetName(targets & -targets);
}

ChosenTarget::ChosenTarget(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(target);
}

ChosenTarget::~ChosenTarget() {
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

SpikeSums spikes_before(double v, double eta, double h, std::int64_t count) {
  const auto spikes = static_cast<double>(count);
  double last = 0.0;     // u of the last spike
  double spacing = 0.0;  // of those before it
  if (eta > 0.0) {
    // V = -w cot(angle); its quarter by half-angles: tan(x/2) = tan x/(1 + sqrt(1 + tan^2 x)).
    const double w = std::sqrt(eta);
    const double length = std::sqrt(v * v + eta);
    double tangent = v < 0.0 ? w / (length - v) : (length + v) / w;  // of angle/2
    tangent /= 1.0 + std::sqrt(1.0 + tangent * tangent);
    tangent /= 1.0 + std::sqrt(1.0 + tangent * tangent);
    tangent /= 1.0 + std::sqrt(1.0 + tangent * tangent);
    const double square = tangent * tangent;
    const double angle =
        16.0 * tangent * (1.0 - square * (1.0 / 3.0 - square * (1.0 / 5.0 - square * (1.0 / 7.0 - square / 9.0))));
    last = angle / (w * h);
    spacing = std::numbers::pi / (w * h);
  } else if (eta < 0.0) {
    // V = -kappa coth(x)
    const double kappa = std::sqrt(-eta);
    double tangent = std::min(kappa / -v, 1.0 - 1e-15);
    double factor = 1.0;
    for (int i = 0; i < 6; ++i, factor *= 2.0) tangent /= 1.0 + std::sqrt(1.0 - tangent * tangent);
    const double square = tangent * tangent;
    last = factor * tangent * (1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square / 7.0))) / (kappa * h);
  } else {
    last = -1.0 / (v * h);
  }
  last = std::clamp(last, 0.0, 1.0);
  const double before = spikes - 1.0;
  const double first = spikes * last + spacing * spikes * before / 2.0;
  const double second = spikes * last * last + last * spacing * spikes * before +
                        spacing * spacing * before * spikes * (2.0 * spikes - 1.0) / 6.0;
  return {count, std::llround(first / spike_unit), std::llround(second / spike_unit)};
}

SpikeSums step_double(const DoubleView& neurons, double kick, const float* noise, double scale) {
  return HWY_DYNAMIC_DISPATCH(step_doubles)(neurons, kick, noise, scale);
}

}  // namespace popshot::network
#endif  // HWY_ONCE
