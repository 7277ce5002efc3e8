// Running the trials of a comparison: side by side or one after the other, with one progress for all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "popshot/core/execution.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/model/model.hpp"
#include "popshot/network/simulate.hpp"

namespace popshot::comparison {

/// How the networks of independent trials share the threads.
struct TrialPlan {
  unsigned side_by_side = 1;       ///< threads that have trials of their own
  unsigned threads_per_trial = 1;  ///< of each network
  std::size_t together = 1;        ///< networks that one thread steps in turns
};

/// Many small networks run side by side, the smallest of them in pairs if that leaves no thread without; large ones one
/// after the other, each on all threads. Few trials share the threads evenly.
inline TrialPlan plan_trials(const model::Model& model, std::size_t trials, unsigned threads) {
  std::int64_t neurons = 0;
  for (const auto& population : model.populations) neurons += population.size;
  constexpr std::int64_t large = 4'000'000;
  if (neurons >= large) return {1, threads, 1};
  TrialPlan plan;
  plan.side_by_side = static_cast<unsigned>(std::clamp<std::size_t>(trials, 1, threads));
  plan.threads_per_trial = threads / plan.side_by_side;
  const std::size_t together = network::best_together(model);
  if (trials >= together * threads) plan.together = together;
  return plan;
}

/// Runs spectrum.trials trials and returns those that gave a result, in order. A trial's network starts at the
/// operating point point_of(sample); what it has done goes to job(t, sample, activity, execution), unless it was
/// stopped; the execution is that for anything else in this trial.
template <class Result, class PointOf, class Job>
std::vector<Result> run_trials(const model::Model& model, const Execution& execution, PointOf&& point_of, Job&& job) {
  const auto count = static_cast<std::size_t>(model.spectrum.trials);
  const TrialPlan plan = plan_trials(model, count, execution.thread_count());
  // The network and its mesoscopic model share the progress of a trial in the ratio of their work.
  std::int64_t neurons = 0;
  for (const auto& population : model.populations) neurons += population.size;
  const double share = static_cast<double>(neurons) / static_cast<double>(neurons + model.mesoscopic.ensemble_size);

  std::vector<std::optional<Result>> slots(count);
  std::vector<double> done(count, 0.0);
  std::mutex mutex;
  // The execution of the trials first <= t < last, in each of which it is this part of the work.
  const auto part = [&](std::size_t first, std::size_t last, double begin, double width) {
    Execution inner{.threads = plan.threads_per_trial, .stop = execution.stop};
    if (!execution.progress) return inner;
    inner.progress = [&, first, last, begin, width](double fraction) {
      const std::lock_guard lock(mutex);
      for (std::size_t t = first; t < last; ++t) done[t] = begin + width * fraction;
      execution.progress(std::accumulate(done.begin(), done.end(), 0.0) / static_cast<double>(count));
    };
    return inner;
  };
  Execution outer = execution;
  outer.threads = plan.side_by_side;
  for_each_parallel((count + plan.together - 1) / plan.together, outer, [&](std::size_t group) {
    const std::size_t first = group * plan.together;
    const std::size_t last = std::min(count, first + plan.together);
    std::vector<network::Sample> samples;
    for (std::size_t t = first; t < last; ++t) {
      samples.push_back(network::draw_sample(model, t, {.threads = plan.threads_per_trial, .stop = execution.stop}));
    }
    if (execution.stop.stop_requested()) return;
    std::vector<network::NetworkRun> runs;
    runs.reserve(samples.size());
    for (const auto& sample : samples) runs.push_back({&model, &sample, point_of(sample), {}});
    const Execution networks = part(first, last, 0.0, share);
    auto activities = runs.size() == 1
                          ? std::vector<Activity>{network::simulate(model, samples[0], runs[0].point, networks)}
                          : network::simulate(runs, networks);
    for (std::size_t t = first; t < last; ++t) {
      const Activity& activity = activities[t - first];
      if (!activity.finished) continue;
      auto result =
          job(static_cast<std::uint64_t>(t), samples[t - first], activity, part(t, t + 1, share, 1.0 - share));
      const std::lock_guard lock(mutex);
      done[t] = 1.0;
      slots[t] = std::move(result);
    }
  });
  std::vector<Result> results;
  for (auto& slot : slots) {
    if (slot) results.push_back(std::move(*slot));
  }
  return results;
}

}  // namespace popshot::comparison
