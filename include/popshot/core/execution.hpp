// How a computation is to be run: on how many threads, how it tells of its progress, how it is stopped.
#pragma once

#include <functional>
#include <stop_token>

namespace popshot {

/// Passed to everything that may take more than a second. Results never depend on it, except that a
/// stopped computation returns what it has finished.
struct Execution {
  /// Worker threads; 0 means one per hardware thread.
  unsigned threads = 0;
  /// Asked between steps or trials; when it is set, the computation returns early with what is complete.
  std::stop_token stop = {};
  /// Called now and then, from one thread at a time, with the fraction done in [0, 1]. May be empty.
  std::function<void(double)> progress = {};
  /// Use all threads for one network, however small; else as many as a measurement at its start finds fastest.
  bool all_threads = false;

  /// `threads`, with 0 replaced by the number of hardware threads (at least 1).
  [[nodiscard]] unsigned thread_count() const;
};

}  // namespace popshot
