#include "popshot/comparison/transient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "popshot/analysis/statistics.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "trials.hpp"
#include "verdict_dataset.hpp"

namespace popshot::comparison {

namespace {

/// One trial of both levels.
struct Pair {
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

/// log of the variance and its error, from the spread of the squared deviations.
analysis::Estimate log_variance(const AtTime& values) {
  const double mean = analysis::mean_with_error(values).value;
  AtTime squares;
  squares.reserve(values.size());
  for (const double value : values) squares.push_back((value - mean) * (value - mean));
  const auto estimate = analysis::mean_with_error(squares);
  return {std::log(estimate.value), estimate.error / estimate.value, values.size()};
}

void judge(TransientComparison& result, const model::Model& model, double false_alarm) {
  if (result.trials < 2) {
    result.reason = fmt::format("only {} of {} trials finished: no errors between trials; let at least two finish",
                                result.trials, result.trials_wanted);
    return;
  }
  const std::size_t comparisons = 2 * result.populations.size() * result.time.size();
  result.threshold = analysis::threshold_in_sigma(comparisons, false_alarm);
  std::size_t disagreeing = 0;
  double worst = 0.0;
  std::string place = "none";
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    const auto look = [&](const std::vector<double>& deviations, const std::string& what) {
      for (std::size_t i = 0; i < deviations.size(); ++i) {
        if (std::abs(deviations[i]) > result.threshold) ++disagreeing;
        if (std::abs(deviations[i]) <= std::abs(worst)) continue;
        worst = deviations[i];
        place = fmt::format("population '{}', {} at t = {:.4g}", result.populations[k], what, result.time[i]);
      }
    };
    look(result.mean_deviation[k], "mean");
    look(result.spread_deviation[k], "standard deviation");
  }
  result.agrees = disagreeing == 0;
  result.reason =
      fmt::format("{} of {} comparisons lie within {:.2f} sigma; the largest deviation is {:+.1f} sigma ({})",
                  comparisons - disagreeing, comparisons, result.threshold, worst, place);
  if (result.agrees) return;
  const bool quantile = std::any_of(model.populations.begin(), model.populations.end(), [](const auto& population) {
    return population.sampling == model::Sampling::quantile;
  });
  result.reason += quantile
                       ? "; a network on a quantile grid has a ripple of its own after a transient, which no model "
                         "of lower resolution has (docs/guide.md, 'The mesoscopic level'); sampling = \"random\" is "
                         "free of it"
                       : "; see docs/guide.md, 'The mesoscopic level', for what each noise leaves out";
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

TransientComparison compare_transient(const model::Model& model, double false_alarm, const Execution& execution) {
  model::require_memory(model);
  mesoscopic::MarkovianFamilies families(model);
  const auto mean_field = output_activity(model, simulated_mean_field(model, execution));
  const auto point_of = [&](const network::Sample& sample) {
    return network::start_point(model, sample, execution.stop);
  };
  const auto trials = run_trials<Pair>(
      model, execution, point_of,
      [&](std::uint64_t t, const network::Sample& /*sample*/, Activity of_network, const Execution& own) {
        std::optional<Pair> pair;
        auto network = output_activity(model, std::move(of_network));
        auto mesoscopic = output_activity(model, mesoscopic::simulate(model, t, own, {}, &families));
        if (mesoscopic.finished) pair = Pair{std::move(network.rate), std::move(mesoscopic.rate)};
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
  for (std::size_t k = 0; k < all.size(); ++k) {
    result.populations.push_back(all[k].name);
    result.sizes.push_back(output_size(model, all[k]));
    auto& network = result.network.emplace_back();
    auto& mesoscopic = result.mesoscopic.emplace_back();
    auto& mean_deviation = result.mean_deviation.emplace_back();
    auto& spread_deviation = result.spread_deviation.emplace_back();
    for (std::size_t i = 0; i < result.time.size() && !trials.empty(); ++i) {
      AtTime a;
      AtTime b;
      AtTime difference;
      for (const auto& trial : trials) {
        a.push_back(trial.network[k][i]);
        b.push_back(trial.mesoscopic[k][i]);
        difference.push_back(b.back() - a.back());
      }
      append(network, a);
      append(mesoscopic, b);
      mean_deviation.push_back(analysis::deviation_in_sigma(analysis::mean_with_error(difference), 0.0));
      const auto va = log_variance(a);
      const auto vb = log_variance(b);
      const analysis::Estimate spread{vb.value - va.value, std::hypot(va.error, vb.error), trials.size()};
      spread_deviation.push_back(std::isfinite(spread.value) ? analysis::deviation_in_sigma(spread, 0.0) : 0.0);
    }
  }
  judge(result, model, false_alarm);
  return result;
}

Dataset to_dataset(const TransientComparison& c, const std::string& time_unit) {
  const std::string per_time = "1/" + time_unit;
  Dataset data = verdict_dataset(c, "transient", time_unit);
  data.add_dimension("time", c.time.size());
  data.add({"time", {"time"}, c.time, time_unit, "time, middle of the record interval"});
  const auto add = [&](const std::string& name, const std::string& units, const std::string& text, auto&& row) {
    std::vector<double> values;
    for (std::size_t k = 0; k < c.populations.size(); ++k) {
      const std::vector<double>& part = row(k);
      values.insert(values.end(), part.begin(), part.end());
    }
    data.add({name, {"population", "time"}, values, units, text});
  };
  using Row = const std::vector<double>&;
  add("mean_field", per_time, "rate of the mean field", [&](std::size_t k) -> Row { return c.mean_field[k]; });
  if (c.trials == 0) return data;
  const auto add_band = [&](const std::string& level, const std::string& text, const std::vector<TrialBand>& bands) {
    add(level + "_mean", per_time, text + ": mean rate over trials",
        [&](std::size_t k) -> Row { return bands[k].mean; });
    add(level + "_mean_error", per_time, text + ": standard error of the mean",
        [&](std::size_t k) -> Row { return bands[k].mean_error; });
    add(level + "_sd", per_time, text + ": standard deviation between trials",
        [&](std::size_t k) -> Row { return bands[k].standard_deviation; });
    add(level + "_low", per_time, text + ": 10 % of the trials lie below",
        [&](std::size_t k) -> Row { return bands[k].low; });
    add(level + "_high", per_time, text + ": 90 % of the trials lie below",
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
