// A stream of independent standard Gaussian numbers, reproducible by its name alone.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "popshot/core/random.hpp"

namespace popshot {

/// Numbers 0, 1, 2, .. of the stream (seed, stream, member), by the transform of Box and Muller (1958).
class GaussianStream {
 public:
  GaussianStream(std::uint64_t seed, RandomStream stream, RandomMember member)
      : seed_(seed), stream_(stream), member_(member) {}

  double next() {
    if (used_ == numbers_.size()) refill();
    return numbers_[used_++];
  }

 private:
  void refill() {
    const auto u = uniform_numbers(seed_, stream_, member_, draw_++);
    for (std::size_t i = 0; i < numbers_.size(); i += 2) {
      const double radius = std::sqrt(-2.0 * std::log(u[i]));
      const double angle = 2.0 * std::numbers::pi * u[i + 1];
      numbers_[i] = radius * std::cos(angle);
      numbers_[i + 1] = radius * std::sin(angle);
    }
    used_ = 0;
  }

  std::uint64_t seed_;
  RandomStream stream_;
  RandomMember member_;
  std::uint64_t draw_ = 0;
  std::array<double, 4> numbers_{};
  std::size_t used_ = 4;
};

}  // namespace popshot
