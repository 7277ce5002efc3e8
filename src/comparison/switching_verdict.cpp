#include "switching_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "popshot/analysis/statistics.hpp"
#include "resampling.hpp"

namespace popshot::comparison {

namespace {

constexpr std::array state_names{"low", "high"};

/// Exits and time of both levels in one state.
struct Cell {
  std::array<double, 2> exits{};
  std::array<double, 2> time{};

  [[nodiscard]] bool empty() const { return exits[0] + exits[1] == 0.0 || time[0] == 0.0 || time[1] == 0.0; }
  /// log of the mean time of the second over that of the first, half an exit added to both.
  [[nodiscard]] double log_ratio() const {
    return std::log((time[1] / (exits[1] + 0.5)) / (time[0] / (exits[0] + 0.5)));
  }
  [[nodiscard]] double variance() const { return 1.0 / (exits[0] + 0.5) + 1.0 / (exits[1] + 0.5); }
  [[nodiscard]] double deviation() const { return empty() ? 0.0 : log_ratio() / std::sqrt(variance()); }
};

/// The cells of all sizes that are judged, and their mean.
struct Table {
  std::vector<std::array<Cell, 2>> cells;

  [[nodiscard]] Cell& at(std::size_t size, std::size_t state) { return cells[size].at(state); }
  /// Weighted mean of the logarithms of the ratios, and its variance (infinite without an exit).
  [[nodiscard]] std::pair<double, double> mean() const {
    double sum = 0.0;
    double weight = 0.0;
    for (const auto& both : cells) {
      for (const Cell& cell : both) {
        if (cell.empty()) continue;
        sum += cell.log_ratio() / cell.variance();
        weight += 1.0 / cell.variance();
      }
    }
    return {weight > 0.0 ? sum / weight : 0.0, 1.0 / weight};
  }
  [[nodiscard]] double mean_deviation() const {
    const auto [value, variance] = mean();
    return std::isfinite(variance) ? value / std::sqrt(variance) : 0.0;
  }
  [[nodiscard]] double largest() const {
    double result = std::abs(mean_deviation());
    for (const auto& both : cells) {
      for (const Cell& cell : both) result = std::max(result, std::abs(cell.deviation()));
    }
    return result;
  }
};

/// `second(size, level, trial)`: whether that trial counts as one of the second level.
template <class Second>
Table count(const std::vector<SizedTrials>& data, const std::vector<char>& left_out, Second&& second) {
  Table table;
  for (std::size_t i = 0; i < data.size(); ++i) {
    auto& both = table.cells.emplace_back();
    if (left_out[i] != 0) continue;
    for (std::size_t level = 0; level < 2; ++level) {
      const auto& trials = data[i].trials.at(level);
      for (std::size_t t = 0; t < trials.size(); ++t) {
        const std::size_t label = second(i, level, t) ? 1 : 0;
        for (std::size_t state = 0; state < 2; ++state) {
          both.at(state).exits.at(label) += trials[t].exits.at(state);
          both.at(state).time.at(label) += trials[t].time.at(state);
        }
      }
    }
  }
  return table;
}

/// The table with labels exchanged among the trials that start in the same state.
Table exchanged(const std::vector<SizedTrials>& data, const std::vector<char>& left_out, std::uint64_t seed,
                std::uint64_t draw) {
  std::vector<std::array<std::vector<char>, 2>> labels;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t trials = data[i].trials[0].size();
    auto& both = labels.emplace_back();
    for (std::size_t start = 0; start < 2; ++start) {
      both.at(start) = random_labels((trials + 1 - start) / 2, seed, draw, 2 * i + start);
    }
  }
  return count(data, left_out, [&](std::size_t i, std::size_t level, std::size_t t) {
    const auto& mine = labels[i].at(t % 2);
    return mine[level * mine.size() / 2 + t / 2] != 0;
  });
}

}  // namespace

void judge_switching(Switching& result, const std::vector<SizedTrials>& data, const model::Model& model,
                     double false_alarm) {
  auto& judgement = result.judgement;
  const Table table =
      count(data, result.itself, [](std::size_t, std::size_t level, std::size_t) { return level == 1; });
  std::string same;
  std::size_t cells = 0;
  double worst = table.mean_deviation();
  std::string place = "all sizes and states together";
  judgement.detectable_band = 1.0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    auto& deviation = result.deviation.emplace_back();
    if (result.itself[i] != 0) {
      same += fmt::format("{}{}", same.empty() ? "" : ", ", result.sizes[i]);
      continue;
    }
    for (std::size_t state = 0; state < 2; ++state) {
      const Cell& cell = table.cells[i].at(state);
      deviation.at(state) = cell.deviation();
      if (cell.empty()) continue;
      ++cells;
      if (std::abs(cell.deviation()) > std::abs(worst)) {
        worst = cell.deviation();
        place = fmt::format("N = {}, {} state: mesoscopic / network = {:.3g}", result.sizes[i], state_names.at(state),
                            std::exp(cell.log_ratio()));
      }
    }
  }
  if (!same.empty()) {
    result.notes.push_back(
        fmt::format("up to {} neurons a population (4 x mesoscopic.ensemble_size) the mesoscopic model is the network "
                    "itself: N = {} "
                    "is not judged; a smaller ensemble_size compares two different things",
                    4 * model.mesoscopic.ensemble_size, same));
  }
  if (cells == 0) {
    judgement.reason = same.empty() ? "no state was left at either level after its start had settled: longer trials "
                                      "(--duration), or smaller sizes"
                                    : "nothing independent was compared: " + result.notes.back();
    return;
  }
  judgement.comparisons = cells + (cells > 1 ? 1 : 0);
  judgement.threshold = analysis::threshold_in_sigma(judgement.comparisons, false_alarm);
  constexpr std::size_t enough_to_exchange = 8;
  if (result.trials >= enough_to_exchange) {
    judgement.p_value = sequential_p_value(table.largest(), false_alarm / 2.0, [&](std::uint64_t draw) {
      return exchanged(data, result.itself, model.simulation.seed, draw).largest();
    });
  } else {
    const double each = analysis::two_sided_tail(worst);
    judgement.p_value = -std::expm1(static_cast<double>(judgement.comparisons) * std::log1p(-std::min(each, 0.999)));
  }
  judgement.p_value_of_levels = judgement.p_value;
  const auto [log_ratio, variance] = table.mean();
  constexpr double infinite_degrees = std::numeric_limits<double>::infinity();
  judgement.detectable_total = detectable_factor(std::sqrt(variance), infinite_degrees, judgement.threshold);
  constexpr double some = 5.0;
  for (const auto& both : table.cells) {
    for (const Cell& cell : both) {
      if (cell.exits[0] < some || cell.exits[1] < some) continue;
      judgement.detectable_band =
          std::max(judgement.detectable_band,
                   detectable_factor(std::sqrt(cell.variance()), infinite_degrees, judgement.threshold));
    }
  }
  const auto n = static_cast<double>(result.trials);
  judgement.trials_needed =
      std::max(result.trials + 1, trials_for_factor(std::sqrt(variance * n), judgement.threshold));
  const std::string within = fmt::format(
      "mean times, mesoscopic / network = {:.3g} over all sizes and states; largest deviation {:+.1f} sigma "
      "({}), p = {:.2g}",
      std::exp(log_ratio), worst, place, judgement.p_value);
  if (judgement.p_value < false_alarm) {
    judgement.verdict = Verdict::disagree;
    judgement.reason = within + "; see docs/guide.md, 'Switching', for what each noise forgets";
    return;
  }
  const std::string seen = fmt::format("with 90 % probability {} in the mean times together would have been seen",
                                       factor_text(judgement.detectable_total));
  if (judgement.detectable_total > factor_to_be_seen) {
    judgement.reason = fmt::format("needs about {} trials (--trials), or as much longer ones: {}; {}",
                                   judgement.trials_needed, seen, within);
    return;
  }
  if (!result.finished) {
    judgement.reason = fmt::format("interrupted: so far {}; {}", within, seen);
    return;
  }
  judgement.verdict = Verdict::agree;
  judgement.reason = fmt::format("{}; {}", within, seen);
}

}  // namespace popshot::comparison
