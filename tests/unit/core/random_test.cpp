#include "popshot/core/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace popshot {
namespace {

TEST(Random, PhiloxGivesThePublishedKnownAnswers) {
  // philox4x64-10, counter and key zero, and all ones: known-answer vectors of Random123 (kat_vectors).
  const r123::Philox4x64 generator;
  const auto zero = generator(r123::Philox4x64::ctr_type{{0, 0, 0, 0}}, r123::Philox4x64::key_type{{0, 0}});
  EXPECT_EQ(zero[0], 0x16554d9eca36314cULL);
  EXPECT_EQ(zero[1], 0xdb20fe9d672d0fdcULL);
  EXPECT_EQ(zero[2], 0xd7e772cee186176bULL);
  EXPECT_EQ(zero[3], 0x7e68b68aec7ba23bULL);
}

TEST(Random, DependsOnEveryPartOfItsKeyAndOnNothingElse) {
  const RandomMember member{3, 2};
  const double x = uniform_number(7, RandomStream::start, member, 11);
  EXPECT_EQ(x, uniform_number(7, RandomStream::start, member, 11));
  const std::set<double> others{x,
                                uniform_number(8, RandomStream::start, member, 11),
                                uniform_number(7, RandomStream::heterogeneity, member, 11),
                                uniform_number(7, RandomStream::start, {4, 2}, 11),
                                uniform_number(7, RandomStream::start, {3, 1}, 11),
                                uniform_number(7, RandomStream::start, member, 12)};
  EXPECT_EQ(others.size(), 6U);
}

TEST(Random, IsUniform) {
  // Pearson's chi-square over 64 cells, 2^16 draws: mean 63, variance 126; a bound of four sigma.
  constexpr int cells = 64;
  constexpr int draws = 1 << 16;
  std::array<int, cells> count{};
  for (int i = 0; i < draws; ++i) {
    const double x = uniform_number(1, RandomStream::start, {0, 0}, static_cast<std::uint64_t>(i));
    ASSERT_GT(x, 0.0);
    ASSERT_LT(x, 1.0);
    ++count[static_cast<std::size_t>(x * cells)];
  }
  const double expected = static_cast<double>(draws) / cells;
  double chi_square = 0.0;
  for (const int c : count) chi_square += (c - expected) * (c - expected) / expected;
  EXPECT_LT(std::abs(chi_square - 63.0), 4.0 * std::sqrt(126.0));
}

}  // namespace
}  // namespace popshot
