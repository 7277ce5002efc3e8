#include "popshot/core/execution.hpp"

#include <algorithm>
#include <thread>

namespace popshot {

unsigned Execution::thread_count() const {
  return threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
}

void Execution::begin(const Phase& next) const {
  throw_if_stopped(stop);
  if (phase) phase(next);
}

}  // namespace popshot
