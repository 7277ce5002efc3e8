// popshot noise-model: the Markovian shot noise of a model as coefficients that other simulators can use.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>

#include "common.hpp"
#include "popshot/comparison/compare.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
#include "popshot/io/text_file.hpp"
#include "popshot/mesoscopic/markovian_noise.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  RunOptions run;
  std::optional<double> tolerance;
};

/// Integral of |a - b| over that of b, on an even grid.
double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::abs(a[i] - b[i]);
    total += b[i];
  }
  return difference / total;
}

ordered_json describe(const model::Model& model, const mean_field::StationaryState& state, const Execution& execution) {
  const auto& point = state.point;
  const auto settings = mesoscopic::markovian_settings(model);
  constexpr std::size_t points = 2000;
  std::vector<double> frequency;
  const double low = settings.frequency_min * 2.0 / 3.0;
  for (std::size_t i = 0; i < points; ++i) {
    frequency.push_back(low + (settings.frequency_max - low) * (static_cast<double>(i) + 0.5) / points);
  }
  execution.begin({.name = "fitting the noise"});
  const auto density = mesoscopic::noise_density(model, point, model::MesoscopicNoise::markovian, execution.stop);
  execution.begin({.name = "theory"});
  const auto exact = theory::shot_noise(model, point, frequency, {.stop = execution.stop});
  const auto fitted = theory::shot_noise(model, point, frequency, {.uncoupled = density, .stop = execution.stop});
  execution.begin({.name = "fitting the noise"});
  ordered_json populations = ordered_json::array();
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    throw_if_stopped(execution.stop);
    const auto& population = model.populations[k];
    const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
    const auto index = static_cast<Eigen::Index>(k);
    const auto noise = mesoscopic::markovian_model(population, point.input(index), settings);
    ordered_json entry{{"name", population.name},
                       {"size", population.size},
                       {"tau", population.tau},
                       {"center", g.center},
                       {"half_width", g.half_width},
                       {"constant_current", constant_current(model, k)},
                       {"rate", point.rate(index)},
                       {"voltage", state.voltage(index)},
                       {"order", noise.order()},
                       {"psd_error", noise.error},
                       {"largest_band_error", noise.band_error},
                       {"psd_error_uncoupled", relative_error(fitted.uncoupled.power(k), exact.uncoupled.power(k))},
                       {"psd_error_coupled", relative_error(fitted.total.power(k), exact.total.power(k))},
                       {"direct", noise.direct}};
    for (std::size_t i = 0; i < noise.pole.size(); ++i) {
      entry["pole_real"].push_back(noise.pole[i].real());
      entry["pole_imag"].push_back(noise.pole[i].imag());
      entry["coefficient_real"].push_back(noise.coefficient[i].real());
      entry["coefficient_imag"].push_back(noise.coefficient[i].imag());
    }
    populations.push_back(std::move(entry));
  }
  return populations;
}

ordered_json tabulate(const model::Model& model, const Invocation& invocation, const Execution& execution) {
  execution.begin({.name = "searching stationary states"});
  const auto state = mean_field::selected_state(model, execution.stop);
  const auto settings = mesoscopic::markovian_settings(model);
  ordered_json table{
      {"model", model.name},
      {"source", "Popshot " POPSHOT_VERSION},
      {"command", invocation.command},
      {"time_unit", model.time_unit},
      {"equations",
       {"dz_i/dt = lambda_i z_i + xi(t), lambda_i = pole_real[i] + i pole_imag[i], z_i complex, xi real and white with "
        "<xi(t) xi(u)> = delta(t - u), the same for all i of a population, independent between populations",
        "chi(t) = sum_i Re(c_i z_i) + direct xi(t), c_i = coefficient_real[i] + i coefficient_imag[i]",
        "tau x' = x^2 + center + i half_width + constant_current + tau sum_l weight_kl (r_l + chi_l), x = v + i pi tau "
        "r; r_l + chi_l behind the delay and the synapse 1/((1 + s synapse_rise)(1 + s synapse_decay)) of the "
        "projection",
        "activity of the population: r + chi"}},
      {"convention",
       "two-sided power spectral density of chi: |direct + sum_i (c_i/(s - lambda_i) + conj)/2|^2 at s = 2 "
       "pi i f (poles with pole_imag = 0: c_i/(s - lambda_i))"},
      {"frequency_range", {settings.frequency_min, settings.frequency_max}},
      {"tolerance", settings.tolerance}};
  table["populations"] = describe(model, state, execution);
  table["projections"] = ordered_json::array();
  for (const auto& projection : model.projections) {
    table["projections"].push_back({{"from", model.populations[projection.from].name},
                                    {"to", model.populations[projection.to].name},
                                    {"weight", projection.weight},
                                    {"delay", projection.delay},
                                    {"synapse_rise", projection.synapse.rise},
                                    {"synapse_decay", projection.synapse.decay}});
  }
  return table;
}

int run(const Options& options, const Invocation& invocation) {
  auto overrides = options.model.overrides();
  if (options.tolerance) overrides.push_back(fmt::format("mesoscopic.tolerance={}", *options.tolerance));
  const auto file = options.model.read(options.run, overrides);
  const auto& model = file.model;
  if (!is_stationary(model)) {
    throw InputError(
        "stimulus: the noise model is that of a stationary state, but a stimulus of this model varies in time; "
        "allowed: "
        "constant currents");
  }
  if (!options.run.output.empty()) io::require_writable(options.run.output);
  ProgressBar bar("noise-model", 0.0, "", options.run.quiet);
  const auto table = tabulate(model, invocation, options.run.execution(bar));
  options.run.interruption->enter({.name = "writing the result", .keeps = true});
  if (!options.run.output.empty()) io::write_text(options.run.output, table.dump(2) + "\n");
  bool good = true;
  for (const auto& entry : table["populations"]) {
    good = good && entry["psd_error"].get<double>() <= model.mesoscopic.tolerance;
  }
  options.run.print(file, table, [&] {
    for (const auto& entry : table["populations"]) {
      std::cout << fmt::format(
          "{}, population '{}': {} real state variables; error of the power spectral density {:.2g} (uncoupled), "
          "{:.2g} "
          "(coupled), at most {:.2g} in a band\n",
          model.name, entry["name"].get<std::string>(), entry["order"].get<int>(), entry["psd_error"].get<double>(),
          entry["psd_error_coupled"].get<double>(), entry["largest_band_error"].get<double>());
    }
    if (!good) std::cout << "32 state variables do not reach the tolerance; allowed: a larger mesoscopic.tolerance\n";
    if (!options.run.output.empty()) std::cout << "wrote " << options.run.output.string() << '\n';
  });
  return good ? done : says_no;
}

}  // namespace

void add_noise_model(CLI::App& app, const Invocation& invocation, int& exit_code) {
  auto* command = app.add_subcommand(
      "noise-model", "shot noise as linear stochastic differential equations: coefficients for other simulators");
  auto options = std::make_shared<Options>();
  options->model.add_to(*command);
  options->run.add_to(*command, invocation, "");
  command->add_option("-o,--output", options->run.output, "write the coefficients to this JSON file (.json)")
      ->check(ends_in({".json"}));
  command->add_option("--tolerance", options->tolerance,
                      "largest error of the power spectral density; the same as --set mesoscopic.tolerance=X");
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
