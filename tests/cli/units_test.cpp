// Units, resonances and notes on slips as a user of the command line meets them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "popshot/io/netcdf.hpp"
#include "support/command.hpp"

namespace popshot {
namespace {

namespace fs = std::filesystem;

/// A folder with the E-I pair with a resonance at 42 Hz, in milliseconds, removed at the end of the test.
class Pair : public ::testing::Test {
 protected:
  Pair() {
    write("ms", 15.0, 10.0, 1.0, 5.0, 8.0);
    write("s", 0.015, 0.010, 0.001, 0.005, 0.008);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// What the command writes to stdout, or with `errors` to stderr. It must end with exit code 0.
  [[nodiscard]] static std::string run(const std::string& arguments, bool errors = false) {
    const auto outcome = testing_support::run(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments << '\n' << outcome.errors;
    return errors ? outcome.errors : outcome.output;
  }

  [[nodiscard]] nlohmann::json table(const std::string& arguments) const {
    return nlohmann::json::parse(run(arguments + " --json"));
  }

 private:
  void write(const std::string& unit, double tau_e, double tau_i, double delay, double excitatory, double inhibitory) {
    std::ofstream file(folder_ / (unit + ".toml"));
    file << "[model]\nname = \"pair\"\ntime_unit = \"" << unit << "\"\n";
    const auto population = [&](const char* name, int size, double tau, double center) {
      file << "[[population]]\nname = \"" << name << "\"\nsize = " << size << "\ntau = " << tau
           << "\nheterogeneity = { kind = \"lorentzian\", center = " << center << ", half_width = 1.0 }\n";
    };
    population("e", 4000, tau_e, 14.0);
    population("i", 1000, tau_i, 0.0);
    const auto projection = [&](const char* from, const char* to, double weight, double tau) {
      file << "[[projection]]\nfrom = \"" << from << "\"\nto = \"" << to << "\"\nweight = " << weight
           << "\ndelay = " << delay << "\nsynapse = { kind = \"exponential\", tau = " << tau << " }\n";
    };
    projection("e", "e", 1.0, excitatory);
    projection("e", "i", 10.0, excitatory);
    projection("i", "e", -10.0, inhibitory);
    projection("i", "i", -2.0, inhibitory);
    const double ms = delay;
    file << "[simulation]\nduration = " << 200.0 * ms << "\nrecord_interval = " << 0.5 * ms << "\n[spectrum]\n"
         << "frequency_range = [" << 0.005 / ms << ", " << 0.2 / ms << "]\nresolution = " << 0.005 / ms << "\n";
  }

  testing_support::Folder folder_;
};

TEST_F(Pair, InMillisecondsAndInSecondsHasTheSameRatesAndResonancesInHertz) {
  const auto ms = table("check " + path("ms.toml"));
  const auto s = table("check " + path("s.toml"));
  EXPECT_EQ(ms["rate_unit"], "Hz");
  EXPECT_EQ(s["rate_unit"], "Hz");
  const auto& state = ms["states"][0];
  EXPECT_NEAR(state["rate"][0].get<double>(), 49.712038, 1e-5);
  ASSERT_EQ(state["resonances"].size(), 3U);
  EXPECT_NEAR(state["resonances"][0].get<double>(), 42.34, 0.01);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(s["states"][0]["rate"][k].get<double>() / state["rate"][k].get<double>(), 1.0, 1e-9);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(s["states"][0]["resonances"][i].get<double>() / state["resonances"][i].get<double>(), 1.0, 1e-6);
  }
  const auto text = run("check " + path("ms.toml"));
  EXPECT_NE(text.find("rates in Hz"), std::string::npos) << text;
  EXPECT_NE(text.find("resonance at frequency 42.34 Hz"), std::string::npos) << text;
}

TEST_F(Pair, HasDelayModesThatCheckNamesAsWhatTheyAre) {
  // The pair, without delays, has two times two states and two synapses: what is beyond them is the delay's.
  const auto state = table("check " + path("ms.toml"))["states"][0];
  std::size_t own = 0;
  for (std::size_t i = 0; i < state["eigenvalues"].size(); ++i) {
    if (!state["delay_modes"][i].get<bool>()) {
      ++own;
    } else {
      EXPECT_LT(state["eigenvalues"][i][0].get<double>(), -1.0);  // decays within the delay of 1 ms
    }
  }
  EXPECT_EQ(own, 6U);
  EXPECT_GT(state["eigenvalues"].size(), own);
  EXPECT_NE(run("check " + path("ms.toml")).find("delay modes, there because of the delay"), std::string::npos);
}

TEST_F(Pair, SimulatesInHertz) {
  const auto simulated = table("simulate --level mean-field " + path("ms.toml") + " -o " + path("a.nc"));
  EXPECT_EQ(simulated["rate_unit"], "Hz");
  EXPECT_NEAR(simulated["populations"][0]["mean_rate"].get<double>(), 49.71, 0.2);
  const auto data = io::read_netcdf(path("a.nc"));
  EXPECT_EQ(data.find("rate")->units, "Hz");
  EXPECT_EQ(data.find("time")->units, "ms");
  EXPECT_NEAR(std::get<std::vector<double>>(data.find("rate")->values)[0], 49.71, 0.2);
  EXPECT_NE(run("simulate --level mean-field " + path("ms.toml")).find("  Hz\n"), std::string::npos);
}

TEST_F(Pair, SpectrumHasItsResonanceOfTableAndFile) {
  const auto ms = table("spectrum " + path("ms.toml") + " -o " + path("ms.nc"));
  const auto s = table("spectrum " + path("s.toml"));
  const auto& resonance = ms["populations"][0]["resonance"];
  EXPECT_NEAR(resonance["frequency"].get<double>(), 42.0, 1.0);
  EXPECT_NEAR(resonance["quality"].get<double>(),
              resonance["frequency"].get<double>() / resonance["width"].get<double>(), 1e-9);
  for (const std::string key : {"frequency", "width", "quality", "power"}) {
    EXPECT_NEAR(s["populations"][0]["resonance"][key].get<double>() / resonance[key].get<double>(), 1.0, 1e-5) << key;
  }
  // Half the power at half the width to both sides, more or less, on the curve that is written.
  const auto data = io::read_netcdf(path("ms.nc"));
  const auto& written = std::get<std::vector<double>>(data.find("resonance_frequency")->values);
  EXPECT_NEAR(written[0], resonance["frequency"].get<double>(), 1e-9);
  const auto& frequency = std::get<std::vector<double>>(data.find("frequency")->values);
  const auto& power = std::get<std::vector<double>>(data.find("psd_total")->values);
  double over_half = 0.0;
  for (std::size_t i = 1; i + 1 < frequency.size(); ++i) {
    if (power[i] > 0.5 * resonance["power"].get<double>()) over_half += (frequency[i + 1] - frequency[i - 1]) / 2.0;
  }
  EXPECT_NEAR(over_half / resonance["width"].get<double>(), 1.0, 0.1);
  EXPECT_EQ(data.find("resonance_width")->units, "Hz");
  EXPECT_EQ(data.find("eigenvalue_real")->units, "1/ms");
  const auto text = run("spectrum " + path("ms.toml"));
  EXPECT_NE(text.find("resonance at 42."), std::string::npos) << text;
  EXPECT_NE(text.find("power spectral density, Hz"), std::string::npos) << text;
}

TEST_F(Pair, IsNotedWhereATimeIsInSeconds) {
  const std::string seconds = " --set 'projection.e->i.delay=0.001'";
  EXPECT_EQ(run("check " + path("ms.toml"), true), "");
  const auto note = run("check " + path("ms.toml") + seconds, true);
  EXPECT_TRUE(note.starts_with("note: projection.e->i.delay = 0.001 ")) << note;
  EXPECT_NE(note.find("seconds instead of ms?"), std::string::npos) << note;
  EXPECT_EQ(std::count(note.begin(), note.end(), '\n'), 1);
  EXPECT_EQ(run("check --quiet " + path("ms.toml") + seconds, true), "");
  EXPECT_NE(run("spectrum " + path("ms.toml") + seconds, true), "");
  EXPECT_NE(run("check " + path("ms.toml") + " --set population.e.tau=1", true).find("was it left out?"),
            std::string::npos);
}

TEST_F(Pair, ReadyModelsAreNotNoted) {
  int models = 0;
  for (const auto& entry : fs::directory_iterator(POPSHOT_MODELS_DIR)) {
    if (entry.path().extension() != ".toml") continue;
    ++models;
    EXPECT_EQ(run("check " + entry.path().string(), true), "") << entry.path();
  }
  EXPECT_GT(models, 10);
}

}  // namespace
}  // namespace popshot
