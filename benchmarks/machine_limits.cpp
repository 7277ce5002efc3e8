#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "machine_limits.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
// clang-format off
#include <hwy/highway.h>
#include <hwy/cache_control.h>
// clang-format on

#include "machine_limits.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::benchmark {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// In `chains` chains, each of which waits for itself only.
template <std::size_t chains>
HWY_INLINE float divide_in_chains(std::size_t count, std::size_t times) {
  const hn::ScalableTag<float> d;
  const auto over = hn::Set(d, 1.0001F);
  hn::Vec<decltype(d)> x[chains];  // NOLINT(modernize-avoid-c-arrays): registers
  for (std::size_t c = 0; c < chains; ++c) x[c] = hn::Set(d, 1.0F + 0.1F * static_cast<float>(c));
  const std::size_t rounds = times * count / (chains * hn::Lanes(d));
  for (std::size_t i = 0; i < rounds; ++i) {
    for (auto& one : x) one = hn::Div(over, one);
  }
  auto sum = hn::Zero(d);
  for (const auto& one : x) sum = hn::Add(sum, one);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

float divide_few(std::size_t count, std::size_t times) { return divide_in_chains<4>(count, times); }
float divide_many(std::size_t count, std::size_t times) { return divide_in_chains<8>(count, times); }

/// y = operation(y, a), a vector at a time.
template <class Operation>
HWY_INLINE void for_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, bool lined,
                        const Operation& operation) {
  const hn::CappedTag<float, 16> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto one = [&](std::size_t i, auto own_a)
                       HWY_ATTR { hn::StoreU(operation(hn::LoadU(d, y + i), own_a), d, y + i); };
  if (lined) {
    // As the kernel: two numbers for sixteen neurons, and y asked for a page ahead.
    const auto on_line = [&](std::size_t i) HWY_ATTR { return hn::Set(d, a[i / 16 * 2]); };
    for (std::size_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
      for (std::size_t line = 0; line < 4 * lanes; line += 16) hwy::Prefetch(y + i + 1024 + line);
      for (std::size_t v = 0; v < 4; ++v) one(i + v * lanes, on_line(i + v * lanes));
    }
    return;
  }
  for (std::size_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    for (std::size_t v = 0; v < 4; ++v) one(i + v * lanes, hn::LoadU(d, a + i + v * lanes));
  }
}

void move_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, bool lined) {
  for_all(y, a, count, lined, [](auto own_y, auto own_a) HWY_ATTR { return hn::Add(own_y, own_a); });
}

void divide_and_move_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, bool lined) {
  for_all(y, a, count, lined, [](auto own_y, auto own_a) HWY_ATTR { return hn::Div(hn::Add(own_y, own_a), own_y); });
}

}  // namespace HWY_NAMESPACE
}  // namespace popshot::benchmark
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace popshot::benchmark {

HWY_EXPORT(divide_few);
HWY_EXPORT(divide_many);
HWY_EXPORT(move_all);
HWY_EXPORT(divide_and_move_all);

float divide(std::size_t count, std::size_t times, bool few) {
  return few ? HWY_DYNAMIC_DISPATCH(divide_few)(count, times) : HWY_DYNAMIC_DISPATCH(divide_many)(count, times);
}
void move(float* y, const float* a, std::size_t count, bool lined) {
  HWY_DYNAMIC_DISPATCH(move_all)(y, a, count, lined);
}
void divide_and_move(float* y, const float* a, std::size_t count, bool lined) {
  HWY_DYNAMIC_DISPATCH(divide_and_move_all)(y, a, count, lined);
}

}  // namespace popshot::benchmark
#endif  // HWY_ONCE
