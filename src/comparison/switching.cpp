#include "popshot/comparison/switching.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/core/units.hpp"
#include "popshot/mesoscopic/ensemble.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "switching_verdict.hpp"

namespace popshot::comparison {

namespace {

/// Follows the mean rate of a run and counts how long it is in either state and how often it leaves it.
class StateCounter {
 public:
  /// `relaxation`: of the state that it starts in.
  StateCounter(std::size_t state, const std::array<double, 3>& rate, double interval, double memory, double duration,
               double relaxation)
      : state_(state),
        settled_(relaxation),
        leave_low_((rate[1] + rate[2]) / 2.0),
        leave_high_((rate[0] + rate[1]) / 2.0),
        interval_(interval),
        weight_(1.0 - std::exp(-interval / memory)),
        smooth_(rate[2 * state]),
        half_(duration / 2.0) {}

  void add(const std::vector<double>& rates) {
    const double mean = std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(rates.size());
    smooth_ += weight_ * (mean - smooth_);
    elapsed_ += interval_;
    const bool leaves = state_ == 0 ? smooth_ > leave_low_ : smooth_ < leave_high_;
    if (!started_) {
      early_time_[state_] += interval_;
      if (leaves) {
        ++early_exits_[state_];
        state_ = 1 - state_;
      }
      started_ = leaves || elapsed_ >= settled_;
      return;
    }
    const bool late = elapsed_ > half_;
    time_[state_] += interval_;
    if (late) late_time_[state_] += interval_;
    if (!leaves) return;
    ++exits_[state_];
    if (late) ++late_exits_[state_];
    state_ = 1 - state_;
  }
  [[nodiscard]] std::int64_t exits(std::size_t state) const { return exits_[state]; }
  [[nodiscard]] double time(std::size_t state) const { return time_[state]; }
  [[nodiscard]] std::int64_t late_exits(std::size_t state) const { return late_exits_[state]; }
  [[nodiscard]] double late_time(std::size_t state) const { return late_time_[state]; }
  [[nodiscard]] std::int64_t early_exits(std::size_t state) const { return early_exits_[state]; }
  [[nodiscard]] double early_time(std::size_t state) const { return early_time_[state]; }

 private:
  std::size_t state_;
  double settled_;
  bool started_ = false;
  double leave_low_, leave_high_, interval_, weight_, smooth_, half_;
  double elapsed_ = 0.0;
  std::array<double, 2> time_{}, late_time_{}, early_time_{};
  std::array<std::int64_t, 2> exits_{}, late_exits_{}, early_exits_{};
};

/// The lower state, the saddle and the higher state.
std::vector<mean_field::StationaryState> bistable_states(const model::Model& model, const std::stop_token& stop) {
  auto states = mean_field::stationary_states(model, stop).states;
  const auto stable = std::count_if(states.begin(), states.end(), [](const auto& s) { return s.stable(); });
  if (!is_stationary(model) || states.size() != 3 || stable != 2 || states[1].stable()) {
    throw InputError(fmt::format(
        "switching: the model has {} stationary states, {} of them stable{}; allowed: two stable states, one unstable "
        "state between them, and constant currents (see 'popshot check')",
        states.size(), stable, is_stationary(model) ? "" : ", and a stimulus that varies in time"));
  }
  return states;
}

model::Model scaled(const model::Model& model, std::int64_t size, std::size_t state) {
  model::Model result = model;
  const double factor = static_cast<double>(size) / static_cast<double>(model.populations.front().size);
  for (auto& population : result.populations) {
    population.size = std::max<std::int64_t>(1, std::llround(static_cast<double>(population.size) * factor));
    population.raster = {};
  }
  result.simulation.state = state == 0 ? model::Simulation::State::lowest : model::Simulation::State::highest;
  return result;
}

/// The operating point of a sample, or that of the mean field where a small sample has none.
mean_field::OperatingPoint point_of(const model::Model& model, const network::Sample& sample,
                                    const std::stop_token& stop) {
  try {
    return network::start_point(model, sample, stop);
  } catch (const NumericalError&) {
    return mean_field::selected_state(model, stop).point;
  }
}

LargeDeviationFit fit_large_deviations(const std::vector<std::int64_t>& sizes, const SwitchingLevel& level,
                                       std::size_t state) {
  constexpr std::int64_t enough = 5;
  LargeDeviationFit fit;
  double w = 0.0;
  double x = 0.0;
  double y = 0.0;
  double xx = 0.0;
  double xy = 0.0;
  const auto each = [&](auto&& use) {
    for (std::size_t i = 0; i < level.residence.size(); ++i) {
      const auto& r = level.residence[i][state];
      if (r.exits >= enough) use(static_cast<double>(sizes[i]), std::log(r.mean), static_cast<double>(r.exits));
    }
  };
  each([&](double n, double log_mean, double weight) {
    ++fit.points;
    w += weight;
    x += weight * n;
    y += weight * log_mean;
    xx += weight * n * n;
    xy += weight * n * log_mean;
  });
  const double determinant = w * xx - x * x;
  if (fit.points < 2 || !(determinant > 0.0)) return fit;
  fit.slope = (w * xy - x * y) / determinant;
  fit.intercept = (y - fit.slope * x) / w;
  fit.slope_error = std::sqrt(w / determinant);
  double sum = 0.0;
  each([&](double n, double log_mean, double weight) {
    const double deviation = log_mean - fit.intercept - fit.slope * n;
    sum += weight * deviation * deviation;
  });
  fit.chi_squared = fit.points > 2 ? sum / static_cast<double>(fit.points - 2) : 0.0;
  return fit;
}

}  // namespace

Residence residence(std::int64_t exits, double time) {
  using boost::math::chi_squared;
  constexpr double tail = 0.025;
  Residence result{.exits = exits,
                   .time = time,
                   .mean = std::numeric_limits<double>::infinity(),
                   .high = std::numeric_limits<double>::infinity()};
  const auto n = static_cast<double>(exits);
  // 2 time/mean is chi-squared distributed between 2n and 2n + 2 degrees of freedom (Poisson number of exits).
  result.low = 2.0 * time / boost::math::quantile(boost::math::complement(chi_squared(2.0 * n + 2.0), tail));
  if (exits > 0) {
    result.mean = time / n;
    result.high = 2.0 * time / boost::math::quantile(chi_squared(2.0 * n), tail);
  }
  return result;
}

double ageing(std::int64_t exits, double time, std::int64_t late_exits, double late_time) {
  if (exits == 0 || !(late_time > 0.0)) return 1.0;
  // At a constant rate each exit falls into the late time with the probability late_time/time.
  const boost::math::binomial_distribution<double> late(static_cast<double>(exits), std::min(1.0, late_time / time));
  return boost::math::cdf(late, static_cast<double>(late_exits));
}

double switching_work(const model::Model& model, std::int64_t size, const std::string& level) {
  const auto schedule = model::schedule(model.simulation);
  const auto ensemble = model.mesoscopic.ensemble_size;
  std::int64_t neurons = 0;
  for (const auto& population : scaled(model, size, 0).populations) {
    // Populations of a few times the ensemble's size are simulated as they are.
    const bool reduced = level != "network" && population.size > 4 * ensemble;
    neurons += reduced ? ensemble : population.size;
  }
  return static_cast<double>(neurons) * static_cast<double>(schedule.steps) *
         static_cast<double>(model.spectrum.trials);
}

Switching switching(const model::Model& model, const std::vector<std::int64_t>& sizes,
                    const std::vector<std::string>& levels, const Execution& execution, double false_alarm) {
  Switching result;
  result.sizes = sizes;
  execution.begin({.name = "searching stationary states"});
  const auto states = bistable_states(model, execution.stop);
  for (std::size_t i = 0; i < states.size(); ++i) result.rate.at(i) = states[i].point.rate.mean();
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    result.relaxation.at(i) = -1.0 / states[2 * i].eigenvalues.front().real();
  }
  result.trials = static_cast<std::size_t>(model.spectrum.trials);
  double largest_tau = 0.0;
  for (const auto& population : model.populations) largest_tau = std::max(largest_tau, population.tau);
  const double memory = 5.0 * largest_tau;
  const auto trials = static_cast<std::size_t>(model.spectrum.trials);
  const std::size_t jobs = levels.size() * sizes.size() * trials;
  std::vector<std::optional<StateCounter>> counters(jobs);
  std::vector<double> done(jobs, 0.0);
  std::vector<double> work(jobs, 0.0);
  mesoscopic::MarkovianFamilies families(model);
  std::mutex mutex;

  // The longest jobs first.
  std::vector<std::size_t> order(jobs);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t job = 0; job < jobs; ++job) {
    work[job] = switching_work(model, sizes[job / trials % sizes.size()], levels[job / trials / sizes.size()]);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return work[a] > work[b]; });
  const double total = std::accumulate(work.begin(), work.end(), 0.0);
  const auto size_of = [&](std::size_t job) { return sizes[job / trials % sizes.size()]; };
  const auto is_network = [&](std::size_t job) { return levels[job / trials / sizes.size()] == "network"; };
  // Small networks of one size in pairs, if that leaves no thread without.
  std::vector<std::vector<std::size_t>> groups;
  for (const std::size_t job : order) {
    const bool joins = !groups.empty() && is_network(job) && is_network(groups.back().front()) &&
                       size_of(job) == size_of(groups.back().front()) &&
                       jobs >= std::size_t{2} * execution.thread_count() &&
                       groups.back().size() < network::best_together(scaled(model, size_of(job), 0));
    if (!joins) groups.emplace_back();
    groups.back().push_back(job);
  }
  const auto run_group = [&](const std::vector<std::size_t>& group) {
    std::vector<model::Model> sized;
    std::vector<StateCounter> own;
    for (const std::size_t job : group) {
      const std::size_t state = job % trials % 2;
      sized.push_back(scaled(model, size_of(job), state));
      own.emplace_back(state, result.rate, model::schedule(sized.back().simulation).interval(), memory,
                       sized.back().simulation.duration, result.relaxation.at(state));
    }
    const auto observer = [&](std::size_t i) -> ActivityObserver {
      return [&counter = own[i]](const std::vector<double>& rate) {
        counter.add(rate);
        return true;
      };
    };
    Execution inner{.threads = 1, .stop = execution.stop};
    inner.progress = [&](double fraction) {
      if (!execution.progress) return;
      const std::lock_guard lock(mutex);
      for (const std::size_t job : group) done[job] = fraction * work[job];
      execution.progress(std::accumulate(done.begin(), done.end(), 0.0) / total);
    };
    if (is_network(group.front())) {
      std::vector<network::Sample> samples;
      for (std::size_t i = 0; i < group.size(); ++i) {
        samples.push_back(network::draw_sample(sized[i], group[i] % trials, inner));
      }
      if (execution.stop.stop_requested()) return;
      std::vector<network::NetworkRun> runs;
      for (std::size_t i = 0; i < group.size(); ++i) {
        runs.push_back({&sized[i], &samples[i], point_of(sized[i], samples[i], execution.stop), observer(i)});
      }
      (void)network::simulate(runs, inner);
    } else {
      (void)mesoscopic::simulate(sized.front(), group.front() % trials, inner, observer(0), &families);
    }
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < group.size(); ++i) {
      done[group[i]] = work[group[i]];
      counters[group[i]] = own[i];
    }
  };
  execution.begin({.name = "trials", .keeps = true});
  for_each_parallel(groups.size(), execution, [&](std::size_t place) {
    try {
      run_group(groups[place]);
    } catch (const Stopped&) {  // others may have begun
    }
  });

  const bool any = std::any_of(counters.begin(), counters.end(), [](const auto& counter) {
    return counter && counter->time(0) + counter->time(1) + counter->early_time(0) + counter->early_time(1) > 0.0;
  });
  if (!any) throw_if_stopped(execution.stop);

  for (std::size_t l = 0; l < levels.size(); ++l) {
    auto& level = result.levels.emplace_back();
    level.name = levels[l];
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      std::array<Residence, 2> both;
      for (std::size_t state = 0; state < both.size(); ++state) {
        std::int64_t exits = 0;
        std::int64_t late_exits = 0;
        double time = 0.0;
        double late_time = 0.0;
        std::int64_t early_exits = 0;
        double early_time = 0.0;
        for (std::size_t t = 0; t < trials; ++t) {
          const auto& counter = counters[(l * sizes.size() + i) * trials + t];
          if (!counter) continue;
          exits += counter->exits(state);
          time += counter->time(state);
          late_exits += counter->late_exits(state);
          late_time += counter->late_time(state);
          early_exits += counter->early_exits(state);
          early_time += counter->early_time(state);
        }
        if (time > 0.0) both[state] = residence(exits, time);
        both[state].ageing = ageing(exits, time, late_exits, late_time);
        both[state].early_exits = early_exits;
        both[state].early_time = early_time;
      }
      level.residence.push_back(both);
    }
    for (std::size_t state = 0; state < 2; ++state) level.fit[state] = fit_large_deviations(sizes, level, state);
  }
  result.finished = !execution.stop.stop_requested();
  if (!result.judged()) return result;
  std::vector<SizedTrials> data;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    auto& sized = data.emplace_back();
    const auto model_of_size = scaled(model, sizes[i], 0);
    bool itself = true;
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      itself = itself && mesoscopic::is_network(model_of_size, k);
    }
    result.itself.push_back(itself ? 1 : 0);
    for (std::size_t l = 0; l < 2; ++l) {
      for (std::size_t t = 0; t < trials; ++t) {
        TrialExits one;
        if (const auto& counter = counters[(l * sizes.size() + i) * trials + t]) {
          for (std::size_t state = 0; state < 2; ++state) {
            one.exits.at(state) = static_cast<double>(counter->exits(state));
            one.time.at(state) = counter->time(state);
          }
        }
        sized.trials.at(l).push_back(one);
      }
    }
  }
  judge_switching(result, data, model, false_alarm);
  return result;
}

Dataset to_dataset(const Switching& s, const std::string& time_unit) {
  const RateUnit unit = rate_unit(time_unit);
  Dataset data;
  data.attributes = {{"popshot_kind", std::string("switching")},
                     {"time_unit", time_unit},
                     {"rate_unit", unit.name},
                     {"finished", static_cast<std::int64_t>(s.finished ? 1 : 0)},
                     {"rate_low", unit.factor * s.rate[0]},
                     {"rate_saddle", unit.factor * s.rate[1]},
                     {"rate_high", unit.factor * s.rate[2]}};
  if (s.judged()) {
    const auto& judgement = s.judgement;
    data.attributes.insert(data.attributes.end(), {{"verdict", verdict_name(judgement.verdict)},
                                                   {"verdict_reason", judgement.reason},
                                                   {"p_value", judgement.p_value},
                                                   {"threshold_sigma", judgement.threshold},
                                                   {"detectable_factor_total", judgement.detectable_total}});
  }
  data.add_dimension("size", s.sizes.size());
  data.add({"size", {"size"}, s.sizes, "1", "number of neurons of the first population"});
  data.add_dimension("state", 2);
  data.add({"state", {"state"}, std::vector<std::string>{"low", "high"}, "1", "stable state, by mean rate"});
  data.add_dimension("level", s.levels.size());
  std::vector<std::string> names;
  for (const auto& level : s.levels) names.push_back(level.name);
  data.add({"level", {"level"}, names, "1", "level of description"});
  const auto add = [&](const std::string& name, const std::string& units, const std::string& text, auto&& value) {
    std::vector<double> values;
    for (const auto& level : s.levels) {
      for (const auto& sized : level.residence) {
        for (const auto& r : sized) values.push_back(value(r));
      }
    }
    data.add({name, {"level", "size", "state"}, values, units, text});
  };
  add("residence_time", time_unit, "mean residence time", [](const Residence& r) { return r.mean; });
  add("residence_time_low", time_unit, "lower end of its 95 % confidence interval",
      [](const Residence& r) { return r.low; });
  add("residence_time_high", time_unit, "upper end of its 95 % confidence interval",
      [](const Residence& r) { return r.high; });
  add("exits", "1", "number of exits", [](const Residence& r) { return static_cast<double>(r.exits); });
  add("ageing", "1", "probability of so few exits in the second half of the trials at a constant rate",
      [](const Residence& r) { return r.ageing; });
  add("time_in_state", time_unit, "time spent in the state", [](const Residence& r) { return r.time; });
  add("early_exits", "1", "exits within the slowest relaxation time after a start, not counted among the exits",
      [](const Residence& r) { return static_cast<double>(r.early_exits); });
  const auto add_fit = [&](const std::string& name, const std::string& units, const std::string& text, auto&& value) {
    std::vector<double> values;
    for (const auto& level : s.levels) {
      for (const auto& fit : level.fit) values.push_back(value(fit));
    }
    data.add({name, {"level", "state"}, values, units, text});
  };
  add_fit("slope", "1", "growth of log(mean residence time) per neuron", [](const auto& fit) { return fit.slope; });
  add_fit("slope_error", "1", "standard error of the slope", [](const auto& fit) { return fit.slope_error; });
  add_fit("intercept", "1", "log(mean residence time) at size 0", [](const auto& fit) { return fit.intercept; });
  return data;
}

}  // namespace popshot::comparison
