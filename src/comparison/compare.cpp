#include "popshot/comparison/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>

#include "popshot/analysis/welch.hpp"
#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/mean_rate.hpp"

namespace popshot::comparison {

namespace {

using model::Model;

/// What one trial contributes.
struct Trial {
  Spectrum estimate;
  Spectrum windowed;
  theory::ShotNoise curves;
  std::vector<double> rate;
  Eigen::VectorXd rate_theory;
};

void require_comparable(const Model& simulated, const Model& theorised) {
  for (const Model* model : {&simulated, &theorised}) {
    if (is_stationary(*model)) continue;
    throw InputError(
        "stimulus: the theory of spectra needs a stationary input, but a stimulus of this model varies in time; "
        "allowed here: constant currents (remove the others, or use 'popshot simulate')");
  }
  const auto names = [](const Model& model) {
    std::vector<std::string> result;
    for (const auto& population : model.populations) result.push_back(population.name);
    return result;
  };
  if (names(simulated) != names(theorised))
    throw InputError("theory: its populations are not those of the simulated model");
}

/// The theory that trial data are judged by: the state it is evaluated at, and its curves there.
class TheoryAtTrial {
 public:
  TheoryAtTrial(const Model& simulated, const Model& theorised, const Settings& settings)
      : model_(theorised), settings_(settings), mean_field_(mean_field::selected_state(theorised).point) {
    options_ = {.noise = settings.noise, .time_step = simulated.simulation.time_step};
    // A trial's sample serves the theory as well if the theory is about the same neurons.
    same_neurons_ = &simulated == &theorised;
    rate_shift_ = settings.at == At::finite ? theory::mean_rate_shift(theorised, mean_field_, options_.time_step)
                                            : Eigen::VectorXd::Zero(mean_field_.rate.size());
  }

  /// The mean rates that a trial at this operating point is expected to have, to first order in 1/N.
  [[nodiscard]] Eigen::VectorXd mean_rate(const mean_field::OperatingPoint& point) const {
    return point.rate + rate_shift_;
  }

  [[nodiscard]] mean_field::OperatingPoint point(const network::Sample& sample) const {
    if (settings_.at == At::infinite) return mean_field_;
    const double step = options_.time_step;
    if (same_neurons_) return network::operating_point(model_, sample, mean_field_, step);
    return network::operating_point(model_, network::draw_sample(model_, sample.trial, {.threads = 1}), mean_field_,
                                    step);
  }

  /// The part of it that is of order 1/N.
  [[nodiscard]] const Eigen::VectorXd& rate_shift() const { return rate_shift_; }

  [[nodiscard]] theory::ShotNoise curves(const mean_field::OperatingPoint& point,
                                         const std::vector<double>& frequency) const {
    return theory::shot_noise(model_, point, frequency, options_);
  }

  [[nodiscard]] Spectrum windowed(const mean_field::OperatingPoint& point, double interval, std::size_t segment) const {
    Eigen::VectorXd limit(point.rate.size());
    for (Eigen::Index k = 0; k < limit.size(); ++k) {
      const auto& population = model_.populations[static_cast<std::size_t>(k)];
      limit(k) = mean_field::stationary_rate(population, point.input(k)) / static_cast<double>(population.size);
    }
    const auto density = [&](const std::vector<double>& frequency) { return curves(point, frequency).total.density; };
    return analysis::through_window(density, limit, interval, segment);
  }

 private:
  const Model& model_;
  const Settings& settings_;
  mean_field::OperatingPoint mean_field_;
  theory::Options options_;
  bool same_neurons_ = false;
  Eigen::VectorXd rate_shift_;
};

/// Element-wise mean of one spectrum of every trial.
template <class Member>
Spectrum mean_spectrum(const std::vector<Trial>& trials, Member&& member) {
  Spectrum mean = member(trials.front());
  for (std::size_t t = 1; t < trials.size(); ++t) {
    const Spectrum& other = member(trials[t]);
    for (std::size_t i = 0; i < mean.size(); ++i) mean.density[i] += other.density[i];
  }
  for (auto& density : mean.density) density /= static_cast<double>(trials.size());
  return mean;
}

double band_mean(const Spectrum& spectrum, const Band& band, std::size_t k) {
  const auto index = static_cast<Eigen::Index>(k);
  double sum = 0.0;
  for (std::size_t m = band.first; m <= band.last; ++m) sum += spectrum.density[m](index, index).real();
  return sum / static_cast<double>(band.last - band.first + 1);
}

std::vector<double> per_trial(const std::vector<Trial>& trials, const std::function<double(const Trial&)>& value) {
  std::vector<double> values;
  values.reserve(trials.size());
  for (const auto& trial : trials) values.push_back(value(trial));
  return values;
}

void compare_population(Comparison& result, const std::vector<Trial>& trials, const Eigen::VectorXd& rate_shift,
                        std::size_t k) {
  const auto index = static_cast<Eigen::Index>(k);
  auto& error = result.estimate_error.emplace_back();
  for (std::size_t m = 0; m < result.estimate.size(); ++m) {
    error.push_back(analysis::mean_with_error(per_trial(trials, [&](const Trial& t) {
                      return t.estimate.density[m](index, index).real();
                    })).error);
  }
  auto& bands = result.band.emplace_back();
  for (const auto& band : result.bands) {
    const auto ratio =
        analysis::ratio_with_error(per_trial(trials, [&](const Trial& t) { return band_mean(t.estimate, band, k); }),
                                   per_trial(trials, [&](const Trial& t) { return band_mean(t.windowed, band, k); }));
    bands.push_back({ratio, analysis::deviation_in_sigma(ratio, 1.0)});
  }
  RateComparison rate;
  rate.simulated = analysis::mean_with_error(per_trial(trials, [&](const Trial& t) { return t.rate[k]; }));
  rate.theory =
      analysis::mean_with_error(per_trial(trials, [&](const Trial& t) { return t.rate_theory(index); })).value;
  rate.difference =
      analysis::mean_with_error(per_trial(trials, [&](const Trial& t) { return t.rate[k] - t.rate_theory(index); }));
  rate.theory_error = std::abs(rate_shift(index)) / 4.0;
  analysis::Estimate both = rate.difference;
  both.error = std::hypot(both.error, rate.theory_error);
  rate.deviation = analysis::deviation_in_sigma(both, 0.0);
  result.rate.push_back(rate);
}

/// The factor by which all bands of population k deviate alike: none disagrees with it, and it is not 1.
std::optional<double> common_factor(const Comparison& result, std::size_t k) {
  double weighted = 0.0;
  double weight = 0.0;
  for (const auto& [ratio, deviation] : result.band[k]) {
    weighted += ratio.value / (ratio.error * ratio.error);
    weight += 1.0 / (ratio.error * ratio.error);
  }
  const double factor = weighted / weight;
  for (const auto& [ratio, deviation] : result.band[k]) {
    if (std::abs(analysis::deviation_in_sigma(ratio, factor)) > result.threshold) return std::nullopt;
  }
  if (std::abs(factor - 1.0) < 0.05) return std::nullopt;
  return factor;
}

/// What a user should look at when things disagree.
std::string advice(const Comparison& result, const Model& model, std::size_t k) {
  if (const auto factor = common_factor(result, k)) {
    return fmt::format(
        "all bands are off by about the same factor {:.3g}, as they are when the theory has another size N", *factor);
  }
  const auto& population = model.populations[k];
  if (std::holds_alternative<model::LorentzianStart>(model.simulation.start)) {
    return "the start is not stationary and deterministic neurons do not forget it (docs/guide.md, 'Memory of the "
           "start'); "
           "use start = \"stationary\"";
  }
  if (population.sampling == model::Sampling::quantile) {
    return "a network on a quantile grid ages over long runs (docs/guide.md); try sampling = \"random\" or a shorter "
           "duration";
  }
  if (std::abs(result.rate[k].deviation) > result.threshold) {
    return "the mean rate is off too: check weight, center and half_width, and the state that the simulation is in";
  }
  return "check that the theory's parameters are those of the simulation; linear theory also fails near a bifurcation "
         "and for "
         "small N (see the eigenvalues of 'popshot check')";
}

void judge(Comparison& result, const Model& model, const Settings& settings) {
  const std::size_t comparisons = result.populations.size() * (result.bands.size() + 1);
  result.threshold = analysis::threshold_in_sigma(comparisons, settings.false_alarm);
  if (result.trials < 2) {
    result.agrees = false;
    result.reason = fmt::format("only {} of {} trials finished: no errors between trials; let at least two finish",
                                result.trials, result.trials_wanted);
    return;
  }
  std::size_t disagreeing = 0;
  double worst = 0.0;
  double largest_error = 0.0;
  std::string place;
  std::size_t worst_population = 0;
  const auto judge_one = [&](double deviation, std::size_t k, const std::string& what) {
    if (std::abs(deviation) > result.threshold) ++disagreeing;
    if (std::abs(deviation) <= std::abs(worst) && !place.empty()) return;
    worst = deviation;
    worst_population = k;
    place = what;
  };
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    for (std::size_t b = 0; b < result.bands.size(); ++b) {
      const auto& [ratio, deviation] = result.band[k][b];
      largest_error = std::max(largest_error, ratio.error);
      judge_one(
          deviation, k,
          fmt::format("population '{}', band {:.3g}..{:.3g}: simulated/theory = {:.3f} +- {:.3f}",
                      result.populations[k], result.bands[b].low, result.bands[b].high, ratio.value, ratio.error));
    }
    judge_one(result.rate[k].deviation, k,
              fmt::format("population '{}', mean rate: simulated - theory = {:.2g} +- {:.1g}", result.populations[k],
                          result.rate[k].difference.value, result.rate[k].difference.error));
  }
  result.agrees = disagreeing == 0;
  if (result.agrees) {
    result.reason =
        fmt::format("all {} comparisons lie within {:.2f} sigma; the largest deviation is {:+.1f} sigma ({})",
                    comparisons, result.threshold, worst, place);
    if (largest_error > settings.largest_error) {
      result.reason += fmt::format("; errors reach {:.0f} %: for a sharper test use more --trials or a longer duration",
                                   100.0 * largest_error);
    }
    return;
  }
  result.reason =
      fmt::format("{} of {} comparisons lie beyond {:.2f} sigma; worst at {:+.1f} sigma: {}; {}", disagreeing,
                  comparisons, result.threshold, worst, place, advice(result, model, worst_population));
}

}  // namespace

std::vector<Band> make_bands(const model::SpectrumSettings& settings, const std::vector<double>& frequency) {
  const double spacing = frequency.at(1) - frequency.at(0);
  const auto count = static_cast<std::size_t>(settings.bands);
  const auto last_bin = static_cast<std::size_t>(
      std::min(static_cast<double>(frequency.size() - 1), std::floor(settings.frequency_max / spacing + 1e-9)));
  auto first = static_cast<std::size_t>(std::ceil(settings.frequency_min / spacing - 1e-9));
  std::vector<Band> bands;
  for (std::size_t b = 0; b < count && first + 1 <= last_bin; ++b) {
    const double edge = settings.frequency_min * std::pow(settings.frequency_max / settings.frequency_min,
                                                          static_cast<double>(b + 1) / static_cast<double>(count));
    auto last = static_cast<std::size_t>(std::floor(edge / spacing + 1e-9));
    if (b + 1 == count) last = last_bin;
    last = std::min(std::max(last, first + 1), last_bin);
    // A single bin left at the end joins the last band.
    if (last + 1 == last_bin) last = last_bin;
    bands.push_back(
        {first, last, (static_cast<double>(first) - 0.5) * spacing, (static_cast<double>(last) + 0.5) * spacing});
    first = last + 1;
  }
  if (bands.empty()) {
    throw InputError(
        fmt::format("spectrum: the range {:g}..{:g} holds fewer than two bins of width {:.3g}; allowed: a finer "
                    "resolution or a wider frequency_range",
                    settings.frequency_min, settings.frequency_max, spacing));
  }
  return bands;
}

std::vector<double> curve_frequencies(const model::SpectrumSettings& settings, std::size_t points) {
  const double low = settings.frequency_min / 3.0;
  std::vector<double> frequency(points);
  for (std::size_t i = 0; i < points; ++i) {
    frequency[i] =
        low * std::pow(settings.frequency_max / low, static_cast<double>(i) / static_cast<double>(points - 1));
  }
  return frequency;
}

Comparison compare(const Model& simulated, const Model& theorised, const Settings& settings,
                   const Execution& execution) {
  require_comparable(simulated, theorised);
  model::require_memory(simulated);
  const auto& wanted = simulated.spectrum;
  const double interval = simulated.simulation.record_interval;
  const std::size_t segment = analysis::segment_length(wanted.resolution, interval);
  const double shortest = static_cast<double>(segment) * interval;
  if (simulated.simulation.duration < shortest) {
    throw InputError(fmt::format(
        "simulation.duration: {:g} is shorter than one spectral segment of {:g}; allowed: at least {:g}, or "
        "a coarser spectrum.resolution than {:g}",
        simulated.simulation.duration, shortest, shortest, wanted.resolution));
  }
  const mean_field::OperatingPoint rest = mean_field::selected_state(simulated).point;
  const TheoryAtTrial theory(simulated, theorised, settings);
  const auto frequency = curve_frequencies(wanted);

  // Many small networks run side by side; large ones one after the other, each on all threads.
  std::int64_t neurons = 0;
  for (const auto& population : simulated.populations) neurons += population.size;
  constexpr std::int64_t large = 4'000'000;
  const bool side_by_side = neurons < large;
  const auto count = static_cast<std::size_t>(wanted.trials);
  Execution outer = execution;
  if (!side_by_side) outer.threads = 1;

  std::vector<std::optional<Trial>> slots(count);
  std::vector<double> done(count, 0.0);
  std::mutex mutex;
  for_each_parallel(count, outer, [&](std::size_t t) {
    const network::Sample sample =
        network::draw_sample(simulated, t, {.threads = side_by_side ? 1 : execution.threads});
    const auto simulated_point = network::operating_point(simulated, sample, rest, simulated.simulation.time_step);
    Execution inner{.threads = side_by_side ? 1 : execution.threads, .stop = execution.stop};
    inner.progress = [&, t](double fraction) {
      if (!execution.progress) return;
      const std::lock_guard lock(mutex);
      done[t] = fraction;
      execution.progress(std::accumulate(done.begin(), done.end(), 0.0) / static_cast<double>(count));
    };
    const Activity activity = network::simulate(simulated, sample, simulated_point, inner);
    if (!activity.finished) return;
    const auto point = theory.point(sample);
    Trial trial;
    trial.estimate = analysis::welch(activity.rate, interval, segment);
    trial.windowed = theory.windowed(point, interval, segment);
    trial.curves = theory.curves(point, frequency);
    for (const auto& rate : activity.rate) {
      trial.rate.push_back(std::accumulate(rate.begin(), rate.end(), 0.0) / static_cast<double>(rate.size()));
    }
    trial.rate_theory = theory.mean_rate(point);
    const std::lock_guard lock(mutex);
    slots[t] = std::move(trial);
  });

  std::vector<Trial> trials;
  for (auto& slot : slots) {
    if (slot) trials.push_back(std::move(*slot));
  }
  Comparison result;
  for (const auto& population : simulated.populations) {
    result.populations.push_back(population.name);
    result.sizes.push_back(population.size);
  }
  result.trials = trials.size();
  result.trials_wanted = count;
  if (!trials.empty()) {
    result.theory.uncoupled =
        mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.curves.uncoupled; });
    result.theory.induced = mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.curves.induced; });
    result.theory.total = mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.curves.total; });
    result.estimate = mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.estimate; });
    result.windowed = mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.windowed; });
    result.bands = make_bands(wanted, result.estimate.frequency);
    for (std::size_t k = 0; k < result.populations.size(); ++k)
      compare_population(result, trials, theory.rate_shift(), k);
  }
  judge(result, simulated, settings);
  return result;
}

Comparison compare(const Model& model, const Settings& settings, const Execution& execution) {
  return compare(model, model, settings, execution);
}

}  // namespace popshot::comparison
