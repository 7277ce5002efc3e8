// popshot spectrum: the theory of the spectra.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <map>
#include <memory>

#include "common.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/sample.hpp"

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

ordered_json tabulate(const model::Model& model, const theory::ShotNoise& theory,
                      const mean_field::OperatingPoint& point) {
  ordered_json table{{"model", model.name},
                     {"convention", "two-sided power spectral density of the activity, unit 1/" + model.time_unit},
                     {"frequency", theory.total.frequency}};
  const auto names = comparison::output_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    table["populations"].push_back({{"name", names[k]},
                                    {"rate", point.rate(static_cast<Eigen::Index>(k))},
                                    {"psd_total", theory.total.power(k)},
                                    {"psd_uncoupled", theory.uncoupled.power(k)},
                                    {"psd_induced", theory.induced.power(k)}});
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

void print(const model::Model& model, const theory::ShotNoise& theory) {
  constexpr std::size_t rows = 20;
  const auto all = outputs(model);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto total = theory.total.power(k);
    const auto uncoupled = theory.uncoupled.power(k);
    const auto induced = theory.induced.power(k);
    std::cout << fmt::format("{}, N = {}; two-sided power spectral density, 1/{}\n", all[k].name,
                             output_size(model, all[k]), model.time_unit);
    std::cout << fmt::format("{:>12} {:>12} {:>12} {:>12}\n", "frequency", "total", "uncoupled", "induced");
    const std::size_t count = total.size();
    const std::size_t shown = std::min(rows, count);
    for (std::size_t row = 0; row < shown; ++row) {
      const std::size_t i = shown == 1 ? 0 : row * (count - 1) / (shown - 1);
      std::cout << fmt::format("{:>12.4g} {:>12.4e} {:>12.4e} {:>12.4e}\n", theory.total.frequency[i], total[i],
                               uncoupled[i], induced[i]);
    }
    const auto peak = static_cast<std::size_t>(std::max_element(total.begin(), total.end()) - total.begin());
    std::cout << fmt::format("largest total: {:.4e} at frequency {:.4g}\n\n", total[peak],
                             theory.total.frequency[peak]);
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
      std::cout << fmt::format("{} and {}: largest coherence {:.4f} at frequency {:.4g}, phase {:+.3f}\n", names[k],
                               names[l], largest, theory.total.frequency[place], std::arg(cross));
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
  auto point = mean_field::selected_state(model, mean_field::StateUse::theory).point;
  if (options.at == comparison::At::finite) {
    model::require_memory(model);
    point =
        network::operating_point(model, network::draw_sample(model, 0, {.threads = options.run.threads}), point, step);
  }
  theory::Options theory_options{.time_step = step};
  if (options.noise == Noise::white) theory_options.noise = theory::Noise::white;
  if (options.noise == Noise::spectral || options.noise == Noise::markovian) {
    theory_options.uncoupled = mesoscopic::noise_density(
        model, point,
        options.noise == Noise::spectral ? model::MesoscopicNoise::spectral : model::MesoscopicNoise::markovian);
  }
  const auto theory = comparison::output_spectra(
      model,
      theory::shot_noise(model, point, comparison::curve_frequencies(model.spectrum, options.points), theory_options));
  point = comparison::output_point(model, point);
  options.run.save(comparison::to_dataset(theory, point, comparison::output_names(model), model.time_unit), file,
                   "theory", invocation);
  options.run.print(file, tabulate(model, theory, point), [&] {
    print(model, theory);
    print_pairs(model, theory);
  });
  return done;
}

}  // namespace

void add_spectrum(CLI::App& app, const Invocation& invocation, int& exit_code) {
  auto* command =
      app.add_subcommand("spectrum", "theory: uncoupled, coupling-induced and total power spectral densities");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, "all curves and cross-spectra");
  static const std::map<std::string, comparison::At> places{{"finite", comparison::At::finite},
                                                            {"infinite", comparison::At::infinite}};
  static const std::map<std::string, Noise> noises{
      {"shot", Noise::shot}, {"white", Noise::white}, {"spectral", Noise::spectral}, {"markovian", Noise::markovian}};
  command
      ->add_option("--at", options->at,
                   "state: 'infinite' (mean field, the default) or 'finite' (operating point of the sample of trial 0)")
      ->transform(CLI::CheckedTransformer(places));
  command
      ->add_option("--noise", options->noise,
                   "'shot' (the default; also that of the mesoscopic ensemble), 'white' (r/N), or as the mesoscopic "
                   "level makes it: 'spectral', 'markovian'")
      ->transform(CLI::CheckedTransformer(noises));
  command->add_flag("--time-step-kernel", options->time_step_kernel,
                    "the theory of the simulation's time step in place of continuous time");
  command->add_option("--points", options->points, "number of frequencies (default: 600)")
      ->check(CLI::Range(2UL, 1000000UL));
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
