#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "machine_limits.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
// clang-format off
#include <hwy/highway.h>
// clang-format on

#include "machine_limits.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::benchmark {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

float divide_all(std::size_t count, std::size_t times) {
  const hn::ScalableTag<float> d;
  const auto over = hn::Set(d, 1.0001F);
  // Eight chains of their own: more than the latency of a division takes.
  auto x0 = hn::Set(d, 1.0F), x1 = hn::Set(d, 1.1F), x2 = hn::Set(d, 1.2F), x3 = hn::Set(d, 1.3F);
  auto x4 = hn::Set(d, 1.4F), x5 = hn::Set(d, 1.5F), x6 = hn::Set(d, 1.6F), x7 = hn::Set(d, 1.7F);
  const std::size_t rounds = times * count / (8 * hn::Lanes(d));
  for (std::size_t i = 0; i < rounds; ++i) {
    x0 = hn::Div(over, x0);
    x1 = hn::Div(over, x1);
    x2 = hn::Div(over, x2);
    x3 = hn::Div(over, x3);
    x4 = hn::Div(over, x4);
    x5 = hn::Div(over, x5);
    x6 = hn::Div(over, x6);
    x7 = hn::Div(over, x7);
  }
  const auto sum = hn::Add(hn::Add(hn::Add(x0, x1), hn::Add(x2, x3)), hn::Add(hn::Add(x4, x5), hn::Add(x6, x7)));
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

/// y = operation(y, a), a vector at a time.
template <class Operation>
HWY_INLINE void for_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count, bool lined,
                        const Operation& operation) {
  const hn::CappedTag<float, 16> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto one = [&](std::size_t i, auto own_a)
                       HWY_ATTR { hn::StoreU(operation(hn::LoadU(d, y + i), own_a), d, y + i); };
  if (lined) {
    // As the kernel: two numbers for sixteen neurons.
    const auto on_line = [&](std::size_t i) HWY_ATTR { return hn::Set(d, a[i / 16 * 2]); };
    for (std::size_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
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

HWY_EXPORT(divide_all);
HWY_EXPORT(move_all);
HWY_EXPORT(divide_and_move_all);

float divide(std::size_t count, std::size_t times) { return HWY_DYNAMIC_DISPATCH(divide_all)(count, times); }
void move(float* y, const float* a, std::size_t count, bool lined) {
  HWY_DYNAMIC_DISPATCH(move_all)(y, a, count, lined);
}
void divide_and_move(float* y, const float* a, std::size_t count, bool lined) {
  HWY_DYNAMIC_DISPATCH(divide_and_move_all)(y, a, count, lined);
}

}  // namespace popshot::benchmark
#endif  // HWY_ONCE
