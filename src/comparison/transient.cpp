#include "popshot/comparison/transient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "popshot/analysis/statistics.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/core/units.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/mesoscopic/ensemble.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "resampling.hpp"
#include "trials.hpp"
#include "verdict_dataset.hpp"

namespace popshot::comparison {

namespace {

/// One trial of both levels.
struct PairOfTrials {
  std::vector<std::vector<double>> network;
  std::vector<std::vector<double>> mesoscopic;
};

/// The values of all trials at one time.
using AtTime = std::vector<double>;

void append(TrialBand& band, AtTime values) {
  const auto estimate = analysis::mean_with_error(values);
  const double n = static_cast<double>(values.size());
  band.mean.push_back(estimate.value);
  band.mean_error.push_back(estimate.error);
  band.standard_deviation.push_back(values.size() > 1 ? estimate.error * std::sqrt(n) : 0.0);
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double p) {
    const double place = p * (n - 1.0);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  band.low.push_back(quantile(0.1));
  band.high.push_back(quantile(0.9));
}

/// Standard error of the logarithm of the ratio of the two levels' variances, all times together: from the scatter of
/// the trials' shares in them.
double log_variance_error(const std::vector<PairedSeries>& series) {
  const std::size_t n = series.front().sum.size();
  std::vector<double> first(n, 0.0);
  std::vector<double> second(n, 0.0);
  for (const auto& one : series) {
    const double sum = analysis::mean_with_error(one.sum).value;
    const double difference = analysis::mean_with_error(one.difference).value;
    for (std::size_t t = 0; t < n; ++t) {
      const double s = one.sum[t] - sum;
      const double d = one.difference[t] - difference;
      first[t] += (s - d) * (s - d) / 4.0;
      second[t] += (s + d) * (s + d) / 4.0;
    }
  }
  const auto a = analysis::mean_with_error(first);
  const auto b = analysis::mean_with_error(second);
  return std::hypot(a.error / a.value, b.error / b.value);
}

/// Mean rates that differ by less than this part, over all times together, are the same: the levels differ by the order
/// 1/N, which very many trials can tell and nobody needs.
constexpr double negligible_mean = 1e-3;

/// The series of an output over windows of recorded times.
struct Windowed {
  std::size_t output = 0;
  std::vector<std::size_t> begin;  ///< of each window, and the end of the last
  std::vector<double> mean;        ///< of the network's rate in it
  std::vector<PairedSeries> series;
};

/// Windows in which `neurons` neurons of these mean rates have some 30 spikes, so that numbers of spikes are nearly
/// Gaussian; ten times as many with fewer than 5 trials, which otherwise have equal numbers too often. At most a tenth
/// of all times each.
std::vector<std::size_t> make_windows(const std::vector<double>& rate, double interval, double neurons,
                                      std::size_t trials) {
  const double enough = trials < 5 ? 300.0 : 30.0;
  const std::size_t longest = std::max<std::size_t>(1, rate.size() / 10);
  std::vector<std::size_t> begin{0};
  double spikes = 0.0;
  for (std::size_t i = 0; i < rate.size(); ++i) {
    spikes += neurons * rate[i] * interval;
    if (spikes < enough && i + 1 - begin.back() < longest) continue;
    begin.push_back(i + 1);
    spikes = 0.0;
  }
  if (begin.back() != rate.size()) begin.back() = rate.size();
  return begin;
}

Windowed make_windowed(const std::vector<PairOfTrials>& trials, std::size_t k, const std::vector<double>& rate,
                       double interval, double neurons) {
  Windowed windowed{k, make_windows(rate, interval, neurons, trials.size()), {}, {}};
  const auto mean_of = [](const std::vector<double>& values, std::size_t first, std::size_t last) {
    double sum = 0.0;
    for (std::size_t i = first; i < last; ++i) sum += values[i];
    return sum / static_cast<double>(last - first);
  };
  for (std::size_t w = 0; w + 1 < windowed.begin.size(); ++w) {
    const std::size_t first = windowed.begin[w];
    const std::size_t last = windowed.begin[w + 1];
    windowed.mean.push_back(mean_of(rate, first, last));
    PairedSeries& series = windowed.series.emplace_back();
    for (const auto& trial : trials) {
      const double a = mean_of(trial.network[k], first, last);
      const double b = mean_of(trial.mesoscopic[k], first, last);
      series.sum.push_back(b + a);
      series.difference.push_back(b - a);
    }
  }
  return windowed;
}

/// What would have been seen of an output.
void find_power(TransientComparison& result, const Windowed& windowed) {
  auto& judgement = result.judgement;
  const auto n = static_cast<double>(result.trials);
  const auto& series = windowed.series;
  const double error = log_variance_error(series);
  judgement.detectable_total =
      std::max(judgement.detectable_total, detectable_factor(error, n - 1.0, judgement.threshold));
  double needed = static_cast<double>(trials_for_factor(error * std::sqrt(n), judgement.threshold));
  const auto& mean = windowed.mean;
  const double peak = *std::max_element(mean.begin(), mean.end());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    if (!(mean[i] > weighty_band * peak)) continue;
    const double of_mean = analysis::mean_with_error(series[i].difference).error / mean[i];
    judgement.detectable_band =
        std::max(judgement.detectable_band, detectable_factor(of_mean, n - 1.0, judgement.threshold));
    needed = std::max(needed, static_cast<double>(trials_for_factor(of_mean * std::sqrt(n), judgement.threshold)));
  }
  judgement.trials_needed = std::max(judgement.trials_needed, static_cast<std::size_t>(std::max(needed, n + 1.0)));
}

/// The largest deviation, and where.
struct Place {
  double deviation = 0.0;
  std::string text = "none";
  void look(double value, const std::string& population, const std::string& what) {
    if (std::abs(value) <= std::abs(deviation)) return;
    deviation = value;
    text = fmt::format("population '{}', {}", population, what);
  }
};

/// `groups`: the outputs that are judged.
void judge(TransientComparison& result, const std::vector<Windowed>& groups, const model::Model& model,
           double false_alarm) {
  auto& judgement = result.judgement;
  constexpr std::size_t fewest = 3;
  if (result.trials < fewest) {
    judgement.reason = fmt::format("only {} of {} trials finished: variances need at least {}", result.trials,
                                   result.trials_wanted, fewest);
    judgement.trials_needed = fewest;
    return;
  }
  if (groups.empty()) {
    judgement.reason = fmt::format(
        "nothing independent was compared: up to {} neurons (4 x mesoscopic.ensemble_size) the mesoscopic model is the "
        "network itself; a smaller --set mesoscopic.ensemble_size=.. compares two different things",
        4 * model.mesoscopic.ensemble_size);
    return;
  }
  for (const auto& group : groups) judgement.comparisons += 2 * group.series.size() + 2;
  judgement.threshold = analysis::threshold_in_sigma(judgement.comparisons, false_alarm);
  std::size_t disagreeing = 0;
  Place worst;
  for (const auto& group : groups) {
    const std::size_t k = group.output;
    const auto& name = result.populations[k];
    const auto look = [&](double value, const std::string& what) {
      if (std::abs(value) > judgement.threshold) ++disagreeing;
      worst.look(value, name, what);
    };
    for (std::size_t w = 0; w < group.series.size(); ++w) {
      const std::size_t i = group.begin[w];
      const std::string time = fmt::format("t = {:.4g}..{:.4g}", result.time[i], result.time[group.begin[w + 1] - 1]);
      look(result.mean_deviation[k][i], "mean at " + time);
      look(result.spread_deviation[k][i], "standard deviation at " + time);
    }
    look(result.total_mean_deviation[k], "mean of all times together");
    look(result.total_spread_deviation[k], "variance of all times together");
  }
  // Neighbouring times deviate together, and rates need not be Gaussian: what equal levels give is seen by exchanging
  // the levels within pairs.
  std::vector<std::vector<PairedSeries>> series;
  series.reserve(groups.size());
  for (const auto& group : groups) series.push_back(group.series);
  judgement.p_value = paired_p_value(series, std::abs(worst.deviation), false_alarm / 2.0, model.simulation.seed);
  judgement.p_value_of_levels = judgement.p_value;
  judgement.detectable_total = 1.0;
  judgement.detectable_band = 1.0;
  for (const auto& group : groups) find_power(result, group);
  const std::string within = fmt::format(
      "{} of {} comparisons lie within {:.2f} sigma, p = {:.2g} (times deviate together); the largest "
      "deviation is {:+.1f} sigma ({})",
      judgement.comparisons - disagreeing, judgement.comparisons, judgement.threshold, judgement.p_value,
      worst.deviation, worst.text);
  const std::string seen = fmt::format(
      "with 90 % probability {} in the variance of all times together and {} in the mean rate would have been seen",
      factor_text(judgement.detectable_total), factor_text(judgement.detectable_band));
  if (judgement.p_value < false_alarm) {
    judgement.verdict = Verdict::disagree;
    const bool quantile = std::any_of(model.populations.begin(), model.populations.end(), [](const auto& population) {
      return population.sampling == model::Sampling::quantile;
    });
    judgement.reason =
        within + (quantile
                      ? "; a network on a quantile grid has a ripple of its own after a transient, which no model "
                        "of lower resolution has (docs/guide.md, 'The mesoscopic level'); sampling = \"random\" is "
                        "free of it"
                      : "; see docs/guide.md, 'The mesoscopic level', for what each noise leaves out");
    return;
  }
  if (std::max(judgement.detectable_total, judgement.detectable_band) > factor_to_be_seen) {
    judgement.reason = fmt::format("needs about {} trials (--trials): {}; {}", judgement.trials_needed, seen, within);
    return;
  }
  if (result.trials < result.trials_wanted) {
    judgement.reason = fmt::format("interrupted after {} of {} trials: so far {}; {}", result.trials,
                                   result.trials_wanted, within, seen);
    return;
  }
  judgement.verdict = Verdict::agree;
  judgement.reason = fmt::format("{}; {}", within, seen);
}

/// Without a mean field there is nothing to compare with: throws Stopped after a stop request.
Activity simulated_mean_field(const model::Model& model, const Execution& execution) {
  execution.begin({.name = "mean field"});
  auto activity = mean_field::simulate(model, {.stop = execution.stop, .progress = execution.progress});
  if (!activity.finished) throw Stopped();
  return activity;
}

}  // namespace

bool needs_transient(const model::Model& model, const std::stop_token& stop) {
  if (!is_stationary(model)) return true;
  const auto* start = std::get_if<model::LorentzianStart>(&model.simulation.start);
  if (start == nullptr || !start->rate || !start->voltage) return false;
  const auto states = mean_field::stationary_states(model, stop).states;
  return std::none_of(states.begin(), states.end(), [](const auto& state) { return state.stable(); });
}

TransientComparison compare_transient(const model::Model& model, double false_alarm, const Execution& execution,
                                      const std::optional<double>& twin) {
  model::require_memory(model);
  mesoscopic::MarkovianFamilies families(model);
  const auto mean_field = output_activity(model, simulated_mean_field(model, execution));
  const auto point_of = [&](const network::Sample& sample) {
    return network::start_point(model, sample, execution.stop);
  };
  const model::Model other = twin ? twin_model(model, *twin) : model::Model{};
  const auto second = [&](std::uint64_t t, const Execution& own) {
    return output_activity(
        model, twin ? network::simulate(other, t, own) : mesoscopic::simulate(model, t, own, {}, &families));
  };
  const auto trials = run_trials<PairOfTrials>(
      model, execution, point_of,
      [&](std::uint64_t t, const network::Sample& /*sample*/, Activity of_network, const Execution& own) {
        std::optional<PairOfTrials> pair;
        auto network = output_activity(model, std::move(of_network));
        auto mesoscopic = second(t, own);
        if (mesoscopic.finished) pair = PairOfTrials{std::move(network.rate), std::move(mesoscopic.rate)};
        return pair;
      });

  TransientComparison result;
  result.trials = trials.size();
  result.trials_wanted = static_cast<std::size_t>(model.spectrum.trials);
  for (std::size_t i = 0; i < mean_field.samples(); ++i) {
    result.time.push_back((static_cast<double>(i) + 0.5) * mean_field.interval);
  }
  result.mean_field = mean_field.rate;
  const auto all = outputs(model);
  std::vector<Windowed> groups;
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto& parts = all[k].parts;
    result.populations.push_back(all[k].name);
    result.sizes.push_back(output_size(model, all[k]));
    const bool itself = !twin && is_network(model, all[k]);
    result.itself.push_back(itself ? 1 : 0);
    auto& network = result.network.emplace_back();
    auto& mesoscopic = result.mesoscopic.emplace_back();
    for (std::size_t i = 0; i < result.time.size() && !trials.empty(); ++i) {
      AtTime a;
      AtTime b;
      for (const auto& trial : trials) {
        a.push_back(trial.network[k][i]);
        b.push_back(trial.mesoscopic[k][i]);
      }
      append(network, a);
      append(mesoscopic, b);
    }
    double neurons = 0.0;
    for (const std::size_t part : parts) {
      neurons += static_cast<double>(twin ? other.populations[part].size : mesoscopic::representatives(model, part));
    }
    Windowed windowed = make_windowed(trials, k, network.mean, mean_field.interval, neurons);
    result.windows.push_back(windowed.series.size());
    result.mean_deviation.emplace_back(result.time.size(), 0.0);
    result.spread_deviation.emplace_back(result.time.size(), 0.0);
    result.total_mean_deviation.push_back(0.0);
    result.total_spread_deviation.push_back(0.0);
    constexpr std::size_t fewest = 3;
    if (trials.size() < fewest) continue;
    const double mean = analysis::mean_with_error(windowed.mean).value;
    const PairedDeviations deviations = paired_deviations(windowed.series, negligible_mean * mean);
    for (std::size_t w = 0; w < windowed.series.size(); ++w) {
      for (std::size_t i = windowed.begin[w]; i < windowed.begin[w + 1]; ++i) {
        result.mean_deviation.back()[i] = deviations.mean[w];
        result.spread_deviation.back()[i] = deviations.spread[w];
      }
    }
    result.total_mean_deviation.back() = deviations.total_mean;
    result.total_spread_deviation.back() = deviations.total_spread;
    if (!itself) {
      groups.push_back(std::move(windowed));
      continue;
    }
    result.notes.push_back(fmt::format(
        "population '{}': up to {} neurons (4 x mesoscopic.ensemble_size) its mesoscopic model is the network itself, "
        "and not judged",
        all[k].name, 4 * model.mesoscopic.ensemble_size));
  }
  judge(result, groups, model, false_alarm);
  return result;
}

Dataset to_dataset(const TransientComparison& c, const std::string& time_unit) {
  const RateUnit unit = rate_unit(time_unit);
  Dataset data = verdict_dataset(c, "transient", time_unit);
  data.add_dimension("time", c.time.size());
  data.add({"time", {"time"}, c.time, time_unit, "time, middle of the record interval"});
  const auto add = [&](const std::string& name, const std::string& units, const std::string& text, auto&& row) {
    std::vector<double> values;
    for (std::size_t k = 0; k < c.populations.size(); ++k) {
      const std::vector<double>& part = row(k);
      values.insert(values.end(), part.begin(), part.end());
    }
    if (units == unit.name) values = scaled(std::move(values), unit);
    data.add({name, {"population", "time"}, values, units, text});
  };
  using Row = const std::vector<double>&;
  add("mean_field", unit.name, "rate of the mean field", [&](std::size_t k) -> Row { return c.mean_field[k]; });
  if (c.trials == 0) return data;
  const auto add_band = [&](const std::string& level, const std::string& text, const std::vector<TrialBand>& bands) {
    add(level + "_mean", unit.name, text + ": mean rate over trials",
        [&](std::size_t k) -> Row { return bands[k].mean; });
    add(level + "_mean_error", unit.name, text + ": standard error of the mean",
        [&](std::size_t k) -> Row { return bands[k].mean_error; });
    add(level + "_sd", unit.name, text + ": standard deviation between trials",
        [&](std::size_t k) -> Row { return bands[k].standard_deviation; });
    add(level + "_low", unit.name, text + ": 10 % of the trials lie below",
        [&](std::size_t k) -> Row { return bands[k].low; });
    add(level + "_high", unit.name, text + ": 90 % of the trials lie below",
        [&](std::size_t k) -> Row { return bands[k].high; });
  };
  add_band("network", "network", c.network);
  add_band("mesoscopic", "mesoscopic model", c.mesoscopic);
  add("mean_deviation", "1", "mean, mesoscopic model - network, in sigma",
      [&](std::size_t k) -> Row { return c.mean_deviation[k]; });
  add("spread_deviation", "1", "variance, mesoscopic model against network, in sigma",
      [&](std::size_t k) -> Row { return c.spread_deviation[k]; });
  return data;
}

}  // namespace popshot::comparison
