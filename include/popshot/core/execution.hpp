// How a computation is to be run: on how many threads, how it tells of its progress, how it is stopped.
#pragma once

#include <functional>
#include <stop_token>

#include "popshot/core/error.hpp"

namespace popshot {

/// A part of a computation that may take more than a second.
struct Phase {
  /// What is done, for people: "set-up", "theory", ..
  const char* name = "";
  /// Whether a stop request in this phase leaves something to keep: recorded samples, finished trials.
  bool keeps = false;
};

/// Passed to everything that may take more than a second. Results never depend on it, except that a
/// stopped computation returns what it has finished, or throws Stopped where that is nothing.
struct Execution {
  /// Worker threads; 0 means one per hardware thread.
  unsigned threads = 0;
  /// Asked between steps or trials; when it is set, the computation returns early with what is complete.
  std::stop_token stop = {};
  /// Called now and then, from one thread at a time, with the fraction done in [0, 1]. May be empty.
  std::function<void(double)> progress = {};
  /// Called when a phase of the computation begins, for which progress starts anew, or when there is something to keep
  /// in one that has begun. May be empty.
  std::function<void(const Phase&)> phase = {};
  /// Use all threads for one network, however small; else as many as a measurement at its start finds fastest.
  bool all_threads = false;

  /// `threads`, with 0 replaced by the number of hardware threads (at least 1).
  [[nodiscard]] unsigned thread_count() const;
  /// Tells of a phase that begins, if anybody listens. Throws Stopped if it is no longer wanted.
  void begin(const Phase& next) const;
};

/// Throws Stopped after a stop request.
inline void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Stopped();
}

}  // namespace popshot
