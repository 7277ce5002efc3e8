// Running the trials of a comparison: side by side or one after the other, with one progress for all.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
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

/// The parts of a trial, by their share of its time: at first as their numbers of neurons are, then as the trials that
/// have ended took. One thread at a time.
class TrialParts {
 public:
  enum Part : std::size_t { network, mesoscopic, theory };
  explicit TrialParts(const model::Model& model) {
    for (const auto& population : model.populations) {
      const auto neurons = static_cast<double>(population.size);
      seconds_[network] += neurons;
      seconds_[mesoscopic] += std::min(neurons, 4.0 * static_cast<double>(model.mesoscopic.ensemble_size));
    }
    seconds_[theory] = 0.1 * (seconds_[network] + seconds_[mesoscopic]);
  }
  void took(const std::array<double, 3>& seconds) {
    if (!measured_) seconds_ = {};
    measured_ = true;
    for (std::size_t part = 0; part < seconds.size(); ++part) seconds_[part] += seconds[part];
  }
  /// How much of a trial is done when `fraction` of `part` is.
  [[nodiscard]] double done(Part part, double fraction) const {
    double before = 0.0;
    for (std::size_t p = 0; p < part; ++p) before += seconds_[p];
    const double all = seconds_[network] + seconds_[mesoscopic] + seconds_[theory];
    return all > 0.0 ? (before + fraction * seconds_[part]) / all : 0.0;
  }

 private:
  std::array<double, 3> seconds_{};
  bool measured_ = false;
};

/// The results that there are, in order. Throws Stopped if a stop request left none.
template <class Result>
std::vector<Result> finished_trials(std::vector<std::optional<Result>> slots, const std::stop_token& stop) {
  std::vector<Result> results;
  for (auto& slot : slots) {
    if (slot) results.push_back(std::move(*slot));
  }
  if (results.empty()) throw_if_stopped(stop);
  return results;
}

/// Runs spectrum.trials trials and returns those that gave a result, in order. A trial's network starts at the
/// operating point point_of(sample); what it has done goes to job(t, sample, activity, execution), unless it was
/// stopped; the execution is that for the mesoscopic simulation of this trial, after which there may be theory. Either
/// may throw Stopped: then the trial gives no result. Throws Stopped if no trial has ended before the stop. Progress is
/// that of all trials, theory included.
template <class Result, class PointOf, class Job>
std::vector<Result> run_trials(const model::Model& model, const Execution& execution, PointOf&& point_of, Job&& job) {
  const auto count = static_cast<std::size_t>(model.spectrum.trials);
  const TrialPlan plan = plan_trials(model, count, execution.thread_count());
  std::vector<std::optional<Result>> slots(count);
  std::vector<double> done(count, 0.0);
  TrialParts parts(model);
  double shown = 0.0;
  std::mutex mutex;
  // The execution of a part of the trials first <= t < last.
  const auto part_of = [&](std::size_t first, std::size_t last, TrialParts::Part part) {
    Execution inner{.threads = plan.threads_per_trial, .stop = execution.stop};
    if (!execution.progress) return inner;
    inner.progress = [&, first, last, part](double fraction) {
      const std::lock_guard lock(mutex);
      for (std::size_t t = first; t < last; ++t) done[t] = parts.done(part, fraction);
      // Measured shares may take back what was shown.
      shown = std::max(shown, std::accumulate(done.begin(), done.end(), 0.0) / static_cast<double>(count));
      execution.progress(shown);
    };
    return inner;
  };
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  execution.begin({.name = "trials"});
  bool any = false;  // has given a result
  Execution outer = execution;
  outer.threads = plan.side_by_side;
  const auto run_group = [&](std::size_t group) {
    const std::size_t first = group * plan.together;
    const std::size_t last = std::min(count, first + plan.together);
    const auto begin = Clock::now();
    std::vector<network::Sample> samples;
    for (std::size_t t = first; t < last; ++t) {
      samples.push_back(network::draw_sample(model, t, {.threads = plan.threads_per_trial, .stop = execution.stop}));
    }
    if (execution.stop.stop_requested()) return;
    std::vector<network::NetworkRun> runs;
    runs.reserve(samples.size());
    for (const auto& sample : samples) runs.push_back({&model, &sample, point_of(sample), {}});
    const Execution networks = part_of(first, last, TrialParts::network);
    auto activities = runs.size() == 1
                          ? std::vector<Activity>{network::simulate(model, samples[0], runs[0].point, networks)}
                          : network::simulate(runs, networks);
    const double of_network = seconds_since(begin) / static_cast<double>(last - first);
    for (std::size_t t = first; t < last; ++t) {
      const Activity& activity = activities[t - first];
      if (!activity.finished) continue;
      const auto next = Clock::now();
      double of_mesoscopic = 0.0;
      auto own = part_of(t, t + 1, TrialParts::mesoscopic);
      // Its last word of progress tells when theory begins.
      if (own.progress) {
        own.progress = [&, tell = own.progress](double fraction) {
          of_mesoscopic = seconds_since(next);
          tell(fraction);
        };
      }
      auto result = job(static_cast<std::uint64_t>(t), samples[t - first], activity, own);
      const std::lock_guard lock(mutex);
      if (result) parts.took({of_network, of_mesoscopic, seconds_since(next) - of_mesoscopic});
      done[t] = 1.0;
      if (result && !any && execution.phase) execution.phase({.name = "trials", .keeps = true});
      any = any || result.has_value();
      slots[t] = std::move(result);
    }
  };
  for_each_parallel((count + plan.together - 1) / plan.together, outer, [&](std::size_t group) {
    try {
      run_group(group);
    } catch (const Stopped&) {  // others may have ended
    }
  });
  return finished_trials(std::move(slots), execution.stop);
}

/// The same without networks, for any N: job(t, execution) of every trial, side by side.
template <class Result, class Job>
std::vector<Result> run_mesoscopic_trials(const model::Model& model, const Execution& execution, Job&& job) {
  const auto count = static_cast<std::size_t>(model.spectrum.trials);
  std::vector<std::optional<Result>> slots(count);
  std::vector<double> done(count, 0.0);
  std::mutex mutex;
  execution.begin({.name = "trials"});
  bool any = false;  // has given a result
  const auto run_one = [&](std::size_t t) {
    Execution inner{.threads = 1, .stop = execution.stop};
    if (execution.progress) {
      inner.progress = [&, t](double fraction) {
        const std::lock_guard lock(mutex);
        done[t] = fraction;
        execution.progress(std::accumulate(done.begin(), done.end(), 0.0) / static_cast<double>(count));
      };
    }
    auto result = job(static_cast<std::uint64_t>(t), inner);
    const std::lock_guard lock(mutex);
    done[t] = 1.0;
    if (result && !any && execution.phase) execution.phase({.name = "trials", .keeps = true});
    any = any || result.has_value();
    slots[t] = std::move(result);
  };
  for_each_parallel(count, execution, [&](std::size_t t) {
    try {
      run_one(t);
    } catch (const Stopped&) {  // others may have ended
    }
  });
  return finished_trials(std::move(slots), execution.stop);
}

}  // namespace popshot::comparison
