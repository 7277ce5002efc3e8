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

#include "arc_tangent.hpp"
#include "kernel.hpp"
#include "popshot/core/riccati.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::network {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Singles = hn::CappedTag<float, kernel_group>;
using Vector = hn::Vec<Singles>;
using Mask = hn::Mask<Singles>;

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

/// Neurons that are stepped at once, and most of them whose spikes wait to be added up.
constexpr std::size_t chunk = 2048;
constexpr std::size_t most_fired = 4096;

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_AVX3 && HWY_TARGET != HWY_AVX3_DL
/// Of every set of lanes, which lanes it has, in ascending order; the others follow.
template <std::size_t lanes>
constexpr auto make_lanes_of_set() {
  std::array<std::uint8_t, (std::size_t{1} << lanes) * lanes> table{};
  for (std::size_t set = 0; set < std::size_t{1} << lanes; ++set) {
    std::size_t place = set * lanes;
    for (const std::size_t wanted : {std::size_t{1}, std::size_t{0}}) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        if ((set >> lane & 1U) == wanted) table[place++] = static_cast<std::uint8_t>(lane);
      }
    }
  }
  return table;
}
alignas(64) constexpr auto lanes_of_set = make_lanes_of_set<hn::MaxLanes(Singles())>();
#endif

/// The lanes of a mask, as bits or as the instruction set has them, and how many they are.
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
using Lanes = Mask;
HWY_INLINE Lanes lanes_of(Mask mask) { return mask; }
HWY_INLINE std::size_t count_of(Lanes lanes) { return hn::CountTrue(Singles(), lanes); }
/// These numbers of a vector first, in their order.
HWY_INLINE Vector gathered(Vector values, Lanes lanes) { return hn::Compress(values, lanes); }
#else
using Lanes = unsigned;
HWY_INLINE Lanes lanes_of(Mask mask) {
#if HWY_TARGET == HWY_AVX2
  return static_cast<unsigned>(_mm256_movemask_ps(hn::VecFromMask(Singles(), mask).raw));
#elif HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE2
  return static_cast<unsigned>(_mm_movemask_ps(hn::VecFromMask(Singles(), mask).raw));
#else
  std::array<std::uint8_t, 8> bits{};
  hn::StoreMaskBits(Singles(), mask, bits.data());
  return bits[0];
#endif
}
HWY_INLINE std::size_t count_of(Lanes lanes) { return static_cast<std::size_t>(__builtin_popcount(lanes)); }
// Highway's Compress copies its table with every call here (GCC 12, Highway 1.0.3).
HWY_INLINE Vector gathered(Vector values, Lanes lanes) {
  const Singles d;
  const hn::Rebind<std::uint8_t, Singles> bytes;
  const hn::RebindToSigned<Singles> places;
  const auto place = hn::PromoteTo(places, hn::LoadU(bytes, lanes_of_set.data() + lanes * hn::MaxLanes(d)));
  return hn::TableLookupLanes(values, hn::IndicesFromVec(d, place));
}
#endif

/// Stores the first four numbers of a vector, or all if it has no more.
HWY_INLINE void store_few(Vector values, float* HWY_RESTRICT to) {
  const Singles d;
  if constexpr (hn::MaxLanes(d) == 16) {
    const hn::Half<Singles> half;
    const hn::Half<hn::Half<Singles>> quarter;
    hn::StoreU(hn::LowerHalf(quarter, hn::LowerHalf(half, values)), quarter, to);
  } else if constexpr (hn::MaxLanes(d) == 8) {
    const hn::Half<Singles> half;
    hn::StoreU(hn::LowerHalf(half, values), half, to);
  } else {
    hn::StoreU(values, d, to);
  }
}

/// The spikes of neurons: the states of those that have fired, one after the other.
class Fired {
 public:
  /// With room for most_fired states and two groups more.
  HWY_INLINE explicit Fired(float* HWY_RESTRICT room) : state_(room) {}

  /// Of a vector of neurons with these states after the step and these denominators.
  HWY_INLINE void add(Vector y, Vector denominator) { add(y, lanes_of(fired(denominator))); }
  HWY_INLINE void add(Vector y, Lanes which) {
    hn::StoreU(gathered(y, which), Singles(), state_ + count_);
    count_ += count_of(which);
  }
  /// Of four vectors. Seldom have more than `few` neurons of one fired: short stores do, which cost less. `rare`:
  /// mostly none has.
  template <bool rare>
  HWY_INLINE void add(Vector y0, Vector d0, Vector y1, Vector d1, Vector y2, Vector d2, Vector y3, Vector d3) {
#if HWY_TARGET == HWY_SCALAR
    add(y0, d0);
    add(y1, d1);
    add(y2, d2);
    add(y3, d3);
#else
    if constexpr (rare) {
      const auto smallest = hn::Min(hn::Min(d0, d1), hn::Min(d2, d3));
      if (HWY_LIKELY(hn::AllFalse(Singles(), fired(smallest)))) return;
    }
    const Lanes m0 = lanes_of(fired(d0));
    const Lanes m1 = lanes_of(fired(d1));
    const Lanes m2 = lanes_of(fired(d2));
    const Lanes m3 = lanes_of(fired(d3));
    const std::size_t n0 = count_of(m0);
    const std::size_t n1 = count_of(m1);
    const std::size_t n2 = count_of(m2);
    const std::size_t n3 = count_of(m3);
    constexpr std::size_t few = 4;
    if (HWY_UNLIKELY(std::max(std::max(n0, n1), std::max(n2, n3)) > few)) {
      add(y0, m0);
      add(y1, m1);
      add(y2, m2);
      add(y3, m3);
      return;
    }
    float* to = state_ + count_;
    store_few(gathered(y0, m0), to);
    store_few(gathered(y1, m1), to + n0);
    store_few(gathered(y2, m2), to + n0 + n1);
    store_few(gathered(y3, m3), to + n0 + n1 + n2);
    count_ += (n0 + n1) + (n2 + n3);
#endif
  }
  HWY_INLINE void add_first(Vector y, Vector denominator, std::size_t neurons) {
    add(y, lanes_of(hn::And(hn::FirstN(Singles(), neurons), fired(denominator))));
  }

  /// Makes room for the spikes of a chunk.
  HWY_INLINE void make_room(SpikeSums& sums) {
    if (count_ + chunk > most_fired) add_up(sums);
  }
  /// Adds the spikes up, in whole numbers, and forgets them.
  HWY_INLINE void add_up(SpikeSums& sums) {
    if (count_ == 0) return;
    const Singles d;
    const hn::RebindToSigned<Singles> whole;
    hn::StoreU(hn::Set(d, -1e30F), d, state_ + count_);
    const auto unit = hn::Set(d, static_cast<float>(1.0 / spike_unit));
    const auto half = hn::Set(d, 0.5F);
    auto first = hn::Zero(whole);
    auto second = hn::Zero(whole);
    auto largest = hn::Set(d, -1.0F);
    for (std::size_t i = 0; i < count_; i += hn::Lanes(d)) {
      const auto y = hn::LoadU(d, state_ + i);
      const auto u = hn::Div(hn::Set(d, -1.0F), y);
      first = hn::Add(first, hn::ConvertTo(whole, hn::Add(hn::Mul(u, unit), half)));
      second = hn::Add(second, hn::ConvertTo(whole, hn::Add(hn::Mul(hn::Mul(u, u), unit), half)));
      largest = hn::Max(largest, y);
    }
    sums.count += static_cast<std::int64_t>(count_);
    sums.first += hn::GetLane(hn::SumOfLanes(whole, first));
    sums.second += hn::GetLane(hn::SumOfLanes(whole, second));
    infinite_ = infinite_ || !hn::AllFalse(d, hn::Gt(largest, hn::Zero(d)));
    count_ = 0;
  }
  /// Whether a denominator was exactly zero, among the spikes that have been added up.
  [[nodiscard]] HWY_INLINE bool infinite() const { return infinite_; }

 private:
  /// At the very end of the step too, where the denominator is zero.
  static HWY_INLINE Mask fired(Vector denominator) { return hn::Le(denominator, hn::Zero(Singles())); }

  float* HWY_RESTRICT state_;  // not an array in here, which would keep the numbers below in memory too
  std::size_t count_ = 0;
  bool infinite_ = false;
};
using RoomForFired = std::array<float, most_fired + 2 * kernel_group>;

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
template <bool many, bool rare, class Coefficient, class Step>
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
    fired.add<rare>(y0, d0, y1, d1, y2, d2, y3, d3);
  }
  for (; i < end; i += lanes) {
    Vector denominator;
    const auto next = step_vector(y, i, coefficient(i), step, denominator);
    fired.add(next, denominator);
  }
}

/// The same of any number of whole vectors; `begin` and `end` begin groups of four vectors unless the end is that of
/// all.
template <bool many, bool rare, class Coefficient, class Step>
HWY_INLINE void step_vectors(float* HWY_RESTRICT y, std::size_t begin, std::size_t end, Fired& fired, SpikeSums& sums,
                             const Coefficient& coefficient, const Step& step) {
  for (std::size_t i = begin; i < end; i += chunk) {
    fired.make_room(sums);
    step_chunk<many, rare>(y, i, std::min(end, i + chunk), fired, coefficient, step);
  }
}

/// Steps the neurons begin <= i < end, any number. For the last ones, fewer than a vector, `coefficient` and `step`
/// must look at nothing beyond the end.
template <bool rare, class Coefficient, class Step>
HWY_INLINE void step_any(float* HWY_RESTRICT y, std::size_t begin, std::size_t end, Fired& fired, SpikeSums& sums,
                         const Coefficient& coefficient, const Step& step) {
  const Singles d;
  const std::size_t i = end - (end - begin) % hn::Lanes(d);
  step_vectors<false, rare>(y, begin, i, fired, sums, coefficient, step);
  if (i == end) return;
  Vector denominator;
  const auto y1 = step(load_first(d, y + i, end - i), coefficient(i), i, denominator);
  const auto next = hn::Div(y1, denominator);
  store_first(d, next, y + i, end - i);
  fired.make_room(sums);
  fired.add_first(next, denominator, end - i);
}

/// At the instant of a spike the denominator may be exactly zero, and y is infinite: put just past the spike. Seldom
/// needed.
HWY_INLINE void keep_finite(const Fired& fired, float* y, std::size_t count) {
  if (!fired.infinite()) return;
  for (std::size_t i = 0; i < count; ++i) y[i] = y[i] > 1e30F ? -1e30F : y[i];
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

template <bool rare>
SpikeSums step_singles_if(const SingleView& neurons, float kick) {
  float* HWY_RESTRICT y = neurons.y;
  const std::size_t lined = neurons.lined;
  const std::size_t count = neurons.count - lined;
  const CommonKick common(kick);
  const auto near_step = [&](Vector own, Vector a, std::size_t, Vector& denominator)
                             HWY_ATTR { return common.apply<true>(own, a, denominator); };
  const auto far_step = [&](Vector own, Vector a, std::size_t, Vector& denominator)
                            HWY_ATTR { return common.apply<false>(own, a, denominator); };
  alignas(64) RoomForFired room;
  Fired fired(room.data());
  SpikeSums sums;
  if (lined > 0) {
    step_vectors<true, rare>(y, 0, lined, fired, sums, OnLines{neurons.lines}, near_step);
    y += lined;
  }
  const float* HWY_RESTRICT a = neurons.coefficients;
  const std::size_t near = neurons.near - lined;
  step_vectors<false, rare>(y, 0, near, fired, sums, InArray{a}, near_step);
  step_any<rare>(y, near, count, fired, sums, InArrayUpTo{a, count}, far_step);
  fired.add_up(sums);
  keep_finite(fired, neurons.y, neurons.count);
  return sums;
}

SpikeSums step_singles(const SingleView& neurons, float kick) {
  return neurons.rare ? step_singles_if<true>(neurons, kick) : step_singles_if<false>(neurons, kick);
}

SpikeSums step_noisy(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, const float* HWY_RESTRICT noise,
                     std::size_t count, float kick, float scale) {
  const auto kicks = hn::Set(Singles(), kick);
  const auto scales = hn::Set(Singles(), scale);
  alignas(64) RoomForFired room;
  Fired fired(room.data());
  SpikeSums sums;
  step_any<false>(y, 0, count, fired, sums, InArrayUpTo{a, count},
                  [&](Vector own, Vector coefficient, std::size_t i, Vector& denominator) HWY_ATTR {
                    const auto number = load_up_to(noise, i, count);
                    return after_own_kick(own, coefficient, hn::Add(kicks, hn::Mul(number, scales)), denominator);
                  });
  fired.add_up(sums);
  keep_finite(fired, y, count);
  return sums;
}

#if HWY_HAVE_FLOAT64
/// Whole numbers as doubles, exact up to 2^53: the sums over spikes of every lane.
template <class D>
struct LaneSums {
  hn::Vec<D> count, first, second;
};

/// arc_tangent of arc_tangent.hpp, operation by operation.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V arc_tangent(D d, V y, V x) {
  const auto zero = hn::Zero(d);
  const auto quarter = hn::Set(d, std::numbers::pi / 2);
  const auto steep = hn::Gt(hn::Abs(y), hn::Abs(x));
  const auto t = hn::Div(hn::IfThenElse(steep, x, y), hn::IfThenElse(steep, y, x));
  const auto s = hn::Mul(t, t);
  auto sum = hn::Set(d, arc_coefficients.back());
  for (std::size_t i = arc_coefficients.size() - 1; i-- > 0;) {
    sum = hn::Add(hn::Set(d, arc_coefficients[i]), hn::Mul(s, sum));
  }
  const auto arc = hn::Mul(t, sum);
  const auto of_steep = hn::Sub(hn::IfThenElse(hn::Lt(y, zero), hn::Neg(quarter), quarter), arc);
  const auto of_flat = hn::IfThenElse(hn::Lt(x, zero), hn::Add(hn::Set(d, std::numbers::pi), arc), arc);
  return hn::IfThenElse(steep, of_steep, of_flat);
}

/// spikes_before of neurons that fire by themselves (angle > 0), operation by operation; v and cosine are theirs.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void add_spikes(D d, const DoubleView& neurons, std::size_t i, V v, V cosine, V count, LaneSums<D>& sums) {
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0);
  const auto half = hn::Set(d, 0.5);
  const auto angle = hn::LoadU(d, neurons.angle + i);
  const auto part = hn::Add(cosine, hn::Mul(hn::LoadU(d, neurons.b + i), v));
  const auto since =
      hn::Add(hn::Mul(hn::LoadU(d, neurons.last_angle + i), half),
              arc_tangent(d, hn::Mul(hn::LoadU(d, neurons.tangent + i), hn::Add(one, part)), hn::Sub(one, part)));
  const auto last = hn::Min(hn::Max(hn::Div(since, angle), zero), one);
  const auto spacing = hn::Div(hn::Set(d, std::numbers::pi), angle);
  const auto pairs = hn::Mul(count, hn::Sub(count, one));
  const auto span = hn::Mul(spacing, pairs);
  const auto first = hn::Add(hn::Mul(count, last), hn::Mul(span, half));
  const auto more = hn::Mul(hn::Mul(spacing, span), hn::Sub(hn::Add(count, count), one));
  const auto second = hn::Add(hn::Mul(last, hn::Add(hn::Mul(count, last), span)), hn::Mul(more, hn::Set(d, 1.0 / 6.0)));
  const auto unit = hn::Set(d, 1.0 / spike_unit);
  const auto fired = hn::And(hn::Gt(count, zero), hn::Gt(angle, zero));
  sums.count = hn::Add(sums.count, hn::IfThenElseZero(fired, count));
  sums.first = hn::Add(sums.first, hn::IfThenElseZero(fired, hn::Floor(hn::Add(hn::Mul(first, unit), half))));
  sums.second = hn::Add(sums.second, hn::IfThenElseZero(fired, hn::Floor(hn::Add(hn::Mul(second, unit), half))));
}

/// riccati_step of core/riccati.hpp, operation by operation, on as many whole vectors of neurons as there are from i
/// on; adds their spikes.
template <class D>
HWY_INLINE void step_whole_vectors(D d, const DoubleView& neurons, std::size_t& i, double kick,
                                   const float* HWY_RESTRICT noise, double scale, SpikeSums& sums) {
  const std::size_t lanes = hn::Lanes(d);
  if (i + lanes > neurons.count) return;
  const auto closest = hn::Set(d, 1e-30);
  const auto zero = hn::Zero(d);
  LaneSums<D> of_lanes{zero, zero, zero};
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
    const auto after = hn::Div(numerator, denominator);
    hn::StoreU(after, d, neurons.voltage + i);
    const auto one = hn::IfThenElseZero(hn::Lt(denominator, zero), hn::Set(d, 1.0));
    const auto fired = hn::Add(hn::LoadU(d, neurons.half_turns + i), one);
    const auto any = hn::Gt(fired, zero);
    if (hn::AllFalse(d, any)) continue;
    add_spikes(d, neurons, i, after, cosine, fired, of_lanes);
    // Those that would not fire by themselves, but were kicked so far: seldom.
    if (hn::AllFalse(d, hn::And(any, hn::Le(hn::LoadU(d, neurons.angle + i), zero)))) continue;
    HWY_ALIGN std::array<double, HWY_MAX_BYTES / sizeof(double)> spikes;
    hn::Store(fired, d, spikes.data());
    for (std::size_t j = 0; j < lanes; ++j) {
      if (neurons.angle[i + j] <= 0.0 && spikes[j] > 0.0) sums += spikes_before(neurons, i + j, spikes[j]);
    }
  }
  sums.count += static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(d, of_lanes.count)));
  sums.first += static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(d, of_lanes.first)));
  sums.second += static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(d, of_lanes.second)));
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
      sums += spikes_before(neurons, i, step.spikes);
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

namespace {

/// The part of the step that is left after the last spike of a neuron with eta <= 0, which is at the voltage v.
double left_after_spike(double v, double eta, double h) {
  if (eta == 0.0) return -1.0 / (v * h);
  // V = -kappa coth(x); x by half-angles, tanh(x/2) = tanh x/(1 + sqrt(1 - tanh^2 x)).
  const double kappa = std::sqrt(-eta);
  double tangent = std::min(kappa / -v, 1.0 - 1e-15);
  double factor = 1.0;
  for (int i = 0; i < 6; ++i, factor *= 2.0) tangent /= 1.0 + std::sqrt(1.0 - tangent * tangent);
  const double square = tangent * tangent;
  return factor * tangent * (1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square / 7.0))) / (kappa * h);
}

}  // namespace

SpikeSums spikes_before(const DoubleView& neurons, std::size_t i, double count) {
  const double v = neurons.voltage[i];
  const double angle = neurons.angle[i];
  const auto whole = [](double sum) { return static_cast<std::int64_t>(std::floor(sum * (1.0 / spike_unit) + 0.5)); };
  const auto number = static_cast<std::int64_t>(count);
  if (!(angle > 0.0)) {
    const double left = left_after_spike(v, -angle * angle / (neurons.h * neurons.h), neurons.h);
    const double last = std::clamp(left, 0.0, 1.0);
    return {number, whole(last), whole(last * last)};
  }
  const double part = neurons.c[i] + neurons.b[i] * v;
  const double since = neurons.last_angle[i] * 0.5 + arc_tangent(neurons.tangent[i] * (1.0 + part), 1.0 - part);
  const double last = std::min(std::max(since / angle, 0.0), 1.0);
  const double span = std::numbers::pi / angle * (count * (count - 1.0));  // of pairs of spikes
  const double more = std::numbers::pi / angle * span * (count + count - 1.0);
  return {number, whole(count * last + span * 0.5), whole(last * (count * last + span) + more * (1.0 / 6.0))};
}

SpikeSums step_double(const DoubleView& neurons, double kick, const float* noise, double scale) {
  return HWY_DYNAMIC_DISPATCH(step_doubles)(neurons, kick, noise, scale);
}

}  // namespace popshot::network
#endif  // HWY_ONCE
