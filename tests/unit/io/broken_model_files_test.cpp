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
               "subpopulation, projection, coupling, stimulus, simulation, mesoscopic, spectrum"},
        Broken{"UnknownSectionFarFromAll",
               "[simulation]",
               "[mesh]",
               {},
               "m.toml:27: mesh: unknown section; allowed: model, population, subpopulation, projection, coupling, "
               "stimulus, simulation, "
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
               "m.toml:7: population.e.heterogeneity.centre: unknown key of a lorentzian density; did you mean "
               "'center'?; allowed: kind, "
               "center, half_width"},
        Broken{"FirstOfTwoUnknownKeys",
               "size = 200",
               "zzz = 1\naaa = 2",
               {},
               "m.toml:11: population.i.zzz: unknown key; allowed: name, size, tau, heterogeneity, noise, sampling, "
               "raster"},
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
        Broken{"KeyOfAnotherDensity",
               "\"lorentzian\"",
               "\"gaussian\"",
               {},
               "m.toml:7: population.e.heterogeneity.half_width: unknown key of a gaussian density; allowed: kind, "
               "center, standard_deviation"},
        Broken{"UnknownHeterogeneity",
               "\"lorentzian\"",
               "\"lorenzian\"",
               {},
               "m.toml:7: population.e.heterogeneity.kind: unknown value; did you mean 'lorentzian'? (found "
               "\"lorenzian\"); allowed: \"lorentzian\", \"gaussian\", \"uniform\", \"rational\", \"q-gaussian\", "
               "\"empirical\", \"identical\", \"mixture\""},
        Broken{"HeterogeneityIsAWord",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "\"lorentzian\"",
               {},
               "m.toml:7: population.e.heterogeneity: must be a table (found \"lorentzian\")"},
        Broken{
            "RationalOrder",
            "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
            "{ kind = \"rational\", center = 1, half_width = 1, order = 21 }",
            {},
            "m.toml:7: population.e.heterogeneity.order: is out of range (found 21); allowed: an integer from 1 to 20"},
        Broken{"IdenticalWithoutNoise",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"identical\", center = 1 }",
               {},
               "m.toml:7: population.e.heterogeneity.kind: identical neurons need noise: without it they would fire as "
               "one (found \"identical\"); allowed: another kind, or population.noise = { kind = \"cauchy\" or "
               "\"gaussian\", .. }"},
        Broken{"EmpiricalWithoutValues",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"empirical\" }",
               {},
               "m.toml:7: population.e.heterogeneity.values: is missing; allowed: a list of numbers, or file = "
               "\"FILE.csv\""},
        Broken{"EmpiricalOfOneValue",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"empirical\", values = [1.0, 1.0] }",
               {},
               "m.toml:7: population.e.heterogeneity.bandwidth: is needed where all values are equal; allowed: > 0"},
        Broken{"MixtureWithoutComponents",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\" }",
               {},
               "m.toml:7: population.e.heterogeneity.components: are missing; allowed: a list of densities, each with "
               "a weight"},
        Broken{
            "MixtureOfWrongWeights",
            "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
            "{ kind = \"mixture\", components = [{ kind = \"uniform\", center = 0, half_width = 1, weight = 0.5 }] }",
            {},
            "m.toml:7: population.e.heterogeneity.components: their weights add up to 0.5 (found [a table]); allowed: "
            "weights that add up to 1"},
        Broken{"MixtureOfAMixture",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\", components = [{ kind = \"mixture\", weight = 1 }] }",
               {},
               "m.toml:7: population.e.heterogeneity.components.0.kind: unknown value (found \"mixture\"); allowed: "
               "\"lorentzian\", \"gaussian\", \"uniform\", \"rational\", \"q-gaussian\""},
        Broken{"NoiseOfUnknownKind",
               "size = 800",
               "size = 800\nnoise = { kind = \"cauchi\", width = 1 }",
               {},
               "m.toml:7: population.e.noise.kind: unknown value; did you mean 'cauchy'? (found \"cauchi\"); allowed: "
               "\"none\", \"cauchy\", \"gaussian\""},
        Broken{"NoiseWithoutWidth",
               "size = 800",
               "size = 800\nnoise = { kind = \"cauchy\" }",
               {},
               "m.toml:7: population.e.noise.width: is missing"},
        Broken{"NoiseOfNegativeIntensity",
               "size = 800",
               "size = 800\nnoise = { kind = \"gaussian\", intensity = -1 }",
               {},
               "m.toml:7: population.e.noise.intensity: is out of range (found -1); allowed: > 0"},
        Broken{"NoiseIsAWord",
               "size = 800",
               "size = 800\nnoise = \"cauchy\"",
               {},
               "m.toml:7: population.e.noise: must be a table (found \"cauchy\")"},
        Broken{"GaussianOfNoWidth",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"gaussian\", center = 1, standard_deviation = 0 }",
               {},
               "m.toml:7: population.e.heterogeneity.standard_deviation: is out of range (found 0); allowed: > 0"},
        Broken{"GaussianWithoutCenter",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"gaussian\", standard_deviation = 1 }",
               {},
               "m.toml:7: population.e.heterogeneity.center: is missing"},
        Broken{"UniformOfNegativeWidth",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"uniform\", center = 1, half_width = -1.0 }",
               {},
               "m.toml:7: population.e.heterogeneity.half_width: is out of range (found -1.0); allowed: > 0"},
        Broken{"RationalOrderNotWhole",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"rational\", center = 1, half_width = 1, order = 1.5 }",
               {},
               "m.toml:7: population.e.heterogeneity.order: must be an integer (found 1.5); allowed: an integer from 1 "
               "to 20"},
        Broken{"QGaussianOfExponentZero",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"q-gaussian\", center = 1, scale = 1, exponent = 0 }",
               {},
               "m.toml:7: population.e.heterogeneity.exponent: is out of range (found 0); allowed: an integer from 1 "
               "to 20"},
        Broken{"QGaussianWithTheKeyOfAnother",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"q-gaussian\", center = 1, scal = 1, exponent = 2 }",
               {},
               "m.toml:7: population.e.heterogeneity.scal: unknown key of a q-gaussian density; did you mean 'scale'?; "
               "allowed: kind, center, scale, exponent"},
        Broken{"EmpiricalWithAWord",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"empirical\", values = [1, \"x\"] }",
               {},
               "m.toml:7: population.e.heterogeneity.values: must be a list of 1 to 100000 numbers (found [1, \"x\"]); "
               "allowed: any finite number"},
        Broken{"EmpiricalWithInfinity",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"empirical\", values = [1, inf] }",
               {},
               "m.toml:7: population.e.heterogeneity.values: one of its numbers is out of range (found [1, inf]); "
               "allowed: any finite number"},
        Broken{"EmpiricalOfNoValues",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"empirical\", values = [] }",
               {},
               "m.toml:7: population.e.heterogeneity.values: must be a list of 1 to 100000 numbers (found []); "
               "allowed: any finite number"},
        Broken{"EmpiricalOfBandwidthZero",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"empirical\", values = [1, 2], bandwidth = 0 }",
               {},
               "m.toml:7: population.e.heterogeneity.bandwidth: is out of range (found 0); allowed: > 0"},
        Broken{"EmpiricalColumnWithoutFile",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"empirical\", values = [1, 2], column = \"x\" }",
               {},
               "m.toml:7: population.e.heterogeneity.column: is of no use without `file` (found \"x\")"},
        Broken{"MixtureWithWeightZero",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\", components = [{ kind = \"uniform\", center = 0, half_width = 1, weight = 0 }] }",
               {},
               "m.toml:7: population.e.heterogeneity.components.0.weight: is out of range (found 0); allowed: > 0"},
        Broken{"MixtureWithoutWeight",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\", components = [{ kind = \"uniform\", center = 0, half_width = 1 }] }",
               {},
               "m.toml:7: population.e.heterogeneity.components.0.weight: is missing"},
        Broken{"MixtureWithUnknownKey",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\", components = [{ kind = \"uniform\", centre = 0, half_width = 1, weight = 1 }] }",
               {},
               "m.toml:7: population.e.heterogeneity.components.0.centre: unknown key of a uniform density; did you "
               "mean 'center'?; allowed: kind, weight, center, half_width"},
        Broken{"MixtureIsATable",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\", components = { weight = 1 } }",
               {},
               "m.toml:7: population.e.heterogeneity.components: must be a list of tables: write [[components]] (found "
               "a table)"},
        Broken{
            "NoiseWithTheKeyOfAnother",
            "size = 800",
            "size = 800\nnoise = { kind = \"gaussian\", width = 1 }",
            {},
            "m.toml:7: population.e.noise.width: unknown key of noise of kind \"gaussian\"; allowed: kind, intensity"},
        Broken{"NoNoiseWithWidth",
               "size = 800",
               "size = 800\nnoise = { kind = \"none\", width = 1 }",
               {},
               "m.toml:7: population.e.noise.width: unknown key of noise of kind \"none\"; allowed: kind"},
        Broken{"CauchyNoiseOfWidthZero",
               "size = 800",
               "size = 800\nnoise = { kind = \"cauchy\", width = 0.0 }",
               {},
               "m.toml:7: population.e.noise.width: is out of range (found 0.0); allowed: > 0"},
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
        Broken{"DelayOfTooManySteps",
               "weight = 10.0",
               "weight = 10.0\ndelay = 1e7",
               {},
               "m.toml:19: projection.e->i.delay: is out of range (found 10000000.0); allowed: >= 0 and <= 5000"},
        Broken{"NegativeDelay",
               "weight = 10.0",
               "weight = 10.0\ndelay = -0.1",
               {},
               "m.toml:19: projection.e->i.delay: is out of range (found -0.1); allowed: >= 0 and <= 5000"},
        Broken{"SynapseWithoutItsTimeConstant",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { kind = \"alpha\" }",
               {},
               "m.toml:19: projection.e->i.synapse.tau: is missing"},
        Broken{"SynapseAsAWord",
               "weight = 10.0",
               "weight = 10.0\nsynapse = \"biexponential\"",
               {},
               "m.toml:19: projection.e->i.synapse: needs its time constants (found \"biexponential\"); allowed: { "
               "kind = \"biexponential\", rise = .., decay = .. }"},
        Broken{"SynapseWithTheKeyOfAnother",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { kind = \"exponential\", rise = 1 }",
               {},
               "m.toml:19: projection.e->i.synapse.rise: unknown key of a synapse of kind \"exponential\"; allowed: "
               "kind, tau"},
        Broken{"UnknownSynapse",
               "weight = 10.0",
               "weight = 10.0\nsynapse = \"instantanous\"",
               {},
               "m.toml:19: projection.e->i.synapse: unknown value; did you mean 'instantaneous'? (found "
               "\"instantanous\"); allowed: \"instantaneous\", \"exponential\", \"alpha\", \"biexponential\""},
        Broken{"SynapseIsANumber",
               "weight = 10.0",
               "weight = 10.0\nsynapse = 3",
               {},
               "m.toml:19: projection.e->i.synapse: must be a word or a table with the key 'kind' (found 3); allowed: "
               "\"instantaneous\", \"exponential\", \"alpha\", \"biexponential\""},
        Broken{"StimulusToNobody",
               "to = \"e\"\nkind",
               "to = \"x\"\nkind",
               {},
               "m.toml:21: stimulus.0.to: unknown population (found \"x\"); allowed: \"e\", \"i\""},
        Broken{
            "KeyOfAnotherStimulus",
            "kind = \"step\"",
            "kind = \"white\"",
            {},
            "m.toml:23: stimulus.0.amplitude: unknown key of a stimulus of kind \"white\"; allowed: to, kind, power"},
        Broken{"PulsesLongerThanTheirPeriod",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"pulses\"\namplitude = 1\nwidth = 2\nperiod = 1",
               {},
               "m.toml:25: stimulus.0.period: is out of range (found 1); allowed: >= 2"},
        Broken{"RampEndsBeforeItBegins",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"ramp\"\namplitude = 1\nbegin = 2\nend = 1",
               {},
               "m.toml:25: stimulus.0.end: is out of range (found 1); allowed: > 2"},
        Broken{"TableWithoutTimes",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"table\"",
               {},
               "m.toml:20: stimulus.0.time: is missing; allowed: a list of times, or file = \"FILE.csv\""},
        Broken{"TableOfDifferentLengths",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"table\"\ntime = [0, 1]\nvalue = [1.0]",
               {},
               "m.toml:24: stimulus.0.value: has 1 numbers (found [1.0]); allowed: 2, as `time` has"},
        Broken{"TableOutOfOrder",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"table\"\ntime = [1, 1]\nvalue = [1, 2]",
               {},
               "m.toml:23: stimulus.0.time: is not in ascending order (found [1, 1])"},
        Broken{"NoiseOfNegativePower",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"white\"\npower = -1",
               {},
               "m.toml:23: stimulus.0.power: is out of range (found -1); allowed: >= 0"},
        Broken{"SubpopulationOfNoPopulation",
               "[simulation]",
               "[[subpopulation]]\nname = \"s\"\nof = \"x\"\nsize = 3\n\n[simulation]",
               {},
               "m.toml:29: subpopulation.s.of: unknown population (found \"x\"); allowed: \"e\", \"i\""},
        Broken{"SubpopulationOfTheNameOfAPopulation",
               "[simulation]",
               "[[subpopulation]]\nname = \"i\"\nof = \"e\"\nsize = 3\n\n[simulation]",
               {},
               "m.toml:28: subpopulation.0.name: another population has this name already (found \"i\")"},
        Broken{"SubpopulationTooLarge",
               "[simulation]",
               "[[subpopulation]]\nname = \"s\"\nof = \"e\"\nsize = 800\n\n[simulation]",
               {},
               "m.toml:30: subpopulation.s.size: leaves no neuron of population 'e' outside its subpopulations (found "
               "800); allowed: sizes that add up to less than 800"},
        Broken{"CouplingOfWrongShape",
               "[simulation]",
               "[coupling]\nweights = [[1, 2]]\n\n[simulation]",
               {},
               "m.toml:28: coupling.weights: must be a matrix (found [a list]); allowed: 2 rows of 2 numbers, one for "
               "each population"},
        Broken{"CouplingWithAWord",
               "[simulation]",
               "[coupling]\nweights = [[1, 2], [3, \"x\"]]\n\n[simulation]",
               {},
               "m.toml:28: coupling.weights: one of its entries, \"x\", is not allowed (found [a list, a list]); "
               "allowed: any finite number"},
        Broken{"CouplingWithoutWeights",
               "[simulation]",
               "[coupling]\ndelays = 1\n\n[simulation]",
               {},
               "m.toml:27: coupling.weights: must be a matrix; allowed: 2 rows of 2 numbers, one for each population"},
        Broken{"MarkovianNoiseOfAGaussianPopulation",
               "heterogeneity = { kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "heterogeneity = { kind = \"gaussian\", center = 1.0, standard_deviation = 0.5 }\n[mesoscopic]\nnoise = "
               "\"markovian\"",
               {},
               "m.toml:9: mesoscopic.noise: population 'e' is not Lorentzian or has noise in its neurons, for which "
               "there are no Markovian models (found \"markovian\"); allowed: \"ensemble\", \"spectral\""},
        Broken{"SynapseOfTauZero",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { kind = \"exponential\", tau = 0 }",
               {},
               "m.toml:19: projection.e->i.synapse.tau: is out of range (found 0); allowed: > 0"},
        Broken{"SynapseWithoutRise",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { kind = \"biexponential\", decay = 1 }",
               {},
               "m.toml:19: projection.e->i.synapse.rise: is missing"},
        Broken{"SynapseOfNegativeDecay",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { kind = \"biexponential\", rise = 1, decay = -2 }",
               {},
               "m.toml:19: projection.e->i.synapse.decay: is out of range (found -2); allowed: > 0"},
        Broken{"SynapseWithoutKind",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { tau = 1 }",
               {},
               "m.toml:19: projection.e->i.synapse.kind: is missing"},
        Broken{"InstantaneousSynapseWithTau",
               "weight = 10.0",
               "weight = 10.0\nsynapse = { kind = \"instantaneous\", tau = 1 }",
               {},
               "m.toml:19: projection.e->i.synapse.tau: unknown key of an instantaneous synapse; allowed: kind"},
        Broken{"DelayIsAWord",
               "weight = 10.0",
               "weight = 10.0\ndelay = \"long\"",
               {},
               "m.toml:19: projection.e->i.delay: must be a number (found \"long\"); allowed: >= 0 and <= 5000"},
        Broken{"DelayInfinite",
               "weight = 10.0",
               "weight = 10.0\ndelay = inf",
               {},
               "m.toml:19: projection.e->i.delay: must be finite (found inf); allowed: >= 0 and <= 5000"},
        Broken{"PulsesWithoutWidth",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"pulses\"\namplitude = 1\nperiod = 1",
               {},
               "m.toml:20: stimulus.0.width: is missing"},
        Broken{"PulsesOfWidthZero",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"pulses\"\namplitude = 1\nwidth = 0\nperiod = 1",
               {},
               "m.toml:24: stimulus.0.width: is out of range (found 0); allowed: > 0"},
        Broken{"PulsesWithAnotherKey",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"pulses\"\namplitude = 1\nwidth = 1\nperiode = 1",
               {},
               "m.toml:25: stimulus.0.periode: unknown key; did you mean 'period'?; allowed: to, kind, amplitude, "
               "frequency, phase, begin, end, width, period, time, value, file, power, standard_deviation, "
               "correlation_time"},
        Broken{"RampWithoutEnd",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"ramp\"\namplitude = 1\nbegin = 2",
               {},
               "m.toml:20: stimulus.0.end: is missing"},
        Broken{"RampForEver",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"ramp\"\namplitude = 1\nbegin = 2\nend = inf",
               {},
               "m.toml:25: stimulus.0.end: must be finite (found inf); allowed: > 2"},
        Broken{"TableWithoutValues",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"table\"\ntime = [1, 2]",
               {},
               "m.toml:20: stimulus.0.value: is missing"},
        Broken{"OrnsteinUhlenbeckWithoutTime",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"ornstein-uhlenbeck\"\nstandard_deviation = 1",
               {},
               "m.toml:20: stimulus.0.correlation_time: is missing"},
        Broken{"OrnsteinUhlenbeckOfTimeZero",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"ornstein-uhlenbeck\"\nstandard_deviation = 1\ncorrelation_time = 0",
               {},
               "m.toml:24: stimulus.0.correlation_time: is out of range (found 0); allowed: > 0"},
        Broken{"StepWithAFile",
               "kind = \"step\"\namplitude = 3.0\nbegin = 0.0\nend = 30.0",
               "kind = \"step\"\nfile = \"none.csv\"",
               {},
               "m.toml:23: stimulus.0.file: unknown key of a stimulus of kind \"step\"; allowed: to, kind, amplitude, "
               "begin, end"},
        Broken{"ProjectionToASubpopulation",
               "[simulation]",
               "[[subpopulation]]\nname = \"s\"\nof = \"e\"\nsize = 3\n[[projection]]\nfrom = \"s\"\nto = "
               "\"s\"\nweight = 1\n\n[simulation]",
               {},
               "m.toml:33: projection.s->s.to: is a subpopulation, which receives what its population does (found "
               "\"s\"); allowed: \"e\", \"i\""},
        Broken{"StimulusToASubpopulation",
               "[simulation]",
               "[[subpopulation]]\nname = \"s\"\nof = \"e\"\nsize = 3\n[[stimulus]]\nto = \"s\"\nkind = "
               "\"constant\"\namplitude = 1\n\n[simulation]",
               {},
               "m.toml:32: stimulus.1.to: is a subpopulation, which receives what its population does (found \"s\"); "
               "allowed: \"e\", \"i\""},
        Broken{"SubpopulationTwice",
               "[simulation]",
               "[[subpopulation]]\nname = \"s\"\nof = \"e\"\nsize = 3\n[[subpopulation]]\nname = \"s\"\nof = "
               "\"i\"\nsize = 3\n\n[simulation]",
               {},
               "m.toml:32: subpopulation.1.name: another population has this name already (found \"s\")"},
        Broken{"SubpopulationsThatAddUpToTooMany",
               "[simulation]",
               "[[subpopulation]]\nname = \"s\"\nof = \"e\"\nsize = 500\n[[subpopulation]]\nname = \"t\"\nof = "
               "\"e\"\nsize = 300\n\n[simulation]",
               {},
               "m.toml:34: subpopulation.t.size: leaves no neuron of population 'e' outside its subpopulations (found "
               "300); allowed: sizes that add up to less than 800"},
        Broken{"SubpopulationWithAnotherKey",
               "[simulation]",
               "[[subpopulation]]\nname = \"s\"\nof = \"e\"\nsise = 3\n\n[simulation]",
               {},
               "m.toml:30: subpopulation.s.sise: unknown key; did you mean 'size'?; allowed: name, of, size"},
        Broken{"UnknownFromWithSubpopulations",
               "[simulation]",
               "[[subpopulation]]\nname = \"seen\"\nof = \"e\"\nsize = 3\n[[projection]]\nfrom = \"sen\"\nto = "
               "\"i\"\nweight = 1\n\n[simulation]",
               {},
               "m.toml:32: projection.sen->i.from: unknown population; did you mean 'seen'? (found \"sen\"); allowed: "
               "\"e\", \"i\", \"seen\""},
        Broken{"CouplingWithInfinity",
               "[simulation]",
               "[coupling]\nweights = [[1, 2], [3, inf]]\n\n[simulation]",
               {},
               "m.toml:28: coupling.weights: one of its entries, inf, is not allowed (found [a list, a list]); "
               "allowed: any finite number"},
        Broken{"CouplingWithNegativeDelay",
               "[simulation]",
               "[coupling]\nweights = [[1, 2], [3, 4]]\ndelays = [[0, 0], [-1, 0]]\n\n[simulation]",
               {},
               "m.toml:29: coupling.delays: one of its entries, -1, is not allowed (found [a list, a list]); allowed: "
               ">= 0 and <= 5000"},
        Broken{"CouplingWithOneNegativeDelay",
               "[simulation]",
               "[coupling]\nweights = [[1, 2], [3, 4]]\ndelays = -1\n\n[simulation]",
               {},
               "m.toml:29: coupling.delays: is out of range (found -1); allowed: >= 0 and <= 5000"},
        Broken{"CouplingWithAnotherKey",
               "[simulation]",
               "[coupling]\nweight = [[1, 2], [3, 4]]\n\n[simulation]",
               {},
               "m.toml:28: coupling.weight: unknown key; did you mean 'weights'?; allowed: weights, file, delays, "
               "delays_file, synapse"},
        Broken{"CouplingWithABrokenSynapse",
               "[simulation]",
               "[coupling]\nweights = [[1, 2], [3, 4]]\nsynapse = { kind = \"alpha\" }\n\n[simulation]",
               {},
               "m.toml:29: coupling.synapse.tau: is missing"},
        Broken{"UnknownStimulus",
               "kind = \"step\"",
               "kind = \"stepp\"",
               {},
               "m.toml:22: stimulus.0.kind: unknown value; did you mean 'step'? (found \"stepp\"); allowed: "
               "\"constant\", \"step\", \"sine\", \"pulses\", \"ramp\", \"table\", \"ornstein-uhlenbeck\", \"white\""},
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
               "population, subpopulation, projection, coupling, stimulus, simulation, mesoscopic, spectrum"},
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
        Broken{"OverrideOfUnknownSubpopulation",
               "[simulation]",
               "[[subpopulation]]\nname = \"seen\"\nof = \"e\"\nsize = 3\n\n[simulation]",
               {"subpopulation.sen.size=5"},
               "--set subpopulation.sen.size=5: subpopulation.sen: unknown subpopulation 'sen'; did you mean 'seen'?; "
               "known: \"seen\""},
        Broken{"OverrideOfAComponent",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\", components = [{ kind = \"uniform\", center = 0, half_width = 1, weight = 1 }] }",
               {"population.e.heterogeneity.components.0.half_width=-1"},
               "--set population.e.heterogeneity.components.0.half_width=-1: "
               "population.e.heterogeneity.components.0.half_width: is out of range (found -1); allowed: > 0"},
        Broken{"OverrideOfAComponentThatIsAbsent",
               "{ kind = \"lorentzian\", center = 1.0, half_width = 0.5 }",
               "{ kind = \"mixture\", components = [{ kind = \"uniform\", center = 0, half_width = 1, weight = 1 }] }",
               {"population.e.heterogeneity.components.1.weight=1"},
               "--set population.e.heterogeneity.components.1.weight=1: population.e.heterogeneity.components: is not "
               "a table (found [a table])"},
        Broken{"OverrideOfDelayTooLong",
               "",
               "",
               {"projection.delay=1e9"},
               "--set projection.delay=1e9: projection.e->i.delay: is out of range (found 1000000000.0); allowed: >= 0 "
               "and <= 5000"},
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
