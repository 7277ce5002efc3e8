#include "popshot/comparison/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "popshot/analysis/welch.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/core/error.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "trials.hpp"

namespace popshot::comparison {

namespace {

using model::Model;

/// What a simulation of one level contributes.
struct Simulated {
  Spectrum estimate;
  std::vector<analysis::Moments> moments;            ///< [population]
  std::vector<std::vector<double>> autocorrelation;  ///< [population][lag]
};

/// What one trial contributes.
struct Trial {
  Simulated network;
  std::optional<Simulated> mesoscopic;
  analysis::Expectation expected;
  theory::ShotNoise curves;
  Eigen::VectorXd rate_theory;
};

/// How activity is looked at.
struct Estimator {
  double interval;
  std::size_t segment;
  std::vector<std::size_t> lags;

  [[nodiscard]] Simulated operator()(const Activity& activity) const {
    Simulated result;
    result.estimate = analysis::welch(activity.rate, interval, segment);
    for (const auto& rate : activity.rate) {
      result.moments.push_back(analysis::moments(rate));
      result.autocorrelation.push_back(analysis::autocorrelation(rate, lags));
    }
    return result;
  }
};

/// Up to 250 lags, evenly spaced over a quarter of a segment.
std::vector<std::size_t> make_lags(std::size_t segment) {
  const std::size_t stride = std::max<std::size_t>(1, segment / 800);
  std::vector<std::size_t> lags;
  for (std::size_t lag = 0; lag < segment / 4 && lags.size() < 250; lag += stride) lags.push_back(lag);
  return lags;
}

void require_comparable(const Model& simulated, const Model& theorised) {
  for (const Model* model : {&simulated, &theorised}) {
    if (is_stationary(*model)) continue;
    throw InputError(
        "stimulus: the theory of spectra needs a stationary input, but a stimulus of this model varies in time; "
        "allowed here: constant and random currents (remove the others, or use 'popshot simulate')");
  }
  const double highest = 0.5 / simulated.simulation.record_interval;
  if (simulated.spectrum.frequency_max > highest * (1.0 + 1e-9)) {
    throw InputError(
        fmt::format("spectrum.frequency_range: its upper end {:g} is above the Nyquist frequency of the recorded "
                    "activity; allowed here: up to 0.5 / simulation.record_interval = {:g}",
                    simulated.spectrum.frequency_max, highest));
  }
  if (output_names(simulated) != output_names(theorised))
    throw InputError("theory: its populations are not those of the simulated model");
}

/// The theory that trial data are judged by: the state it is evaluated at, and its curves there.
class TheoryAtTrial {
 public:
  /// With settings.time_step_kernel its time step is that of `theorised`.
  TheoryAtTrial(const Model& simulated, const Model& theorised, const Settings& settings)
      : model_(theorised), settings_(settings), mean_field_(mean_field::selected_state(theorised).point) {
    options_ = {.noise = settings.noise, .time_step = settings.time_step_kernel ? theorised.simulation.time_step : 0.0};
    // A trial's sample serves the theory as well if the theory is about the same neurons.
    same_neurons_ = &simulated == &theorised;
    mix_ = output_matrix(theorised);
    rate_shift_ = Eigen::VectorXd::Zero(mix_.rows());
    if (settings.at == At::finite) {
      rate_shift_ = mix_ * theory::mean_rate_shift(theorised, mean_field_);
    }
  }

  /// The mean rates of the outputs that a trial at this operating point is expected to have, to first order in 1/N.
  [[nodiscard]] Eigen::VectorXd mean_rate(const mean_field::OperatingPoint& point) const {
    return mix_ * point.rate + rate_shift_;
  }

  [[nodiscard]] mean_field::OperatingPoint point(const network::Sample& sample) const {
    if (settings_.at == At::infinite) return mean_field_;
    const double step = options_.time_step;
    if (same_neurons_) return network::operating_point(model_, sample, mean_field_, step);
    return network::operating_point(model_, network::draw_sample(model_, sample.trial, {.threads = 1}), mean_field_,
                                    step);
  }

  /// How well the part of it that is of order 1/N is known: to a quarter; where it is not computed (noise in the
  /// neurons) it is at most about 1/(N tau).
  [[nodiscard]] Eigen::VectorXd rate_error() const {
    Eigen::VectorXd unknown(static_cast<Eigen::Index>(model_.populations.size()));
    for (Eigen::Index k = 0; k < unknown.size(); ++k) {
      const auto& population = model_.populations[static_cast<std::size_t>(k)];
      const bool noisy = !std::holds_alternative<model::NoNoise>(population.noise);
      unknown(k) = noisy ? 1.0 / (static_cast<double>(population.size) * population.tau) : 0.0;
    }
    return rate_shift_.cwiseAbs() / 4.0 + mix_ * unknown;
  }

  [[nodiscard]] const mean_field::OperatingPoint& mean_field_point() const { return mean_field_; }
  [[nodiscard]] bool is_expensive() const {
    return std::any_of(model_.populations.begin(), model_.populations.end(), [](const auto& population) {
      return std::holds_alternative<model::GaussianNoise>(population.noise);
    });
  }

  [[nodiscard]] theory::ShotNoise curves(const mean_field::OperatingPoint& point,
                                         const std::vector<double>& frequency) const {
    return output_spectra(model_, theory::shot_noise(model_, point, frequency, options_));
  }

  [[nodiscard]] analysis::Expectation expected(const mean_field::OperatingPoint& point, double interval,
                                               std::size_t segment) const {
    Eigen::VectorXd limit(point.rate.size());
    for (Eigen::Index k = 0; k < limit.size(); ++k) {
      const auto& population = model_.populations[static_cast<std::size_t>(k)];
      limit(k) = mean_field::stationary_rate(population, point.input(k)) / static_cast<double>(population.size);
    }
    const auto density = [&](const std::vector<double>& frequency) { return curves(point, frequency).total.density; };
    return analysis::through_window(density, mix_ * limit.asDiagonal() * mix_.transpose(), interval, segment);
  }

 private:
  const Model& model_;
  const Settings& settings_;
  mean_field::OperatingPoint mean_field_;
  theory::Options options_;
  bool same_neurons_ = false;
  Eigen::MatrixXd mix_;  ///< from populations to outputs
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

std::complex<double> cross_band_mean(const Spectrum& spectrum, const Band& band, std::size_t k, std::size_t l) {
  std::complex<double> sum = 0.0;
  for (std::size_t m = band.first; m <= band.last; ++m) {
    sum += spectrum.density[m](static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(l));
  }
  return sum / static_cast<double>(band.last - band.first + 1);
}

double band_mean(const Spectrum& spectrum, const Band& band, std::size_t k) {
  return cross_band_mean(spectrum, band, k, k).real();
}

std::vector<double> per_trial(const std::vector<Trial>& trials, const std::function<double(const Trial&)>& value) {
  std::vector<double> values;
  values.reserve(trials.size());
  for (const auto& trial : trials) values.push_back(value(trial));
  return values;
}

RatioComparison compare_ratio(const std::vector<double>& numerator, const std::vector<double>& denominator) {
  const auto ratio = analysis::ratio_with_error(numerator, denominator);
  return {ratio, analysis::deviation_in_sigma(ratio, 1.0)};
}

/// Spectra of two outputs in a band: sums over trials, and all trials' contributions.
struct BandOfTrials {
  std::vector<std::complex<double>> cross;
  std::vector<double> first;
  std::vector<double> second;

  struct Derived {
    double coherence;
    std::complex<double> cross;
  };
  /// Of all trials but `left_out` (of all if that is beyond the last).
  [[nodiscard]] Derived without(std::size_t left_out) const {
    std::complex<double> sum = 0.0;
    double power_first = 0.0;
    double power_second = 0.0;
    double count = 0.0;
    for (std::size_t t = 0; t < cross.size(); ++t) {
      if (t == left_out) continue;
      sum += cross[t];
      power_first += first[t];
      power_second += second[t];
      count += 1.0;
    }
    return {std::norm(sum) / (power_first * power_second), sum / count};
  }
};

/// The jackknife's standard error (Tukey) of a number that is computed from all trials but one.
template <class Value>
double jackknife_error(std::size_t trials, Value&& value) {
  const auto n = static_cast<double>(trials);
  double sum = 0.0;
  double squares = 0.0;
  for (std::size_t t = 0; t < trials; ++t) {
    const double x = value(t);
    sum += x;
    squares += x * x;
  }
  return std::sqrt(std::max(0.0, (n - 1.0) / n * (squares - sum * sum / n)));
}

/// Cross-spectra of all pairs of outputs: `a` and `b` give the spectra of a trial that are compared.
template <class A, class B>
std::vector<Pair> compare_pairs(const std::vector<Band>& bands, const std::vector<Trial>& trials, A&& a, B&& b) {
  const std::size_t count = a(trials.front()).populations();
  const auto gathered = [&](auto&& spectrum, const Band& band, std::size_t k, std::size_t l) {
    BandOfTrials result;
    for (const Trial& trial : trials) {
      result.cross.push_back(cross_band_mean(spectrum(trial), band, k, l));
      result.first.push_back(band_mean(spectrum(trial), band, k));
      result.second.push_back(band_mean(spectrum(trial), band, l));
    }
    return result;
  };
  std::vector<Pair> pairs;
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t l = k + 1; l < count; ++l) {
      Pair& pair = pairs.emplace_back(Pair{k, l, {}});
      for (const Band& band : bands) {
        const auto of_a = gathered(a, band, k, l);
        const auto of_b = gathered(b, band, k, l);
        std::vector<double> real;
        std::vector<double> imaginary;
        for (std::size_t t = 0; t < trials.size(); ++t) {
          real.push_back(of_a.cross[t].real() - of_b.cross[t].real());
          imaginary.push_back(of_a.cross[t].imag() - of_b.cross[t].imag());
        }
        CrossBand& one = pair.band.emplace_back();
        one.real = analysis::mean_with_error(real);
        one.imaginary = analysis::mean_with_error(imaginary);
        one.real_deviation = analysis::deviation_in_sigma(one.real, 0.0);
        one.imaginary_deviation = analysis::deviation_in_sigma(one.imaginary, 0.0);
        const std::size_t all = trials.size();
        one.a = of_a.without(all).cross;
        one.b = of_b.without(all).cross;
        one.coherence_a = of_a.without(all).coherence;
        one.coherence_b = of_b.without(all).coherence;
        one.coherence_error = jackknife_error(all, [&](std::size_t t) { return of_a.without(t).coherence; });
        one.phase_a = std::arg(one.a);
        one.phase_b = std::arg(one.b);
        // Relative to the mean, so that no turn comes between.
        one.phase_error = jackknife_error(all, [&](std::size_t t) { return std::arg(of_a.without(t).cross / one.a); });
      }
    }
  }
  return pairs;
}

/// `of` gives the simulation of the level that is compared.
template <class Of>
Level compare_level(const std::vector<Band>& bands, const std::vector<Trial>& trials, const Eigen::VectorXd& rate_error,
                    Of&& of) {
  Level level;
  level.estimate = mean_spectrum(trials, [&](const Trial& t) -> const Spectrum& { return of(t).estimate; });
  const std::size_t populations = level.estimate.populations();
  for (std::size_t k = 0; k < populations; ++k) {
    const auto index = static_cast<Eigen::Index>(k);
    auto& error = level.estimate_error.emplace_back();
    for (std::size_t m = 0; m < level.estimate.size(); ++m) {
      error.push_back(analysis::mean_with_error(per_trial(trials, [&](const Trial& t) {
                        return of(t).estimate.density[m](index, index).real();
                      })).error);
    }
    const auto compare_band = [&](const Band& band) {
      return compare_ratio(per_trial(trials, [&](const Trial& t) { return band_mean(of(t).estimate, band, k); }),
                           per_trial(trials, [&](const Trial& t) { return band_mean(t.expected.spectrum, band, k); }));
    };
    auto& ratios = level.band.emplace_back();
    for (const auto& band : bands) ratios.push_back(compare_band(band));
    level.variance.push_back(compare_band({bands.front().first, bands.back().last}));
    RateComparison rate;
    rate.simulated =
        analysis::mean_with_error(per_trial(trials, [&](const Trial& t) { return of(t).moments[k].mean; }));
    rate.theory =
        analysis::mean_with_error(per_trial(trials, [&](const Trial& t) { return t.rate_theory(index); })).value;
    rate.difference = analysis::mean_with_error(
        per_trial(trials, [&](const Trial& t) { return of(t).moments[k].mean - t.rate_theory(index); }));
    rate.theory_error = rate_error(index);
    analysis::Estimate both = rate.difference;
    both.error = std::hypot(both.error, rate.theory_error);
    rate.deviation = analysis::deviation_in_sigma(both, 0.0);
    level.rate.push_back(rate);
    level.skewness.push_back(
        analysis::mean_with_error(per_trial(trials, [&](const Trial& t) { return of(t).moments[k].skewness; })));
    auto& correlation = level.autocorrelation.emplace_back();
    for (std::size_t i = 0; i < of(trials.front()).autocorrelation[k].size(); ++i) {
      correlation.push_back(
          analysis::mean_with_error(per_trial(trials, [&](const Trial& t) { return of(t).autocorrelation[k][i]; })));
    }
  }
  level.pair = compare_pairs(
      bands, trials, [&](const Trial& t) -> const Spectrum& { return of(t).estimate; },
      [](const Trial& t) -> const Spectrum& { return t.expected.spectrum; });
  return level;
}

LevelComparison compare_levels(const std::vector<Band>& bands, const std::vector<Trial>& trials) {
  LevelComparison result;
  const auto difference = [&](const std::function<double(const Simulated&)>& value) {
    return analysis::mean_with_error(
        per_trial(trials, [&](const Trial& t) { return value(*t.mesoscopic) - value(t.network); }));
  };
  for (std::size_t k = 0; k < trials.front().network.moments.size(); ++k) {
    auto& ratios = result.band.emplace_back();
    for (const auto& band : bands) {
      ratios.push_back(
          compare_ratio(per_trial(trials, [&](const Trial& t) { return band_mean(t.mesoscopic->estimate, band, k); }),
                        per_trial(trials, [&](const Trial& t) { return band_mean(t.network.estimate, band, k); })));
    }
    result.rate.push_back(difference([k](const Simulated& s) { return s.moments[k].mean; }));
    result.rate_deviation.push_back(analysis::deviation_in_sigma(result.rate.back(), 0.0));
    result.skewness_deviation.push_back(
        analysis::deviation_in_sigma(difference([k](const Simulated& s) { return s.moments[k].skewness; }), 0.0));
    double worst = 0.0;
    for (std::size_t i = 0; i < trials.front().network.autocorrelation[k].size(); ++i) {
      const double deviation =
          analysis::deviation_in_sigma(difference([&](const Simulated& s) { return s.autocorrelation[k][i]; }), 0.0);
      if (std::abs(deviation) > std::abs(worst)) worst = deviation;
    }
    result.autocorrelation_deviation.push_back(worst);
  }
  result.pair = compare_pairs(
      bands, trials, [](const Trial& t) -> const Spectrum& { return t.mesoscopic->estimate; },
      [](const Trial& t) -> const Spectrum& { return t.network.estimate; });
  return result;
}

/// The factor by which all bands of population k deviate alike: none disagrees with it, and it is not 1.
std::optional<double> common_factor(const Comparison& result, std::size_t k) {
  double weighted = 0.0;
  double weight = 0.0;
  for (const auto& [ratio, deviation] : result.network.band[k]) {
    weighted += ratio.value / (ratio.error * ratio.error);
    weight += 1.0 / (ratio.error * ratio.error);
  }
  const double factor = weighted / weight;
  for (const auto& [ratio, deviation] : result.network.band[k]) {
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
  const auto& population = model.populations[outputs(model)[k].parts.front()];
  const bool deterministic = std::holds_alternative<model::NoNoise>(population.noise);
  if (deterministic && std::holds_alternative<model::LorentzianStart>(model.simulation.start)) {
    return "the start is not stationary and deterministic neurons do not forget it (docs/guide.md, 'Memory of the "
           "start'); "
           "use start = \"stationary\"";
  }
  if (deterministic && population.sampling == model::Sampling::quantile) {
    return "a network on a quantile grid ages over long runs (docs/guide.md); try sampling = \"random\" or a shorter "
           "duration";
  }
  if (std::abs(result.network.rate[k].deviation) > result.threshold) {
    return "the mean rate is off too: check weight, center and half_width, and the state that the simulation is in";
  }
  return "check that the theory's parameters are those of the simulation; linear theory also fails near a bifurcation "
         "and for "
         "small N (see the eigenvalues of 'popshot check')";
}

/// One thing that was compared.
struct Item {
  double deviation;
  double error;  ///< of a ratio; 0 for others
  std::size_t population;
  bool network;  ///< of the network against theory
  std::string text;
};

void list_pairs(std::vector<Item>& items, const Comparison& result, const std::vector<Pair>& pairs, bool network,
                const std::string& names) {
  for (const auto& pair : pairs) {
    for (std::size_t b = 0; b < pair.band.size(); ++b) {
      const auto add = [&](const char* part, const analysis::Estimate& difference, double deviation) {
        items.push_back(
            {deviation, 0.0, pair.first, network,
             fmt::format("populations '{}' and '{}', band {:.3g}..{:.3g}: {} part of the cross-spectrum, {} = "
                         "{:.2g} +- {:.1g}",
                         result.populations[pair.first], result.populations[pair.second], result.bands[b].low,
                         result.bands[b].high, part, names, difference.value, difference.error)});
      };
      add("real", pair.band[b].real, pair.band[b].real_deviation);
      add("imaginary", pair.band[b].imaginary, pair.band[b].imaginary_deviation);
    }
  }
}

void list_level(std::vector<Item>& items, const Comparison& result, const Level& level, const std::string& name) {
  const bool network = &level == &result.network;
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    const auto& population = result.populations[k];
    for (std::size_t b = 0; b < result.bands.size(); ++b) {
      const auto& [ratio, deviation] = level.band[k][b];
      items.push_back({deviation, ratio.error, k, network,
                       fmt::format("population '{}', band {:.3g}..{:.3g}: {} / theory = {:.3f} +- {:.3f}", population,
                                   result.bands[b].low, result.bands[b].high, name, ratio.value, ratio.error)});
    }
    const auto& variance = level.variance[k];
    items.push_back({variance.deviation, variance.ratio.error, k, network,
                     fmt::format("population '{}', variance in all bands: {} / theory = {:.3f} +- {:.3f}", population,
                                 name, variance.ratio.value, variance.ratio.error)});
    const auto& rate = level.rate[k];
    items.push_back({rate.deviation, 0.0, k, network,
                     fmt::format("population '{}', mean rate: {} - theory = {:.2g} +- {:.1g}", population, name,
                                 rate.difference.value, rate.difference.error)});
  }
  list_pairs(items, result, level.pair, network, name + " - theory");
}

std::vector<Item> list_items(const Comparison& result) {
  std::vector<Item> items;
  list_level(items, result, result.network, "network");
  if (!result.mesoscopic) return items;
  list_level(items, result, *result.mesoscopic, "mesoscopic");
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    for (std::size_t b = 0; b < result.bands.size(); ++b) {
      const auto& [ratio, deviation] = result.levels.band[k][b];
      items.push_back(
          {deviation, ratio.error, k, false,
           fmt::format("population '{}', band {:.3g}..{:.3g}: mesoscopic / network = {:.3f} +- {:.3f}",
                       result.populations[k], result.bands[b].low, result.bands[b].high, ratio.value, ratio.error)});
    }
    items.push_back({result.levels.rate_deviation[k], 0.0, k, false,
                     fmt::format("population '{}', mean rate: mesoscopic - network = {:.2g} +- {:.1g}",
                                 result.populations[k], result.levels.rate[k].value, result.levels.rate[k].error)});
  }
  list_pairs(items, result, result.levels.pair, false, "mesoscopic - network");
  return items;
}

void judge(Comparison& result, const Model& model, const Settings& settings) {
  if (result.trials < 2) {
    result.agrees = false;
    result.reason = fmt::format("only {} of {} trials finished: no errors between trials; let at least two finish",
                                result.trials, result.trials_wanted);
    return;
  }
  auto items = list_items(result);
  result.comparisons = items.size();
  result.threshold = analysis::threshold_in_sigma(items.size(), settings.false_alarm);
  const auto disagrees = [&](const Item& item) { return std::abs(item.deviation) > result.threshold; };
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return std::abs(a.deviation) > std::abs(b.deviation); });
  const Item& worst = items.front();
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < std::min(shown, items.size()); ++i) {
    result.worst.push_back({items[i].deviation, items[i].text});
  }
  const auto disagreeing = std::count_if(items.begin(), items.end(), disagrees);
  result.agrees = disagreeing == 0;
  if (result.agrees) {
    const double largest_error = std::max_element(items.begin(), items.end(), [](const Item& a, const Item& b) {
                                   return a.error < b.error;
                                 })->error;
    result.reason =
        fmt::format("all {} comparisons lie within {:.2f} sigma; the largest deviation is {:+.1f} sigma ({})",
                    items.size(), result.threshold, worst.deviation, worst.text);
    if (largest_error > settings.largest_error) {
      result.reason += fmt::format("; errors reach {:.0f} %: for a sharper test use more --trials or a longer duration",
                                   100.0 * largest_error);
    }
    return;
  }
  const bool network_agrees =
      std::none_of(items.begin(), items.end(), [&](const Item& item) { return item.network && disagrees(item); });
  result.reason = fmt::format(
      "{} of {} comparisons lie beyond {:.2f} sigma; worst at {:+.1f} sigma: {}; {}", disagreeing, items.size(),
      result.threshold, worst.deviation, worst.text,
      network_agrees ? "the network agrees with theory and the mesoscopic model does not: see docs/guide.md, 'The "
                       "mesoscopic level', for what each noise leaves out"
                     : advice(result, model, worst.population));
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

  const Estimator estimator{interval, segment, make_lags(segment)};
  mesoscopic::MarkovianFamilies families(simulated);
  // A Fokker-Planck solution takes as long as a trial: one for all, at the mean field's state, to which that of a
  // random sample scatters.
  std::optional<Trial> common;
  if (theory.is_expensive()) {
    common.emplace();
    common->expected = theory.expected(theory.mean_field_point(), interval, segment);
    common->curves = theory.curves(theory.mean_field_point(), frequency);
  }
  const auto point_of = [&](const network::Sample& sample) {
    return network::operating_point(simulated, sample, rest, simulated.simulation.time_step);
  };
  const auto trials = run_trials<Trial>(
      simulated, execution, point_of,
      [&](std::uint64_t t, const network::Sample& sample, Activity of_network, const Execution& own) {
        std::optional<Trial> trial;
        const Activity activity = output_activity(simulated, std::move(of_network));
        Activity reduced;
        if (settings.mesoscopic) {
          reduced = output_activity(simulated, mesoscopic::simulate(simulated, t, own, {}, &families));
        }
        if (!reduced.finished) return trial;
        trial.emplace();
        trial->network = estimator(activity);
        if (settings.mesoscopic) trial->mesoscopic = estimator(reduced);
        const auto point = theory.point(sample);
        if (common) {
          trial->expected = common->expected;
          trial->curves = common->curves;
        } else {
          trial->expected = theory.expected(point, interval, segment);
          trial->curves = theory.curves(point, frequency);
        }
        trial->rate_theory = theory.mean_rate(point);
        return trial;
      });

  Comparison result;
  for (const auto& output : outputs(simulated)) {
    result.populations.push_back(output.name);
    result.sizes.push_back(output_size(simulated, output));
  }
  result.trials = trials.size();
  result.trials_wanted = static_cast<std::size_t>(wanted.trials);
  if (!trials.empty()) {
    result.theory.uncoupled =
        mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.curves.uncoupled; });
    result.theory.induced = mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.curves.induced; });
    result.theory.total = mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.curves.total; });
    result.windowed = mean_spectrum(trials, [](const Trial& t) -> const Spectrum& { return t.expected.spectrum; });
    result.bands = make_bands(wanted, result.windowed.frequency);
    for (const std::size_t lag : estimator.lags) result.lag.push_back(static_cast<double>(lag) * interval);
    for (std::size_t k = 0; k < result.populations.size(); ++k) {
      auto& values = result.autocorrelation_theory.emplace_back();
      const auto covariance = [&](std::size_t lag) {
        double sum = 0.0;
        for (const auto& trial : trials) sum += trial.expected.autocovariance[k][lag];
        return sum;
      };
      for (const std::size_t lag : estimator.lags) values.push_back(covariance(lag) / covariance(0));
    }
    result.network = compare_level(result.bands, trials, theory.rate_error(),
                                   [](const Trial& t) -> const Simulated& { return t.network; });
    if (settings.mesoscopic) {
      result.mesoscopic = compare_level(result.bands, trials, theory.rate_error(),
                                        [](const Trial& t) -> const Simulated& { return *t.mesoscopic; });
      result.levels = compare_levels(result.bands, trials);
    }
  }
  judge(result, simulated, settings);
  return result;
}

Comparison compare(const Model& model, const Settings& settings, const Execution& execution) {
  return compare(model, model, settings, execution);
}

}  // namespace popshot::comparison
