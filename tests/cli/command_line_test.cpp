// The command line as a user meets it: what it prints, what it writes, how it ends.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "popshot/io/netcdf.hpp"
#include "support/command.hpp"

namespace popshot {
namespace {

namespace fs = std::filesystem;

using testing_support::Folder;
using testing_support::run;
using testing_support::text_of;

/// The attribute of a result; the text "missing" if there is none.
Attribute attribute(const Dataset& data, const std::string& name) {
  for (const auto& [known, value] : data.attributes) {
    if (known == name) return value;
  }
  return std::string("missing");
}

/// The exit code that goes with the verdict of a comparison's table or file.
int code_of(const std::string& verdict) {
  const std::map<std::string, int> codes{{"agree", 0}, {"disagree", 1}, {"inconclusive", 4}};
  const auto found = codes.find(verdict);
  return found == codes.end() ? -2 : found->second;
}

std::string figure1() { return std::string(POPSHOT_MODELS_DIR) + "/klinshov2022_fig1.toml"; }

/// A comparison that ends within a second.
std::string quick() { return figure1() + " --trials 4 --duration 60 --set simulation.transient=0"; }

TEST(CommandLine, CheckTellsStatesAndResonance) {
  const auto result = run("check " + figure1() + " --json");
  ASSERT_EQ(result.code, 0) << result.errors;
  const auto table = nlohmann::json::parse(result.output);
  ASSERT_EQ(table["states"].size(), 1U);
  EXPECT_TRUE(table["states_complete"].get<bool>());
  EXPECT_NEAR(table["states"][0]["rate"][0].get<double>(), 1.015661, 5e-7);
  EXPECT_NEAR(table["states"][0]["resonances"][0].get<double>(), 0.719, 5e-4);
  EXPECT_NE(run("check " + figure1()).output.find("resonance at frequency 0.7190"), std::string::npos);
}

TEST(CommandLine, SimulateWritesActivityWithProvenance) {
  const Folder folder;
  const auto file = folder / "a.nc";
  const auto result =
      run("simulate " + figure1() +
          " --set simulation.duration=2 --set population.raster.count=5 --seed 7 --size qif=500 -o " + file.string());
  ASSERT_EQ(result.code, 0) << result.errors;
  const auto data = io::read_netcdf(file);
  EXPECT_EQ(data.dimension("time"), 50U);
  ASSERT_NE(data.find("rate"), nullptr);
  EXPECT_EQ(data.find("rate")->units, "1/tau");
  EXPECT_EQ(std::get<std::int64_t>(attribute(data, "seed")), 7);
  EXPECT_EQ(std::get<std::string>(attribute(data, "level")), "network");
  EXPECT_NE(std::get<std::string>(attribute(data, "model_text")).find("lorentzian"), std::string::npos);
  EXPECT_NE(std::get<std::string>(attribute(data, "command")).find("--seed 7"), std::string::npos);
}

TEST(CommandLine, TheTimeStepIsChosenAndSaid) {
  const auto table = nlohmann::json::parse(run("check " + figure1() + " --json").output);
  EXPECT_EQ(table["time_step"]["value"].get<double>(), 0.02);
  EXPECT_TRUE(table["time_step"]["auto"].get<bool>());
  EXPECT_EQ(table["time_step"]["limit"].get<std::string>(), "power in the bands");
  EXPECT_NE(run("check " + figure1()).output.find("time step 0.02 tau (auto: limited by power in the bands)"),
            std::string::npos);
  const auto given =
      nlohmann::json::parse(run("check " + figure1() + " --json --set simulation.time_step=0.01").output);
  EXPECT_EQ(given["time_step"]["value"].get<double>(), 0.01);
  EXPECT_FALSE(given["time_step"]["auto"].get<bool>());
  // The number stands in the result.
  const Folder folder;
  ASSERT_EQ(
      run("simulate " + figure1() + " --set simulation.duration=2 --size qif=500 -o " + (folder / "a.nc").string())
          .code,
      0);
  EXPECT_EQ(attribute(io::read_netcdf(folder / "a.nc"), "time_step"), Attribute(0.02));
}

TEST(CommandLine, WhatAModelLeavesOpenIsChosenAndSaid) {
  const Folder folder;
  const auto file = folder / "gamma.toml";
  std::ofstream(file) << R"([model]
name = "gamma"
time_unit = "ms"
[[population]]
name = "E"
size = 400
tau = 15.0
heterogeneity = { kind = "lorentzian", center = 14.0, half_width = 1.0 }
[[population]]
name = "I"
size = 100
tau = 10.0
heterogeneity = { kind = "lorentzian", center = 0.0, half_width = 1.0 }
[coupling]
weights = [[1.0, -10.0], [10.0, -2.0]]
delays = 1.0
synapse = { kind = "exponential", tau = 6.0 }
)";
  const auto text = run("check " + file.string());
  EXPECT_EQ(text.code, 0) << text.errors;
  EXPECT_EQ(text.errors, "");
  EXPECT_NE(text.output.find("resolution "), std::string::npos) << text.output;
  EXPECT_NE(text.output.find("(auto: resonance at 0.04"), std::string::npos) << text.output;
  const auto table =
      nlohmann::json::parse(run("check --json " + file.string() + " --set simulation.duration=400").output);
  EXPECT_EQ(table["run"]["duration"]["value"].get<double>(), 400.0);
  EXPECT_FALSE(table["run"]["duration"]["auto"].get<bool>());
  EXPECT_TRUE(table["run"]["transient"]["auto"].get<bool>());
  EXPECT_GT(table["run"]["frequency_range"]["value"][1].get<double>(), 0.1);
  const auto open = nlohmann::json::parse(run("check --json " + file.string()).output);
  EXPECT_TRUE(open["run"]["duration"]["auto"].get<bool>());
  EXPECT_LT(open["run"]["frequency_range"]["value"][0].get<double>(), 0.02);
  // The numbers stand in the result.
  const auto output = folder / "a.nc";
  ASSERT_EQ(run("simulate " + file.string() + " --set simulation.duration=400 -o " + output.string()).code, 0);
  std::map<std::string, Attribute> attributes;
  for (const auto& [name, value] : io::read_netcdf(output).attributes) attributes[name] = value;
  EXPECT_EQ(std::get<double>(attributes.at("duration")), 400.0);
  EXPECT_EQ(std::get<double>(attributes.at("transient")), table["run"]["transient"]["value"].get<double>());
  EXPECT_EQ(std::get<double>(attributes.at("resolution")), table["run"]["resolution"]["value"].get<double>());
  EXPECT_EQ(std::get<std::string>(attributes.at("chosen")).find("duration"), std::string::npos);
  EXPECT_NE(std::get<std::string>(attributes.at("chosen")).find("transient"), std::string::npos);
  // A range without the resonance is noted.
  const std::string away = file.string() + " --set 'spectrum.frequency_range=[0.3, 12]'";
  EXPECT_NE(run("check " + away).errors.find("note: the resonance at 4"), std::string::npos);
  EXPECT_EQ(run("check " + away + " --quiet").errors, "");
  EXPECT_EQ(run("check " + figure1()).output.find("(auto: resonance"), std::string::npos) << "it gives everything";
}

TEST(CommandLine, AStepThatIsFarTooLongIsNoted) {
  const std::string longer =
      " --set simulation.time_step=0.1 --set simulation.record_interval=0.1 --set 'spectrum.frequency_range=[0.3, 4]'";
  const auto noted = run("check " + figure1() + longer);
  EXPECT_EQ(noted.code, 0);
  EXPECT_NE(noted.errors.find("note: simulation.time_step = 0.1 is too long"), std::string::npos) << noted.errors;
  EXPECT_NE(noted.errors.find("would do"), std::string::npos) << noted.errors;
  EXPECT_EQ(run("check " + figure1() + longer + " --quiet").errors, "");
  EXPECT_EQ(run("check " + figure1() + " --set simulation.time_step=0.02").errors, "");
}

TEST(CommandLine, SeedAndThreadsDecideWhatTheyShould) {
  const std::string base = "simulate " + figure1() + " --json --set simulation.duration=2 --size qif=40000";
  const auto one = run(base + " --threads 1").output;
  EXPECT_EQ(one, run(base + " --threads 2").output);
  EXPECT_NE(one, run(base + " --seed 2").output);
  EXPECT_NE(one, run(base + " --trial 1").output);
}

TEST(CommandLine, MeanFieldAndSpectrum) {
  const Folder folder;
  EXPECT_EQ(run("simulate " + figure1() + " --level mean-field -o " + (folder / "m.nc").string()).code, 0);
  EXPECT_NE(io::read_netcdf(folder / "m.nc").find("voltage"), nullptr);
  const auto spectrum =
      run("spectrum " + figure1() + " --json --points 50 --at finite -o " + (folder / "s.nc").string());
  ASSERT_EQ(spectrum.code, 0) << spectrum.errors;
  const auto table = nlohmann::json::parse(spectrum.output);
  EXPECT_EQ(table["frequency"].size(), 50U);
  EXPECT_EQ(table["populations"][0]["psd_induced"].size(), 50U);
  EXPECT_NE(io::read_netcdf(folder / "s.nc").find("cross_imag"), nullptr);
}

TEST(CommandLine, CompareTellsItsVerdictByTheExitCode) {
  const Folder folder;
  const auto enough =
      run("compare " + figure1() +
          " --trials 8 --duration 300 --set 'spectrum.frequency_range=[0.5, 4]' --set spectrum.bands=5");
  EXPECT_EQ(enough.code, 0) << enough.output << enough.errors;
  EXPECT_NE(enough.output.find("theory: agree: "), std::string::npos) << enough.output;
  EXPECT_NE(enough.output.find("would have been seen"), std::string::npos) << enough.output;
  const auto result = run("compare " + quick() + " -o " + (folder / "c.nc").string());
  EXPECT_EQ(result.code, 4) << result.output << result.errors;
  EXPECT_NE(result.output.find("theory: inconclusive: needs about "), std::string::npos) << result.output;
  const auto data = io::read_netcdf(folder / "c.nc");
  for (const char* name :
       {"psd_total", "psd_uncoupled", "psd_induced", "estimate_psd", "estimate_psd_error", "theory_windowed",
        "band_ratio", "band_ratio_error", "band_deviation", "rate", "rate_theory"}) {
    EXPECT_NE(data.find(name), nullptr) << name;
  }
}

TEST(CommandLine, MesoscopicActivity) {
  const Folder folder;
  const auto file = folder / "m.nc";
  for (const std::string noise : {"ensemble", "spectral", "markovian"}) {
    const auto result = run("simulate " + figure1() + " --level mesoscopic --json --set mesoscopic.noise=" + noise +
                            " --size qif=1000000000 --set simulation.duration=20 -o " + file.string());
    ASSERT_EQ(result.code, 0) << result.errors;
    const auto table = nlohmann::json::parse(result.output);
    EXPECT_NEAR(table["populations"][0]["mean_rate"].get<double>(), 1.0156, 2e-4);
    EXPECT_EQ(io::read_netcdf(file).dimension("time"), 500U);
  }
}

TEST(CommandLine, CompareHasTheMesoscopicModelOrNot) {
  const Folder folder;
  ASSERT_EQ(run("compare " + quick() + " -o " + (folder / "c.nc").string()).code, 4);
  const auto data = io::read_netcdf(folder / "c.nc");
  for (const char* name :
       {"mesoscopic_estimate_psd", "mesoscopic_band_ratio", "levels_band_ratio", "skewness", "mesoscopic_skewness",
        "autocorrelation", "mesoscopic_autocorrelation", "autocorrelation_theory", "variance_ratio"}) {
    EXPECT_NE(data.find(name), nullptr) << name;
  }
  ASSERT_EQ(run("compare " + quick() + " --no-mesoscopic -o " + (folder / "n.nc").string()).code, 4);
  EXPECT_EQ(io::read_netcdf(folder / "n.nc").find("mesoscopic_estimate_psd"), nullptr);
  EXPECT_EQ(attribute(io::read_netcdf(folder / "n.nc"), "level"), Attribute(std::string("network and theory")));
  // The mesoscopic model alone, for as many neurons as one likes.
  ASSERT_EQ(run("compare " + quick() + " --no-network --size qif=100000000 -o " + (folder / "m.nc").string()).code, 4);
  const auto alone = io::read_netcdf(folder / "m.nc");
  EXPECT_EQ(alone.find("estimate_psd"), nullptr);
  EXPECT_NE(alone.find("mesoscopic_estimate_psd"), nullptr);
  EXPECT_EQ(attribute(alone, "level"), Attribute(std::string("mesoscopic model and theory")));
  EXPECT_EQ(run("compare " + quick() + " --no-network --no-mesoscopic").code, 2);
  // Up to 4 x ensemble_size neurons it is the network: said, and not compared.
  const auto same = run("compare " + quick() + " --size qif=2000 --json");
  const auto table = nlohmann::json::parse(same.output);
  EXPECT_TRUE(table["populations"][0]["mesoscopic_is_network"].get<bool>());
  EXPECT_FALSE(table["populations"][0].contains("mesoscopic"));
  EXPECT_NE(table["notes"][0].get<std::string>().find("is the network itself"), std::string::npos);
}

TEST(CommandLine, CompareOfAStimulusThatVariesIsOfTransients) {
  const Folder folder;
  const auto result =
      run("compare " + std::string(POPSHOT_MODELS_DIR) +
          "/montbrio2015_fig2_step.toml --trials 8 --duration 6 --set simulation.time_step=0.005 --json "
          "--set simulation.record_interval=0.1 --set 'spectrum.frequency_range=[0.125, 5]' -o " +
          (folder / "t.nc").string());
  const auto table = nlohmann::json::parse(result.output);
  EXPECT_EQ(result.code, code_of(table["verdict"])) << result.output << result.errors;
  EXPECT_EQ(table["trials"].get<int>(), 8);
  const auto data = io::read_netcdf(folder / "t.nc");
  EXPECT_EQ(attribute(data, "verdict"), Attribute(table["verdict"].get<std::string>()));
  EXPECT_EQ(data.dimension("time"), 60U);
  for (const char* name : {"mean_field", "network_mean", "network_low", "network_high", "mesoscopic_mean",
                           "mesoscopic_sd", "mean_deviation", "spread_deviation"}) {
    EXPECT_NE(data.find(name), nullptr) << name;
  }
}

std::string ready(const std::string& name) { return std::string(POPSHOT_MODELS_DIR) + "/" + name + ".toml"; }

TEST(CommandLine, EveryReadyModelIsDescribed) {
  for (const auto& entry : std::filesystem::directory_iterator(POPSHOT_MODELS_DIR)) {
    if (entry.path().extension() != ".toml") continue;
    const auto result = run("check " + entry.path().string());
    EXPECT_EQ(result.code, 0) << entry.path() << result.errors;
    EXPECT_NE(result.output.find("stationary state"), std::string::npos) << entry.path();
  }
  const auto column = nlohmann::json::parse(run("check " + ready("cortical_column") + " --json").output);
  EXPECT_EQ(column["populations"].size(), 8U);
  EXPECT_EQ(column["projections"][0]["synapse"], "exponential(0.2)");
  const auto gaussian = run("check " + ready("gaussian"));
  EXPECT_NE(gaussian.output.find("gaussian(0.5, sd 1)"), std::string::npos);
}

TEST(CommandLine, CompareHasCrossSpectraOfOutputsAndTheWorstFirst) {
  const Folder folder;
  const auto result = run("compare " + ready("subpopulation") + " --trials 4 --duration 60 --size all=3000 --json -o " +
                          (folder / "c.nc").string());
  const auto table = nlohmann::json::parse(result.output);
  EXPECT_EQ(result.code, code_of(table["verdict"])) << result.output << result.errors;
  ASSERT_EQ(table["populations"].size(), 3U);
  EXPECT_EQ(table["populations"][2]["name"], "seen");
  EXPECT_EQ(table["populations"][0]["size"], 3000);
  ASSERT_EQ(table["cross"].size(), 3U);
  const auto& band = table["cross"][1]["bands"].back();  // all and seen, at high frequencies
  EXPECT_EQ(table["cross"][1]["second"], "seen");
  EXPECT_NEAR(band["coherence_expected"].get<double>(), 500.0 / 3000.0, 0.02);
  EXPECT_TRUE(band.contains("phase_error"));
  ASSERT_EQ(table["worst"].size(), 5U);
  double last = std::abs(table["worst"][0]["sigma"].get<double>());
  // No band of any population deviates more than the first of the worst.
  for (const auto& population : table["populations"]) {
    for (const auto& one : population["bands"]) EXPECT_LE(std::abs(one["sigma"].get<double>()), last) << one;
  }
  for (const auto& one : table["worst"]) {
    EXPECT_LE(std::abs(one["sigma"].get<double>()), last);
    last = std::abs(one["sigma"].get<double>());
  }
  const auto data = io::read_netcdf(folder / "c.nc");
  for (const char* name : {"coherence", "coherence_theory", "mesoscopic_coherence", "phase", "phase_theory"}) {
    EXPECT_NE(data.find(name), nullptr) << name;
  }
}

TEST(CommandLine, SpectrumHasCoherenceAndPhase) {
  const auto result = run("spectrum " + ready("excitatory_inhibitory_synapses") + " --json --points 20");
  ASSERT_EQ(result.code, 0) << result.errors;
  const auto cross = nlohmann::json::parse(result.output)["cross"];
  ASSERT_EQ(cross.size(), 1U);
  EXPECT_EQ(cross[0]["coherence"].size(), 20U);
  EXPECT_NE(run("spectrum " + ready("excitatory_inhibitory_synapses")).output.find("largest coherence"),
            std::string::npos);
}

TEST(CommandLine, SpectrumSaysWhereLinearTheoryEnds) {
  const std::string low = "spectrum " + figure1() + " --points 60 --set 'spectrum.frequency_range=[0.06, 3]'";
  const auto result = run(low + " --json");
  ASSERT_EQ(result.code, 0) << result.errors;
  const auto row = nlohmann::json::parse(result.output)["populations"][0];
  EXPECT_NEAR(row["psd_second_order"][0].get<double>() * 1e8, 1.68, 0.03);  // at f = 0.02
  ASSERT_EQ(row["linear_theory_ends"].size(), 1U);
  EXPECT_NEAR(row["linear_theory_ends"][0]["low"].get<double>(), 0.02, 1e-9);
  EXPECT_NEAR(row["linear_theory_ends"][0]["high"].get<double>(), 0.13, 0.015);
  EXPECT_GT(row["linear_theory_ends"][0]["largest"].get<double>(), 50.0);
  EXPECT_NE(run(low).output.find("second order (estimate): more than 10 % of linear theory below 0.1"),
            std::string::npos);
  EXPECT_NE(run("spectrum " + figure1() + " --points 20 --size qif=1000000").output.find("nowhere more than 10 %"),
            std::string::npos);
}

TEST(CommandLine, NoiseModelWritesCoefficients) {
  const Folder folder;
  const auto result = run("noise-model " + figure1() + " -o " + (folder / "n.json").string());
  ASSERT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.output.find("state variables"), std::string::npos);
  const auto table = nlohmann::json::parse(text_of(folder / "n.json"));
  const auto& population = table["populations"][0];
  EXPECT_LE(population["order"].get<int>(), 32);
  EXPECT_LT(population["psd_error"].get<double>(), 0.01);
  EXPECT_LT(population["psd_error_coupled"].get<double>(), 0.01);
  EXPECT_EQ(population["pole_real"].size(), population["coefficient_imag"].size());
  EXPECT_TRUE(table["within_tolerance"].get<bool>());
  EXPECT_EQ(population["bands"].size(), 12U);
  // A tolerance that 32 states do not reach is a "no", not an error: the file is written, and what helps is said.
  const auto no = run("noise-model " + figure1() + " --tolerance 1e-6 -o " + (folder / "no.json").string());
  EXPECT_EQ(no.code, 1);
  EXPECT_NE(no.output.find("nor with 64 states; what helps: a spectrum.frequency_range"), std::string::npos)
      << no.output;
  EXPECT_FALSE(nlohmann::json::parse(text_of(folder / "no.json"))["within_tolerance"].get<bool>());
  // What is said to help does.
  const auto finer = run("noise-model " + figure1() + " --tolerance 2e-3");
  EXPECT_EQ(finer.code, 1);
  const auto at = finer.output.find("--states ");
  ASSERT_NE(at, std::string::npos) << finer.output;
  const auto words = finer.output.substr(at, finer.output.find(',', at) - at);
  EXPECT_EQ(run("noise-model " + figure1() + " --tolerance 2e-3 " + words).code, 0) << words;
}

TEST(CommandLine, NoiseModelJudgesBandsAndTheCoupledSpectrum) {
  // A bistable population (Schmidt et al. 2018) whose uncoupled error is 1e-4 of the power, but 0.4 in its lowest band.
  const Folder folder;
  std::ofstream(folder / "m.toml") << R"(
[model]
name = "bistable"
[[population]]
name = "e"
size = 10000
tau = 20.0
heterogeneity = { kind = "lorentzian", center = -10.0, half_width = 2.0 }
[[projection]]
from = "e"
to = "e"
weight = 21.213203435596427
[spectrum]
frequency_range = [0.002, 0.2]
)";
  const auto result = run("noise-model " + (folder / "m.toml").string() + " --json");
  const auto table = nlohmann::json::parse(result.output);
  const auto& population = table["populations"][0];
  EXPECT_LT(population["psd_error_uncoupled"].get<double>(), 0.001);
  EXPECT_GT(population["largest_band_error"].get<double>(), 0.1);
  // Judged are just the bands that have a thousandth of the peak.
  double largest =
      std::max(population["psd_error_uncoupled"].get<double>(), population["psd_error_coupled"].get<double>());
  for (const auto& band : population["bands"]) {
    for (const std::string spectrum : {"uncoupled", "coupled"}) {
      if (band["judged_" + spectrum].get<bool>()) {
        largest = std::max(largest, band["error_" + spectrum].get<double>());
      }
    }
  }
  EXPECT_EQ(population["judged_error"].get<double>(), largest);
  EXPECT_EQ(result.code, largest <= 0.01 ? 0 : 1);
}

TEST(CommandLine, SaysHowManyNeuronsTheEnsembleHas) {
  const Folder folder;
  const auto file = folder / "m.nc";
  const std::string words = "simulate " + figure1() + " --level mesoscopic --set simulation.duration=1 -o " +
                            file.string() + " --set mesoscopic.ensemble_size=";
  const auto capped = run(words + "1000");
  ASSERT_EQ(capped.code, 0) << capped.errors;
  const std::string what = "200 representative neurons for the 10000 of 'qif' (at most N/50)";
  EXPECT_NE(capped.output.find(what), std::string::npos) << capped.output;
  EXPECT_EQ(attribute(io::read_netcdf(file), "ensemble"), Attribute(what));
  EXPECT_NE(capped.errors.find("note: mesoscopic.ensemble_size = 1000"), std::string::npos) << capped.errors;
  const auto reached = run(words + "100");
  EXPECT_NE(reached.output.find("100 representative neurons for the 10000 of 'qif'\n"), std::string::npos);
  EXPECT_EQ(reached.errors, "");
  const auto resolved = run(words + "100 --size qif=400");
  EXPECT_NE(resolved.output.find("the 400 neurons of 'qif' as they are"), std::string::npos) << resolved.output;
}

TEST(CommandLine, TheoryHasFrequenciesThatARecordDoesNotResolve) {
  const std::string words =
      figure1() + " --set simulation.record_interval=0.1 --set 'spectrum.frequency_range=[0.3, 20]'";
  const auto spectrum = run("spectrum " + words + " --json --points 10");
  ASSERT_EQ(spectrum.code, 0) << spectrum.errors;
  EXPECT_NEAR(nlohmann::json::parse(spectrum.output)["frequency"].back().get<double>(), 20.0, 1e-9);
  const auto compare = run("compare " + words);
  EXPECT_EQ(compare.code, 2);
  EXPECT_NE(compare.errors.find("Nyquist"), std::string::npos) << compare.errors;
}

TEST(CommandLine, RecordsTheWholeDuration) {
  const auto result =
      run("simulate " + figure1() +
          " --level mean-field --json --set simulation.duration=1.05 --set simulation.record_interval=0.1");
  ASSERT_EQ(result.code, 0) << result.errors;
  EXPECT_NEAR(nlohmann::json::parse(result.output)["recorded_time"].get<double>(), 1.1, 1e-9);
}

TEST(CommandLine, WithoutAStableStateTheoryIsRefusedAndWhatWorksIsSaid) {
  for (const std::string command : {"spectrum ", "noise-model "}) {
    const auto result = run(command + ready("inhibitory_delay_above"));
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.errors.find("'popshot simulate' and, over time, 'popshot compare'"), std::string::npos)
        << result.errors;
    EXPECT_EQ(result.errors.find("start"), std::string::npos) << "its start is set already";
  }
}

TEST(CommandLine, SwitchingTellsResidenceTimes) {
  const Folder folder;
  const auto result =
      run("switching " + std::string(POPSHOT_MODELS_DIR) +
          "/bistable_switching.toml --sizes 700,900 --trials 4 --duration 200 --json -o " + (folder / "s.nc").string());
  ASSERT_EQ(result.code, 4) << result.errors;  // both are the network itself
  const auto table = nlohmann::json::parse(result.output);
  EXPECT_EQ(table["verdict"], "inconclusive");
  EXPECT_NE(table["reason"].get<std::string>().find("nothing independent was compared"), std::string::npos);
  EXPECT_EQ(table["levels"].size(), 2U);
  EXPECT_EQ(table["levels"][0]["high"]["residence"].size(), 2U);
  const auto& row = table["levels"][0]["high"]["residence"][0];
  EXPECT_EQ(row["exits"].get<int>() + row["early_exits"].get<int>(), 2);
  EXPECT_NE(io::read_netcdf(folder / "s.nc").find("residence_time"), nullptr);
}

TEST(CommandLine, CompareDisagreesWithExitCodeOne) {
  const std::string longer = figure1() + " --trials 8 --duration 300";
  for (const std::string wrong :
       {"--theory-set projection.weight=9", "--theory-set population.qif.size=20000", "--noise white"}) {
    const auto result = run("compare " + longer + " " + wrong);
    EXPECT_EQ(result.code, 1) << wrong << result.output << result.errors;
    EXPECT_NE(result.output.find("DISAGREE"), std::string::npos) << wrong;
  }
}

TEST(CommandLine, QuietPrintsNothing) {
  const auto result = run("check " + figure1() + " --quiet");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "");
}

TEST(CommandLine, HelpAndVersion) {
  for (const char* words : {"--help", "check --help", "simulate --help", "spectrum --help", "compare --help",
                            "noise-model --help", "switching --help", "plot --help", "--version"}) {
    const auto result = run(words);
    EXPECT_EQ(result.code, 0) << words;
    EXPECT_EQ(result.errors, "") << words;
    // The usage line names the subcommand; the version is a number.
    const std::string first = std::string(words).substr(0, std::string(words).find(' '));
    const std::string wanted = first == "--help" ? "check" : first == "--version" ? "." : "popshot " + first;
    EXPECT_NE(result.output.find(wanted), std::string::npos) << words << result.output;
  }
}

/// Runs popshot, which is to write `file`, and sends SIGINT before it can end: after a second, or where a busy machine
/// had nothing finished by then, after longer. Returns the exit code: 124, timeout's own when it had to send the
/// signal, or 130.
int interrupt(const std::string& arguments, const fs::path& file, const std::function<bool()>& enough) {
  int status = 0;
  for (int seconds = 1; seconds <= 256 && !enough(); seconds *= 4) {
    status = std::system(("timeout -s INT " + std::to_string(seconds) + " " + std::string(POPSHOT_EXECUTABLE) + " " +
                          arguments + " -o " + file.string() + " >/dev/null 2>&1")
                             .c_str());
  }
  return WEXITSTATUS(status);
}

TEST(CommandLine, AnInterruptedSimulationKeepsWhatIsFinished) {
  const Folder folder;
  const auto file = folder / "i.nc";
  // The run would take hours.
  const int code =
      interrupt("simulate " + figure1() + " --set simulation.duration=1e6", file, [&] { return fs::exists(file); });
  EXPECT_TRUE(code == 124 || code == 130) << code;
  const auto data = io::read_netcdf(file);
  EXPECT_GT(data.dimension("time"), 0U);
  EXPECT_LT(data.dimension("time"), 50'000'000U);
}

TEST(CommandLine, AnInterruptedComparisonKeepsItsTrials) {
  const Folder folder;
  const auto file = folder / "c.nc";
  // One trial has no errors between trials: the comparison waits for two.
  const auto trials = [&] {
    if (!fs::exists(file)) return std::int64_t{0};
    const auto found = attribute(io::read_netcdf(file), "trials");
    return std::holds_alternative<std::int64_t>(found) ? std::get<std::int64_t>(found) : 0;
  };
  interrupt("compare " + figure1() + " --trials 100000 --duration 60 --threads 2", file, [&] { return trials() > 1; });
  EXPECT_GT(trials(), 1);
  EXPECT_LT(trials(), 100000);
  EXPECT_EQ(attribute(io::read_netcdf(file), "trials_wanted"), Attribute(std::int64_t{100000}));
}

struct Wrong {
  const char* arguments;
  const char* message;
};

std::ostream& operator<<(std::ostream& stream, const Wrong& one) { return stream << one.arguments; }

class WrongInput : public testing::TestWithParam<Wrong> {};

TEST_P(WrongInput, GetsOneLineAndExitCodeTwo) {
  const Folder folder;
  std::string arguments = GetParam().arguments;
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (auto at = arguments.find(from); at != std::string::npos; at = arguments.find(from))
      arguments.replace(at, from.size(), to);
  };
  replace("FIG1", figure1());
  replace("MODELS", POPSHOT_MODELS_DIR);
  replace("FOLDER", (folder / "").string());
  const auto result = run(arguments);
  EXPECT_EQ(result.code, 2) << result.output << result.errors;
  EXPECT_NE(result.errors.find(GetParam().message), std::string::npos) << result.errors;
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_TRUE(folder.empty());  // nothing half-written
}

INSTANTIATE_TEST_SUITE_P(
    FlagsAndFiles, WrongInput,
    testing::Values(
        Wrong{"", "subcommand"}, Wrong{"simulat FIG1", "simulat"}, Wrong{"check", "MODEL"},
        Wrong{"check FOLDERnone.toml", "none.toml"}, Wrong{"check FOLDER", "popshot-test"},
        Wrong{"check FIG1 --bogus", "--bogus"}, Wrong{"check FIG1 extra", "extra"}, Wrong{"check FIG1 --set", "--set"},
        Wrong{"check FIG1 --set weight", "--set weight"}, Wrong{"check FIG1 --set projection.weigth=9", "weight"},
        Wrong{"check FIG1 --set population.size=0", "population"},
        Wrong{"check FIG1 --set population.nobody.size=10", "qif"}, Wrong{"check FIG1 --set population.tau=-1", "tau"},
        Wrong{"check FIG1 --set population.heterogeneity.half_width=0", "half_width"},
        Wrong{"noise-model MODELS/gaussian.toml", "Markovian noise is for Lorentzian"},
        Wrong{"spectrum MODELS/gaussian.toml --noise markovian", "Markovian noise is for Lorentzian"},
        Wrong{"check FIG1 --set population.heterogeneity.kind=gaussian", "unknown key of a gaussian density"},
        Wrong{"check FIG1 --size qif", "NAME=N"}, Wrong{"check FIG1 --size nobody=100", "nobody"},
        Wrong{"check FIG1 --size qif=many", "size"}, Wrong{"check FIG1 --seed -1", "--seed"},
        Wrong{"check FIG1 --seed x", "--seed"}, Wrong{"simulate FIG1 --threads 0", "--threads"},
        Wrong{"simulate FIG1 --threads two", "--threads"}, Wrong{"simulate FIG1 --level micro", "--level"},
        Wrong{"simulate FIG1 --set mesoscopic.noise=pink", "ensemble"},
        Wrong{"simulate FIG1 --set mesoscopic.ensemble_size=18", "multiple"},
        Wrong{"simulate FIG1 --set mesoscopic.tolerance=0", "tolerance"},
        Wrong{"simulate MODELS/montbrio2015_fig2_step.toml --level mesoscopic --set mesoscopic.noise=spectral",
              "mesoscopic.noise"},
        Wrong{"simulate FIG1 --set simulation.time_step=1", "time_step"},
        Wrong{"simulate FIG1 --set simulation.time_step=0.005 --set simulation.record_interval=0.0123",
              "record_interval"},
        Wrong{"simulate FIG1 --set simulation.start=somewhere", "start"},
        Wrong{"simulate FIG1 -o FOLDERno/such/place.nc", "place.nc"}, Wrong{"simulate FIG1 --trial -2", "--trial"},
        Wrong{"spectrum FIG1 --noise pink", "--noise"}, Wrong{"spectrum FIG1 --points 1", "--points"},
        Wrong{"spectrum MODELS/montbrio2015_fig2_step.toml", "stationary input"},
        Wrong{"compare MODELS/montbrio2015_fig2_step.toml --theory-set projection.weight=9", "varies in time"},
        Wrong{"noise-model MODELS/montbrio2015_fig2_step.toml", "varies in time"},
        Wrong{"noise-model FIG1 --tolerance 0", "tolerance"}, Wrong{"noise-model FIG1 -o FOLDERno/n.json", "n.json"},
        Wrong{"switching FIG1", "two stable states"}, Wrong{"switching FIG1 --sizes 1", "--sizes"},
        Wrong{"switching FIG1 --sizes 10,many", "--sizes"}, Wrong{"switching FIG1 --level micro", "--level"},
        Wrong{"compare FIG1 --trials 1", "trials"}, Wrong{"compare FIG1 --duration 5", "segment"},
        Wrong{"compare FIG1 --resolution 0", "resolution"}, Wrong{"compare FIG1 --at nowhere", "--at"},
        Wrong{"compare FIG1 --false-alarm 2", "--false-alarm"},
        Wrong{"compare FIG1 --theory-set projection.weight=heavy", "weight"},
        Wrong{"compare FIG1 --theory-set simulation.time_step=0.01", "--time-step-kernel"},
        Wrong{"check FIG1 --set simulation.time_step=automatic", "\"auto\", or a number"},
        Wrong{"plot FOLDERnone.nc -o FOLDERfigure.png", "none.nc"}, Wrong{"plot FIG1", "--output"}),
    [](const auto& one) {
      // The number keeps names apart that differ in signs only.
      std::string name = std::to_string(one.index) + "_";
      for (const char c : std::string(one.param.arguments)) {
        const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
        if (letter || name.back() != '_') name += letter ? c : '_';
      }
      return name;
    });

}  // namespace
}  // namespace popshot
