// Units of results: Hz where the time unit is ms or s, and what must not depend on them.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <set>
#include <string>

#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/outputs.hpp"
#include "popshot/comparison/resonances.hpp"
#include "popshot/comparison/switching.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

using testing_support::figure1;

const std::vector<double>& doubles(const Dataset& data, const std::string& name) {
  return std::get<std::vector<double>>(data.find(name)->values);
}

std::string text(const Dataset& data, const std::string& name) {
  for (const auto& [known, value] : data.attributes) {
    if (known == name) return std::get<std::string>(value);
  }
  return "missing";
}

/// The three datasets hold the same: in Hz, 1000 and 1 times what is in 1/tau, those of `in_hertz` among it; everything
/// else is equal.
void expect_scaled(const Dataset& tau, const Dataset& ms, const Dataset& s, const std::set<std::string>& in_hertz) {
  EXPECT_EQ(text(tau, "rate_unit"), "1/tau");
  EXPECT_EQ(text(ms, "rate_unit"), "Hz");
  EXPECT_EQ(text(s, "rate_unit"), "Hz");
  EXPECT_EQ(text(ms, "time_unit"), "ms");
  ASSERT_EQ(tau.variables.size(), ms.variables.size());
  std::set<std::string> found;
  for (std::size_t i = 0; i < tau.variables.size(); ++i) {
    const auto& name = tau.variables[i].name;
    SCOPED_TRACE(name);
    EXPECT_EQ(tau.variables[i].units == "1/tau", ms.variables[i].units == "Hz");
    if (ms.variables[i].units == "Hz") {
      found.insert(name);
      EXPECT_EQ(tau.variables[i].units, "1/tau");
      EXPECT_EQ(s.variables[i].units, "Hz");
      const auto& values = doubles(tau, name);
      for (std::size_t j = 0; j < values.size(); ++j) {
        if (std::isnan(values[j])) continue;
        EXPECT_DOUBLE_EQ(doubles(ms, name)[j], 1000.0 * values[j]);
        EXPECT_EQ(doubles(s, name)[j], values[j]);
      }
    } else if (std::holds_alternative<std::vector<double>>(tau.variables[i].values)) {
      EXPECT_EQ(ms.variables[i].units.find("ms") == std::string::npos,
                tau.variables[i].units.find("tau") == std::string::npos);
      for (std::size_t j = 0; j < doubles(tau, name).size(); ++j) {
        const double value = doubles(tau, name)[j];
        if (!std::isnan(value)) {
          EXPECT_EQ(doubles(ms, name)[j], value);
        }
      }
    }
  }
  for (const auto& name : in_hertz) EXPECT_TRUE(found.contains(name)) << name;
}

TEST(UnitsOfResults, OfASimulationAreHertzForRatesAndTheModelsOwnForTimes) {
  Activity activity;
  activity.interval = 0.5;
  activity.rate = {{0.02, 0.03, 0.04}};
  const auto of = [&](const std::string& unit) { return to_dataset(activity, {"e"}, unit); };
  expect_scaled(of("tau"), of("ms"), of("s"), {"rate"});
  EXPECT_NEAR(doubles(of("ms"), "rate")[0], 20.0, 1e-12);
  EXPECT_EQ(of("ms").find("time")->units, "ms");
}

TEST(UnitsOfResults, OfASpectrumAreHertzWithTheVarianceInHertzSquared) {
  const auto model = figure1();
  const auto point = mean_field::selected_state(model).point;
  const auto frequency = curve_frequencies(model.spectrum, 400);
  const auto theory = theory::shot_noise(model, point, frequency);
  const auto of = [&](const std::string& unit) {
    auto data = to_dataset(theory, point, {"qif"}, unit);
    add_resonances(data, resonances(theory.total), unit);
    return data;
  };
  expect_scaled(of("tau"), of("ms"), of("s"),
                {"frequency", "psd_total", "psd_uncoupled", "psd_induced", "cross_real", "cross_imag", "rate",
                 "resonance_frequency", "resonance_width", "resonance_power"});
  // The integral over frequency is the variance of the rate.
  const auto variance = [&](const std::string& unit) {
    const auto data = of(unit);
    const auto& f = doubles(data, "frequency");
    const auto& power = doubles(data, "psd_total");
    double sum = 0.0;
    for (std::size_t i = 1; i < f.size(); ++i) sum += (f[i] - f[i - 1]) * (power[i] + power[i - 1]);  // both sides
    return sum;
  };
  EXPECT_NEAR(variance("ms") / (1e6 * variance("tau")), 1.0, 1e-12);
}

TEST(UnitsOfResults, OfAComparisonAreHertzForRatesFrequenciesAndDensities) {
  auto model = figure1(500);
  model.simulation.duration = 60.0;
  model.mesoscopic.ensemble_size = 64;  // so that the mesoscopic level is not the network itself
  model.spectrum.trials = 3;
  const auto result = compare(model, Settings{});
  std::set<std::string> in_hertz{"frequency",       "psd_total",          "psd_uncoupled",       "psd_induced",
                                 "cross_real",      "cross_imag",         "resonance_frequency", "resonance_width",
                                 "resonance_power", "estimate_frequency", "theory_windowed",     "band_low",
                                 "band_high",       "rate_theory"};
  for (const std::string level : {"", "mesoscopic_"}) {
    for (const std::string name :
         {"estimate_psd", "estimate_psd_error", "estimate_cross_real", "estimate_cross_imag", "rate", "rate_error"}) {
      in_hertz.insert(level + name);
    }
  }
  expect_scaled(to_dataset(result, "tau"), to_dataset(result, "ms"), to_dataset(result, "s"), in_hertz);
}

TEST(UnitsOfResults, OfTransientsAreHertzForMeansAndDeviations) {
  TransientComparison result;
  result.populations = {"e"};
  result.sizes = {100};
  result.trials = 4;
  result.trials_wanted = 4;
  result.time = {0.5, 1.5};
  result.mean_field = {{0.01, 0.02}};
  TrialBand band{{0.01, 0.02}, {0.001, 0.001}, {0.002, 0.002}, {0.008, 0.018}, {0.012, 0.022}};
  result.network = {band};
  result.mesoscopic = {band};
  result.mean_deviation = {{0.5, -0.5}};
  result.spread_deviation = {{0.5, -0.5}};
  std::set<std::string> in_hertz{"mean_field"};
  for (const std::string level : {"network", "mesoscopic"}) {
    for (const std::string name : {"_mean", "_mean_error", "_sd", "_low", "_high"}) in_hertz.insert(level + name);
  }
  expect_scaled(to_dataset(result, "tau"), to_dataset(result, "ms"), to_dataset(result, "s"), in_hertz);
}

TEST(UnitsOfResults, OfSwitchingAreTheModelsOwnForTimesAndHertzForTheRatesOfTheStates) {
  Switching result;
  result.sizes = {100};
  result.rate = {0.01, 0.02, 0.05};
  result.levels.push_back({"network", {{residence(4, 80.0), residence(2, 100.0)}}, {}});
  const auto of = [&](const std::string& unit) { return to_dataset(result, unit); };
  expect_scaled(of("tau"), of("ms"), of("s"), {});
  EXPECT_EQ(of("ms").find("residence_time")->units, "ms");
  for (const auto& [name, value] : of("ms").attributes) {
    if (name == "rate_saddle") {
      EXPECT_DOUBLE_EQ(std::get<double>(value), 20.0);
    }
  }
}

TEST(ResonancesOfOutputs, AreThoseOfTheirTotalSpectra) {
  auto model = figure1();
  model.subpopulations = {{"part", 0, 1000}};
  model = model::split_subpopulations(model);
  const auto state = mean_field::selected_state(model);
  const auto frequency = theory::with_peaks(curve_frequencies(model.spectrum), state.eigenvalues);
  const theory::Spectra spectra(model, state.point);
  const auto found = resonances(model, spectra, frequency);
  ASSERT_EQ(found.size(), 2U);
  // Of the damped mode -0.177 +- 4.52 i: resonance 0.719, half-width 0.028.
  ASSERT_TRUE(found[0].has_value());
  const auto& mode = state.eigenvalues.at(0);
  ASSERT_GT(mode.imag(), 0.0);
  const double of_mode = std::abs(mode.real()) / 3.14159265358979;
  EXPECT_NEAR(found[0]->frequency, mode.imag() / (2.0 * 3.14159265358979), 0.05 * of_mode + 0.004);
  EXPECT_NEAR(found[0]->width() / of_mode, 1.0, 0.1);
  // That of the curve alone is the same to the interpolation's error.
  const auto curves = output_spectra(model, theory::shot_noise(spectra, curve_frequencies(model.spectrum)));
  const auto of_curve = resonances(curves.total);
  for (std::size_t k = 0; k < 2; ++k) {
    ASSERT_TRUE(found[k].has_value() && of_curve[k].has_value());
    EXPECT_NEAR(of_curve[k]->frequency, found[k]->frequency, 0.01 * found[k]->width());
    EXPECT_NEAR(of_curve[k]->width() / found[k]->width(), 1.0, 0.02);
  }
}

}  // namespace
}  // namespace popshot::comparison
