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

#include "kernel.hpp"
#include "popshot/core/riccati.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::network {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Singles = hn::CappedTag<float, kernel_group>;
using Vector = hn::Vec<Singles>;

/// A kick that all neurons get: y1 = (y + a (1 - k/6 - k a/180)) + k with k = h D, theory.md (13a). Without the term in
/// a^2 for neurons of small a.
struct CommonKick {
  Vector kick, linear, quadratic, rest;

  explicit CommonKick(float k)
      : kick(hn::Set(Singles(), k)),
        linear(hn::Set(Singles(), 1.0F - k * (1.0F / 6.0F))),
        quadratic(hn::Set(Singles(), k * (1.0F / 180.0F))),
        rest(hn::Set(Singles(), 1.0F - k)) {}

  /// y1, and 1 - y1. No multiply-add, so that every instruction set rounds alike.
  template <bool near>
  HWY_INLINE Vector apply(Vector y, Vector a, Vector& denominator) const {
    auto factor = linear;
    if constexpr (!near) factor = hn::Sub(linear, hn::Mul(a, quadratic));
    const auto moved = hn::Add(y, hn::Mul(a, factor));
    denominator = hn::Sub(rest, moved);
    return hn::Add(moved, kick);
  }
};

/// With noise: a kick of its own for every neuron.
HWY_INLINE Vector after_own_kick(Vector y, Vector a, Vector kick, Vector& denominator) {
  const Singles d;
  // b/h = 1 - a/6 - a^2/180
  const auto one = hn::Set(d, 1.0F);
  const auto factor = hn::Sub(one, hn::Mul(a, hn::Add(hn::Set(d, 1.0F / 6.0F), hn::Mul(a, hn::Set(d, 1.0F / 180.0F)))));
  const auto y1 = hn::Add(y, hn::Add(a, hn::Mul(kick, factor)));
  denominator = hn::Sub(one, y1);
  return y1;
}

#if HWY_TARGET != HWY_SCALAR
using Integers = hn::RebindToSigned<Singles>;
using Words = hn::Repartition<std::int16_t, Integers>;
using Bytes = hn::Repartition<std::int8_t, Integers>;
using UnsignedBytes = hn::RebindToUnsigned<Bytes>;

/// Two vectors of words as bytes, each word's nearest; in any order. Highway has no such operation for bytes.
HWY_INLINE hn::Vec<Bytes> nearest_bytes(hn::Vec<Words> left, hn::Vec<Words> right) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::Vec<Bytes>{_mm512_packs_epi16(left.raw, right.raw)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<Bytes>{_mm256_packs_epi16(left.raw, right.raw)};
#elif HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE2
  return hn::Vec<Bytes>{_mm_packs_epi16(left.raw, right.raw)};
#else
  const hn::Half<Bytes> half;
  return hn::Combine(Bytes(), hn::DemoteTo(half, left), hn::DemoteTo(half, right));
#endif
}
#endif

/// The spikes that denominators tell of by their signs, and whether one was exactly zero.
class Tally {
 public:
#if HWY_TARGET == HWY_SCALAR
  HWY_INLINE void add(Vector d0, Vector d1, Vector d2, Vector d3) {
    for (const auto& one : {d0, d1, d2, d3}) {
      spikes_ += one.raw < 0.0F ? 1 : 0;
      zero_ = zero_ || one.raw == 0.0F;
    }
  }
  [[nodiscard]] HWY_INLINE bool zero() const { return zero_; }

 private:
  bool zero_ = false;
#else
  HWY_INLINE Tally() : least_(hn::Set(UnsignedBytes(), 127)) {}

  /// Of four denominators in the same lane, their bits as integers are narrowed to a byte each: -128 if negative, 127
  /// if positive, 0 if zero. (Not zero but nearly, below 2e-43, is zero too; it cannot be, as a difference.)
  HWY_INLINE void add(Vector d0, Vector d1, Vector d2, Vector d3) {
    const auto narrowed = [](Vector left, Vector right) HWY_ATTR {
      return hn::ReorderDemote2To(Words(), hn::BitCast(Integers(), left), hn::BitCast(Integers(), right));
    };
    const auto bytes = nearest_bytes(narrowed(d0, d1), narrowed(d2, d3));
    spikes_ += hn::CountTrue(Bytes(), hn::Lt(bytes, hn::Zero(Bytes())));
    least_ = hn::Min(least_, hn::BitCast(UnsignedBytes(), bytes));
  }
  [[nodiscard]] HWY_INLINE bool zero() const {
    return !hn::AllFalse(UnsignedBytes(), hn::Eq(least_, hn::Zero(UnsignedBytes())));
  }

 private:
  hn::Vec<UnsignedBytes> least_;
#endif

 public:
  [[nodiscard]] HWY_INLINE std::int64_t spikes() const { return static_cast<std::int64_t>(spikes_); }

 private:
  std::size_t spikes_ = 0;
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

/// Steps a vector of neurons from i on, of coefficients a, by step(y, a, i, denominator) -> y1, and returns the
/// denominators.
template <class Step>
HWY_INLINE Vector step_vector(float* HWY_RESTRICT y, std::size_t i, Vector a, const Step& step) {
  const Singles d;
  Vector denominator;
  const auto y1 = step(hn::LoadU(d, y + i), a, i, denominator);
  hn::StoreU(hn::Div(y1, denominator), d, y + i);
  return denominator;
}

/// Asks memory for what comes a page after the numbers at hand, as many of them as step_vectors takes at once: the
/// processor's own foresight ends with a page.
HWY_INLINE void prefetch(const float* numbers) {
  constexpr std::size_t ahead = 1024;
  constexpr std::size_t cache_line = 16;
  for (std::size_t i = 0; i < 4 * hn::Lanes(Singles()); i += cache_line) hwy::Prefetch(numbers + ahead + i);
}

/// Steps the neurons begin <= i < end, whole vectors. Four at a time: their divisions overlap. coefficient(i)
/// gives those of a vector; `many`: y lies in memory, not in a cache.
template <bool many, class Coefficient, class Step>
HWY_INLINE void step_vectors(float* HWY_RESTRICT y, std::size_t begin, std::size_t end, Tally& tally,
                             const Coefficient& coefficient, const Step& step) {
  const std::size_t lanes = hn::Lanes(Singles());
  const auto no_spike = hn::Set(Singles(), 1.0F);
  std::size_t i = begin;
  for (; i + 4 * lanes <= end; i += 4 * lanes) {
    if constexpr (many) prefetch(y + i);
    const auto a0 = coefficient.of_four(i, 0);
    const auto a1 = coefficient.of_four(i, 1);
    const auto a2 = coefficient.of_four(i, 2);
    const auto a3 = coefficient.of_four(i, 3);
    const auto d0 = step_vector(y, i, a0, step);
    const auto d1 = step_vector(y, i + lanes, a1, step);
    const auto d2 = step_vector(y, i + 2 * lanes, a2, step);
    const auto d3 = step_vector(y, i + 3 * lanes, a3, step);
    tally.add(d0, d1, d2, d3);
  }
  for (; i < end; i += lanes) tally.add(step_vector(y, i, coefficient(i), step), no_spike, no_spike, no_spike);
}

/// Steps the neurons begin <= i < end, any number. For the last ones, fewer than a vector, `coefficient` and `step`
/// must look at nothing beyond the end.
template <class Coefficient, class Step>
HWY_INLINE void step_any(float* HWY_RESTRICT y, std::size_t begin, std::size_t end, Tally& tally,
                         const Coefficient& coefficient, const Step& step) {
  const Singles d;
  const std::size_t i = end - (end - begin) % hn::Lanes(d);
  step_vectors<false>(y, begin, i, tally, coefficient, step);
  if (i == end) return;
  const auto no_spike = hn::Set(d, 1.0F);
  Vector denominator;
  const auto y1 = step(load_first(d, y + i, end - i), coefficient(i), i, denominator);
  store_first(d, hn::Div(y1, denominator), y + i, end - i);
  tally.add(hn::IfThenElse(hn::FirstN(d, end - i), denominator, no_spike), no_spike, no_spike, no_spike);
}

/// At the instant of a spike the denominator may be exactly zero, and y is infinite: kept finite, so that the spike
/// falls into the next step. Seldom needed.
HWY_INLINE std::int64_t spikes_of(const Tally& tally, float* y, std::size_t count) {
  if (tally.zero()) {
    for (std::size_t i = 0; i < count; ++i) y[i] = std::min(y[i], 1e30F);
  }
  return tally.spikes();
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

std::int64_t step_singles(const SingleView& neurons, float kick) {
  float* HWY_RESTRICT y = neurons.y;
  const std::size_t lined = neurons.lined;
  const std::size_t count = neurons.count - lined;
  const CommonKick common(kick);
  const auto near_step = [&](Vector own, Vector a, std::size_t, Vector& denominator)
                             HWY_ATTR { return common.apply<true>(own, a, denominator); };
  const auto far_step = [&](Vector own, Vector a, std::size_t, Vector& denominator)
                            HWY_ATTR { return common.apply<false>(own, a, denominator); };
  Tally tally;
  if (lined > 0) {
    step_vectors<true>(y, 0, lined, tally, OnLines{neurons.lines}, near_step);
    y += lined;
  }
  const float* HWY_RESTRICT a = neurons.coefficients;
  const std::size_t near = neurons.near - lined;
  step_vectors<false>(y, 0, near, tally, InArray{a}, near_step);
  step_any(y, near, count, tally, InArrayUpTo{a, count}, far_step);
  return spikes_of(tally, neurons.y, neurons.count);
}

std::int64_t step_noisy(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, const float* HWY_RESTRICT noise,
                        std::size_t count, float kick, float scale) {
  const auto kicks = hn::Set(Singles(), kick);
  const auto scales = hn::Set(Singles(), scale);
  Tally tally;
  step_any(y, 0, count, tally, InArrayUpTo{a, count},
           [&](Vector own, Vector coefficient, std::size_t i, Vector& denominator) HWY_ATTR {
             const auto number = load_up_to(noise, i, count);
             return after_own_kick(own, coefficient, hn::Add(kicks, hn::Mul(number, scales)), denominator);
           });
  return spikes_of(tally, y, count);
}

#if HWY_HAVE_FLOAT64
/// riccati_step of core/riccati.hpp, operation by operation, on as many whole vectors of neurons as there are from i
/// on; returns their spikes.
template <class D>
HWY_INLINE double step_whole_vectors(D d, const DoubleView& neurons, std::size_t& i, double kick,
                                     const float* HWY_RESTRICT noise, double scale) {
  const std::size_t lanes = hn::Lanes(d);
  if (i + lanes > neurons.count) return 0.0;
  const auto closest = hn::Set(d, 1e-30);
  const auto zero = hn::Zero(d);
  auto spikes = zero;  // whole numbers: exact in any order up to 2^53
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
    spikes = hn::Add(spikes, hn::Add(hn::LoadU(d, neurons.half_turns + i), one));
  }
  return hn::GetLane(hn::SumOfLanes(d, spikes));
}

std::int64_t step_doubles(const DoubleView& neurons, double kick, const float* noise, double scale) {
  std::size_t i = 0;
  double spikes = step_whole_vectors(hn::ScalableTag<double>(), neurons, i, kick, noise, scale);
  spikes += step_whole_vectors(hn::CappedTag<double, 2>(), neurons, i, kick, noise, scale);
  spikes += step_whole_vectors(hn::CappedTag<double, 1>(), neurons, i, kick, noise, scale);
  return static_cast<std::int64_t>(spikes);
}
#else
std::int64_t step_doubles(const DoubleView& neurons, double kick, const float* noise, double scale) {
  double spikes = 0.0;
  for (std::size_t i = 0; i < neurons.count; ++i) {
    const double own = noise != nullptr ? kick + scale * static_cast<double>(noise[i]) : kick;
    const RiccatiFlow<double> flow{neurons.c[i], neurons.b[i], neurons.e[i], neurons.half_turns[i]};
    const auto step = riccati_step(flow, neurons.voltage[i] + own);
    neurons.voltage[i] = step.state;
    spikes += step.spikes;
  }
  return static_cast<std::int64_t>(spikes);
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

std::int64_t step_single(const SingleView& neurons, float kick) {
  return HWY_DYNAMIC_DISPATCH(step_singles)(neurons, kick);
}

std::int64_t step_single_noisy(float* y, const float* a, const float* noise, std::size_t count, float kick,
                               float scale) {
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

std::int64_t step_double(const DoubleView& neurons, double kick, const float* noise, double scale) {
  return HWY_DYNAMIC_DISPATCH(step_doubles)(neurons, kick, noise, scale);
}

}  // namespace popshot::network
#endif  // HWY_ONCE
