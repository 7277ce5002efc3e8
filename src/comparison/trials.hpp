// Running the trials of a comparison: side by side or one after the other, with one progress for all.
#pragma once

#include <cstdint>
#include <mutex>
#include <numeric>
#include <optional>
#include <vector>

#include "popshot/core/execution.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/model/model.hpp"

namespace popshot::comparison {

/// How the two simulations of a trial are to be run.
struct TrialExecution {
  Execution network;
  Execution mesoscopic;
};

/// Runs spectrum.trials trials, job(t, executions) each, and returns those that gave a result, in order. Many small
/// networks run side by side; large ones one after the other, each on all threads.
template <class Result, class Job>
std::vector<Result> run_trials(const model::Model& model, const Execution& execution, Job&& job) {
  std::int64_t neurons = 0;
  for (const auto& population : model.populations) neurons += population.size;
  constexpr std::int64_t large = 4'000'000;
  const bool side_by_side = neurons < large;
  Execution outer = execution;
  if (!side_by_side) outer.threads = 1;
  const unsigned threads = side_by_side ? 1 : execution.threads;
  // The network and its mesoscopic model share the progress of a trial in the ratio of their work.
  const double share = static_cast<double>(neurons) / static_cast<double>(neurons + model.mesoscopic.ensemble_size);

  const auto count = static_cast<std::size_t>(model.spectrum.trials);
  std::vector<std::optional<Result>> slots(count);
  std::vector<double> done(count, 0.0);
  std::mutex mutex;
  for_each_parallel(count, outer, [&](std::size_t t) {
    const auto part = [&, t](double begin, double width) {
      Execution inner{.threads = threads, .stop = execution.stop};
      if (!execution.progress) return inner;
      inner.progress = [&, t, begin, width](double fraction) {
        const std::lock_guard lock(mutex);
        done[t] = begin + width * fraction;
        execution.progress(std::accumulate(done.begin(), done.end(), 0.0) / static_cast<double>(count));
      };
      return inner;
    };
    auto result = job(static_cast<std::uint64_t>(t), TrialExecution{part(0.0, share), part(share, 1.0 - share)});
    const std::lock_guard lock(mutex);
    done[t] = 1.0;
    slots[t] = std::move(result);
  });
  std::vector<Result> results;
  for (auto& slot : slots) {
    if (slot) results.push_back(std::move(*slot));
  }
  return results;
}

}  // namespace popshot::comparison
