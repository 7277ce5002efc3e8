// popshot compare: the finite network and the theory on one axis, with error bars and a verdict.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <map>
#include <memory>

#include "common.hpp"
#include "describe.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  RunOptions run;
  comparison::Settings settings;
  std::vector<std::string> theory_set;
  std::optional<std::int64_t> trials;
  std::optional<double> duration;
  std::optional<double> resolution;
};

ordered_json tabulate_bands(const comparison::Comparison& result,
                            const std::vector<comparison::RatioComparison>& bands) {
  ordered_json list = ordered_json::array();
  for (std::size_t b = 0; b < bands.size(); ++b) {
    list.push_back({{"low", result.bands[b].low},
                    {"high", result.bands[b].high},
                    {"ratio", bands[b].ratio.value},
                    {"error", bands[b].ratio.error},
                    {"sigma", bands[b].deviation}});
  }
  return list;
}

/// One level of population k against theory.
ordered_json tabulate_level(const comparison::Comparison& result, const comparison::Level& level, std::size_t k) {
  const auto& rate = level.rate[k];
  const auto& variance = level.variance[k];
  return {
      {"mean_rate",
       {{"simulated", rate.simulated.value},
        {"theory", rate.theory},
        {"difference", rate.difference.value},
        {"error", rate.difference.error},
        {"sigma", rate.deviation}}},
      {"variance", {{"ratio", variance.ratio.value}, {"error", variance.ratio.error}, {"sigma", variance.deviation}}},
      {"skewness", {{"value", level.skewness[k].value}, {"error", level.skewness[k].error}}},
      {"bands", tabulate_bands(result, level.band[k])}};
}

/// Cross-spectra: `a` is the level, `b` what it is compared with.
ordered_json tabulate_pair(const comparison::Comparison& result, const comparison::Pair& pair) {
  ordered_json list = ordered_json::array();
  for (std::size_t b = 0; b < pair.band.size(); ++b) {
    const auto& one = pair.band[b];
    list.push_back({{"low", result.bands[b].low},
                    {"high", result.bands[b].high},
                    {"coherence", one.coherence_a},
                    {"coherence_error", one.coherence_error},
                    {"coherence_expected", one.coherence_b},
                    {"phase", one.phase_a},
                    {"phase_error", one.phase_error},
                    {"phase_expected", one.phase_b},
                    {"real_sigma", one.real_deviation},
                    {"imaginary_sigma", one.imaginary_deviation}});
  }
  return list;
}

ordered_json tabulate(const model::Model& model, const comparison::Comparison& result) {
  ordered_json table{{"model", model.name},
                     {"verdict", result.agrees ? "agree" : "disagree"},
                     {"reason", result.reason},
                     {"trials", result.trials},
                     {"trials_wanted", result.trials_wanted},
                     {"threshold_sigma", result.threshold}};
  table["populations"] = ordered_json::array();
  for (std::size_t k = 0; k < result.network.rate.size(); ++k) {
    ordered_json entry = tabulate_level(result, result.network, k);
    entry["name"] = result.populations[k];
    entry["size"] = result.sizes[k];
    if (result.mesoscopic) {
      entry["mesoscopic"] = tabulate_level(result, *result.mesoscopic, k);
      auto& levels = entry["mesoscopic_against_network"];
      levels["bands"] = tabulate_bands(result, result.levels.band[k]);
      levels["mean_rate"] = {{"difference", result.levels.rate[k].value},
                             {"error", result.levels.rate[k].error},
                             {"sigma", result.levels.rate_deviation[k]}};
      levels["skewness_sigma"] = result.levels.skewness_deviation[k];
      levels["autocorrelation_worst_sigma"] = result.levels.autocorrelation_deviation[k];
    }
    table["populations"].push_back(std::move(entry));
  }
  table["comparisons"] = result.comparisons;
  table["worst"] = ordered_json::array();
  for (const auto& [sigma, what] : result.worst) table["worst"].push_back({{"sigma", sigma}, {"what", what}});
  table["cross"] = ordered_json::array();
  for (std::size_t p = 0; p < result.network.pair.size(); ++p) {
    const auto& pair = result.network.pair[p];
    ordered_json entry{{"first", result.populations[pair.first]}, {"second", result.populations[pair.second]}};
    entry["bands"] = tabulate_pair(result, pair);
    if (result.mesoscopic) {
      entry["mesoscopic"]["bands"] = tabulate_pair(result, result.mesoscopic->pair[p]);
      entry["mesoscopic_against_network"]["bands"] = tabulate_pair(result, result.levels.pair[p]);
    }
    table["cross"].push_back(std::move(entry));
  }
  return table;
}

std::string ratio_text(const comparison::RatioComparison& row, double threshold) {
  return fmt::format("{:>6.3f} +- {:<5.3f} {:>+5.1f}{}", row.ratio.value, row.ratio.error, row.deviation,
                     std::abs(row.deviation) > threshold ? "<" : " ");
}

/// Coherence and phase of a pair of populations in all bands.
void print_pair(const comparison::Comparison& result, std::size_t p) {
  const auto& pair = result.network.pair[p];
  const bool both = result.mesoscopic.has_value();
  std::cout << fmt::format(
      "populations '{}' and '{}': coherence and phase of the cross-spectrum (deviation in sigma is the "
      "larger of its two parts')\n",
      result.populations[pair.first], result.populations[pair.second]);
  std::cout << fmt::format("{:>16}   {:>8} {:>7}   {:^34}{}\n", "band", "theory", "", "network",
                           both ? fmt::format("   {:^34}", "mesoscopic") : "");
  const auto level = [&](const comparison::CrossBand& band) {
    const double worst = std::abs(band.real_deviation) > std::abs(band.imaginary_deviation) ? band.real_deviation
                                                                                            : band.imaginary_deviation;
    return fmt::format("   {:>5.3f}+-{:<5.3f} {:>+5.2f}+-{:<5.2f} {:>+5.1f}{}", band.coherence_a, band.coherence_error,
                       band.phase_a, band.phase_error, worst, std::abs(worst) > result.threshold ? "<" : " ");
  };
  for (std::size_t b = 0; b < pair.band.size(); ++b) {
    std::cout << fmt::format("{:>16}   {:>8.3f} {:>+7.2f}",
                             fmt::format("{:.3f} .. {:>5.2f}", result.bands[b].low, result.bands[b].high),
                             pair.band[b].coherence_b, pair.band[b].phase_b)
              << level(pair.band[b]) << (both ? level(result.mesoscopic->pair[p].band[b]) : std::string()) << '\n';
  }
  std::cout << '\n';
}

void print(const model::Model& model, const comparison::Comparison& result) {
  const bool both = result.mesoscopic.has_value();
  for (std::size_t k = 0; k < result.network.rate.size(); ++k) {
    std::cout << fmt::format(
        "{}, population '{}', N = {}: {} trials of {:g} {}; ratio, its error, deviation in sigma\n", model.name,
        result.populations[k], result.sizes[k], result.trials, model.simulation.duration, model.time_unit);
    const auto row = [&](const std::string& label, const comparison::RatioComparison& network,
                         const comparison::RatioComparison* mesoscopic, const comparison::RatioComparison* levels) {
      std::cout << fmt::format("{:>16}   {}", label, ratio_text(network, result.threshold));
      if (mesoscopic != nullptr) std::cout << "   " << ratio_text(*mesoscopic, result.threshold);
      if (levels != nullptr) std::cout << "   " << ratio_text(*levels, result.threshold);
      std::cout << '\n';
    };
    std::cout << fmt::format("{:>16}   {:^22}{}\n", "band (1/" + model.time_unit + ")", "network / theory",
                             both ? "     mesoscopic / theory      mesoscopic / network" : "");
    for (std::size_t b = 0; b < result.bands.size(); ++b) {
      row(fmt::format("{:.3f} .. {:>5.2f}", result.bands[b].low, result.bands[b].high), result.network.band[k][b],
          both ? &result.mesoscopic->band[k][b] : nullptr, both ? &result.levels.band[k][b] : nullptr);
    }
    row("variance", result.network.variance[k], both ? &result.mesoscopic->variance[k] : nullptr, nullptr);
    const auto rate = [&](const std::string& name, const comparison::RateComparison& r) {
      std::cout << fmt::format(
          "mean rate, {:<10} {:.6f}, theory {:.6f}: difference {:+.1e} +- {:.1e} ({:+.1f} sigma)\n", name,
          r.simulated.value, r.theory, r.difference.value, r.difference.error, r.deviation);
    };
    rate("network", result.network.rate[k]);
    if (both) {
      rate("mesoscopic", result.mesoscopic->rate[k]);
      std::cout << fmt::format(
          "skewness: network {:+.4f} +- {:.4f}, mesoscopic {:+.4f} +- {:.4f} ({:+.1f} sigma); "
          "autocorrelation: mesoscopic and network differ by {:+.1f} sigma at most (not judged)\n",
          result.network.skewness[k].value, result.network.skewness[k].error, result.mesoscopic->skewness[k].value,
          result.mesoscopic->skewness[k].error, result.levels.skewness_deviation[k],
          result.levels.autocorrelation_deviation[k]);
    }
    std::cout << '\n';
  }
  constexpr std::size_t most_pairs = 6;
  for (std::size_t p = 0; p < std::min(most_pairs, result.network.pair.size()); ++p) print_pair(result, p);
  if (result.network.pair.size() > most_pairs) {
    std::cout << fmt::format("{} more pairs of populations: see --json or the file of -o\n\n",
                             result.network.pair.size() - most_pairs);
  }
  if (!result.worst.empty()) {
    std::cout << fmt::format("largest of {} deviations, worst first (beyond {:.2f} sigma they count):\n",
                             result.comparisons, result.threshold);
    for (const auto& [sigma, what] : result.worst) std::cout << fmt::format("  {:+.1f} sigma  {}\n", sigma, what);
  }
  std::cout << fmt::format("network{} and theory {}: {}\n", both ? ", mesoscopic model" : "",
                           result.agrees ? "agree" : "DISAGREE", result.reason);
}

/// The same for a model whose input varies in time.
int run_transient(const Options& options, const ModelFile& file, const Invocation& invocation) {
  const auto& model = file.model;
  if (!options.theory_set.empty() || !options.settings.mesoscopic) {
    throw InputError(
        "compare: a stimulus of this model varies in time, or it has no stable state, so that network and mesoscopic "
        "model "
        "are compared over time; allowed here: no --theory-set and no --no-mesoscopic");
  }
  const Interruption interruption;
  comparison::TransientComparison result;
  {
    ProgressBar bar("compare", neuron_steps(model) * static_cast<double>(model.spectrum.trials), "neuron-steps",
                    options.run.quiet);
    const Execution execution{options.run.threads, interruption.token(),
                              [&](double fraction) { bar.update(fraction); }};
    result = comparison::compare_transient(model, options.settings.false_alarm, execution);
  }
  ordered_json table{{"model", model.name},
                     {"verdict", result.agrees ? "agree" : "disagree"},
                     {"reason", result.reason},
                     {"trials", result.trials},
                     {"trials_wanted", result.trials_wanted},
                     {"threshold_sigma", result.threshold}};
  const auto worst = [](const std::vector<double>& deviations) {
    double largest = 0.0;
    for (const double value : deviations) largest = std::max(largest, std::abs(value));
    return largest;
  };
  const auto root_mean_square = [](const std::vector<double>& deviations) {
    double sum = 0.0;
    for (const double value : deviations) sum += value * value;
    return deviations.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(deviations.size()));
  };
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    table["populations"].push_back({{"name", result.populations[k]},
                                    {"size", result.sizes[k]},
                                    {"mean_worst_sigma", worst(result.mean_deviation[k])},
                                    {"mean_rms_sigma", root_mean_square(result.mean_deviation[k])},
                                    {"sd_worst_sigma", worst(result.spread_deviation[k])},
                                    {"sd_rms_sigma", root_mean_square(result.spread_deviation[k])}});
  }
  options.run.print(
      file, table,
      [&] {
        for (std::size_t k = 0; k < result.populations.size(); ++k) {
          std::cout << fmt::format(
              "{}, population '{}', N = {}: {} trials; mesoscopic model against network, {} times\n", model.name,
              result.populations[k], result.sizes[k], result.trials, result.time.size());
          std::cout << fmt::format("  mean               {:.2f} sigma (root mean square), {:.1f} at most\n",
                                   root_mean_square(result.mean_deviation[k]), worst(result.mean_deviation[k]));
          std::cout << fmt::format("  standard deviation {:.2f} sigma (root mean square), {:.1f} at most\n",
                                   root_mean_square(result.spread_deviation[k]), worst(result.spread_deviation[k]));
        }
        std::cout << fmt::format("network and mesoscopic model {}: {}\n", result.agrees ? "agree" : "DISAGREE",
                                 result.reason);
      },
      true);
  options.run.save(comparison::to_dataset(result, model.time_unit), file, "network, mesoscopic model and mean field",
                   invocation);
  if (interruption.happened() && result.trials < result.trials_wanted) return interrupted;
  return result.agrees ? done : says_no;
}

int run(const Options& options, const Invocation& invocation) {
  auto overrides = options.model.overrides();
  if (options.trials) overrides.push_back(fmt::format("spectrum.trials={}", *options.trials));
  if (options.duration) overrides.push_back(fmt::format("simulation.duration={}", *options.duration));
  if (options.resolution) overrides.push_back(fmt::format("spectrum.resolution={}", *options.resolution));
  const auto file = options.model.read(options.run, overrides);
  const auto& model = file.model;
  std::optional<io::ModelFile> other;
  if (!options.theory_set.empty()) {
    for (const auto& entry : options.theory_set) {
      if (options.settings.time_step_kernel || !entry.starts_with("simulation.time_step")) continue;
      throw InputError("--theory-set " + entry +
                       ": theory is that of continuous time; allowed: together with --time-step-kernel");
    }
    overrides.insert(overrides.end(), options.theory_set.begin(), options.theory_set.end());
    other = io::read_model(options.model.path, overrides);
    auto& step = other->model.simulation.time_step;
    if (step == 0.0) step = model.simulation.time_step;
  }
  if (!options.run.output.empty()) io::require_writable(options.run.output);
  if (options.settings.mesoscopic) note_small_ensembles(model, options.run.quiet);
  if (comparison::needs_transient(model)) return run_transient(options, file, invocation);

  const Interruption interruption;
  comparison::Comparison result;
  {
    ProgressBar bar("compare", neuron_steps(model) * static_cast<double>(model.spectrum.trials), "neuron-steps",
                    options.run.quiet);
    const Execution execution{options.run.threads, interruption.token(),
                              [&](double fraction) { bar.update(fraction); }};
    result = other ? comparison::compare(model, other->model, options.settings, execution)
                   : comparison::compare(model, options.settings, execution);
  }
  options.run.print(
      file, tabulate(model, result), [&] { print(model, result); }, true);
  if (result.trials > 0) {
    options.run.save(comparison::to_dataset(result, model.time_unit), file, "network, mesoscopic model and theory",
                     invocation);
  }
  if (interruption.happened() && result.trials < result.trials_wanted) return interrupted;
  return result.agrees ? done : says_no;
}

}  // namespace

void add_compare(CLI::App& app, const Invocation& invocation, int& exit_code) {
  auto* command = app.add_subcommand(
      "compare", "network, mesoscopic model and theory on one axis, with error bars; exit code 1 when they disagree");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, "spectra, bands and verdict");
  command->add_option("--trials", options->trials,
                      "number of independent simulations; the same as --set spectrum.trials=N");
  command->add_option("--duration", options->duration,
                      "recorded time of each; the same as --set simulation.duration=T");
  command->add_option("--resolution", options->resolution,
                      "bandwidth of the estimate; the same as --set spectrum.resolution=F");
  command
      ->add_option(
          "--theory-set", options->theory_set,
          "change a value for the theory only, KEY=VALUE, to see that a wrong theory is found out (may be repeated)")
      ->allow_extra_args(false);
  static const std::map<std::string, comparison::At> places{{"finite", comparison::At::finite},
                                                            {"infinite", comparison::At::infinite}};
  static const std::map<std::string, theory::Noise> noises{{"shot", theory::Noise::shot},
                                                           {"white", theory::Noise::white}};
  command
      ->add_option("--at", options->settings.at,
                   "where theory is evaluated: 'finite' (r_N, the default) or 'infinite' (r*)")
      ->transform(CLI::CheckedTransformer(places));
  command->add_option("--noise", options->settings.noise, "'shot' (the default) or 'white' (r/N in place of S0)")
      ->transform(CLI::CheckedTransformer(noises));
  command->add_flag("--time-step-kernel", options->settings.time_step_kernel,
                    "judge by the theory of the simulation's time step in place of continuous time");
  command->add_flag("!--no-mesoscopic", options->settings.mesoscopic, "leave the mesoscopic model out");
  command
      ->add_option("--false-alarm", options->settings.false_alarm,
                   "probability of calling a right theory wrong, over the whole table (default: 0.001)")
      ->check(CLI::Range(1e-12, 0.5));
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
