#include "trial_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "line_scatter.hpp"
#include "popshot/comparison/outputs.hpp"

namespace popshot::comparison {

namespace {

using model::Model;

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

}  // namespace

Level compare_level(const std::vector<Band>& bands, const std::vector<Trial>& trials, const Eigen::VectorXd& rate_error,
                    const std::vector<std::vector<double>>& known, const std::optional<Simulated> Trial::*simulated) {
  const auto of = [&](const Trial& t) -> const Simulated& { return *(t.*simulated); };
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

}  // namespace popshot::comparison
