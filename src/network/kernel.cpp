// Compiled once per instruction set by Highway, dispatched at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
// clang-format off
#include <hwy/highway.h>
// clang-format on

#include <algorithm>
#include <array>
#include <cmath>

#include "kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::network {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// No multiply-add, so that every instruction set rounds alike.
template <class D>
HWY_INLINE hn::Vec<D> denominator_after(D d, hn::Vec<D> y, hn::Vec<D> coefficient, hn::Vec<D> kick, hn::Vec<D>& y1) {
  const auto one = hn::Set(d, 1.0F);
  // b/h = 1 - a/6 - a^2/180
  const auto factor = hn::Sub(
      one, hn::Mul(coefficient, hn::Add(hn::Set(d, 1.0F / 6.0F), hn::Mul(coefficient, hn::Set(d, 1.0F / 180.0F)))));
  y1 = hn::Add(y, hn::Add(coefficient, hn::Mul(kick, factor)));
  const auto denominator = hn::Sub(one, y1);
  // At the instant of a spike the denominator may be exactly zero: step just past it.
  const auto closest = hn::Set(d, 1e-30F);
  return hn::IfThenElse(hn::Lt(hn::Abs(denominator), closest), hn::Neg(closest), denominator);
}

template <class D>
HWY_INLINE std::size_t step_vector(D d, float* HWY_RESTRICT y, const float* HWY_RESTRICT a, hn::Vec<D> kick) {
  hn::Vec<D> y1;
  const auto denominator = denominator_after(d, hn::LoadU(d, y), hn::LoadU(d, a), kick, y1);
  hn::StoreU(hn::Div(y1, denominator), d, y);
  return hn::CountTrue(d, hn::Lt(denominator, hn::Zero(d)));
}

/// With noise: a kick of its own for every neuron.
template <class D>
HWY_INLINE std::size_t step_noisy_vector(D d, float* HWY_RESTRICT y, const float* HWY_RESTRICT a,
                                         const float* HWY_RESTRICT noise, hn::Vec<D> kick, hn::Vec<D> scale) {
  hn::Vec<D> y1;
  const auto own = hn::Add(kick, hn::Mul(hn::LoadU(d, noise), scale));
  const auto denominator = denominator_after(d, hn::LoadU(d, y), hn::LoadU(d, a), own, y1);
  hn::StoreU(hn::Div(y1, denominator), d, y);
  return hn::CountTrue(d, hn::Lt(denominator, hn::Zero(d)));
}

/// The last neurons, fewer than a vector holds.
template <class D>
HWY_INLINE std::size_t step_rest(D d, float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count,
                                 hn::Vec<D> kick) {
  const auto mask = hn::FirstN(d, count);
  hn::Vec<D> y1;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX2
  // Loads and stores under a mask touch nothing beyond it on these.
  const auto denominator = denominator_after(d, hn::MaskedLoad(mask, d, y), hn::MaskedLoad(mask, d, a), kick, y1);
  hn::BlendedStore(hn::Div(y1, denominator), mask, d, y);
#else
  HWY_ALIGN std::array<float, HWY_MAX_BYTES / sizeof(float)> last_y{};
  HWY_ALIGN std::array<float, HWY_MAX_BYTES / sizeof(float)> last_a{};
  std::copy_n(y, count, last_y.begin());
  std::copy_n(a, count, last_a.begin());
  const auto denominator = denominator_after(d, hn::Load(d, last_y.data()), hn::Load(d, last_a.data()), kick, y1);
  hn::Store(hn::Div(y1, denominator), d, last_y.data());
  std::copy_n(last_y.begin(), count, y);
#endif
  return hn::CountTrue(d, hn::And(mask, hn::Lt(denominator, hn::Zero(d))));
}

std::int64_t step_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, float kick) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto kicks = hn::Set(d, kick);
  std::size_t spikes = 0;
  std::size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    spikes += step_vector(d, y + i, a + i, kicks);
    spikes += step_vector(d, y + i + lanes, a + i + lanes, kicks);
  }
  for (; i + lanes <= count; i += lanes) spikes += step_vector(d, y + i, a + i, kicks);
  if (i < count) spikes += step_rest(d, y + i, a + i, count - i, kicks);
  return static_cast<std::int64_t>(spikes);
}

std::int64_t step_noisy(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, const float* HWY_RESTRICT noise,
                        std::size_t count, float kick, float scale) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto kicks = hn::Set(d, kick);
  const auto scales = hn::Set(d, scale);
  std::size_t spikes = 0;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) spikes += step_noisy_vector(d, y + i, a + i, noise + i, kicks, scales);
  if (i < count) {
    // A padded copy of the last ones; what pads it stays at y = 0 without a spike.
    HWY_ALIGN std::array<float, HWY_MAX_BYTES / sizeof(float)> last_y{};
    HWY_ALIGN std::array<float, HWY_MAX_BYTES / sizeof(float)> last_a{};
    HWY_ALIGN std::array<float, HWY_MAX_BYTES / sizeof(float)> last_noise{};
    std::copy_n(y + i, count - i, last_y.begin());
    std::copy_n(a + i, count - i, last_a.begin());
    std::copy_n(noise + i, count - i, last_noise.begin());
    hn::Vec<decltype(d)> y1;
    const auto own = hn::Add(kicks, hn::Mul(hn::Load(d, last_noise.data()), scales));
    const auto denominator = denominator_after(d, hn::Load(d, last_y.data()), hn::Load(d, last_a.data()), own, y1);
    hn::Store(hn::Div(y1, denominator), d, last_y.data());
    std::copy_n(last_y.begin(), count - i, y + i);
    spikes += hn::CountTrue(d, hn::And(hn::FirstN(d, count - i), hn::Lt(denominator, hn::Zero(d))));
  }
  return static_cast<std::int64_t>(spikes);
}

}  // namespace HWY_NAMESPACE
}  // namespace popshot::network
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "popshot/core/riccati.hpp"

namespace popshot::network {

HWY_EXPORT(step_all);
HWY_EXPORT(step_noisy);

std::int64_t step_single(float* y, const float* a, std::size_t count, float kick) {
  return HWY_DYNAMIC_DISPATCH(step_all)(y, a, count, kick);
}

std::int64_t step_single_noisy(float* y, const float* a, const float* noise, std::size_t count, float kick,
                               float scale) {
  return HWY_DYNAMIC_DISPATCH(step_noisy)(y, a, noise, count, kick, scale);
}

const char* kernel_target() {
  const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  // Better targets have lower bits.
  return hwy::TargetName(targets & -targets);
}

std::int64_t step_double(double* voltage, const double* c, const double* b, const double* e, const double* half_turns,
                         std::size_t count, double kick, const float* noise, double scale) {
  double spikes = 0.0;  // whole numbers: exact in any order up to 2^53
  for (std::size_t i = 0; i < count; ++i) {
    const double own = noise != nullptr ? kick + scale * static_cast<double>(noise[i]) : kick;
    const auto step = riccati_step(RiccatiFlow<double>{c[i], b[i], e[i], half_turns[i]}, voltage[i] + own);
    voltage[i] = step.state;
    spikes += step.spikes;
  }
  return static_cast<std::int64_t>(spikes);
}

}  // namespace popshot::network
#endif  // HWY_ONCE
