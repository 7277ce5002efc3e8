#include "popshot/comparison/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "judge.hpp"
#include "line_scatter.hpp"
#include "popshot/analysis/scatter.hpp"
#include "popshot/analysis/welch.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/mesoscopic/ensemble.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "resampling.hpp"
#include "trials.hpp"

namespace popshot::comparison {

namespace {

using model::Model;

/// What a simulation of one level contributes.
struct Simulated {
  Spectrum estimate;
  std::array<Spectrum, 2> half;            ///< of either half of the trial; empty if these are shorter than a segment
  std::vector<analysis::Moments> moments;  ///< [population]
  std::vector<std::vector<double>> autocorrelation;  ///< [population][lag]
};

/// What one trial contributes.
struct Trial {
  std::optional<Simulated> network;
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
    const std::size_t middle = activity.samples() / 2;
    for (std::size_t half = 0; half < 2 && middle >= segment; ++half) {
      std::vector<std::vector<double>> part;
      for (const auto& rate : activity.rate) {
        const auto begin = rate.begin() + static_cast<std::ptrdiff_t>(half * middle);
        part.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(middle));
      }
      result.half.at(half) = analysis::welch(part, interval, segment);
    }
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
  /// Everything that it is asked throws Stopped after a stop request.
  TheoryAtTrial(const Model& simulated, const Model& theorised, const Settings& settings, const std::stop_token& stop)
      : model_(theorised), settings_(settings), mean_field_(mean_field::selected_state(theorised, stop).point) {
    options_ = {.noise = settings.noise,
                .time_step = settings.time_step_kernel ? theorised.simulation.time_step : 0.0,
                .stop = stop};
    // A trial's sample serves the theory as well if the theory is about the same neurons.
    same_neurons_ = &simulated == &theorised;
    mix_ = output_matrix(theorised);
    rate_shift_ = Eigen::VectorXd::Zero(mix_.rows());
    if (settings.at == At::finite) {
      rate_shift_ = mix_ * theory::mean_rate_shift(theorised, mean_field_, stop);
    }
  }

  /// The mean rates of the outputs that a trial at this operating point is expected to have, to first order in 1/N.
  [[nodiscard]] Eigen::VectorXd mean_rate(const mean_field::OperatingPoint& point) const {
    return mix_ * point.rate + rate_shift_;
  }

  [[nodiscard]] mean_field::OperatingPoint point(const network::Sample& sample) const {
    if (settings_.at == At::infinite) return mean_field_;
    const double step = options_.time_step;
    if (same_neurons_) return network::operating_point(model_, sample, mean_field_, step, options_.stop);
    return network::operating_point(model_,
                                    network::draw_sample(model_, sample.trial, {.threads = 1, .stop = options_.stop}),
                                    mean_field_, step, options_.stop);
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

  /// The spectral densities of the outputs as they are recorded.
  [[nodiscard]] analysis::RecordedDensity recorded(const mean_field::OperatingPoint& point, double interval,
                                                   std::size_t segment) const {
    Eigen::VectorXd limit(point.rate.size());
    for (Eigen::Index k = 0; k < limit.size(); ++k) {
      const auto& population = model_.populations[static_cast<std::size_t>(k)];
      limit(k) = mean_field::stationary_rate(population, point.input(k)) / static_cast<double>(population.size);
    }
    const auto density = [&](const std::vector<double>& frequency) { return curves(point, frequency).total.density; };
    return {density, mix_ * limit.asDiagonal() * mix_.transpose(), interval, segment};
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

/// What is known of the scatter of one trial's powers before any has run; it counts as `known_degrees` degrees of
/// freedom, i.e. it is taken to be right within about 30 %.
constexpr double known_degrees = 20.0;
struct KnownScatter {
  /// [output][band], the last: all bands together. Relative variances of Gaussian activity, and of lines.
  std::vector<std::vector<double>> gaussian;
  std::vector<std::vector<double>> network;
};

RatioComparison to_ratio(const analysis::MeanPower& power, double deviation) {
  return {{power.value, power.value * power.log_error(), power.trials}, deviation, power.relative.degrees};
}

RatioComparison compare_ratio(const std::vector<double>& numerator, const std::vector<double>& denominator,
                              double known_variance) {
  const auto power = analysis::mean_power(numerator, denominator, known_variance, known_degrees);
  return to_ratio(power, analysis::deviation_in_sigma(power));
}

/// A difference of powers that should be 0, with its known variance of one trial.
void compare_part(const std::vector<double>& differences, double known_variance, analysis::Estimate& difference,
                  double& deviation) {
  difference = analysis::mean_with_error(differences);
  const auto n = static_cast<double>(differences.size());
  const double seen = n > 1.0 ? difference.error * difference.error * n : 0.0;
  const auto variance = analysis::pooled_variance(seen, n - 1.0, known_variance, known_degrees);
  difference.error = std::sqrt(variance.value / n);
  deviation =
      difference.error > 0.0 ? analysis::sigma_of_t(difference.value / difference.error, variance.degrees) : 0.0;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
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

/// Cross-spectra of all pairs of outputs: `a` and `b` give the spectra of a trial that are compared; `known` the
/// relative variances of the powers of outputs in bands that a - b has in one trial.
template <class A, class B>
std::vector<Pair> compare_pairs(const std::vector<Band>& bands, const std::vector<Trial>& trials,
                                const std::vector<std::vector<double>>& known, A&& a, B&& b) {
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
      for (std::size_t place = 0; place < bands.size(); ++place) {
        const Band& band = bands[place];
        const auto of_a = gathered(a, band, k, l);
        const auto of_b = gathered(b, band, k, l);
        std::vector<double> real;
        std::vector<double> imaginary;
        for (std::size_t t = 0; t < trials.size(); ++t) {
          real.push_back(of_a.cross[t].real() - of_b.cross[t].real());
          imaginary.push_back(of_a.cross[t].imag() - of_b.cross[t].imag());
        }
        CrossBand& one = pair.band.emplace_back();
        // Of Gaussian amplitudes whose powers have the relative variance v: (24a).
        const auto expected =
            gathered([](const Trial& t) -> const Spectrum& { return t.expected.spectrum; }, band, k, l);
        const auto of_theory = expected.without(trials.size());
        const double powers = mean_of(expected.first) * mean_of(expected.second);
        const double square = std::pow(of_theory.cross.real(), 2) - std::pow(of_theory.cross.imag(), 2);
        const double v = std::sqrt(known[k][place] * known[l][place]);
        compare_part(real, std::max(0.0, v / 2.0 * (powers + square)), one.real, one.real_deviation);
        compare_part(imaginary, std::max(0.0, v / 2.0 * (powers - square)), one.imaginary, one.imaginary_deviation);
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

/// `of` gives the simulation of the level that is compared; `known`: [output][band], the last for all together.
template <class Of>
Level compare_level(const std::vector<Band>& bands, const std::vector<Trial>& trials, const Eigen::VectorXd& rate_error,
                    const std::vector<std::vector<double>>& known, Of&& of) {
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
    const auto compare_band = [&](const Band& band, double known_variance) {
      return compare_ratio(per_trial(trials, [&](const Trial& t) { return band_mean(of(t).estimate, band, k); }),
                           per_trial(trials, [&](const Trial& t) { return band_mean(t.expected.spectrum, band, k); }),
                           known_variance);
    };
    auto& ratios = level.band.emplace_back();
    auto& late = level.late.emplace_back();
    for (std::size_t b = 0; b < bands.size(); ++b) {
      ratios.push_back(compare_band(bands[b], known[k][b]));
      if (of(trials.front()).half[0].size() == 0) continue;
      std::array<analysis::MeanPower, 2> half;
      for (std::size_t part = 0; part < 2; ++part) {
        half.at(part) = analysis::mean_power(
            per_trial(trials, [&](const Trial& t) { return band_mean(of(t).half.at(part), bands[b], k); }),
            per_trial(trials, [&](const Trial& t) { return band_mean(t.expected.spectrum, bands[b], k); }),
            2.0 * known[k][b], known_degrees);
      }
      const double ratio = half[1].value / half[0].value;
      late.push_back({{ratio, ratio * std::hypot(half[0].log_error(), half[1].log_error()), trials.size()},
                      analysis::deviation_in_sigma(half[1], half[0]),
                      half[0].relative.degrees + half[1].relative.degrees});
    }
    level.variance.push_back(compare_band({bands.front().first, bands.back().last}, known[k].back()));
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
      bands, trials, known, [&](const Trial& t) -> const Spectrum& { return of(t).estimate; },
      [](const Trial& t) -> const Spectrum& { return t.expected.spectrum; });
  return level;
}

LevelComparison compare_levels(const std::vector<Band>& bands, const std::vector<Trial>& trials,
                               const KnownScatter& known) {
  LevelComparison result;
  const auto difference = [&](const std::function<double(const Simulated&)>& value) {
    return analysis::mean_with_error(
        per_trial(trials, [&](const Trial& t) { return value(*t.mesoscopic) - value(*t.network); }));
  };
  std::vector<std::vector<double>> of_both = known.gaussian;
  for (std::size_t k = 0; k < trials.front().network->moments.size(); ++k) {
    auto& ratios = result.band.emplace_back();
    for (std::size_t b = 0; b < bands.size(); ++b) {
      const auto power = [&](const std::optional<Simulated> Trial::*level, double known_variance) {
        return analysis::mean_power(
            per_trial(trials, [&](const Trial& t) { return band_mean((t.*level)->estimate, bands[b], k); }),
            per_trial(trials, [&](const Trial& t) { return band_mean(t.expected.spectrum, bands[b], k); }),
            known_variance, known_degrees);
      };
      const auto mesoscopic = power(&Trial::mesoscopic, known.gaussian[k][b]);
      const auto network = power(&Trial::network, known.network[k][b]);
      const double ratio = mesoscopic.value / network.value;
      ratios.push_back({{ratio, ratio * std::hypot(mesoscopic.log_error(), network.log_error()), trials.size()},
                        analysis::deviation_in_sigma(mesoscopic, network),
                        mesoscopic.relative.degrees + network.relative.degrees});
      of_both[k][b] = known.gaussian[k][b] + known.network[k][b];
    }
    result.rate.push_back(difference([k](const Simulated& s) { return s.moments[k].mean; }));
    result.rate_deviation.push_back(analysis::deviation_in_sigma(result.rate.back(), 0.0));
    result.skewness_deviation.push_back(
        analysis::deviation_in_sigma(difference([k](const Simulated& s) { return s.moments[k].skewness; }), 0.0));
    double worst = 0.0;
    for (std::size_t i = 0; i < trials.front().network->autocorrelation[k].size(); ++i) {
      const double deviation =
          analysis::deviation_in_sigma(difference([&](const Simulated& s) { return s.autocorrelation[k][i]; }), 0.0);
      if (std::abs(deviation) > std::abs(worst)) worst = deviation;
    }
    result.autocorrelation_deviation.push_back(worst);
  }
  result.pair = compare_pairs(
      bands, trials, of_both, [](const Trial& t) -> const Spectrum& { return t.mesoscopic->estimate; },
      [](const Trial& t) -> const Spectrum& { return t.network->estimate; });
  return result;
}

/// Everything that the levels are compared in, trial by trial, with what theory expects of each trial taken off.
std::vector<Channel> level_channels(const std::vector<Band>& bands, const std::vector<Trial>& trials,
                                    const KnownScatter& known, const std::vector<char>& itself) {
  std::vector<Channel> channels;
  const auto of = [](const Trial& t, bool second) -> const Simulated& { return second ? *t.mesoscopic : *t.network; };
  const auto add = [&](bool power, double known_variance, double degrees, auto&& value) {
    Channel& channel = channels.emplace_back();
    channel.power = power;
    channel.known_variance = known_variance;
    channel.known_degrees = degrees;
    for (const Trial& t : trials) {
      channel.first.push_back(value(t, of(t, false)));
      channel.second.push_back(value(t, of(t, true)));
    }
  };
  const std::size_t outputs = trials.front().network->moments.size();
  for (std::size_t k = 0; k < outputs; ++k) {
    if (itself[k] != 0) continue;
    for (std::size_t b = 0; b < bands.size(); ++b) {
      add(true, (known.gaussian[k][b] + known.network[k][b]) / 2.0, known_degrees,
          [&](const Trial& t, const Simulated& s) {
            return band_mean(s.estimate, bands[b], k) / band_mean(t.expected.spectrum, bands[b], k);
          });
    }
    add(false, 0.0, 0.0, [&](const Trial& t, const Simulated& s) {
      return s.moments[k].mean - t.rate_theory(static_cast<Eigen::Index>(k));
    });
    for (std::size_t l = k + 1; l < outputs; ++l) {
      for (const Band& band : bands) {
        const auto difference = [&](const Trial& t, const Simulated& s) {
          return cross_band_mean(s.estimate, band, k, l) - cross_band_mean(t.expected.spectrum, band, k, l);
        };
        add(false, 0.0, 0.0, [&](const Trial& t, const Simulated& s) { return difference(t, s).real(); });
        add(false, 0.0, 0.0, [&](const Trial& t, const Simulated& s) { return difference(t, s).imag(); });
      }
    }
  }
  return channels;
}

/// What theory knows of the scatter of one trial, at the mean field's state.
KnownScatter known_scatter(const Model& model, const std::vector<Band>& bands, const analysis::WelchScatter& scatter,
                           const mean_field::OperatingPoint& point, const theory::ShotNoise& curves) {
  KnownScatter known;
  std::vector<double> low;
  std::vector<double> high;
  for (const Band& band : bands) {
    low.push_back(band.low);
    high.push_back(band.high);
  }
  const auto all = outputs(model);
  for (std::size_t k = 0; k < all.size(); ++k) {
    auto& gaussian = known.gaussian.emplace_back();
    for (const Band& band : bands) gaussian.push_back(scatter.relative_variance(k, band.first, band.last));
    gaussian.push_back(scatter.relative_variance(k, bands.front().first, bands.back().last));
    // Ratio of coupled to uncoupled power, from the curve's points nearest to the middles of the bands.
    std::vector<double> gain;
    const auto total = curves.total.power(k);
    const auto uncoupled = curves.uncoupled.power(k);
    for (const Band& band : bands) {
      const auto& frequency = curves.total.frequency;
      const auto at = std::lower_bound(frequency.begin(), frequency.end(), (band.low + band.high) / 2.0);
      const auto i = std::min(static_cast<std::size_t>(at - frequency.begin()), frequency.size() - 1);
      gain.push_back(uncoupled[i] > 0.0 ? total[i] / uncoupled[i] : 1.0);
    }
    const auto lines = line_scatter(model, point, all[k].parts, low, high, gain);
    const bool random = model.populations[all[k].parts.front()].sampling == model::Sampling::random;
    // Independent draws of eta add to the scatter, a grid of quantiles takes from it; never all of it, since the grid's
    // neurons still interfere.
    constexpr double least = 0.1;
    auto& network = known.network.emplace_back();
    for (std::size_t b = 0; b < gaussian.size(); ++b) {
      network.push_back(random ? gaussian[b] + lines[b] : std::max(least * gaussian[b], gaussian[b] - lines[b]));
    }
  }
  return known;
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
  if (!settings.network && !settings.mesoscopic) {
    throw InputError("compare: neither the network nor the mesoscopic model takes part; allowed: at least one of them");
  }
  execution.begin({.name = "searching stationary states"});
  const mean_field::StationaryState state = mean_field::selected_state(simulated, execution.stop);
  const mean_field::OperatingPoint& rest = state.point;
  execution.begin({.name = "theory"});
  const TheoryAtTrial theory(simulated, theorised, settings, execution.stop);
  const auto frequency = curve_frequencies(wanted);

  Comparison result;
  bool all_itself = true;
  for (const auto& output : outputs(simulated)) {
    result.populations.push_back(output.name);
    result.sizes.push_back(output_size(simulated, output));
    const bool itself = !settings.twin && std::all_of(output.parts.begin(), output.parts.end(), [&](std::size_t k) {
      return mesoscopic::is_network(simulated, k);
    });
    result.itself.push_back(settings.network && settings.mesoscopic && itself ? 1 : 0);
    all_itself = all_itself && itself;
  }
  const bool with_mesoscopic = settings.mesoscopic && !(settings.network && all_itself);

  const Estimator estimator{interval, segment, make_lags(segment)};
  mesoscopic::MarkovianFamilies families(simulated);
  const auto recorded = theory.recorded(theory.mean_field_point(), interval, segment);
  const theory::ShotNoise curves = theory.curves(theory.mean_field_point(), frequency);
  // A Fokker-Planck solution takes as long as a trial: one for all, at the mean field's state, to which that of a
  // random sample scatters.
  std::optional<Trial> common;
  if (theory.is_expensive()) {
    common.emplace();
    common->expected = analysis::through_window(recorded, segment);
    common->curves = curves;
  }
  const auto point_of = [&](const network::Sample& sample) {
    return network::operating_point(simulated, sample, rest, simulated.simulation.time_step, execution.stop);
  };
  const auto judged_by = [&](Trial& trial, const mean_field::OperatingPoint& point) {
    if (common) {
      trial.expected = common->expected;
      trial.curves = common->curves;
    } else {
      trial.expected = analysis::through_window(theory.recorded(point, interval, segment), segment);
      trial.curves = theory.curves(point, frequency);
    }
    trial.rate_theory = theory.mean_rate(point);
  };
  const Model twin = settings.twin ? twin_model(simulated, *settings.twin) : Model{};
  const auto mesoscopic_of = [&](std::uint64_t t, const Execution& own) {
    if (settings.twin) return output_activity(twin, network::simulate(twin, t, own));
    return output_activity(simulated, mesoscopic::simulate(simulated, t, own, {}, &families));
  };
  std::vector<Trial> trials;
  if (settings.network) {
    trials = run_trials<Trial>(
        simulated, execution, point_of,
        [&](std::uint64_t t, const network::Sample& sample, Activity of_network, const Execution& own) {
          std::optional<Trial> trial;
          const Activity activity = output_activity(simulated, std::move(of_network));
          Activity reduced;
          if (with_mesoscopic) reduced = mesoscopic_of(t, own);
          if (!reduced.finished) return trial;
          trial.emplace();
          trial->network = estimator(activity);
          if (with_mesoscopic) trial->mesoscopic = estimator(reduced);
          judged_by(*trial, theory.point(sample));
          return trial;
        });
  } else {
    trials = run_mesoscopic_trials<Trial>(simulated, execution, [&](std::uint64_t t, const Execution& own) {
      std::optional<Trial> trial;
      const Activity reduced = mesoscopic_of(t, own);
      if (!reduced.finished) return trial;
      trial.emplace();
      trial->mesoscopic = estimator(reduced);
      judged_by(*trial, settings.at == At::infinite ? theory.mean_field_point()
                                                    : mesoscopic::finite_point(theorised, t, own).point);
      return trial;
    });
  }

  result.trials = trials.size();
  result.trials_wanted = static_cast<std::size_t>(wanted.trials);
  Evidence evidence{&simulated, &theorised, &settings, &state, theory.mean_field_point(), {}};
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
    const auto samples = static_cast<std::size_t>(std::llround(simulated.simulation.duration / interval));
    const KnownScatter known = known_scatter(
        simulated, result.bands, analysis::WelchScatter(recorded, segment, std::max(samples, segment)), rest, curves);
    if (settings.network) {
      result.network = compare_level(result.bands, trials, theory.rate_error(), known.network,
                                     [](const Trial& t) -> const Simulated& { return *t.network; });
    }
    if (with_mesoscopic) {
      result.mesoscopic =
          compare_level(result.bands, trials, theory.rate_error(), settings.twin ? known.network : known.gaussian,
                        [](const Trial& t) -> const Simulated& { return *t.mesoscopic; });
    }
    if (settings.network && with_mesoscopic) {
      result.levels = compare_levels(result.bands, trials, known);
      constexpr std::size_t enough_to_exchange = 8;
      if (trials.size() >= enough_to_exchange) {
        const auto channels = level_channels(result.bands, trials, known, result.itself);
        evidence.p_value_of_levels = [channels, seed = simulated.simulation.seed](double smallest) {
          return permutation_p_value(channels, smallest, seed);
        };
      }
    }
  }
  judge(result, evidence);
  return result;
}

Comparison compare(const Model& model, const Settings& settings, const Execution& execution) {
  return compare(model, model, settings, execution);
}

model::Model twin_model(model::Model model, double twin) {
  ++model.simulation.seed;
  for (auto& population : model.populations) {
    population.size = std::max<std::int64_t>(1, std::llround(static_cast<double>(population.size) / twin));
  }
  return model;
}

std::string Comparison::levels_in_words() const {
  if (network && mesoscopic) return "network, mesoscopic model and theory";
  return network ? "network and theory" : "mesoscopic model and theory";
}

}  // namespace popshot::comparison
