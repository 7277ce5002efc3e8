// Compiled once per instruction set by Highway, dispatched at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/noise_numbers.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
// clang-format off
#include <hwy/highway.h>
// clang-format on

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

#include "noise_numbers.hpp"

HWY_BEFORE_NAMESPACE();
namespace popshot::network {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::CappedTag<std::uint32_t, noise_lanes>;  // a divisor of the tile's row
using Floats = hn::CappedTag<float, noise_lanes>;
using Word = hn::Vec<Words>;
using Float = hn::Vec<Floats>;

/// The upper halves of the products of 32-bit numbers.
HWY_INLINE Word upper_product(Word x, Word y) {
  const Words d;
#if HWY_TARGET == HWY_SCALAR
  const auto product = static_cast<std::uint64_t>(hn::GetLane(x)) * hn::GetLane(y);
  return hn::Set(d, static_cast<std::uint32_t>(product >> 32));
#else
  const hn::RepartitionToWide<Words> wide;
  const auto even = hn::MulEven(x, y);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, x))),
                               hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, y))));
  return hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
#endif
}

struct Counter {
  Word a, b, c, d;
};

HWY_INLINE Counter philox(Counter x, std::uint32_t key0, std::uint32_t key1) {
  const Words d;
  const auto m0 = hn::Set(d, 0xD2511F53U);
  const auto m1 = hn::Set(d, 0xCD9E8D57U);
  for (int round = 0; round < 10; ++round) {
    const auto high0 = upper_product(x.a, m0);
    const auto low0 = hn::Mul(x.a, m0);
    const auto high1 = upper_product(x.c, m1);
    const auto low1 = hn::Mul(x.c, m1);
    x = {hn::Xor(hn::Xor(high1, x.b), hn::Set(d, key0)), low1, hn::Xor(hn::Xor(high0, x.d), hn::Set(d, key1)), low0};
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  return x;
}

HWY_INLINE Float to_float(Word x) {  // x < 2^31
  const Floats f;
  const hn::Rebind<std::int32_t, Floats> i;
  return hn::ConvertTo(f, hn::BitCast(i, x));
}

/// sin and cos of |x| <= pi/4 by their series, to float accuracy.
HWY_INLINE void sine_cosine(Float x, Float& sine, Float& cosine) {
  const Floats f;
  const auto u = hn::Mul(x, x);
  const auto term = [&](Float sum, float coefficient) { return hn::Add(hn::Mul(sum, u), hn::Set(f, coefficient)); };
  auto s = hn::Set(f, 1.0F / 362880.0F);
  s = term(s, -1.0F / 5040.0F);
  s = term(s, 1.0F / 120.0F);
  s = term(s, -1.0F / 6.0F);
  s = term(s, 1.0F);
  sine = hn::Mul(x, s);
  auto c = hn::Set(f, -1.0F / 3628800.0F);
  c = term(c, 1.0F / 40320.0F);
  c = term(c, -1.0F / 720.0F);
  c = term(c, 1.0F / 24.0F);
  c = term(c, -0.5F);
  cosine = term(c, 1.0F);
}

/// tan(pi (U - 1/2)): sign and a number q = |2U - 1| in 31 bits; for q > 1/2 the cotangent of the rest, so that the
/// tails have all their bits.
HWY_INLINE Float cauchy(Word bits) {
  const Words d;
  const Floats f;
  const auto sign = hn::And(bits, hn::Set(d, 0x80000000U));
  const auto q = hn::And(bits, hn::Set(d, 0x7FFFFFFFU));
  const auto rest = hn::Sub(hn::Set(d, 0x7FFFFFFFU), q);
  const auto smaller = hn::Min(q, rest);
  constexpr float scale = static_cast<float>(std::numbers::pi / 2 / 2147483648.0);
  const auto angle = hn::Mul(hn::Add(to_float(smaller), hn::Set(f, 0.5F)), hn::Set(f, scale));
  Float sine;
  Float cosine;
  sine_cosine(angle, sine, cosine);
  const auto is_small = hn::MaskFromVec(hn::BitCast(f, hn::VecFromMask(d, hn::Eq(smaller, q))));
  const auto value = hn::Div(hn::IfThenElse(is_small, sine, cosine), hn::IfThenElse(is_small, cosine, sine));
  return hn::BitCast(f, hn::Or(hn::BitCast(d, value), sign));
}

/// sqrt(-2 ln u), u = (k + 1/2)/2^31 with the upper 31 bits k.
HWY_INLINE Float radius(Word bits) {
  const Words d;
  const Floats f;
  const hn::Rebind<std::int32_t, Floats> i;
  const auto u = hn::Add(to_float(hn::ShiftRight<1>(bits)), hn::Set(f, 0.5F));
  // u = m 2^e with m in [sqrt(1/2), sqrt(2)): ln m = 2 atanh((m - 1)/(m + 1))
  const auto shifted = hn::Sub(hn::BitCast(d, u), hn::Set(d, 0x3F3504F3U));
  const auto exponent = hn::ShiftRight<23>(hn::BitCast(i, shifted));
  const auto mantissa = hn::BitCast(f, hn::Sub(hn::BitCast(d, u), hn::ShiftLeft<23>(hn::BitCast(d, exponent))));
  const auto one = hn::Set(f, 1.0F);
  const auto s = hn::Div(hn::Sub(mantissa, one), hn::Add(mantissa, one));
  const auto w = hn::Mul(s, s);
  auto series = hn::Set(f, 2.0F / 9.0F);
  for (const float coefficient : {2.0F / 7.0F, 2.0F / 5.0F, 2.0F / 3.0F, 2.0F}) {
    series = hn::Add(hn::Mul(series, w), hn::Set(f, coefficient));
  }
  const auto power = hn::Sub(hn::ConvertTo(f, exponent), hn::Set(f, 31.0F));
  const auto logarithm = hn::Add(hn::Mul(s, series), hn::Mul(power, hn::Set(f, std::numbers::ln2_v<float>)));
  return hn::Sqrt(hn::Max(hn::Zero(f), hn::Mul(logarithm, hn::Set(f, -2.0F))));
}

/// Two independent normal numbers: a point on the circle, in a quadrant that the upper two bits choose.
HWY_INLINE void normal_pair(Word first, Word second, Float& x, Float& y) {
  const Words d;
  const Floats f;
  const auto length = radius(first);
  constexpr float scale = static_cast<float>(std::numbers::pi / 2 / 1073741824.0);
  const auto within = to_float(hn::And(second, hn::Set(d, 0x3FFFFFFFU)));
  const auto angle = hn::Mul(hn::Sub(within, hn::Set(f, 536870912.0F)), hn::Set(f, scale));
  Float sine;
  Float cosine;
  sine_cosine(angle, sine, cosine);
  const auto sign = hn::And(second, hn::Set(d, 0x80000000U));
  const auto turned = hn::Ne(hn::And(second, hn::Set(d, 0x40000000U)), hn::Zero(d));
  const auto is_turned = hn::MaskFromVec(hn::BitCast(f, hn::VecFromMask(d, turned)));
  const auto flipped = [&](Float value) { return hn::BitCast(f, hn::Xor(hn::BitCast(d, value), sign)); };
  x = hn::Mul(length, flipped(hn::IfThenElse(is_turned, hn::Neg(sine), cosine)));
  y = hn::Mul(length, flipped(hn::IfThenElse(is_turned, cosine, sine)));
}

void fill_block(const NoiseSource& source, std::int64_t step, std::size_t block, std::size_t count,
                float* HWY_RESTRICT numbers) {
  const Words d;
  const Floats f;
  constexpr std::size_t tile = 4 * noise_lanes;
  const auto time = static_cast<std::uint64_t>(step);
  const auto first = static_cast<std::uint32_t>(block * (noise_block / 4));
  const std::size_t counters = (count + tile - 1) / tile * noise_lanes;
  for (std::size_t i = 0; i < counters; i += hn::Lanes(d)) {
    const Counter counter{hn::Iota(d, first + static_cast<std::uint32_t>(i)),
                          hn::Set(d, static_cast<std::uint32_t>(time)),
                          hn::Set(d, static_cast<std::uint32_t>(time >> 32)), hn::Set(d, source.group)};
    const auto bits = philox(counter, source.key[0], source.key[1]);
    Float x;
    Float y;
    Float z;
    Float w;
    if (source.kind == NoiseSource::Kind::cauchy) {
      x = cauchy(bits.a);
      y = cauchy(bits.b);
      z = cauchy(bits.c);
      w = cauchy(bits.d);
    } else {
      normal_pair(bits.a, bits.b, x, y);
      normal_pair(bits.c, bits.d, z, w);
    }
    float* const row = numbers + i / noise_lanes * tile + i % noise_lanes;
    hn::Store(x, f, row);
    hn::Store(y, f, row + noise_lanes);
    hn::Store(z, f, row + 2 * noise_lanes);
    hn::Store(w, f, row + 3 * noise_lanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace popshot::network
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace popshot::network {

HWY_EXPORT(fill_block);

NoiseSource::NoiseSource(const model::NeuronNoise& noise, double h, std::uint64_t seed, RandomStream stream,
                         RandomMember member, std::uint32_t number_of_group)
    : group(number_of_group) {
  if (const auto* cauchy = std::get_if<model::CauchyNoise>(&noise)) {
    kind = Kind::cauchy;
    scale = cauchy->width * h;
  } else if (const auto* gaussian = std::get_if<model::GaussianNoise>(&noise)) {
    kind = Kind::gaussian;
    scale = std::sqrt(2.0 * gaussian->intensity * h);
  }
  const r123::Philox4x64 generator;
  const auto bits = generator(r123::Philox4x64::ctr_type{{0, member.population, member.trial, 0}},
                              r123::Philox4x64::key_type{{seed, static_cast<std::uint64_t>(stream)}});
  key = {static_cast<std::uint32_t>(bits[0]), static_cast<std::uint32_t>(bits[0] >> 32)};
}

void make_noise(const NoiseSource& source, std::int64_t step, std::size_t block, std::size_t count, float* numbers) {
  HWY_DYNAMIC_DISPATCH(fill_block)(source, step, block, count, numbers);
}

std::array<std::uint32_t, 4> noise_bits(const NoiseSource& source, std::int64_t step, std::uint32_t counter) {
  const r123::Philox4x32 generator;
  const auto time = static_cast<std::uint64_t>(step);
  const auto bits = generator(r123::Philox4x32::ctr_type{{counter, static_cast<std::uint32_t>(time),
                                                          static_cast<std::uint32_t>(time >> 32), source.group}},
                              r123::Philox4x32::key_type{{source.key[0], source.key[1]}});
  return {bits[0], bits[1], bits[2], bits[3]};
}

}  // namespace popshot::network
#endif  // HWY_ONCE
