// How long a piece of work takes.
#pragma once

#include <chrono>

namespace popshot::benchmark {

/// Seconds that work() takes.
double seconds(auto&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace popshot::benchmark
