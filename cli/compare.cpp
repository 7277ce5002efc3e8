// popshot compare: the finite network and the theory on one axis, with error bars and a verdict.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>

#include "common.hpp"
#include "describe.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/resonances.hpp"
#include "popshot/comparison/start_up.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
#include "run_time.hpp"
#include "units.hpp"

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

/// The verdict and what it rests on, of any comparison.
template <class Compared>
ordered_json tabulate_verdict(const model::Model& model, const Compared& result) {
  const auto& judgement = result.judgement;
  return {{"model", model.name},
          {"rate_unit", rate_unit(model.time_unit).name},
          {"verdict", comparison::verdict_name(judgement.verdict)},
          {"reason", judgement.reason},
          {"p_value", judgement.p_value},
          {"comparisons", judgement.comparisons},
          {"threshold_sigma", judgement.threshold},
          {"detectable_factor",
           {{"total", number(judgement.detectable_total)}, {"band", number(judgement.detectable_band)}}},
          {"trials", result.trials},
          {"trials_wanted", result.trials_wanted},
          {"trials_needed", judgement.trials_needed},
          {"notes", result.notes}};
}

ordered_json tabulate_bands(const comparison::Comparison& result, const std::vector<comparison::RatioComparison>& bands,
                            const RateUnit& unit) {
  ordered_json list = ordered_json::array();
  for (std::size_t b = 0; b < bands.size(); ++b) {
    list.push_back({{"low", unit.factor * result.bands[b].low},
                    {"high", unit.factor * result.bands[b].high},
                    {"ratio", bands[b].ratio.value},
                    {"error", bands[b].ratio.error},
                    {"sigma", bands[b].deviation}});
  }
  return list;
}

/// One level of population k against theory.
ordered_json tabulate_level(const comparison::Comparison& result, const comparison::Level& level, std::size_t k,
                            const RateUnit& unit) {
  const auto& rate = level.rate[k];
  const auto& variance = level.variance[k];
  return {
      {"mean_rate",
       {{"simulated", unit.factor * rate.simulated.value},
        {"theory", unit.factor * rate.theory},
        {"difference", unit.factor * rate.difference.value},
        {"error", unit.factor * rate.difference.error},
        {"sigma", rate.deviation}}},
      {"variance", {{"ratio", variance.ratio.value}, {"error", variance.ratio.error}, {"sigma", variance.deviation}}},
      {"skewness", {{"value", level.skewness[k].value}, {"error", level.skewness[k].error}}},
      {"bands", tabulate_bands(result, level.band[k], unit)}};
}

/// Cross-spectra: `a` is the level, `b` what it is compared with.
ordered_json tabulate_pair(const comparison::Comparison& result, const comparison::Pair& pair, const RateUnit& unit) {
  ordered_json list = ordered_json::array();
  for (std::size_t b = 0; b < pair.band.size(); ++b) {
    const auto& one = pair.band[b];
    list.push_back({{"low", unit.factor * result.bands[b].low},
                    {"high", unit.factor * result.bands[b].high},
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
  const RateUnit unit = rate_unit(model.time_unit);
  ordered_json table = tabulate_verdict(model, result);
  table["populations"] = ordered_json::array();
  if (result.trials == 0) return table;
  const auto resonances = comparison::resonances(result.theory.total);
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    ordered_json entry{{"name", result.populations[k]},
                       {"size", result.sizes[k]},
                       {"mesoscopic_is_network", result.itself[k] != 0},
                       {"resonance", resonance_table(resonances[k], model.time_unit)}};
    if (result.network) entry.update(tabulate_level(result, *result.network, k, unit));
    if (result.mesoscopic) entry["mesoscopic"] = tabulate_level(result, *result.mesoscopic, k, unit);
    if (result.network && result.mesoscopic) {
      auto& levels = entry["mesoscopic_against_network"];
      levels["bands"] = tabulate_bands(result, result.levels.band[k], unit);
      levels["mean_rate"] = {{"difference", unit.factor * result.levels.rate[k].value},
                             {"error", unit.factor * result.levels.rate[k].error},
                             {"sigma", result.levels.rate_deviation[k]}};
      levels["skewness_sigma"] = result.levels.skewness_deviation[k];
      levels["autocorrelation_worst_sigma"] = result.levels.autocorrelation_deviation[k];
    }
    table["populations"].push_back(std::move(entry));
  }
  table["worst"] = ordered_json::array();
  for (const auto& [sigma, what] : result.worst) table["worst"].push_back({{"sigma", sigma}, {"what", what}});
  table["cross"] = ordered_json::array();
  const auto& pairs = result.first_level().pair;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    ordered_json entry{{"first", result.populations[pairs[p].first]}, {"second", result.populations[pairs[p].second]}};
    if (result.network) entry["bands"] = tabulate_pair(result, result.network->pair[p], unit);
    if (result.mesoscopic) entry["mesoscopic"]["bands"] = tabulate_pair(result, result.mesoscopic->pair[p], unit);
    if (result.network && result.mesoscopic) {
      entry["mesoscopic_against_network"]["bands"] = tabulate_pair(result, result.levels.pair[p], unit);
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
void print_pair(const comparison::Comparison& result, const std::vector<BandLabel>& labels, std::size_t p) {
  const auto& pair = result.first_level().pair[p];
  std::cout << fmt::format(
      "populations '{}' and '{}': coherence and phase of the cross-spectrum (deviation in sigma is the "
      "larger of its two parts')\n",
      result.populations[pair.first], result.populations[pair.second]);
  const int wide = static_cast<int>(labels.front().text.size());
  std::cout << fmt::format("{:>{}}   {:>8} {:>7}{}{}\n", "band", wide, "theory", "",
                           result.network ? fmt::format("   {:^34}", "network") : "",
                           result.mesoscopic ? fmt::format("   {:^34}", "mesoscopic") : "");
  const auto level = [&](const comparison::CrossBand& band) {
    const double worst = std::abs(band.real_deviation) > std::abs(band.imaginary_deviation) ? band.real_deviation
                                                                                            : band.imaginary_deviation;
    return fmt::format("   {:>5.3f}+-{:<5.3f} {:>+5.2f}+-{:<5.2f} {:>+5.1f}{}", band.coherence_a, band.coherence_error,
                       band.phase_a, band.phase_error, worst, std::abs(worst) > result.judgement.threshold ? "<" : " ");
  };
  for (std::size_t b = 0; b < pair.band.size(); ++b) {
    std::cout << fmt::format("{:>{}}   {:>8.3f} {:>+7.2f}", labels[b].text, wide, pair.band[b].coherence_b,
                             pair.band[b].phase_b)
              << (result.network ? level(result.network->pair[p].band[b]) : std::string())
              << (result.mesoscopic ? level(result.mesoscopic->pair[p].band[b]) : std::string()) << '\n';
  }
  std::cout << '\n';
}

void print_notes(const std::vector<std::string>& notes) {
  for (const auto& note : notes) std::cout << "note: " << note << '\n';
}

void print_population(const model::Model& model, const comparison::Comparison& result,
                      const std::vector<BandLabel>& labels, std::size_t k) {
  const double threshold = result.judgement.threshold;
  const bool both = result.network && result.mesoscopic;
  const bool itself = result.itself[k] != 0;
  std::cout << fmt::format(
      "{}, population '{}', N = {}: {} trials of {:g} {}; ratio, its error, deviation in sigma{}\n", model.name,
      result.populations[k], result.sizes[k], result.trials, model.simulation.duration, model.time_unit,
      itself && both ? "; its mesoscopic model is the network itself, not judged" : "");
  const int wide = std::max(static_cast<int>(labels.front().text.size()),
                            static_cast<int>(fmt::formatted_size("band ({})", rate_unit(model.time_unit).name)));
  std::cout << fmt::format("{:>{}}{}{}{}\n", fmt::format("band ({})", rate_unit(model.time_unit).name), wide,
                           result.network ? fmt::format("   {:^23}", "network / theory") : "",
                           result.mesoscopic ? fmt::format("   {:^23}", "mesoscopic / theory") : "",
                           both ? fmt::format("   {:^23}", "mesoscopic / network") : "");
  const auto row = [&](const std::string& label, auto&& network, auto&& mesoscopic, auto&& levels) {
    std::cout << fmt::format("{:>{}}", label, wide);
    if (result.network) std::cout << "   " << ratio_text(network(*result.network), threshold);
    if (result.mesoscopic) std::cout << "   " << ratio_text(mesoscopic(*result.mesoscopic), threshold);
    std::cout << levels() << '\n';
  };
  for (std::size_t b = 0; b < result.bands.size(); ++b) {
    const auto of = [&](const comparison::Level& level) { return level.band[k][b]; };
    row(labels[b].text, of, of,
        [&] { return both ? "   " + ratio_text(result.levels.band[k][b], threshold) : std::string(); });
  }
  const auto variance = [&](const comparison::Level& level) { return level.variance[k]; };
  row("variance", variance, variance, [] { return std::string(); });
  const double factor = rate_unit(model.time_unit).factor;
  const auto rate = [&](const std::string& name, const comparison::RateComparison& r) {
    std::cout << fmt::format(
        "mean rate, {:<10} {:.6f}, theory {:.6f} {}: difference {:+.1e} +- {:.1e} ({:+.1f} "
        "sigma)\n",
        name, factor * r.simulated.value, factor * r.theory, rate_unit_text(model.time_unit),
        factor * r.difference.value, factor * r.difference.error, r.deviation);
  };
  if (result.network) rate("network", result.network->rate[k]);
  if (result.mesoscopic) rate("mesoscopic", result.mesoscopic->rate[k]);
  if (both) {
    std::cout << fmt::format(
        "skewness: network {:+.4f} +- {:.4f}, mesoscopic {:+.4f} +- {:.4f} ({:+.1f} sigma); "
        "autocorrelation: mesoscopic and network differ by {:+.1f} sigma at most (not judged)\n",
        result.network->skewness[k].value, result.network->skewness[k].error, result.mesoscopic->skewness[k].value,
        result.mesoscopic->skewness[k].error, result.levels.skewness_deviation[k],
        result.levels.autocorrelation_deviation[k]);
  }
  std::cout << '\n';
}

void print(const model::Model& model, const comparison::Comparison& result) {
  const auto& judgement = result.judgement;
  if (result.trials > 0) {
    const auto labels = band_labels(result.bands, rate_unit(model.time_unit));
    for (std::size_t k = 0; k < result.populations.size(); ++k) print_population(model, result, labels, k);
    constexpr std::size_t most_pairs = 6;
    const std::size_t pairs = result.first_level().pair.size();
    for (std::size_t p = 0; p < std::min(most_pairs, pairs); ++p) print_pair(result, labels, p);
    if (pairs > most_pairs) {
      std::cout << fmt::format("{} more pairs of populations: see --json or the file of -o\n\n", pairs - most_pairs);
    }
  }
  if (!result.worst.empty()) {
    std::cout << fmt::format("largest of {} deviations, worst first (beyond {:.2f} sigma they count):\n",
                             judgement.comparisons, judgement.threshold);
    for (const auto& [sigma, what] : result.worst) std::cout << fmt::format("  {:+.1f} sigma  {}\n", sigma, what);
  }
  print_notes(result.notes);
  std::cout << fmt::format("{}: {}: {}\n", result.trials > 0 ? result.levels_in_words() : "network and theory",
                           verdict_text(judgement.verdict), judgement.reason);
}

double worst(const std::vector<double>& deviations) {
  double largest = 0.0;
  for (const double value : deviations) largest = std::max(largest, std::abs(value));
  return largest;
}

double root_mean_square(const std::vector<double>& deviations) {
  double sum = 0.0;
  for (const double value : deviations) sum += value * value;
  return deviations.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(deviations.size()));
}

/// What of the command's own is not in the model: as attributes of the file.
void add_settings(Dataset& data, const Options& options, const std::optional<io::ModelFile>& theorised) {
  const auto& settings = options.settings;
  data.attributes.emplace_back("false_alarm", settings.false_alarm);
  data.attributes.emplace_back("theory_at", std::string(settings.at == comparison::At::finite ? "finite" : "infinite"));
  data.attributes.emplace_back("theory_noise", std::string(settings.noise == theory::Noise::shot ? "shot" : "white"));
  data.attributes.emplace_back("theory_time_step_kernel", static_cast<std::int64_t>(settings.time_step_kernel ? 1 : 0));
  if (theorised) data.attributes.emplace_back("theory_model_text", theorised->text);
}

/// The same for a model whose input varies in time.
int run_transient(const Options& options, const ModelFile& file, const Invocation& invocation) {
  const auto& model = file.model;
  if (!options.theory_set.empty() || !options.settings.mesoscopic || !options.settings.network) {
    throw InputError(
        "compare: a stimulus of this model varies in time, or it has no stable state, so that network and mesoscopic "
        "model are compared over time; allowed here: no --theory-set, no --no-mesoscopic and no --no-network");
  }
  note_run_time(model,
                {.mesoscopic = true, .mean_field = true, .trials = static_cast<std::size_t>(model.spectrum.trials)},
                options.run);
  const Interruption& interruption = *options.run.interruption;
  comparison::TransientComparison result;
  {
    ProgressBar bar("compare", neuron_steps(model) * static_cast<double>(model.spectrum.trials), "neuron-steps",
                    options.run.quiet);
    const auto execution = options.run.execution(bar);
    result = comparison::compare_transient(model, options.settings.false_alarm, execution);
  }
  ordered_json table = tabulate_verdict(model, result);
  for (std::size_t k = 0; k < result.populations.size(); ++k) {
    table["populations"].push_back({{"name", result.populations[k]},
                                    {"size", result.sizes[k]},
                                    {"mesoscopic_is_network", result.itself[k] != 0},
                                    {"mean_total_sigma", result.total_mean_deviation[k]},
                                    {"variance_total_sigma", result.total_spread_deviation[k]},
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
          const auto line = [](const char* name, double together, const std::vector<double>& deviations) {
            std::cout << fmt::format(
                "  {:<18} {:+.1f} sigma all times together; {:.2f} root mean square, {:.1f} at most\n", name, together,
                root_mean_square(deviations), worst(deviations));
          };
          line("mean", result.total_mean_deviation[k], result.mean_deviation[k]);
          line("variance", result.total_spread_deviation[k], result.spread_deviation[k]);
        }
        print_notes(result.notes);
        std::cout << fmt::format("network and mesoscopic model: {}: {}\n", verdict_text(result.judgement.verdict),
                                 result.judgement.reason);
      },
      true);
  options.run.save(comparison::to_dataset(result, model.time_unit), file, "network, mesoscopic model and mean field",
                   invocation);
  if (interruption.happened() && result.trials < result.trials_wanted) return interruption.exit_code();
  return exit_code_of(result.judgement.verdict);
}

bool needs_transient(const RunOptions& run, const model::Model& model) {
  ProgressBar bar("compare", 0.0, "", run.quiet);
  const auto execution = run.execution(bar);
  execution.begin({.name = "searching stationary states"});
  return comparison::needs_transient(model, execution.stop);
}

/// Whether the start will be remembered, before the run; where the search for states is quick.
void note_start_up(const RunOptions& run, const model::Model& model) {
  constexpr std::size_t most_populations = 4;
  if (run.quiet || model.populations.size() > most_populations) return;
  const auto state = mean_field::selected_state(model, run.interruption->token());
  if (const auto note = comparison::start_up_note(model, state)) std::cerr << "note: " << *note << '\n';
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
    if (file.defaults) other->model = theory::with_defaults(std::move(other->model), *file.defaults);
    auto& step = other->model.simulation.time_step;
    if (step == 0.0) step = model.simulation.time_step;
  }
  if (!options.run.output.empty()) io::require_writable(options.run.output);
  if (options.settings.mesoscopic) note_small_ensembles(model, options.run.quiet);
  if (needs_transient(options.run, model)) return run_transient(options, file, invocation);
  note_start_up(options.run, model);
  note_run_time(model,
                {.network = options.settings.network,
                 .mesoscopic = options.settings.mesoscopic,
                 .theory = true,
                 .trials = static_cast<std::size_t>(model.spectrum.trials)},
                options.run);

  const Interruption& interruption = *options.run.interruption;
  comparison::Comparison result;
  {
    ProgressBar bar("compare", neuron_steps(model) * static_cast<double>(model.spectrum.trials), "neuron-steps",
                    options.run.quiet);
    const auto execution = options.run.execution(bar);
    result = other ? comparison::compare(model, other->model, options.settings, execution)
                   : comparison::compare(model, options.settings, execution);
  }
  options.run.print(
      file, tabulate(model, result), [&] { print(model, result); }, true);
  if (result.trials > 0) {
    Dataset data = comparison::to_dataset(result, model.time_unit);
    add_settings(data, options, other);
    options.run.save(std::move(data), file, result.levels_in_words(), invocation);
  }
  if (interruption.happened() && result.trials < result.trials_wanted) return interruption.exit_code();
  return exit_code_of(result.judgement.verdict);
}

}  // namespace

void add_compare(CLI::App& app, const Invocation& invocation, int& exit_code) {
  auto* command = app.add_subcommand(
      "compare",
      "network, mesoscopic model and theory on one axis, with error bars and a verdict: exit code 0 they agree, 1 they "
      "disagree, 4 the runs are too few to tell");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, invocation, "spectra, bands and verdict");
  command->add_option("--trials", options->trials,
                      "number of independent simulations; the same as --set spectrum.trials=N");
  command->add_option(
      "--duration", options->duration,
      "recorded time of each (default: chosen from the model); the same as --set simulation.duration=T");
  command->add_option(
      "--resolution", options->resolution,
      "bandwidth of the estimate (default: chosen from the model); the same as --set spectrum.resolution=F");
  command
      ->add_option(
          "--theory-set", options->theory_set,
          "change a value for the theory only, KEY=VALUE, to see that a wrong theory is found out (may be repeated)")
      ->allow_extra_args(false);
  take_words<comparison::At>(
      *command->add_option("--at", options->settings.at,
                           "where theory is evaluated: 'finite' (r_N, the default) or 'infinite' (r*)"),
      {{"finite", comparison::At::finite}, {"infinite", comparison::At::infinite}});
  take_words<theory::Noise>(
      *command->add_option("--noise", options->settings.noise, "'shot' (the default) or 'white' (r/N in place of S0)"),
      {{"shot", theory::Noise::shot}, {"white", theory::Noise::white}});
  command->add_flag("--time-step-kernel", options->settings.time_step_kernel,
                    "judge by the theory of the simulation's time step in place of continuous time");
  command->add_flag_callback(
      "--no-mesoscopic", [options] { options->settings.mesoscopic = false; }, "leave the mesoscopic model out");
  command->add_flag_callback(
      "--no-network", [options] { options->settings.network = false; },
      "leave the network out: mesoscopic model against theory, for any N");
  command
      ->add_option("--false-alarm", options->settings.false_alarm,
                   "probability of calling a right theory wrong, over the whole table (default: 0.001)")
      ->check(CLI::Range(1e-12, 0.5).description("1e-12 .. 0.5"));
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
