// The two ways in which Popshot uses threads: independent jobs, and a team that steps together.
#pragma once

#include <cstddef>
#include <functional>

#include "popshot/core/execution.hpp"

namespace popshot {

/// Runs job(0) .. job(count - 1), each once, on execution.thread_count() threads; starts no further job after a
/// stop request. The first exception that a job throws is rethrown here, after all running jobs have ended.
/// Jobs must not depend on the order or the thread in which they run.
void for_each_parallel(std::size_t count, const Execution& execution, const std::function<void(std::size_t)>& job);

/// Runs body(0) .. body(members - 1) at the same time, each on a thread of its own (body(0) on the caller's).
/// The first exception is rethrown after all have ended; a body that throws must not leave others waiting.
void run_team(unsigned members, const std::function<void(unsigned)>& body);

}  // namespace popshot
