// popshot noise-model: the Markovian shot noise of a model as coefficients that other simulators can use.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
  std::size_t states = mesoscopic::MarkovianSettings{}.largest_order;
};

constexpr std::size_t most_states = 64;
constexpr std::size_t bands = 12;
/// Bands with less than this part of the largest density say nothing about a simulation: they are shown, not judged.
constexpr double judged_share = 1e-3;

/// An error of a fitted spectrum and where it is.
struct Error {
  double value = 0.0;
  std::string place;

  void consider(double other, const std::string& where) {
    if (!(other <= value)) *this = {other, where};
  }
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

/// Noise models of all populations at a stationary state, with the spectra that they give and those of the theory.
class Fit {
 public:
  Fit(const model::Model& model, const mean_field::OperatingPoint& point, const mesoscopic::MarkovianSettings& settings,
      const std::stop_token& stop)
      : unit_(model.time_unit), settings_(settings) {
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      throw_if_stopped(stop);
      noise_.push_back(
          mesoscopic::markovian_model(model.populations[k], point.input(static_cast<Eigen::Index>(k)), settings));
    }
    const auto of_fit = [&](const std::vector<double>& frequency) {
      return theory::shot_noise(
          model, point, frequency,
          {.uncoupled = [&](std::size_t k, double f) { return noise_[k].density(f); }, .stop = stop});
    };
    const double low = settings.frequency_min * 2.0 / 3.0;
    constexpr std::size_t points = 2000;
    std::vector<double> even;
    for (std::size_t i = 0; i < points; ++i) {
      even.push_back(low + (settings.frequency_max - low) * (static_cast<double>(i) + 0.5) / points);
    }
    whole_ = {theory::shot_noise(model, point, even, {.stop = stop}), of_fit(even)};
    std::vector<double> in_bands;
    for (std::size_t i = 0; i < bands * per_band; ++i)
      in_bands.push_back(edge((static_cast<double>(i) + 0.5) / per_band));
    banded_ = {theory::shot_noise(model, point, in_bands, {.stop = stop}), of_fit(in_bands)};
  }

  [[nodiscard]] const mesoscopic::MarkovianModel& noise(std::size_t k) const { return noise_[k]; }
  [[nodiscard]] std::size_t largest_order() const {
    std::size_t order = 0;
    for (const auto& noise : noise_) order = std::max(order, noise.order());
    return order;
  }
  [[nodiscard]] bool same_orders(const Fit& other) const {
    return std::equal(noise_.begin(), noise_.end(), other.noise_.begin(), other.noise_.end(),
                      [](const auto& a, const auto& b) { return a.order() == b.order(); });
  }

  /// Integral of the error over the range, relative to the spectrum's.
  [[nodiscard]] double uncoupled_error(std::size_t k) const {
    return relative_error(whole_.fitted.uncoupled.power(k), whole_.exact.uncoupled.power(k));
  }
  [[nodiscard]] double coupled_error(std::size_t k) const {
    return relative_error(whole_.fitted.total.power(k), whole_.exact.total.power(k));
  }

  /// The largest of all errors of population k that are judged.
  [[nodiscard]] Error judged(std::size_t k) const {
    Error error;
    error.consider(uncoupled_error(k), "uncoupled");
    error.consider(coupled_error(k), "coupled");
    const auto consider = [&](const Spectrum& fitted, const Spectrum& exact, const char* what) {
      for (const auto& band : band_errors(fitted, exact, k)) {
        if (band.judged) {
          error.consider(band.error, fmt::format("{}, {:.3g} .. {:.3g} /{}", what, band.low, band.high, unit_));
        }
      }
    };
    consider(banded_.fitted.uncoupled, banded_.exact.uncoupled, "uncoupled");
    consider(banded_.fitted.total, banded_.exact.total, "coupled");
    return error;
  }

  /// The same of all populations.
  [[nodiscard]] double worst() const {
    double error = 0.0;
    for (std::size_t k = 0; k < noise_.size(); ++k) error = std::max(error, judged(k).value);
    return error;
  }

  /// The bands with their errors, uncoupled and coupled.
  [[nodiscard]] ordered_json band_table(std::size_t k) const {
    const auto uncoupled = band_errors(banded_.fitted.uncoupled, banded_.exact.uncoupled, k);
    const auto coupled = band_errors(banded_.fitted.total, banded_.exact.total, k);
    ordered_json table = ordered_json::array();
    for (std::size_t b = 0; b < bands; ++b) {
      table.push_back({{"low", uncoupled[b].low},
                       {"high", uncoupled[b].high},
                       {"error_uncoupled", uncoupled[b].error},
                       {"judged_uncoupled", uncoupled[b].judged},
                       {"error_coupled", coupled[b].error},
                       {"judged_coupled", coupled[b].judged}});
    }
    return table;
  }

 private:
  static constexpr std::size_t per_band = 128;
  struct Pair {
    theory::ShotNoise exact;
    theory::ShotNoise fitted;
  };
  struct Band {
    double low;
    double high;
    double error;
    bool judged;
  };

  /// The frequency after so many bands, equal in log f.
  [[nodiscard]] double edge(double band) const {
    return settings_.frequency_min * std::pow(settings_.frequency_max / settings_.frequency_min, band / bands);
  }

  [[nodiscard]] std::vector<Band> band_errors(const Spectrum& fitted, const Spectrum& exact, std::size_t k) const {
    const auto a = fitted.power(k);
    const auto b = exact.power(k);
    const double peak = *std::max_element(b.begin(), b.end());
    std::vector<Band> result;
    for (std::size_t band = 0; band < bands; ++band) {
      double of_fit = 0.0;
      double of_theory = 0.0;
      double width = 0.0;
      for (std::size_t i = band * per_band; i < (band + 1) * per_band; ++i) {
        const double f = exact.frequency[i];  // df = f d(log f)
        of_fit += a[i] * f;
        of_theory += b[i] * f;
        width += f;
      }
      const auto place = static_cast<double>(band);
      result.push_back({edge(place), edge(place + 1.0), std::abs(of_fit / of_theory - 1.0),
                        of_theory / width > judged_share * peak});
    }
    return result;
  }

  std::string unit_;
  mesoscopic::MarkovianSettings settings_;
  std::vector<mesoscopic::MarkovianModel> noise_;
  Pair whole_;   ///< on an even grid from 2/3 of the lowest frequency on
  Pair banded_;  ///< on a grid that is even in log f
};

/// The noise models with the fewest states of which all judged errors are within the tolerance; else the best found.
Fit best_fit(const model::Model& model, const mean_field::OperatingPoint& point, mesoscopic::MarkovianSettings settings,
             const std::stop_token& stop) {
  const double tolerance = settings.tolerance;
  Fit best(model, point, settings, stop);
  // Coupling may amplify what the uncoupled spectra lack.
  for (int attempt = 0; attempt < 4 && best.worst() > tolerance; ++attempt) {
    settings.tolerance /= 2.0;
    Fit finer(model, point, settings, stop);
    if (finer.same_orders(best)) break;
    if (finer.worst() < best.worst()) best = std::move(finer);
  }
  return best;
}

ordered_json describe(const model::Model& model, const mean_field::StationaryState& state,
                      const mesoscopic::MarkovianSettings& settings, const std::stop_token& stop) {
  const auto& point = state.point;
  const Fit fit = best_fit(model, point, settings, stop);
  ordered_json populations = ordered_json::array();
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    throw_if_stopped(stop);
    const auto& population = model.populations[k];
    const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
    const auto index = static_cast<Eigen::Index>(k);
    const auto& noise = fit.noise(k);
    const Error judged = fit.judged(k);
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
                       {"psd_error_uncoupled", fit.uncoupled_error(k)},
                       {"psd_error_coupled", fit.coupled_error(k)},
                       {"judged_error", judged.value},
                       {"judged_error_of", judged.place},
                       {"bands", fit.band_table(k)},
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

/// The random stimuli; the constant ones are in `constant_current` of the populations.
ordered_json random_stimuli(const model::Model& model) {
  ordered_json table = ordered_json::array();
  for (const auto& stimulus : model.stimuli) {
    if (!is_random(stimulus)) continue;
    ordered_json entry;
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      if (receives(model, k, stimulus)) entry["to"].push_back(model.populations[k].name);
    }
    if (const auto* white = std::get_if<model::WhiteNoiseCurrent>(&stimulus.current)) {
      entry["kind"] = "white";
      entry["power"] = white->power;
    } else {
      const auto& ou = std::get<model::OrnsteinUhlenbeckCurrent>(stimulus.current);
      entry["kind"] = "ornstein-uhlenbeck";
      entry["standard_deviation"] = ou.standard_deviation;
      entry["correlation_time"] = ou.correlation_time;
    }
    table.push_back(std::move(entry));
  }
  return table;
}

ordered_json tabulate(const model::Model& model, std::size_t states, const Invocation& invocation,
                      const Execution& execution) {
  execution.begin({.name = "searching stationary states"});
  const auto state = mean_field::selected_state(model, execution.stop, mean_field::StateUse::theory);
  execution.begin({.name = "fitting the noise"});
  auto settings = mesoscopic::markovian_settings(model);
  settings.largest_order = states;
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
        "projection; on the right side also the currents of `stimuli`, white or Ornstein-Uhlenbeck noise, each the "
        "same for all populations in its `to`",
        "activity of the population: r + chi"}},
      {"convention",
       "two-sided power spectral density of chi: |direct + sum_i (c_i/(s - lambda_i) + conj)/2|^2 at s = 2 "
       "pi i f (poles with pole_imag = 0: c_i/(s - lambda_i))"},
      {"frequency_range", {settings.frequency_min, settings.frequency_max}},
      {"tolerance", settings.tolerance}};
  table["largest_order"] = states;
  table["populations"] = describe(model, state, settings, execution.stop);
  table["within_tolerance"] = std::all_of(table["populations"].begin(), table["populations"].end(), [&](const auto& p) {
    return p["judged_error"].template get<double>() <= settings.tolerance;
  });
  table["projections"] = ordered_json::array();
  for (const auto& projection : model.projections) {
    table["projections"].push_back({{"from", model.populations[projection.from].name},
                                    {"to", model.populations[projection.to].name},
                                    {"weight", projection.weight},
                                    {"delay", projection.delay},
                                    {"synapse_rise", projection.synapse.rise},
                                    {"synapse_decay", projection.synapse.decay}});
  }
  table["stimuli"] = random_stimuli(model);
  return table;
}

/// What helps where the tolerance is not reached, tried before it is said.
void print_advice(const Options& options, const model::Model& model, const ordered_json& table) {
  const Error* worst = nullptr;
  std::vector<Error> errors;
  for (const auto& entry : table["populations"]) {
    errors.push_back({entry["judged_error"].get<double>(), entry["judged_error_of"].get<std::string>()});
  }
  for (const auto& error : errors) {
    if (worst == nullptr || error.value > worst->value) worst = &error;
  }
  std::string more;
  if (options.states < most_states) {
    auto settings = mesoscopic::markovian_settings(model);
    settings.largest_order = most_states;
    const Fit fit =
        best_fit(model, mean_field::selected_state(model, {}, mean_field::StateUse::theory).point, settings, {});
    if (fit.worst() <= settings.tolerance) more = fmt::format("--states {}, ", fit.largest_order());
  }
  const bool band = worst->place.find("..") != std::string::npos;
  std::cout << fmt::format(
      "the tolerance {:g} is not reached{}; what helps: {}{}--tolerance {:.2g}\n", model.mesoscopic.tolerance,
      more.empty() ? fmt::format(", nor with {} states", most_states) : "", more,
      band ? fmt::format("a spectrum.frequency_range without the worst band ({}), ", worst->place) : "",
      1.05 * worst->value);
}

int run(const Options& options, const Invocation& invocation) {
  auto overrides = options.model.overrides();
  if (options.tolerance) overrides.push_back(fmt::format("mesoscopic.tolerance={}", *options.tolerance));
  const auto file = options.model.read(options.run, overrides);
  const auto& model = file.model;
  if (!is_stationary(model)) {
    throw InputError(
        "stimulus: the noise model is that of a stationary state, but a stimulus of this model varies in time; "
        "allowed: constant and random currents");
  }
  if (!options.run.output.empty()) io::require_writable(options.run.output);
  ProgressBar bar("noise-model", 0.0, "", options.run.quiet);
  const auto table = tabulate(model, options.states, invocation, options.run.execution(bar));
  options.run.interruption->enter({.name = "writing the result", .keeps = true});
  if (!options.run.output.empty()) io::write_text(options.run.output, table.dump(2) + "\n");
  const bool good = table["within_tolerance"].get<bool>();
  options.run.print(file, table, [&] {
    for (const auto& entry : table["populations"]) {
      std::cout << fmt::format(
          "{}, population '{}': {} real state variables; error of the power spectral density {:.2g} (uncoupled), "
          "{:.2g} (coupled); largest that is judged: {:.2g} ({})\n",
          model.name, entry["name"].get<std::string>(), entry["order"].get<int>(),
          entry["psd_error_uncoupled"].get<double>(), entry["psd_error_coupled"].get<double>(),
          entry["judged_error"].get<double>(), entry["judged_error_of"].get<std::string>());
    }
    if (!good) print_advice(options, model, table);
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
                      "largest error of the power spectral densities, uncoupled and coupled, in all and in bands; the "
                      "same as --set mesoscopic.tolerance=X");
  command
      ->add_option(
          "--states", options->states,
          fmt::format("largest number of real state variables of a population, 4 to {} (default: 32)", most_states))
      ->check(CLI::Range(std::size_t{4}, most_states).description(fmt::format("4 .. {}", most_states)));
  command->callback([options, &invocation, &exit_code] { exit_code = run(*options, invocation); });
}

}  // namespace popshot::cli
