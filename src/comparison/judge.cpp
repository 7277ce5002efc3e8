#include "judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "popshot/comparison/outputs.hpp"
#include "popshot/comparison/start_up.hpp"
#include "popshot/core/units.hpp"
#include "popshot/theory/second_order.hpp"
#include "popshot/theory/time_step.hpp"

namespace popshot::comparison {

namespace {

using model::Model;

/// What is compared with what.
enum class Sides { network_theory, mesoscopic_theory, levels };

/// One thing that was compared.
struct Item {
  double deviation = 0.0;
  std::size_t population = 0;
  Sides sides = Sides::network_theory;
  std::string text;
  std::optional<std::size_t> band = std::nullopt;  ///< of a power
};

std::string band_text(const Comparison& result, std::size_t b, const RateUnit& unit) {
  return fmt::format("band {:.4g}..{:.4g} {}", unit.factor * result.bands[b].low, unit.factor * result.bands[b].high,
                     unit.name);
}

void list_pairs(std::vector<Item>& items, const Comparison& result, const std::vector<Pair>& pairs, Sides sides,
                const std::string& names, const RateUnit& unit) {
  for (const auto& pair : pairs) {
    const bool itself = result.itself[pair.first] != 0 && result.itself[pair.second] != 0;
    if (itself && sides != Sides::network_theory) continue;
    for (std::size_t b = 0; b < pair.band.size(); ++b) {
      const auto add = [&](const char* part, const analysis::Estimate& difference, double deviation) {
        items.push_back(
            {deviation, pair.first, sides,
             fmt::format("populations '{}' and '{}', {}: {} part of the cross-spectrum, {} = {:.2g} +- "
                         "{:.1g} {}",
                         result.populations[pair.first], result.populations[pair.second], band_text(result, b, unit),
                         part, names, unit.factor * difference.value, unit.factor * difference.error, unit.name)});
      };
      add("real", pair.band[b].real, pair.band[b].real_deviation);
      add("imaginary", pair.band[b].imaginary, pair.band[b].imaginary_deviation);
    }
  }
}

std::string ratio_text(const RatioComparison& ratio, const std::string& names) {
  return fmt::format("{} = {:.3f} +- {:.3f}", names, ratio.ratio.value, ratio.ratio.error);
}

void list_level(std::vector<Item>& items, const Comparison& result, const Level& level, Sides sides,
                const std::string& name, const RateUnit& unit) {
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    if (result.itself[k] != 0 && sides != Sides::network_theory) continue;
    const auto& population = result.populations[k];
    for (std::size_t b = 0; b < result.bands.size(); ++b) {
      items.push_back({level.band[k][b].deviation, k, sides,
                       fmt::format("population '{}', {}: {}", population, band_text(result, b, unit),
                                   ratio_text(level.band[k][b], name + " / theory")),
                       b});
    }
    items.push_back({level.variance[k].deviation, k, sides,
                     fmt::format("population '{}', variance in all bands: {}", population,
                                 ratio_text(level.variance[k], name + " / theory"))});
    const auto& rate = level.rate[k];
    items.push_back({rate.deviation, k, sides,
                     fmt::format("population '{}', mean rate: {} - theory = {:.2g} +- {:.1g} {}", population, name,
                                 unit.factor * rate.difference.value, unit.factor * rate.difference.error, unit.name)});
  }
  list_pairs(items, result, level.pair, sides, name + " - theory", unit);
}

std::vector<Item> list_items(const Comparison& result, const RateUnit& unit) {
  std::vector<Item> items;
  if (result.network) list_level(items, result, *result.network, Sides::network_theory, "network", unit);
  if (result.mesoscopic) list_level(items, result, *result.mesoscopic, Sides::mesoscopic_theory, "mesoscopic", unit);
  if (!result.network || !result.mesoscopic) return items;
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    if (result.itself[k] != 0) continue;
    for (std::size_t b = 0; b < result.bands.size(); ++b) {
      items.push_back({result.levels.band[k][b].deviation, k, Sides::levels,
                       fmt::format("population '{}', {}: {}", result.populations[k], band_text(result, b, unit),
                                   ratio_text(result.levels.band[k][b], "mesoscopic / network")),
                       b});
    }
    items.push_back(
        {result.levels.rate_deviation[k], k, Sides::levels,
         fmt::format("population '{}', mean rate: mesoscopic - network = {:.2g} +- {:.1g} {}", result.populations[k],
                     unit.factor * result.levels.rate[k].value, unit.factor * result.levels.rate[k].error, unit.name)});
  }
  list_pairs(items, result, result.levels.pair, Sides::levels, "mesoscopic - network", unit);
  return items;
}

/// The factor by which all bands of population k deviate alike: none disagrees with it, and it is not 1.
std::optional<double> common_factor(const Comparison& result, const Level& level, std::size_t k) {
  double weighted = 0.0;
  double weight = 0.0;
  for (const auto& band : level.band[k]) {
    const double error = band.ratio.error / band.ratio.value;
    weighted += std::log(band.ratio.value) / (error * error);
    weight += 1.0 / (error * error);
  }
  const double factor = weighted / weight;
  for (const auto& band : level.band[k]) {
    const double error = band.ratio.error / band.ratio.value;
    const double deviation = analysis::sigma_of_t((std::log(band.ratio.value) - factor) / error, band.degrees);
    if (std::abs(deviation) > result.judgement.threshold) return std::nullopt;
  }
  // Not a mean of bands that each know little: the power of all bands together shows it.
  constexpr double clear = 3.0;
  if (!(std::abs(factor) > 0.05) || std::abs(level.variance[k].deviation) < clear) return std::nullopt;
  return std::exp(factor);
}

/// Power that changes in the course of the trials.
std::optional<std::string> start_up(const Level& level, const Item& worst, const Evidence& evidence) {
  constexpr double clear = 4.0;
  const auto note = start_up_note(*evidence.simulated, *evidence.state);
  if (worst.band && !level.late[worst.population].empty()) {
    const auto& late = level.late[worst.population][*worst.band];
    if (std::abs(late.deviation) > clear) {
      return fmt::format(
          "the power there changes during the trials (second half / first half = {:.2f} +- {:.2f}, {:+.1f} sigma), so "
          "that the start is still remembered{}",
          late.ratio.value, late.ratio.error, late.deviation,
          note ? ": " + *note : "; take a longer transient, or start = \"stationary\"");
    }
  }
  if (note) return "probably the start: " + *note;
  return std::nullopt;
}

std::optional<std::string> time_step(const Evidence& evidence) {
  if (evidence.settings->time_step_kernel) return std::nullopt;
  const auto excess = theory::time_step_excess(*evidence.simulated);
  if (!(excess.ratio > 1.0)) return std::nullopt;
  return fmt::format(
      "the time step {:g} is too long (its errors, {}, are {:.2g} times those that \"auto\" allows): take time_step = "
      "\"auto\", or judge by the step's own theory with --time-step-kernel",
      evidence.simulated->simulation.time_step, excess.what, excess.ratio);
}

/// Power beyond linear theory, where the estimate of the second order accounts for it within a factor of three.
std::optional<std::string> second_order_suspect(const Comparison& result, const Level& level, const Item& worst,
                                                const Evidence& evidence) {
  constexpr double within = 3.0;
  if (!worst.band) return std::nullopt;
  const double measured = level.band[worst.population][*worst.band].ratio.value - 1.0;
  if (!(measured > 0.0)) return std::nullopt;
  const Band& band = result.bands[*worst.band];
  std::vector<double> frequency;
  for (const double share : {0.1, 0.5, 0.9}) frequency.push_back(band.low + share * (band.high - band.low));
  const Model& model = *evidence.theorised;
  const auto second = theory::second_order(model, evidence.point, frequency);
  if (!second) return std::nullopt;
  const auto linear =
      output_spectra(model, theory::shot_noise(model, evidence.point, frequency)).total.power(worst.population);
  const auto beyond = output_spectrum(output_matrix(model), *second).power(worst.population);
  double sum = 0.0;
  double of_linear = 0.0;
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    sum += beyond[i];
    of_linear += linear[i];
  }
  const double estimated = sum / of_linear;
  if (!(measured < within * estimated) || !(measured > estimated / within)) return std::nullopt;
  return fmt::format(
      "linear theory ends there: the second order of the noise is estimated to add {:.2g} times the linear power in "
      "this "
      "band ({:.2g} times are measured); it falls as 1/N relative to it, so that larger populations, or a "
      "frequency_range above it, agree ('popshot spectrum' shows where)",
      estimated, measured);
}

/// A simulation that has left the state that the theory is made at.
std::optional<std::string> other_state(const Level& level, const Item& worst, const Evidence& evidence) {
  const auto& rate = level.rate[worst.population];
  constexpr double far = 0.1;
  constexpr std::size_t most_populations = 4;
  const Model& model = *evidence.theorised;
  if (!(std::abs(rate.difference.value) > far * rate.theory) || model.populations.size() > most_populations) {
    return std::nullopt;
  }
  const Eigen::MatrixXd mix = output_matrix(model);
  for (const auto& state : mean_field::stationary_states(model).states) {
    const double other = (mix * state.point.rate)(static_cast<Eigen::Index>(worst.population));
    if (!state.stable() || std::abs(other - rate.theory) < far * rate.theory) continue;
    const auto unit = rate_unit(model.time_unit);
    return fmt::format(
        "the simulation is not in the state that theory is made at: its mean rate is {:.4g}, theory's {:.4g}, and the "
        "model has another stable state at {:.4g} {}; 'popshot switching' has the times between, and simulation.state "
        "selects",
        unit.factor * rate.simulated.value, unit.factor * rate.theory, unit.factor * other, unit.name);
  }
  return std::nullopt;
}

/// What a user should look at when the simulation of a level disagrees with theory.
std::string suspect(const Comparison& result, const Level& level, const Item& worst, const Evidence& evidence) {
  const Model& model = *evidence.simulated;
  if (const auto factor = common_factor(result, level, worst.population)) {
    return fmt::format(
        "all bands are off by about the same factor {:.3g}, as they are when the theory has another size N", *factor);
  }
  if (const auto text = time_step(evidence)) return *text;
  if (const auto text = other_state(level, worst, evidence)) return *text;
  if (const auto text = second_order_suspect(result, level, worst, evidence)) return *text;
  const auto& population = model.populations[outputs(model)[worst.population].parts.front()];
  const bool deterministic = std::holds_alternative<model::NoNoise>(population.noise);
  if (deterministic && std::holds_alternative<model::LorentzianStart>(model.simulation.start)) {
    return "the start is not stationary and deterministic neurons do not forget it (docs/guide.md, 'Memory of the "
           "start'); use start = \"stationary\"";
  }
  if (const auto text = start_up(level, worst, evidence)) return *text;
  if (deterministic && population.sampling == model::Sampling::quantile) {
    return "a network on a quantile grid ages over long runs (docs/guide.md); try sampling = \"random\" or a shorter "
           "duration";
  }
  if (std::abs(level.rate[worst.population].deviation) > result.judgement.threshold) {
    return "the mean rate is off too: check weight, center and half_width, and the state that the simulation is in";
  }
  return "check that the theory's parameters are those of the simulation; linear theory also fails near a bifurcation "
         "and for small N (see the eigenvalues of 'popshot check', and the second order that 'popshot spectrum' "
         "prints)";
}

/// The cause of a disagreement, from all that deviates, worst first.
std::string reason_of(const Comparison& result, const std::vector<Item>& items, const Evidence& evidence) {
  const auto first_of = [&](Sides sides) {
    return std::find_if(items.begin(), items.end(), [&](const Item& item) {
      return item.sides == sides && std::abs(item.deviation) > result.judgement.threshold;
    });
  };
  if (result.network) {
    const auto network = first_of(Sides::network_theory);
    if (network != items.end()) return suspect(result, *result.network, *network, evidence);
  }
  const auto mesoscopic = first_of(Sides::mesoscopic_theory);
  if (mesoscopic != items.end()) {
    // What the network shows as well, only less clearly, is no fault of the mesoscopic model.
    constexpr double alike = 3.0;
    const bool as_network =
        !result.network ||
        (mesoscopic->band && std::abs(result.levels.band[mesoscopic->population][*mesoscopic->band].deviation) < alike);
    if (as_network) return suspect(result, *result.mesoscopic, *mesoscopic, evidence);
  }
  return "the network agrees with theory and the mesoscopic model does not: see docs/guide.md, 'The mesoscopic level', "
         "for what each noise leaves out";
}

/// What would have been seen, and how many trials it takes; over the levels that are judged against theory.
void find_power(Comparison& result) {
  auto& judgement = result.judgement;
  judgement.detectable_total = 1.0;
  judgement.detectable_band = 1.0;
  double needed = 0.0;
  const auto n = static_cast<double>(result.trials);
  const auto look = [&](const RatioComparison& ratio, double& detectable) {
    const double error = ratio.ratio.error / ratio.ratio.value;
    detectable = std::max(detectable, detectable_factor(error, ratio.degrees, judgement.threshold));
    needed = std::max(needed, static_cast<double>(trials_for_factor(error * std::sqrt(n), judgement.threshold)));
  };
  const auto look_at = [&](const Level& level, bool network) {
    for (std::size_t k = 0; k < result.populations.size(); ++k) {
      if (result.itself[k] != 0 && !network) continue;
      look(level.variance[k], judgement.detectable_total);
      std::vector<double> expected;
      for (const Band& band : result.bands) {
        double sum = 0.0;
        for (std::size_t m = band.first; m <= band.last; ++m) {
          const auto index = static_cast<Eigen::Index>(k);
          sum += result.windowed.density[m](index, index).real();
        }
        expected.push_back(sum / static_cast<double>(band.last - band.first + 1));
      }
      const double peak = *std::max_element(expected.begin(), expected.end());
      for (std::size_t b = 0; b < expected.size(); ++b) {
        if (expected[b] > weighty_band * peak) look(level.band[k][b], judgement.detectable_band);
      }
    }
  };
  if (result.network) look_at(*result.network, true);
  if (result.mesoscopic) look_at(*result.mesoscopic, !result.network);
  judgement.trials_needed = static_cast<std::size_t>(std::max(needed, n + 1.0));
}

/// The probability that the largest of `count` Gaussian deviations is at least this.
double p_of_largest(double sigma, std::size_t count) {
  return -std::expm1(static_cast<double>(count) * std::log1p(-std::min(analysis::two_sided_tail(sigma), 1.0 - 1e-16)));
}

void add_notes(Comparison& result, const Evidence& evidence) {
  std::string names;
  std::size_t same = 0;
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    if (result.itself[k] == 0) continue;
    names += fmt::format("{}'{}'", same == 0 ? "" : ", ", result.populations[k]);
    ++same;
  }
  if (same > 0) {
    result.notes.push_back(fmt::format(
        "up to {} neurons (4 x mesoscopic.ensemble_size) the mesoscopic model is the network itself: that is so of {}; "
        "{}. A smaller ensemble_size compares two different things",
        4 * evidence.simulated->mesoscopic.ensemble_size, names,
        result.mesoscopic ? "the two are not compared with each other, and its mesoscopic model is not judged"
                          : "it is left out"));
  }
  if (const auto note = start_up_note(*evidence.simulated, *evidence.state)) result.notes.push_back(*note);
}

}  // namespace

void judge(Comparison& result, const Evidence& evidence) {
  auto& judgement = result.judgement;
  add_notes(result, evidence);
  if (result.trials < 2) {
    judgement.reason = fmt::format("only {} of {} trials finished: no errors between trials; let at least two finish",
                                   result.trials, result.trials_wanted);
    judgement.trials_needed = 2;
    return;
  }
  auto items = list_items(result, rate_unit(evidence.simulated->time_unit));
  judgement.comparisons = items.size();
  const auto count = [&](bool levels) {
    return static_cast<std::size_t>(std::count_if(
        items.begin(), items.end(), [&](const Item& item) { return (item.sides == Sides::levels) == levels; }));
  };
  const auto largest = [&](bool levels) {
    double sigma = 0.0;
    for (const Item& item : items) {
      if ((item.sides == Sides::levels) == levels) sigma = std::max(sigma, std::abs(item.deviation));
    }
    return sigma;
  };
  // Theory and the levels against each other share the false alarms.
  const double false_alarm = evidence.settings->false_alarm;
  const bool both = count(true) > 0;
  const double share = both ? -std::expm1(0.5 * std::log1p(-false_alarm)) : false_alarm;
  judgement.threshold = analysis::threshold_in_sigma(std::max(count(false), count(true)), share);
  const double p_theory = p_of_largest(largest(false), count(false));
  double p_levels = both ? p_of_largest(largest(true), count(true)) : 1.0;
  if (both && evidence.p_value_of_levels && p_levels > share) p_levels = evidence.p_value_of_levels(share / 2.0);
  judgement.p_value_of_theory = p_theory;
  judgement.p_value_of_levels = p_levels;
  judgement.p_value = both ? -std::expm1(2.0 * std::log1p(-std::min(p_theory, p_levels))) : p_theory;

  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return std::abs(a.deviation) > std::abs(b.deviation); });
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < std::min(shown, items.size()); ++i) {
    result.worst.push_back({items[i].deviation, items[i].text});
  }
  find_power(result);
  const auto disagrees = [&](const Item& item) { return std::abs(item.deviation) > judgement.threshold; };
  const auto disagreeing = std::count_if(items.begin(), items.end(), disagrees);
  const Item& worst = items.front();
  if (judgement.p_value < false_alarm || disagreeing > 0) {
    judgement.verdict = Verdict::disagree;
    const std::string why = reason_of(result, items, evidence);
    judgement.reason = fmt::format(
        "{} of {} comparisons lie beyond {:.2f} sigma (p = {:.1g}); worst at {:+.1f} sigma: "
        "{}; {}",
        disagreeing, items.size(), judgement.threshold, judgement.p_value, worst.deviation, worst.text, why);
    return;
  }
  const std::string seen =
      fmt::format("with 90 % probability {} in all bands together and {} in every band of weight would have been seen",
                  factor_text(judgement.detectable_total), factor_text(judgement.detectable_band));
  const std::string within = fmt::format(
      "all {} comparisons agree within what equal levels scatter (p = {:.2g}); the largest deviation is "
      "{:+.1f} sigma ({})",
      items.size(), judgement.p_value, worst.deviation, worst.text);
  const bool hides = std::max(judgement.detectable_total, judgement.detectable_band) > factor_to_be_seen;
  if (hides) {
    judgement.verdict = Verdict::inconclusive;
    judgement.reason = fmt::format("needs about {} trials (--trials), or as much longer ones: {}; {}",
                                   judgement.trials_needed, seen, within);
    return;
  }
  if (result.trials < result.trials_wanted) {
    judgement.verdict = Verdict::inconclusive;
    judgement.reason = fmt::format("interrupted after {} of {} trials: so far {}; {}", result.trials,
                                   result.trials_wanted, within, seen);
    return;
  }
  judgement.verdict = Verdict::agree;
  judgement.reason = fmt::format("{}; {}", within, seen);
}

}  // namespace popshot::comparison
