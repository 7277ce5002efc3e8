// Runs that end early, and what the command line says about flags and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "popshot/io/netcdf.hpp"
#include "support/command.hpp"

namespace popshot {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::Folder;
using testing_support::interrupted;
using testing_support::run;
using testing_support::text_of;

std::string figure1() { return std::string(POPSHOT_MODELS_DIR) + "/klinshov2022_fig1.toml"; }

/// A ring of weakly coupled bistable populations, whose states are 3 to the power of their number.
std::filesystem::path many_states(const std::filesystem::path& path, int populations) {
  std::ofstream file(path);
  file << "[model]\nname = \"ring\"\n[simulation]\nduration = 100.0\n";
  for (int k = 0; k < populations; ++k) {
    file << "[[population]]\nname = \"p" << k << "\"\nsize = 1000\n"
         << "heterogeneity = { kind = \"lorentzian\", center = -5.0, half_width = 1.0 }\n";
  }
  for (int k = 0; k < populations; ++k) {
    file << "[[projection]]\nfrom = \"p" << k << "\"\nto = \"p" << k << "\"\nweight = 15.0\n"
         << "[[projection]]\nfrom = \"p" << k << "\"\nto = \"p" << (k + 1) % populations << "\"\nweight = 0.3\n";
  }
  return path;
}

TEST(Interruption, IsHeardInASearchForStates) {
  const Folder folder;
  const std::string model = many_states(folder / "ring.toml", 12).string();
  for (const std::string command : {"check ", "spectrum ", "compare ", "simulate --level mean-field "}) {
    const std::string phase = command.starts_with("simulate") ? "set-up" : "searching stationary states";
    const std::string message = "popshot: interrupted (" + phase + ")";
    const auto result = interrupted(command + model + " --set simulation.time_step=0.01 --quiet", SIGTERM, message);
    EXPECT_EQ(result.code, 143) << command << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(message)) << command;
    EXPECT_EQ(result.output, "") << command;
  }
  // With up to eight populations, the choice of a time step looks at the states, too.
  const auto result =
      interrupted("check " + many_states(folder / "ring.toml", 8).string(), SIGINT, "popshot: interrupted (");
  EXPECT_EQ(result.code, 130) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("popshot: interrupted ("));
}

TEST(Interruption, BeforeAnythingIsFinishedLeavesNothing) {
  const Folder folder;
  const std::string output = " -o " + (folder / "a.nc").string();
  // The sample alone takes seconds, and then comes a transient of hours.
  const std::string large = figure1() + " --size qif=20000000 --set simulation.transient=1e6";
  for (const std::string command : {"simulate ", "simulate --level mesoscopic ", "compare "}) {
    const auto result = interrupted(command + large + output, SIGINT, "nothing is finished");
    EXPECT_EQ(result.code, 130) << command << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("nothing is finished that could be kept")) << command;
    EXPECT_EQ(result.output, "") << command;
    EXPECT_TRUE(folder.empty()) << command;
  }
}

TEST(Interruption, OfASimulationSaysHowFarItCame) {
  const Folder folder;
  const auto file = folder / "a.nc";
  const auto result =
      interrupted("simulate " + figure1() + " --size qif=1000 --set simulation.duration=1e6 --json -o " + file.string(),
                  SIGTERM, "interrupted at t = ");
  EXPECT_EQ(result.code, 143);
  ASSERT_THAT(result.errors, HasSubstr("popshot: interrupted at t = "));
  EXPECT_THAT(result.errors, HasSubstr(" of 1000000"));
  const auto table = nlohmann::json::parse(result.output);
  EXPECT_FALSE(table["finished"].get<bool>());
  EXPECT_GT(table["recorded_time"].get<double>(), 0.0);
  EXPECT_GT(io::read_netcdf(file).dimension("time"), 0U);
}

TEST(Files, AreRefusedUnderTheNameOfAnotherKind) {
  const Folder folder;
  const auto name = [&](const std::string& file) { return " -o " + (folder / file).string(); };
  for (const std::string command : {"simulate", "spectrum", "compare", "switching"}) {
    for (const std::string file : {"a.txt", "a", "a.csv", "a.nc.gz"}) {
      const auto result = run(command + " " + figure1() + name(file));
      EXPECT_EQ(result.code, 2) << command << file;
      EXPECT_THAT(result.errors, HasSubstr("allowed: a name that ends in .nc")) << command << file;
    }
  }
  EXPECT_THAT(run("noise-model " + figure1() + name("a.nc")).errors, HasSubstr("a name that ends in .json"));
  EXPECT_THAT(run("plot a.nc" + name("a.gif")).errors, HasSubstr("a name that ends in .png, .pdf, .svg"));
  EXPECT_TRUE(folder.empty());
}

TEST(Files, ThatCannotBeWrittenSayWhyAndLeaveNothing) {
  // A limit on the size of files stands for a full disk; its signal is ignored, so that writing fails.
  const Folder folder;
  const std::string limit = "trap '' XFSZ; ulimit -f 8; ";
  const auto netcdf =
      run("simulate " + figure1() + " --size qif=100 --set simulation.duration=500 -o " + (folder / "a.nc").string(),
          limit);
  EXPECT_EQ(netcdf.code, 2) << netcdf.errors;
  EXPECT_THAT(netcdf.errors, HasSubstr("a.nc: cannot be written: File too large"));
  EXPECT_THAT(netcdf.errors, Not(HasSubstr("HDF")));
  EXPECT_EQ(std::count(netcdf.errors.begin(), netcdf.errors.end(), '\n'), 1) << netcdf.errors;
  EXPECT_TRUE(folder.empty());
}

TEST(Messages, NameTheSubcommandWhoseHelpIsMeant) {
  EXPECT_THAT(run("compare " + figure1() + " --bogus").errors, HasSubstr("(see 'popshot compare --help')"));
  EXPECT_THAT(run("check").errors, HasSubstr("(see 'popshot check --help')"));
  EXPECT_THAT(run("--bogus").errors, HasSubstr("(see 'popshot --help')"));
}

TEST(Messages, OfHelpAreForPeople) {
  for (const std::string command : {"simulate", "spectrum", "compare", "switching"}) {
    const auto help = run(command + " --help").output;
    EXPECT_THAT(help, Not(HasSubstr("ENUM"))) << command;
    EXPECT_THAT(help, Not(HasSubstr("->"))) << command;
    EXPECT_THAT(help, Not(HasSubstr(" in ["))) << command;
    EXPECT_THAT(help, Not(HasSubstr("{false}"))) << command;
  }
  EXPECT_THAT(run("compare --help").output, HasSubstr("{finite, infinite}"));
  EXPECT_THAT(run("simulate --help").output, HasSubstr("{network, mesoscopic, mean-field}"));
  const auto wrong = run("compare " + figure1() + " --at nowhere");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.errors, HasSubstr("nowhere is unknown; allowed: {finite, infinite}"));
  EXPECT_THAT(run("--help").output, HasSubstr("143 by SIGTERM"));
}

TEST(Messages, SayHowASecondProjectionIsWritten) {
  const Folder folder;
  const auto path = folder / "m.toml";
  const std::string population =
      "[model]\nname = \"m\"\n[[population]]\nname = \"a\"\nsize = 10\n"
      "heterogeneity = { kind = \"lorentzian\", center = 1.0, half_width = 1.0 }\n";
  const std::string values = "from = \"a\"\nto = \"a\"\nweight = 1.0\n";
  const std::string one = "[projection]\n" + values;
  const std::string listed = "[[projection]]\n" + values;
  for (const std::string& text : {one + one, one + listed, listed + one, one}) {
    std::ofstream(path) << population << text;
    const auto result = run("check " + path.string());
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.errors, HasSubstr("[[projection]]")) << text;
  }
}

TEST(Numbers, HaveNoMoreDigitsThanTheyNeed) {
  const Folder folder;
  // 3 x 0.1 is 0.30000000000000004.
  const auto table = run("simulate " + figure1() +
                         " --size qif=100 --json --set simulation.time_step=0.05 --set simulation.record_interval=0.1 "
                         "--set simulation.duration=0.3 --set spectrum.frequency_range=[0.3,4] -o " +
                         (folder / "a.nc").string());
  ASSERT_EQ(table.code, 0) << table.errors;
  EXPECT_THAT(table.output, HasSubstr("\"recorded_time\": 0.3,"));
  for (const auto& [name, value] : io::read_netcdf(folder / "a.nc").attributes) {
    if (name != "model_text") continue;
    EXPECT_THAT(std::get<std::string>(value), HasSubstr("time_step = 0.05\n"));
  }
}

}  // namespace
}  // namespace popshot
