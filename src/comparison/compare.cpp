#include "popshot/comparison/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "judge.hpp"
#include "popshot/analysis/scatter.hpp"
#include "popshot/analysis/welch.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "trial_statistics.hpp"
#include "trials.hpp"

namespace popshot::comparison {

namespace {

using model::Model;

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
    const bool itself = !settings.twin && is_network(simulated, output);
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
      result.network = compare_level(result.bands, trials, theory.rate_error(), known.network, &Trial::network);
    }
    if (with_mesoscopic) {
      result.mesoscopic = compare_level(result.bands, trials, theory.rate_error(),
                                        settings.twin ? known.network : known.gaussian, &Trial::mesoscopic);
    }
    if (settings.network && with_mesoscopic) {
      result.levels = compare_levels(result.bands, trials, known);
      constexpr std::size_t enough_to_exchange = 8;
      if (trials.size() >= enough_to_exchange) {
        evidence.p_value_of_levels = [channels = level_channels(result.bands, trials, known, result.itself),
                                      seed = simulated.simulation.seed](double smallest) {
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
