#include "popshot/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace popshot {

void run_team(unsigned members, const std::function<void(unsigned)>& body) {
  std::exception_ptr failure;
  std::mutex mutex;
  const auto guarded = [&](unsigned member) {
    try {
      body(member);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned member = 1; member < members; ++member) others.emplace_back(guarded, member);
    guarded(0);
  }
  if (failure) std::rethrow_exception(failure);
}

void for_each_parallel(std::size_t count, const Execution& execution, const std::function<void(std::size_t)>& job) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto members = static_cast<unsigned>(std::min<std::size_t>(execution.thread_count(), count));
  if (members == 0) return;
  run_team(members, [&](unsigned) {
    while (!failed && !execution.stop.stop_requested()) {
      const std::size_t mine = next.fetch_add(1);
      if (mine >= count) return;
      try {
        job(mine);
      } catch (...) {
        failed = true;
        throw;
      }
    }
  });
}

}  // namespace popshot
