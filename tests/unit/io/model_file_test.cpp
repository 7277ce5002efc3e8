#include "popshot/io/model_file.hpp"
#include "summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "popshot/core/error.hpp"

namespace popshot::io {
namespace {

using model::Model;
using testing::HasSubstr;

constexpr const char* smallest = R"([model]
name = "small"
[[population]]
name = "qif"
size = 100
heterogeneity = { kind = "lorentzian", center = 0, half_width = 1 }
)";

constexpr const char* pair = R"([model]
name = "pair"
description = "two populations"
reference = "nobody"
time_unit = "ms"
[[population]]
name = "e"
size = 800
tau = 10
heterogeneity = { kind = "lorentzian", center = 1.5, half_width = 0.5 }
sampling = "quantile"
raster = { first = 10, count = 5, stride = 100 }
[[population]]
name = "i-2"
size = 200
tau = 5.0
heterogeneity = { kind = "lorentzian", center = -1, half_width = 2 }
[[projection]]
from = "e"
to = "i-2"
weight = 10
synapse = "instantaneous"
delay = 0
[[projection]]
from = "i-2"
to = "e"
weight = -6.5
synapse = { kind = "instantaneous" }
[[stimulus]]
to = "e"
kind = "constant"
amplitude = 0.25
[[stimulus]]
to = "i-2"
kind = "step"
amplitude = -1
begin = -5
end = 20
[[stimulus]]
to = "e"
kind = "sine"
amplitude = 3
frequency = 0.025
phase = 1
begin = 2
end = inf
[simulation]
duration = 60
transient = 10
time_step = 0.01
record_interval = 0.05
seed = 9223372036854775807
start = { kind = "lorentzian", rate = 1.5, voltage = 0 }
state = "lowest"
precision = "double"
[spectrum]
frequency_range = [0.5, 10]
resolution = 0.1
bands = 20
trials = 8
)";

Model parsed(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return parse_model(text, "model.toml", overrides).model;
}

std::string message_of(const std::filesystem::path& path) {
  try {
    (void)read_model(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseModel, FillsInDefaults) {
  const Model model = parsed(smallest);
  EXPECT_EQ(model.time_unit, "tau");
  EXPECT_EQ(model.populations.at(0).tau, 1.0);
  EXPECT_EQ(model.populations.at(0).sampling, model::Sampling::random);
  EXPECT_EQ(model.populations.at(0).raster.count, 0);
  // Not chosen yet.
  EXPECT_EQ(model.simulation.duration, 0.0);
  EXPECT_LT(model.simulation.transient, 0.0);
  EXPECT_EQ(model.simulation.time_step, 0.0);
  EXPECT_EQ(model.simulation.record_interval, 0.0);
  EXPECT_EQ(model.spectrum.frequency_min, 0.0);
  EXPECT_EQ(model.spectrum.frequency_max, 0.0);
  EXPECT_EQ(model.spectrum.resolution, 0.0);
  EXPECT_TRUE(std::holds_alternative<model::StationaryStart>(model.simulation.start));
  EXPECT_EQ(model.simulation.state, model::Simulation::State::highest);
  EXPECT_EQ(model.simulation.precision, model::Precision::single);
  EXPECT_EQ(model.spectrum.bands, 12);
  EXPECT_EQ(model.spectrum.trials, 16);
}

TEST(ParseModel, ReadsEveryKey) {
  EXPECT_EQ(summary(parsed(pair)),
            "pair | two populations | nobody | ms \n"
            "e 800 10 1 10 5 100 999 \n"
            "lorentzian 1.5 0.5 \n"
            "no noise \n"
            "i-2 200 5 0 0 0 1 999 \n"
            "lorentzian -1 2 \n"
            "no noise \n"
            "0 1 10 0 0 0 \n"
            "1 0 -6.5 0 0 0 \n"
            "to 0 \n"
            "constant 0.25 \n"
            "to 1 \n"
            "step -1 -5 20 \n"
            "to 0 \n"
            "sine 3 0.025000000000000001 1 2 inf \n"
            "60 10 0.01 0.050000000000000003 9223372036854775807 0 1 \n"
            "lorentzian [1.5 ] [0 ] \n"
            "0 512 0.01 \n"
            "0.5 10 0.10000000000000001 20 8 \n");
}

TEST(ParseModel, LeavesTheTimeStepOpenWhereItIsAuto) {
  EXPECT_EQ(parsed(smallest, {"simulation.time_step=auto"}).simulation.time_step, 0.0);
  EXPECT_EQ(parsed(smallest, {"simulation.time_step='auto'"}).simulation.time_step, 0.0);
  EXPECT_EQ(parsed(smallest, {"simulation.time_step=0.01"}).simulation.time_step, 0.01);
  EXPECT_THROW((void)schedule(parsed(smallest).simulation), InputError);
  EXPECT_THROW((void)schedule(parsed(smallest, {"simulation.time_step=0.01"}).simulation), InputError);
}

TEST(ParseModel, AcceptsRecordIntervalsThatAreMultiplesUpToRounding) {
  EXPECT_EQ(
      parsed(smallest, {"simulation.time_step=0.0001", "simulation.record_interval=0.0003"}).simulation.record_interval,
      0.0003);
}

TEST(ParseModel, LeavesOpenWhatALorentzianStartDoesNotSay) {
  const auto start_of = [](const std::string& value) {
    return std::get<model::LorentzianStart>(parsed(smallest, {"simulation.start=" + value}).simulation.start);
  };
  EXPECT_FALSE(start_of("lorentzian").rate);
  EXPECT_FALSE(start_of("{kind = 'lorentzian', rate = 2}").voltage);
  EXPECT_EQ(start_of("{kind = 'lorentzian', rate = 2}").rate.of(0), 2.0);
}

TEST(ParseModel, TakesAStartForEachPopulation) {
  const auto start = std::get<model::LorentzianStart>(
      parsed(pair, {"simulation.start={kind='lorentzian', rate=[2, 3], voltage=-1}"}).simulation.start);
  EXPECT_EQ(start.rate.of(0), 2.0);
  EXPECT_EQ(start.rate.of(1), 3.0);
  EXPECT_EQ(start.voltage.of(1), -1.0);
}

TEST(ParseModel, TakesFrequenciesThatARecordDoesNotResolve) {
  // Theory has no record.
  const Model model = parsed(smallest, {"simulation.record_interval=0.02", "spectrum.frequency_range=[1, 26]"});
  EXPECT_EQ(model.spectrum.frequency_max, 26.0);
}

TEST(ParseModel, TakesATableOfOneValueForAConstantCurrent) {
  const Model model = parsed(smallest, {"stimulus=[{to='qif', kind='table', time=[0, 1, 2], value=[3, 3, 3]}]"});
  EXPECT_EQ(std::get<model::ConstantCurrent>(model.stimuli.at(0).current).amplitude, 3.0);
}

TEST(ParseModel, ReadsAnEndlessSineByDefault) {
  const Model model = parsed(smallest, {"stimulus=[{to='qif', kind='sine', amplitude=1, frequency=2}]"});
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(std::get<model::SineCurrent>(model.stimuli.at(0).current).end, infinity);
  EXPECT_EQ(std::get<model::SineCurrent>(model.stimuli.at(0).current).begin, -infinity);
  const Model given =
      parsed(smallest, {"stimulus=[{to='qif', kind='sine', amplitude=1, frequency=2, begin=-inf, end=3}, {to='qif', "
                        "kind='pulses', amplitude=1, width=1, period=2, begin=-inf, end=inf}]"});
  EXPECT_EQ(std::get<model::SineCurrent>(given.stimuli.at(0).current).begin, -infinity);
  EXPECT_EQ(std::get<model::PulseCurrent>(given.stimuli.at(1).current).begin, -infinity);
}

TEST(ParseModel, KeepsTheTextAsItIsWithoutOverrides) { EXPECT_EQ(parse_model(pair, "model.toml").text, pair); }

TEST(Overrides, AreInTheTextWhichGivesTheSameModelAgain) {
  const ModelFile file = parse_model(pair, "model.toml",
                                     {"simulation.duration=0.30000000000000004", "population.e.size=12",
                                      "population.e.raster.stride=1", "population.e.raster.first=0"});
  EXPECT_EQ(file.model.simulation.duration, 0.30000000000000004);
  EXPECT_EQ(summary(parsed(file.text)), summary(file.model));
  EXPECT_THAT(file.text, HasSubstr("size = 12\n"));
}

TEST(Overrides, ReachEveryKindOfKey) {
  EXPECT_EQ(parsed(pair, {"model.name=other words"}).name, "other words");
  EXPECT_EQ(parsed(pair, {"model.name='quoted = too'"}).name, "quoted = too");
  EXPECT_EQ(parsed(pair, {" simulation.duration = 50 "}).simulation.duration, 50.0);
  EXPECT_EQ(parsed(pair, {"population.i-2.sampling=quantile"}).populations[1].sampling, model::Sampling::quantile);
  EXPECT_EQ(parsed(pair, {"population.1.size=7"}).populations[1].size, 7);
  EXPECT_EQ(
      std::get<model::Lorentzian>(parsed(pair, {"population.e.heterogeneity.center=-2.5"}).populations[0].heterogeneity)
          .center,
      -2.5);
  EXPECT_EQ(parsed(pair, {"projection.i-2->e.weight=9"}).projections[1].weight, 9.0);
  EXPECT_EQ(parsed(pair, {"projection.0.weight=9"}).projections[0].weight, 9.0);
  EXPECT_EQ(std::get<model::ConstantCurrent>(parsed(pair, {"stimulus.0.amplitude=9"}).stimuli[0].current).amplitude,
            9.0);
  EXPECT_EQ(parsed(pair, {"spectrum.frequency_range=[1,2]"}).spectrum.frequency_max, 2.0);
}

TEST(Overrides, NeedNoNameWhereThereIsOneEntryOnly) {
  EXPECT_EQ(parsed(smallest, {"population.size=7"}).populations[0].size, 7);
  EXPECT_EQ(std::get<model::Lorentzian>(
                parsed(smallest, {"population.heterogeneity.half_width=3"}).populations[0].heterogeneity)
                .half_width,
            3.0);
  EXPECT_EQ(parsed(smallest, {"population.raster.count=3"}).populations[0].raster.count, 3);
}

TEST(Overrides, MakeSectionsThatAreAbsent) {
  EXPECT_EQ(parsed(smallest, {"simulation.seed=5", "simulation.seed=6"}).simulation.seed, 6u);
  EXPECT_EQ(parsed(smallest, {"projection=[{from='qif', to='qif', weight=3}]"}).projections.at(0).weight, 3.0);
}

TEST(ReadModel, ExplainsWhatItCannotRead) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("popshot_models_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  EXPECT_EQ(message_of(folder / "none.toml"), (folder / "none.toml").string() + ": there is no such file");
  EXPECT_EQ(message_of(folder), folder.string() + ": is a folder, not a model file");
  std::ofstream(folder / "binary.toml") << "\x01\xff\xfe";
  EXPECT_THAT(message_of(folder / "binary.toml"), HasSubstr("binary.toml:1: is not valid TOML"));
  EXPECT_THAT(message_of("/dev/zero"), HasSubstr("larger than 16 MiB"));
  if (geteuid() != 0) {
    std::filesystem::permissions(folder / "binary.toml", std::filesystem::perms::none);
    EXPECT_THAT(message_of(folder / "binary.toml"), HasSubstr("cannot be read: Permission denied"));
  }
  std::filesystem::remove_all(folder);
}

TEST(ReadyModels, AreAllValidAndNamedLikeTheirFiles) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(POPSHOT_MODELS_DIR)) {
    if (entry.path().extension() != ".toml") continue;
    const ModelFile file = read_model(entry.path());
    EXPECT_EQ(file.model.name, entry.path().stem().string());
    EXPECT_FALSE(file.model.description.empty()) << entry.path();
    // A changed copy of it is the same model.
    const ModelFile changed = read_model(entry.path(), {"simulation.seed=1"});
    EXPECT_EQ(summary(parsed(changed.text)), summary(file.model)) << entry.path();
    names.insert(file.model.name);
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"klinshov2022_fig1", "montbrio2015_fig2_step", "montbrio2015_fig2_sine",
                                            "transient_memory", "excitatory_inhibitory"}));
}

TEST(ReadyModels, HaveTheNumbersOfTheirPapers) {
  const std::filesystem::path folder = POPSHOT_MODELS_DIR;
  const Model klinshov = read_model(folder / "klinshov2022_fig1.toml").model;
  EXPECT_EQ(klinshov.projections.at(0).weight, 10.0);
  EXPECT_EQ(klinshov.populations.at(0).size, 10000);
  const Model step = read_model(folder / "montbrio2015_fig2_step.toml").model;
  EXPECT_EQ(std::get<model::Lorentzian>(step.populations.at(0).heterogeneity).center, -5.0);
  EXPECT_EQ(step.projections.at(0).weight, 15.0);
  EXPECT_DOUBLE_EQ(model::current_integral(step, 0, -1.0, 60.0), 90.0);
  const Model sine = read_model(folder / "montbrio2015_fig2_sine.toml").model;
  EXPECT_NEAR(model::current_integral(sine, 0, 0.0, 20.0), 3.0 * 40.0 / 3.14159265358979, 1e-12) << "half a period";
}

}  // namespace
}  // namespace popshot::io
