// popshot spectrum: the theory of the spectra.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/comparison/resonances.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
#include "popshot/mean_field/delay_modes.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/sample.hpp"
#include "popshot/theory/second_order.hpp"
#include "popshot/theory/spectra.hpp"
#include "units.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

/// shot and white: of theory; spectral, markovian: as a mesoscopic model makes it.
enum class Noise { shot, white, spectral, markovian };

struct Options {
  ModelOptions model;
  RunOptions run;
  comparison::At at = comparison::At::infinite;
  Noise noise = Noise::shot;
  bool time_step_kernel = false;
  std::size_t points = 600;
};

/// The ranges in which linear theory ends, for one output.
std::vector<theory::BeyondLinear> ends(const theory::ShotNoise& theory, const Spectrum& second, std::size_t k) {
  return theory::linear_theory_ends(theory.total.frequency, theory.total.power(k), second.power(k));
}

/// Adds what is known of the second order to the table of `tabulate`.
void tabulate_second_order(ordered_json& table, const theory::ShotNoise& theory, const std::optional<Spectrum>& second,
                           const RateUnit& unit) {
  for (std::size_t k = 0; k < table["populations"].size(); ++k) {
    auto& row = table["populations"][k];
    row["psd_second_order"] = second ? ordered_json(scaled(second->power(k), unit)) : ordered_json();
    row["linear_theory_ends"] = second ? ordered_json::array() : ordered_json();
    if (!second) continue;
    for (const auto& range : ends(theory, *second, k)) {
      row["linear_theory_ends"].push_back({{"low", unit.factor * range.low},
                                           {"high", unit.factor * range.high},
                                           {"largest", range.largest},
                                           {"at", unit.factor * range.at}});
    }
  }
}

/// The line that says where linear theory ends for one output.
std::string second_order_text(const theory::ShotNoise& theory, const std::optional<Spectrum>& second, std::size_t k,
                              const std::string& time_unit) {
  if (!second) return "second order: not known with Gaussian noise in the neurons";
  const auto ranges = ends(theory, *second, k);
  if (ranges.empty()) return "second order (estimate): nowhere more than 10 % of linear theory";
  constexpr std::size_t most = 3;
  std::string text = "second order (estimate): more than 10 % of linear theory";
  for (std::size_t i = 0; i < std::min(most, ranges.size()); ++i) {
    const auto& range = ranges[i];
    text += i == 0 ? " " : "; ";
    const double factor = rate_unit(time_unit).factor;
    text += range.low == theory.total.frequency.front()
                ? fmt::format("below {}", rate_text(range.high, time_unit, 3))
                : fmt::format("in {:.3g} .. {}", factor * range.low, rate_text(range.high, time_unit, 3));
    text += fmt::format(", up to {:.2g} times at {}", range.largest, rate_text(range.at, time_unit, 3));
  }
  if (ranges.size() > most) text += fmt::format("; {} more ranges", ranges.size() - most);
  return text;
}

/// What the command shows.
struct Result {
  theory::ShotNoise theory;                                  ///< of the outputs
  mean_field::OperatingPoint point;                          ///< of the outputs
  std::vector<std::optional<theory::Resonance>> resonances;  ///< of the outputs
  std::vector<std::complex<double>> eigenvalues;
  std::vector<bool> delay_modes;
  std::optional<Spectrum> second_order;  ///< of the outputs; nothing where it is not known
};

ordered_json tabulate(const model::Model& model, const Result& result) {
  const auto& theory = result.theory;
  const auto unit = rate_unit(model.time_unit);
  ordered_json table{{"model", model.name},
                     {"convention", "two-sided power spectral density of the activity, unit " + unit.name},
                     {"rate_unit", unit.name},
                     {"frequency", scaled(theory.total.frequency, unit)}};
  const auto names = comparison::output_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    table["populations"].push_back({{"name", names[k]},
                                    {"rate", unit.factor * result.point.rate(static_cast<Eigen::Index>(k))},
                                    {"resonance", resonance_table(result.resonances[k], model.time_unit)},
                                    {"psd_total", scaled(theory.total.power(k), unit)},
                                    {"psd_uncoupled", scaled(theory.uncoupled.power(k), unit)},
                                    {"psd_induced", scaled(theory.induced.power(k), unit)}});
  }
  table["cross"] = ordered_json::array();
  for (std::size_t k = 0; k < names.size(); ++k) {
    for (std::size_t l = k + 1; l < names.size(); ++l) {
      std::vector<double> coherence;
      std::vector<double> phase;
      for (const auto& density : theory.total.density) {
        coherence.push_back(comparison::coherence(density, k, l));
        phase.push_back(std::arg(density(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(l))));
      }
      table["cross"].push_back({{"first", names[k]}, {"second", names[l]}, {"coherence", coherence}, {"phase", phase}});
    }
  }
  return table;
}

void print(const model::Model& model, const Result& result) {
  constexpr std::size_t rows = 20;
  const auto& theory = result.theory;
  const auto unit = rate_unit(model.time_unit);
  const auto all = outputs(model);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto total = scaled(theory.total.power(k), unit);
    const auto uncoupled = scaled(theory.uncoupled.power(k), unit);
    const auto induced = scaled(theory.induced.power(k), unit);
    std::cout << fmt::format("{}, N = {}; two-sided power spectral density, {}\n", all[k].name,
                             output_size(model, all[k]), unit.name);
    std::cout << fmt::format("{:>14} {:>12} {:>12} {:>12}\n", fmt::format("frequency/{}", unit.name), "total",
                             "uncoupled", "induced");
    const std::size_t count = total.size();
    const std::size_t shown = std::min(rows, count);
    std::vector<std::size_t> places;
    std::vector<double> frequency;
    for (std::size_t row = 0; row < shown; ++row) {
      places.push_back(shown == 1 ? 0 : row * (count - 1) / (shown - 1));
      frequency.push_back(unit.factor * theory.total.frequency[places.back()]);
    }
    const auto labels = told_apart(frequency, 4);
    for (std::size_t row = 0; row < shown; ++row) {
      const std::size_t i = places[row];
      std::cout << fmt::format("{:>14} {:>12.4e} {:>12.4e} {:>12.4e}\n", labels[row], total[i], uncoupled[i],
                               induced[i]);
    }
    const auto peak = static_cast<std::size_t>(std::max_element(total.begin(), total.end()) - total.begin());
    std::cout << resonance_text(result.resonances[k], model.spectrum, model.time_unit) << '\n';
    if (!result.resonances[k] || total[peak] > 1.001 * unit.factor * result.resonances[k]->power) {
      std::cout << fmt::format("largest total at the frequencies shown: {:.4e}, at {}\n", total[peak],
                               rate_text(theory.total.frequency[peak], model.time_unit));
    }
    std::cout << second_order_text(theory, result.second_order, k, model.time_unit) << "\n\n";
  }
}

/// The largest coherence of every pair of outputs.
void print_pairs(const model::Model& model, const theory::ShotNoise& theory) {
  const auto names = comparison::output_names(model);
  constexpr std::size_t most_pairs = 28;
  std::size_t printed = 0;
  for (std::size_t k = 0; k < names.size(); ++k) {
    for (std::size_t l = k + 1; l < names.size(); ++l) {
      if (++printed > most_pairs) continue;
      double largest = 0.0;
      std::size_t place = 0;
      for (std::size_t i = 0; i < theory.total.size(); ++i) {
        const auto coherence = comparison::coherence(theory.total.density[i], k, l);
        if (coherence > largest) {
          largest = coherence;
          place = i;
        }
      }
      const auto cross = theory.total.density[place](static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(l));
      std::cout << fmt::format("{} and {}: largest coherence {:.4f} at {}, phase {:+.3f}\n", names[k], names[l],
                               largest, rate_text(theory.total.frequency[place], model.time_unit), std::arg(cross));
    }
  }
  if (printed > most_pairs) {
    std::cout << fmt::format("{} more pairs: see --json or the file of -o\n", printed - most_pairs);
  }
}

int run(const Options& options, const Invocation& invocation) {
  const auto file = options.model.read(options.run);
  const auto& model = file.model;
  if (!is_stationary(model)) {
    throw InputError(
        "stimulus: spectra need a stationary input, but a stimulus of this model varies in time; allowed: constant "
        "and random currents");
  }
  if (!options.run.output.empty()) io::require_writable(options.run.output);
  const double step = options.time_step_kernel ? model.simulation.time_step : 0.0;
  ProgressBar bar("spectrum", 0.0, "", options.run.quiet);
  const auto execution = options.run.execution(bar);
  execution.begin({.name = "searching stationary states"});
  const auto state = mean_field::selected_state(model, execution.stop, mean_field::StateUse::theory);
  auto point = state.point;
  Result result;
  result.eigenvalues = state.eigenvalues;
  if (options.at == comparison::At::finite) {
    model::require_memory(model);
    execution.begin({.name = "drawing the sample"});
    const auto sample = network::draw_sample(model, 0, execution);
    execution.begin({.name = "operating point of the sample"});
    point = network::operating_point(model, sample, point, step, execution.stop);
    result.eigenvalues = mean_field::eigenvalues(model, point);
  }
  result.delay_modes = mean_field::delay_modes(model, point, result.eigenvalues);
  execution.begin({.name = "theory"});
  theory::Options theory_options{.time_step = step, .stop = execution.stop};
  if (options.noise == Noise::white) theory_options.noise = theory::Noise::white;
  if (options.noise == Noise::spectral || options.noise == Noise::markovian) {
    theory_options.uncoupled = mesoscopic::noise_density(
        model, point,
        options.noise == Noise::spectral ? model::MesoscopicNoise::spectral : model::MesoscopicNoise::markovian,
        execution.stop);
  }
  const auto frequency = comparison::curve_frequencies(model.spectrum, options.points);
  const auto with_peaks = theory::with_peaks(frequency, result.eigenvalues);
  const theory::Spectra spectra(model, point, theory_options, with_peaks.back());
  result.theory = comparison::output_spectra(model, theory::shot_noise(spectra, frequency));
  result.resonances = comparison::resonances(model, spectra, with_peaks);
  execution.begin({.name = "second order"});
  result.second_order = theory::second_order(model, point, frequency, theory_options);
  if (result.second_order) {
    result.second_order =
        comparison::output_spectrum(comparison::output_matrix(model), std::move(*result.second_order));
  }
  result.point = comparison::output_point(model, point);
  auto data = comparison::to_dataset(result.theory, result.point, comparison::output_names(model), model.time_unit);
  comparison::add_resonances(data, result.resonances, model.time_unit);
  comparison::add_modes(data, result.eigenvalues, result.delay_modes, model.time_unit);
  if (result.second_order) comparison::add_second_order(data, *result.second_order, model.time_unit);
  options.run.save(std::move(data), file, "theory", invocation);
  auto table = tabulate(model, result);
  tabulate_second_order(table, result.theory, result.second_order, rate_unit(model.time_unit));
  options.run.print(file, std::move(table), [&] {
    print(model, result);
    print_pairs(model, result.theory);
  });
  return done;
}

}  // namespace

void add_spectrum(CLI::App& app, const Invocation& invocation, int& exit_code) {
  auto* command =
      app.add_subcommand("spectrum", "theory: uncoupled, coupling-induced and total power spectral densities");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, invocation, "all curves and cross-spectra");
  take_words<comparison::At>(
      *command->add_option("--at", options->at,
                           "state: 'infinite' (mean field, the default) or 'finite' (operating point of the sample of "
                           "trial 0)"),
      {{"finite", comparison::At::finite}, {"infinite", comparison::At::infinite}});
  take_words<Noise>(
      *command->add_option("--noise", options->noise,
                           "'shot' (the default; also that of the mesoscopic ensemble), 'white' (r/N), "
                           "or as the mesoscopic level makes it: 'spectral', 'markovian'"),
      {{"shot", Noise::shot}, {"white", Noise::white}, {"spectral", Noise::spectral}, {"markovian", Noise::markovian}});
  command->add_flag("--time-step-kernel", options->time_step_kernel,
                    "the theory of the simulation's time step in place of continuous time");
  command->add_option("--points", options->points, "number of frequencies (default: 600)")
      ->check(CLI::Range(2UL, 1000000UL).description("2 .. 1000000"));
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
