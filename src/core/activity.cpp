#include "popshot/core/activity.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace popshot {

Schedule::Schedule(double duration, double transient, double step, double record_interval)
    : time_step(step),
      transient_steps(std::llround(transient / step)),
      per_record(std::llround(record_interval / step)) {
  // What rounding makes of a whole number of intervals is not one more.
  const double intervals = duration / interval();
  const double rounding = 1e-9 + 4.0 * std::numeric_limits<double>::epsilon() * intervals;
  steps = transient_steps + static_cast<std::int64_t>(std::ceil(intervals - rounding)) * per_record;
}

Activity unstarted(const Schedule& schedule, std::size_t populations) {
  Activity activity;
  activity.interval = schedule.interval();
  activity.rate.assign(populations, {});
  activity.finished = false;
  return activity;
}

Recorder::Recorder(const Schedule& schedule, std::size_t populations, ActivityObserver observer)
    : schedule_(schedule), observer_(std::move(observer)), sum_(populations), rate_(populations) {
  activity_.interval = schedule.interval();
  activity_.rate.assign(populations, {});
  if (observer_) return;
  const auto records = static_cast<std::size_t>((schedule.steps - schedule.transient_steps) / schedule.per_record);
  for (auto& rate : activity_.rate) rate.reserve(records);
}

bool Recorder::add(std::int64_t step, const std::vector<StepSpikes>& spikes) {
  if (step < schedule_.transient_steps) return true;
  for (std::size_t k = 0; k < spikes.size(); ++k) sum_[k] += spikes[k].count;
  return ++in_record_ < schedule_.per_record || end_record();
}

bool Recorder::end_record() {
  in_record_ = 0;
  for (std::size_t k = 0; k < sum_.size(); ++k) {
    rate_[k] = sum_[k] / activity_.interval;
    sum_[k] = 0.0;
  }
  if (observer_) return observer_(rate_);
  for (std::size_t k = 0; k < rate_.size(); ++k) activity_.rate[k].push_back(rate_[k]);
  return true;
}

Activity Recorder::take(bool finished) {
  activity_.finished = finished;
  return std::move(activity_);
}

}  // namespace popshot
