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

template <class Operation>
HWY_INLINE void for_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count,
                        const Operation& operation) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    operation(y + i, a + i);
    operation(y + i + lanes, a + i + lanes);
    operation(y + i + 2 * lanes, a + i + 2 * lanes);
    operation(y + i + 3 * lanes, a + i + 3 * lanes);
  }
}

void move_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count) {
  const hn::ScalableTag<float> d;
  for_all(y, a, count, [&](float* own_y, const float* own_a) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, own_y), hn::LoadU(d, own_a)), d, own_y);
  });
}

void divide_and_move_all(float* HWY_RESTRICT y, const float* HWY_RESTRICT a, std::size_t count) {
  const hn::ScalableTag<float> d;
  for_all(y, a, count, [&](float* own_y, const float* own_a) HWY_ATTR {
    const auto value = hn::LoadU(d, own_y);
    hn::StoreU(hn::Div(hn::Add(value, hn::LoadU(d, own_a)), value), d, own_y);
  });
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
void move(float* y, const float* a, std::size_t count) { HWY_DYNAMIC_DISPATCH(move_all)(y, a, count); }
void divide_and_move(float* y, const float* a, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(divide_and_move_all)(y, a, count);
}

}  // namespace popshot::benchmark
#endif  // HWY_ONCE
