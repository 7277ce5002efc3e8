// The two kinds of failure that Popshot reports, the stop that was asked for, and the exit codes they become.
#pragma once

#include <stdexcept>

namespace popshot {

/// The user's input is wrong: a file, a flag, a value or an array. The message is one line that names
/// the place, the value and what is allowed. Becomes exit code 2 on the command line.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The numbers broke down (a non-finite state, an iteration that did not converge). The message names
/// the time and the population. Becomes exit code 3 on the command line.
class NumericalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A computation that has nothing to show before its end was asked to stop (a std::stop_token, or Execution::stop).
/// Simulations do not throw it: they return what they have finished. Becomes the exit code of the signal.
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("stopped") {}
};

}  // namespace popshot
