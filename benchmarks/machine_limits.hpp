// What the machine can do at most of what the network kernel does: divisions, and moving two arrays through a cache
// level.
#pragma once

#include <cstddef>

namespace popshot::benchmark {

/// Divides `count` numbers, `times` times, in registers; the result depends on all of them. With few (four) or many
/// (eight) divisions that do not wait for one another: either may be faster.
float divide(std::size_t count, std::size_t times, bool few);

/// The kernel's traffic without its arithmetic: y += a, with a number a for each y, or for 16 of them if `lined`.
void move(float* y, const float* a, std::size_t count, bool lined);

/// The kernel's traffic and its division: y = (y + a)/y.
void divide_and_move(float* y, const float* a, std::size_t count, bool lined);

}  // namespace popshot::benchmark
