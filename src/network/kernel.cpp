// Compiled once per instruction set by Highway, dispatched at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
// clang-format off
#include <hwy/highway.h>
// clang-format on

#include <algorithm>
#include <array>
#include <cfenv>
#include <cmath>

#include "kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::network {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// A kick that all neurons get: y1 = (y + a (1 - k/6 - k a/180)) + k with k = h D, theory.md (13). Without the term in
/// a^2 for neurons of small a.
template <class D, bool near>
struct CommonKick {
  hn::Vec<D> kick, linear, quadratic, rest;

  CommonKick(D d, float k)
      : kick(hn::Set(d, k)),
        linear(hn::Set(d, 1.0F - k * (1.0F / 6.0F))),
        quadratic(hn::Set(d, k * (1.0F / 180.0F))),
        rest(hn::Set(d, 1.0F - k)) {}

  /// y1, and 1 - y1. No multiply-add, so that every instruction set rounds alike.
  HWY_INLINE hn::Vec<D> operator()(D /*d*/, hn::Vec<D> y, hn::Vec<D> a, hn::Vec<D>& denominator) const {
    auto factor = linear;
    if constexpr (!near) factor = hn::Sub(linear, hn::Mul(a, quadratic));
    const auto moved = hn::Add(y, hn::Mul(a, factor));
    denominator = hn::Sub(rest, moved);
    return hn::Add(moved, kick);
  }
};

/// With noise: a kick of its own for every neuron.
template <class D>
HWY_INLINE hn::Vec<D> after_own_kick(D d, hn::Vec<D> y, hn::Vec<D> a, hn::Vec<D> kick, hn::Vec<D>& denominator) {
  // b/h = 1 - a/6 - a^2/180
  const auto one = hn::Set(d, 1.0F);
  const auto factor = hn::Sub(one, hn::Mul(a, hn::Add(hn::Set(d, 1.0F / 6.0F), hn::Mul(a, hn::Set(d, 1.0F / 180.0F)))));
  const auto y1 = hn::Add(y, hn::Add(a, hn::Mul(kick, factor)));
  denominator = hn::Sub(one, y1);
  return y1;
}

/// 1 in the lanes whose denominator is negative: those that have spiked.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> spiked(D /*d*/, hn::Vec<D> denominator) {
  return hn::ShiftRight<31>(hn::BitCast(hn::RebindToUnsigned<D>(), denominator));
}

// Loads and stores under a mask touch nothing beyond it on these.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX2
#define POPSHOT_MASKED_MEMORY 1
#else
#define POPSHOT_MASKED_MEMORY 0
#endif

/// Up to a vector of numbers, zeros beyond `count`.
template <class D>
HWY_INLINE hn::Vec<D> load_first(D d, const float* HWY_RESTRICT from, std::size_t count) {
#if POPSHOT_MASKED_MEMORY
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
#else
  HWY_ALIGN std::array<float, HWY_MAX_BYTES / sizeof(float)> padded{};
  std::copy_n(from, count, padded.begin());
  return hn::Load(d, padded.data());
#endif
}

template <class D>
HWY_INLINE void store_first(D d, hn::Vec<D> values, float* HWY_RESTRICT to, std::size_t count) {
#if POPSHOT_MASKED_MEMORY
  hn::BlendedStore(values, hn::FirstN(d, count), d, to);
#else
  HWY_ALIGN std::array<float, HWY_MAX_BYTES / sizeof(float)> padded;
  hn::Store(values, d, padded.data());
  std::copy_n(padded.begin(), count, to);
#endif
}
#undef POPSHOT_MASKED_MEMORY

/// At the instant of a spike the denominator may be exactly zero, and y is infinite: kept finite, so that the spike
/// falls into the next step. Seldom needed, so that the processor's own note of a division by zero is looked at instead
/// of every quotient.
void keep_finite(float* HWY_RESTRICT y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] = std::min(y[i], 1e30F);
  std::feclearexcept(FE_DIVBYZERO);
}

/// Steps neurons by step(y, a, i, denominator) -> y1. Four vectors at a time: their divisions overlap.
template <class D, class Step>
HWY_INLINE std::int64_t for_all(D d, float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count,
                                const Step& step) {
  const hn::RebindToUnsigned<D> du;
  const std::size_t lanes = hn::Lanes(d);
  auto spikes = hn::Zero(du);
  const auto one_vector = [&](std::size_t i) HWY_ATTR {
    hn::Vec<D> denominator;
    const auto y1 = step(hn::LoadU(d, y + i), hn::LoadU(d, a + i), i, denominator);
    hn::StoreU(hn::Div(y1, denominator), d, y + i);
    spikes = hn::Add(spikes, spiked(d, denominator));
  };
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    one_vector(i);
    one_vector(i + lanes);
    one_vector(i + 2 * lanes);
    one_vector(i + 3 * lanes);
  }
  for (; i + lanes <= count; i += lanes) one_vector(i);
  if (i < count) {
    hn::Vec<D> denominator;
    const auto y1 = step(load_first(d, y + i, count - i), load_first(d, a + i, count - i), i, denominator);
    store_first(d, hn::Div(y1, denominator), y + i, count - i);
    const auto mask = hn::FirstN(d, count - i);
    spikes = hn::Add(spikes, spiked(d, hn::IfThenElseZero(mask, denominator)));
  }
  if (std::fetestexcept(FE_DIVBYZERO) != 0) keep_finite(y, count);
  return static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(du, spikes)));
}

template <bool near>
std::int64_t step_alike(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, float kick) {
  const hn::ScalableTag<float> d;
  using D = decltype(d);
  const CommonKick<hn::ScalableTag<float>, near> common(d, kick);
  using V = hn::Vec<D>;
  return for_all(d, y, a, count, [&](V own_y, V own_a, std::size_t /*i*/, V& denominator) HWY_ATTR {
    return common(d, own_y, own_a, denominator);
  });
}

std::int64_t step_near(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, float kick) {
  return step_alike<true>(y, a, count, kick);
}

std::int64_t step_any(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, float kick) {
  return step_alike<false>(y, a, count, kick);
}

std::int64_t step_noisy(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, const float* HWY_RESTRICT noise,
                        std::size_t count, float kick, float scale) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto kicks = hn::Set(d, kick);
  const auto scales = hn::Set(d, scale);
  const std::size_t lanes = hn::Lanes(d);
  return for_all(d, y, a, count, [&](V own_y, V own_a, std::size_t i, V& denominator) HWY_ATTR {
    const auto number = i + lanes <= count ? hn::LoadU(d, noise + i) : load_first(d, noise + i, count - i);
    return after_own_kick(d, own_y, own_a, hn::Add(kicks, hn::Mul(number, scales)), denominator);
  });
}

/// riccati_step of core/riccati.hpp, operation by operation, on whole vectors of neurons; returns how many neurons it
/// has stepped, and adds their spikes.
std::size_t step_doubles(double* HWY_RESTRICT voltage, const double* HWY_RESTRICT c, const double* HWY_RESTRICT b,
                         const double* HWY_RESTRICT e, const double* HWY_RESTRICT half_turns, std::size_t count,
                         double kick, const float* HWY_RESTRICT noise, double scale, double& spikes) {
#if HWY_HAVE_FLOAT64
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> single;
  const std::size_t lanes = hn::Lanes(d);
  const auto closest = hn::Set(d, 1e-30);
  const auto zero = hn::Zero(d);
  auto sum = zero;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto own = hn::Set(d, kick);
    if (noise != nullptr) {
      own = hn::Add(own, hn::Mul(hn::Set(d, scale), hn::PromoteTo(d, hn::LoadU(single, noise + i))));
    }
    const auto x = hn::Add(hn::LoadU(d, voltage + i), own);
    const auto cosine = hn::LoadU(d, c + i);
    auto denominator = hn::Sub(cosine, hn::Mul(hn::LoadU(d, b + i), x));
    denominator = hn::IfThenElse(hn::Lt(hn::Abs(denominator), closest), hn::Neg(closest), denominator);
    const auto numerator = hn::Add(hn::Mul(cosine, x), hn::LoadU(d, e + i));
    hn::StoreU(hn::Div(numerator, denominator), d, voltage + i);
    const auto one = hn::IfThenElseZero(hn::Lt(denominator, zero), hn::Set(d, 1.0));
    sum = hn::Add(sum, hn::Add(hn::LoadU(d, half_turns + i), one));
  }
  spikes += hn::GetLane(hn::SumOfLanes(d, sum));
  return i;
#else
  return 0;
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace popshot::network
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "popshot/core/riccati.hpp"

namespace popshot::network {

HWY_EXPORT(step_near);
HWY_EXPORT(step_any);
HWY_EXPORT(step_noisy);
HWY_EXPORT(step_doubles);

std::int64_t step_single(float* y, const float* a, std::size_t count, float kick) {
  return HWY_DYNAMIC_DISPATCH(step_any)(y, a, count, kick);
}

std::int64_t step_single_near(float* y, const float* a, std::size_t count, float kick) {
  return HWY_DYNAMIC_DISPATCH(step_near)(y, a, count, kick);
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

std::int64_t step_double(double* voltage, const double* c, const double* b, const double* e, const double* half_turns,
                         std::size_t count, double kick, const float* noise, double scale) {
  double spikes = 0.0;  // whole numbers: exact in any order up to 2^53
  std::size_t i = HWY_DYNAMIC_DISPATCH(step_doubles)(voltage, c, b, e, half_turns, count, kick, noise, scale, spikes);
  for (; i < count; ++i) {
    const double own = noise != nullptr ? kick + scale * static_cast<double>(noise[i]) : kick;
    const auto step = riccati_step(RiccatiFlow<double>{c[i], b[i], e[i], half_turns[i]}, voltage[i] + own);
    voltage[i] = step.state;
    spikes += step.spikes;
  }
  return static_cast<std::int64_t>(spikes);
}

}  // namespace popshot::network
#endif  // HWY_ONCE
