// What is wrong with a model file is said in one line that names the place, the key, what was found, what is allowed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "popshot/core/error.hpp"
#include "popshot/io/model_file.hpp"

namespace popshot::io {
namespace {

/// The model that the cases below break; the line numbers are in the messages.
constexpr const char* sound = R"([model]
name = "pair"

[[population]]
name = "e"
size = 800
heterogeneity = { kind = "lorentzian", center = 1.0, half_width = 0.5 }

[[population]]
name = "i"
size = 200
tau = 0.5
heterogeneity = { kind = "lorentzian", center = -1.0, half_width = 0.5 }

[[projection]]
from = "e"
to = "i"
weight = 10.0

[[stimulus]]
to = "e"
kind = "step"
amplitude = 3.0
begin = 0.0
end = 30.0

[simulation]
duration = 100.0
)";

struct Broken {
  /// Names the case.
  const char* name;
  /// In the sound model this text ...
  const char* before;
  /// ... is replaced by this (both empty: no change).
  const char* after;
  std::vector<std::string> overrides;
  /// The whole message.
  const char* message;
};

std::ostream& operator<<(std::ostream& stream, const Broken& broken) { return stream << broken.name; }

class BrokenModelFile : public testing::TestWithParam<Broken> {};

TEST_P(BrokenModelFile, IsRefusedWithOneLine) {
  const Broken& broken = GetParam();
  std::string text = sound;
  const std::size_t position = text.find(broken.before);
  ASSERT_NE(position, std::string::npos);
  text.replace(position, std::string(broken.before).size(), broken.after);
  std::string message = "no error";
  try {
    (void)parse_model(text, "m.toml", broken.overrides);
  } catch (const InputError& error) {
    message = error.what();
  }
  EXPECT_EQ(message, broken.message);
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(SoundModelFile, IsAccepted) { EXPECT_NO_THROW((void)parse_model(sound, "m.toml")); }

std::string name_of(const testing::TestParamInfo<Broken>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Syntax, BrokenModelFile,
    testing::Values(
        Broken{"NoValue",
               "size = 800",
               "size =",
               {},
               "m.toml:6: is not valid TOML: Error while parsing key-value pair: expected value, saw '\\n'"},
        Broken{
            "KeyTwice",
            "size = 800",
            "size = 800\nsize = 900",
            {},
            "m.toml:7: is not valid TOML: Error while parsing key-value pair: cannot redefine existing integer 'size'"},
        Broken{"OpenString",
               "name = \"pair\"",
               "name = \"pair",
               {},
               "m.toml:2: is not valid TOML: Error while parsing string: unescaped control characters other than TAB "
               "(U+0009) are explicitly prohibited"},
        Broken{"UnknownSection",
               "[simulation]",
               "[simulaton]",
               {},
               "m.toml:27: simulaton: unknown section; did you mean 'simulation'?; allowed: model, population, "
               "projection, stimulus, simulation, mesoscopic, spectrum"},
        Broken{"UnknownSectionFarFromAll",
               "[simulation]",
               "[mesh]",
               {},
               "m.toml:27: mesh: unknown section; allowed: model, population, projection, stimulus, simulation, "
               "mesoscopic, spectrum"},
        Broken{"UnknownKey",
               "weight = 10.0",
               "wieght = 10.0",
               {},
               "m.toml:18: projection.e->i.wieght: unknown key; did you mean 'weight'?; allowed: from, to, weight, "
               "delay, synapse"},
        Broken{"UnknownKeyInInlineTable",
               "center = 1.0",
               "centre = 1.0",
               {},
               "m.toml:7: population.e.heterogeneity.centre: unknown key; did you mean 'center'?; allowed: kind, "
               "center, half_width"},
        Broken{"FirstOfTwoUnknownKeys",
               "size = 200",
               "zzz = 1\naaa = 2",
               {},
               "m.toml:11: population.i.zzz: unknown key; allowed: name, size, tau, heterogeneity, sampling, raster"},
        Broken{"PopulationIsATable",
               "[[stimulus]]",
               "[stimulus]",
               {},
               "m.toml:20: stimulus: must be a list of tables: write [[stimulus]] (found a table)"},
        Broken{"SimulationIsAList",
               "[simulation]",
               "[[simulation]]",
               {},
               "m.toml:27: simulation: must be a table (found [a table])"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Populations, BrokenModelFile,
    testing::Values(
        Broken{"NoModelSection", "[model]\nname = \"pair\"", "", {}, "m.toml:1: model: is missing"},
        Broken{"NoModelName", "name = \"pair\"", "description = \"pair\"", {}, "m.toml:1: model.name: is missing"},
        Broken{"EmptyModelName", "\"pair\"", "\"\"", {}, "m.toml:2: model.name: is empty (found \"\")"},
        Broken{"MissingSize", "size = 200\n", "", {}, "m.toml:9: population.i.size: is missing"},
        Broken{"MissingHeterogeneity",
               "heterogeneity = { kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "",
               {},
               "m.toml:4: population.e.heterogeneity: is missing"},
        Broken{"MissingHalfWidth",
               ", half_width = 0.5",
               "",
               {},
               "m.toml:7: population.e.heterogeneity.half_width: is missing"},
        Broken{"SizeZero",
               "size = 800",
               "size = 0",
               {},
               "m.toml:6: population.e.size: is out of range (found 0); allowed: an integer from 1 to 1000000000"},
        Broken{"SizeTooLarge",
               "size = 800",
               "size = 1_000_000_001",
               {},
               "m.toml:6: population.e.size: is out of range (found 1000000001); allowed: an integer from 1 to "
               "1000000000"},
        Broken{
            "SizeIsAFloat",
            "size = 800",
            "size = 800.0",
            {},
            "m.toml:6: population.e.size: must be an integer (found 800.0); allowed: an integer from 1 to 1000000000"},
        Broken{"SizeIsAString",
               "size = 800",
               "size = \"800\"",
               {},
               "m.toml:6: population.e.size: must be an integer (found \"800\"); allowed: an integer from 1 to "
               "1000000000"},
        Broken{"TauNegative",
               "tau = 0.5",
               "tau = -0.5",
               {},
               "m.toml:12: population.i.tau: is out of range (found -0.5); allowed: > 0"},
        Broken{"TauIsTrue",
               "tau = 0.5",
               "tau = true",
               {},
               "m.toml:12: population.i.tau: must be a number (found true); allowed: > 0"},
        Broken{"CenterInfinite",
               "center = -1.0",
               "center = inf",
               {},
               "m.toml:13: population.i.heterogeneity.center: must be finite (found inf); allowed: any finite number"},
        Broken{"CenterNotANumber",
               "center = -1.0",
               "center = nan",
               {},
               "m.toml:13: population.i.heterogeneity.center: must be finite (found nan); allowed: any finite number"},
        Broken{"HalfWidthZero",
               "half_width = 0.5",
               "half_width = 0",
               {},
               "m.toml:7: population.e.heterogeneity.half_width: is out of range (found 0); allowed: > 0"},
        Broken{"NameTwice",
               "name = \"i\"",
               "name = \"e\"",
               {},
               "m.toml:10: population.1.name: another population has this name already (found \"e\")"},
        Broken{"NameWithDot",
               "name = \"e\"",
               "name = \"e.x\"",
               {},
               "m.toml:5: population.0.name: is not a name (found \"e.x\"); allowed: a letter or _, followed by "
               "letters, digits, _ and -"},
        Broken{
            "NameIsANumber", "name = \"e\"", "name = 3", {}, "m.toml:5: population.0.name: must be a string (found 3)"},
        Broken{"PlannedHeterogeneity",
               "\"lorentzian\"",
               "\"gaussian\"",
               {},
               "m.toml:7: population.e.heterogeneity.kind: not supported yet (found \"gaussian\"); allowed: "
               "\"lorentzian\""},
        Broken{"UnknownHeterogeneity",
               "\"lorentzian\"",
               "\"lorenzian\"",
               {},
               "m.toml:7: population.e.heterogeneity.kind: unknown value; did you mean 'lorentzian'? (found "
               "\"lorenzian\"); allowed: \"lorentzian\""},
        Broken{"HeterogeneityIsAWord",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "\"lorentzian\"",
               {},
               "m.toml:7: population.e.heterogeneity: must be a table (found \"lorentzian\")"},
        Broken{"PlannedNoise",
               "size = 800",
               "size = 800\nnoise = { kind = \"cauchy\", width = 1 }",
               {},
               "m.toml:7: population.e.noise: not supported yet"},
        Broken{"UnknownSampling",
               "size = 800",
               "size = 800\nsampling = \"quantiles\"",
               {},
               "m.toml:7: population.e.sampling: unknown value; did you mean 'quantile'? (found \"quantiles\"); "
               "allowed: \"random\", \"quantile\""},
        Broken{"RasterBeyondTheEnd",
               "size = 800",
               "size = 800\nraster = { first = 1, count = 9, stride = 100 }",
               {},
               "m.toml:7: population.e.raster.count: the last neuron of the raster, first + (count - 1) stride = 801, "
               "does not exist (found 9); allowed: neurons 0 to 799"},
        Broken{"RasterWithoutCount",
               "size = 800",
               "size = 800\nraster = { first = 1 }",
               {},
               "m.toml:7: population.e.raster.count: is missing"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    ProjectionsAndStimuli, BrokenModelFile,
    testing::Values(
        Broken{"UnknownFrom",
               "from = \"e\"",
               "from = \"ee\"",
               {},
               "m.toml:16: projection.ee->i.from: unknown population (found \"ee\"); allowed: \"e\", \"i\""},
        Broken{
            "UnknownTo",
            "to = \"i\"",
            "to = \"inhibitory\"",
            {},
            "m.toml:17: projection.e->inhibitory.to: unknown population (found \"inhibitory\"); allowed: \"e\", \"i\""},
        Broken{"WeightMissing", "weight = 10.0\n", "", {}, "m.toml:15: projection.e->i.weight: is missing"},
        Broken{"WeightIsAString",
               "weight = 10.0",
               "weight = \"strong\"",
               {},
               "m.toml:18: projection.e->i.weight: must be a number (found \"strong\"); allowed: any finite number"},
        Broken{"PlannedDelay",
               "weight = 10.0",
               "weight = 10.0\ndelay = 0.1",
               {},
               "m.toml:19: projection.e->i.delay: delays are not supported yet (found 0.1); allowed: 0"},
        Broken{"NegativeDelay",
               "weight = 10.0",
               "weight = 10.0\ndelay = -0.1",
               {},
               "m.toml:19: projection.e->i.delay: is out of range (found -0.1); allowed: >= 0"},
        Broken{
            "PlannedSynapse",
            "weight = 10.0",
            "weight = 10.0\nsynapse = { kind = \"alpha\" }",
            {},
            "m.toml:19: projection.e->i.synapse.kind: not supported yet (found \"alpha\"); allowed: \"instantaneous\""},
        Broken{"PlannedSynapseWithItsKeys",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { kind = \"exponential\", tau = 1 }",
               {},
               "m.toml:19: projection.e->i.synapse.kind: not supported yet (found \"exponential\"); allowed: "
               "\"instantaneous\""},
        Broken{"UnknownSynapse",
               "weight = 10.0",
               "weight = 10.0\nsynapse = \"instantanous\"",
               {},
               "m.toml:19: projection.e->i.synapse: unknown value; did you mean 'instantaneous'? (found "
               "\"instantanous\"); allowed: \"instantaneous\""},
        Broken{"SynapseIsANumber",
               "weight = 10.0",
               "weight = 10.0\nsynapse = 3",
               {},
               "m.toml:19: projection.e->i.synapse: must be a word or a table with the key 'kind' (found 3); allowed: "
               "\"instantaneous\""},
        Broken{"StimulusToNobody",
               "to = \"e\"\nkind",
               "to = \"x\"\nkind",
               {},
               "m.toml:21: stimulus.0.to: unknown population (found \"x\"); allowed: \"e\", \"i\""},
        Broken{"PlannedStimulus",
               "kind = \"step\"",
               "kind = \"ramp\"",
               {},
               "m.toml:22: stimulus.0.kind: not supported yet (found \"ramp\"); allowed: \"constant\", \"step\", "
               "\"sine\""},
        Broken{"UnknownStimulus",
               "kind = \"step\"",
               "kind = \"stepp\"",
               {},
               "m.toml:22: stimulus.0.kind: unknown value; did you mean 'step'? (found \"stepp\"); allowed: "
               "\"constant\", \"step\", \"sine\""},
        Broken{"StepEndsBeforeItBegins",
               "end = 30.0",
               "end = 0",
               {},
               "m.toml:25: stimulus.0.end: is out of range (found 0); allowed: > 0"},
        Broken{"StepWithoutEnd",
               "end = 30.0",
               "end = inf",
               {},
               "m.toml:25: stimulus.0.end: must be finite (found inf); allowed: > 0"},
        Broken{"KeyOfAnotherKind",
               "kind = \"step\"",
               "kind = \"constant\"",
               {},
               "m.toml:24: stimulus.0.begin: unknown key of a stimulus of kind \"constant\"; allowed: to, kind, "
               "amplitude"},
        Broken{"SineWithFrequencyZero",
               "kind = \"step\"",
               "kind = \"sine\"\nfrequency = 0",
               {},
               "m.toml:23: stimulus.0.frequency: is out of range (found 0); allowed: > 0"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Running, BrokenModelFile,
    testing::Values(
        Broken{"DurationZero",
               "duration = 100.0",
               "duration = 0",
               {},
               "m.toml:28: simulation.duration: is out of range (found 0); allowed: > 0"},
        Broken{"DurationTooShort",
               "duration = 100.0",
               "duration = 0.01",
               {},
               "m.toml:28: simulation.duration: is too short for one recorded value (found 0.01); allowed: >= "
               "record_interval = 0.02"},
        Broken{"DurationEndless",
               "duration = 100.0",
               "duration = inf",
               {},
               "m.toml:28: simulation.duration: must be finite (found inf); allowed: > 0"},
        Broken{"TransientNegative",
               "duration = 100.0",
               "transient = -1",
               {},
               "m.toml:28: simulation.transient: is out of range (found -1); allowed: >= 0"},
        Broken{"TimeStepTooLong",
               "duration = 100.0",
               "time_step = 0.06",
               {},
               "m.toml:28: simulation.time_step: is out of range (found 0.06); allowed: > 0 and <= 0.05"},
        Broken{"DefaultTimeStepTooLong",
               "tau = 0.5",
               "tau = 0.01",
               {},
               "m.toml:27: simulation.time_step: is absent, and its default 0.005 is too long for tau = 0.01; allowed: "
               "> 0 and <= 0.001"},
        Broken{"RecordIntervalNoMultiple",
               "duration = 100.0",
               "record_interval = 0.012",
               {},
               "m.toml:28: simulation.record_interval: is not a multiple of the time step (found 0.012); allowed: "
               "whole multiples of 0.005"},
        Broken{"RecordIntervalTooLong",
               "duration = 100.0",
               "duration = 1\nrecord_interval = 2",
               {},
               "m.toml:29: simulation.record_interval: is longer than the duration (found 2); allowed: <= 1"},
        Broken{"TooManySamples",
               "duration = 100.0",
               "duration = 1e9",
               {},
               "m.toml:28: simulation.duration: gives more than 1000000000 recorded values (found 1000000000.0); "
               "allowed: <= 20000000"},
        Broken{"TooManySteps",
               "duration = 100.0",
               "transient = 1e14",
               {},
               "m.toml:28: simulation.transient: duration and transient take more than 1000000000000000 time steps "
               "(found 100000000000000.0)"},
        Broken{"SeedNegative",
               "duration = 100.0",
               "seed = -1",
               {},
               "m.toml:28: simulation.seed: is out of range (found -1); allowed: an integer from 0 to "
               "9223372036854775807"},
        Broken{"SeedTooLarge",
               "duration = 100.0",
               "seed = 9223372036854775808",
               {},
               "m.toml:28: is not valid TOML: Error while parsing decimal integer: '9223372036854775808' is not "
               "representable in 64 bits"},
        Broken{"UnknownStart",
               "duration = 100.0",
               "start = \"stationnary\"",
               {},
               "m.toml:28: simulation.start: unknown value; did you mean 'stationary'? (found \"stationnary\"); "
               "allowed: \"stationary\", \"lorentzian\""},
        Broken{"StartWithRateZero",
               "duration = 100.0",
               "start = { kind = \"lorentzian\", rate = 0 }",
               {},
               "m.toml:28: simulation.start.rate: is out of range (found 0); allowed: > 0"},
        Broken{"StationaryStartWithRate",
               "duration = 100.0",
               "start = { kind = \"stationary\", rate = 1 }",
               {},
               "m.toml:28: simulation.start.rate: unknown key; allowed: kind"},
        Broken{"UnknownState",
               "duration = 100.0",
               "state = \"low\"",
               {},
               "m.toml:28: simulation.state: unknown value (found \"low\"); allowed: \"highest\", \"lowest\""},
        Broken{"UnknownPrecision",
               "duration = 100.0",
               "precision = \"half\"",
               {},
               "m.toml:28: simulation.precision: unknown value (found \"half\"); allowed: \"single\", \"double\""},
        Broken{"FrequencyRangeDescending",
               "duration = 100.0",
               "[spectrum]\nfrequency_range = [3, 2]",
               {},
               "m.toml:29: spectrum.frequency_range: its ends are not in ascending order (found [3, 2])"},
        Broken{"FrequencyRangeOfOne",
               "duration = 100.0",
               "[spectrum]\nfrequency_range = [3]",
               {},
               "m.toml:29: spectrum.frequency_range: must be a list of 2 numbers (found [3]); allowed: > 0"},
        Broken{"FrequencyRangeFromZero",
               "duration = 100.0",
               "[spectrum]\nfrequency_range = [0, 2]",
               {},
               "m.toml:29: spectrum.frequency_range: one of its numbers is out of range (found [0, 2]); allowed: > 0"},
        Broken{"FrequencyRangeAboveNyquist",
               "duration = 100.0",
               "[spectrum]\nfrequency_range = [1, 26]",
               {},
               "m.toml:29: spectrum.frequency_range: its upper end is above the Nyquist frequency (found [1, 26]); "
               "allowed: up to 0.5 / simulation.record_interval = 25"},
        Broken{"ResolutionZero",
               "duration = 100.0",
               "[spectrum]\nresolution = 0.0",
               {},
               "m.toml:29: spectrum.resolution: is out of range (found 0.0); allowed: > 0"},
        Broken{"BandsZero",
               "duration = 100.0",
               "[spectrum]\nbands = 0",
               {},
               "m.toml:29: spectrum.bands: is out of range (found 0); allowed: an integer from 1 to 1000"},
        Broken{"OneTrial",
               "duration = 100.0",
               "[spectrum]\ntrials = 1",
               {},
               "m.toml:29: spectrum.trials: is out of range (found 1); allowed: an integer from 2 to 100000"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Overrides, BrokenModelFile,
    testing::Values(
        Broken{
            "NoEqualsSign", "", "", {"simulation.duration"}, "--set simulation.duration: is not of the form key=value"},
        Broken{"OverrideWithoutValue",
               "",
               "",
               {"simulation.duration="},
               "--set simulation.duration=: there is no value after '='"},
        Broken{"EmptyKeyPart",
               "",
               "",
               {"simulation..duration=5"},
               "--set simulation..duration=5: the key has an empty part"},
        Broken{"ValueIsNotToml",
               "",
               "",
               {"simulation.duration=5 6"},
               "--set simulation.duration=5 6: simulation.duration: the value is not valid TOML"},
        Broken{"ValueWithLineBreak",
               "",
               "",
               {"simulation.duration=5\nx=6"},
               "--set simulation.duration=5 x=6: must be one line without control characters"},
        Broken{"OverrideOutOfRange",
               "",
               "",
               {"simulation.duration=-5"},
               "--set simulation.duration=-5: simulation.duration: is out of range (found -5); allowed: > 0"},
        Broken{"OverrideWithUnknownKey",
               "",
               "",
               {"simulation.duraton=5"},
               "--set simulation.duraton=5: simulation.duraton: unknown key; did you mean 'duration'?; allowed: "
               "duration, transient, time_step, record_interval, seed, start, state, precision"},
        Broken{"OverrideOfTheWrongType",
               "",
               "",
               {"simulation.duration=long"},
               "--set simulation.duration=long: simulation.duration: must be a number (found \"long\"); allowed: > 0"},
        Broken{"OverrideInUnknownSection",
               "",
               "",
               {"simulaton.duration=5"},
               "--set simulaton.duration=5: simulaton: unknown section; did you mean 'simulation'?; allowed: model, "
               "population, projection, stimulus, simulation, mesoscopic, spectrum"},
        Broken{"OverrideOfUnknownPopulation",
               "",
               "",
               {"population.ee.size=5"},
               "--set population.ee.size=5: population.ee: unknown population 'ee'; known: \"e\", \"i\""},
        Broken{"OverrideOfPopulationNumber",
               "",
               "",
               {"population.2.size=5"},
               "--set population.2.size=5: population.2: unknown population '2'; known: \"e\", \"i\""},
        Broken{"OverrideOfUnknownProjection",
               "",
               "",
               {"projection.i->e.weight=5"},
               "--set projection.i->e.weight=5: projection.i->e: unknown projection 'i->e'; did you mean 'e->i'?; "
               "known: \"e->i\""},
        Broken{"OverrideWithoutName",
               "",
               "",
               {"population.size=5"},
               "--set population.size=5: population.size: there are 2 entries [[population]]: name one of them, as in "
               "population.e.size; known: \"e\", \"i\""},
        Broken{"OverrideDeepInOnePopulation",
               "",
               "",
               {"population.e.heterogeneity.half_width=-1"},
               "--set population.e.heterogeneity.half_width=-1: population.e.heterogeneity.half_width: is out of range "
               "(found -1); allowed: > 0"},
        Broken{"OverrideMakesAnIncompleteTable",
               "",
               "",
               {"population.e.raster.first=1"},
               "--set population.e.raster.first=1: population.e.raster.count: is missing"},
        Broken{"OverrideThroughAValue",
               "",
               "",
               {"simulation.duration.x=5"},
               "--set simulation.duration.x=5: simulation.duration: is not a table (found 100.0)"},
        Broken{"OverrideOfAListThatIsAbsent",
               "weight = 10.0",
               "weight = 10.0",
               {"projection.3.weight=1"},
               "--set projection.3.weight=1: projection.3: unknown projection '3'; known: \"e->i\""},
        Broken{"OverrideBreaksWhatTheFileSays",
               "duration = 100.0",
               "record_interval = 0.02",
               {"simulation.time_step=0.003"},
               "m.toml:28: simulation.record_interval: is not a multiple of the time step (found 0.02); allowed: whole "
               "multiples of 0.003"}),
    name_of);

TEST(BrokenModelFiles, WithoutAnyPopulation) {
  try {
    (void)parse_model("[model]\nname = \"empty\"\n", "m.toml");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "m.toml: population: the model has none; add a section [[population]]");
  }
}

TEST(BrokenModelFiles, NeverGiveMoreThanOneLine) {
  try {
    (void)parse_model("[model]\nname = \"\"\"a\nb\"\"\"\n'new\\nline' = 1\n\"x\\ny\" = 2\n", "odd\nname.toml");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "odd name.toml:4: model.new\\nline: unknown key; allowed: name, description, reference, time_unit");
  }
}

}  // namespace
}  // namespace popshot::io
