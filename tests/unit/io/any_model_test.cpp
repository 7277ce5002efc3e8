// Everything that a model may consist of, read from files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "popshot/core/error.hpp"
#include "popshot/io/model_file.hpp"
#include "summary.hpp"

namespace popshot::io {
namespace {

std::string with_heterogeneity(const std::string& heterogeneity, const std::string& more = "") {
  return "[model]\nname = \"m\"\n[[population]]\nname = \"p\"\nsize = 100\nheterogeneity = " + heterogeneity + "\n" +
         more;
}

model::Model parsed(const std::string& text) { return parse_model(text, "m.toml").model; }

template <class Kind>
Kind heterogeneity(const std::string& text, const std::string& more = "") {
  return std::get<Kind>(parsed(with_heterogeneity(text, more)).populations.at(0).heterogeneity);
}

TEST(Heterogeneity, OfEveryKindIsRead) {
  const auto gaussian = heterogeneity<model::Gaussian>("{ kind = \"gaussian\", center = 1, standard_deviation = 2 }");
  EXPECT_EQ(gaussian.center, 1.0);
  EXPECT_EQ(gaussian.standard_deviation, 2.0);
  const auto uniform = heterogeneity<model::Uniform>("{ kind = \"uniform\", center = 1, half_width = 2 }");
  EXPECT_EQ(uniform.half_width, 2.0);
  const auto rational =
      heterogeneity<model::Rational>("{ kind = \"rational\", center = 1, half_width = 2, order = 3 }");
  EXPECT_EQ(rational.order, 3);
  const auto q = heterogeneity<model::QGaussian>("{ kind = \"q-gaussian\", center = 1, scale = 2, exponent = 4 }");
  EXPECT_EQ(q.scale, 2.0);
  EXPECT_EQ(q.exponent, 4);
  const auto same = heterogeneity<model::Identical>("{ kind = \"identical\", center = 1 }",
                                                    "noise = { kind = \"cauchy\", width = 0.3 }");
  EXPECT_EQ(same.center, 1.0);
  const auto mixture = heterogeneity<model::Mixture>(
      "{ kind = \"mixture\", components = [{ kind = \"lorentzian\", center = 1, half_width = 2, weight = 0.25 }, "
      "{ kind = \"gaussian\", center = -1, standard_deviation = 1, weight = 0.75 }] }");
  ASSERT_EQ(mixture.component.size(), 2U);
  EXPECT_EQ(mixture.component[0].weight, 0.25);
  EXPECT_EQ(std::get<model::Gaussian>(mixture.component[1].density).center, -1.0);
  const auto empirical = heterogeneity<model::Empirical>("{ kind = \"empirical\", values = [3.0, 1, 2] }");
  EXPECT_EQ(empirical.value, (std::vector<double>{1.0, 2.0, 3.0}));
  // Silverman: 0.9 min(1, 1/1.34) 3^(-1/5), with the quartiles 1 and 2 of three values
  EXPECT_NEAR(empirical.bandwidth, 0.9 / 1.34 * std::pow(3.0, -0.2), 1e-12);
}

TEST(Heterogeneity, BandwidthIsSilvermansRule) {
  // Quartiles of four values between them, as numpy.percentile has them: 1.75 and 5.5; standard deviation 3.5.
  const auto four = heterogeneity<model::Empirical>("{ kind = \"empirical\", values = [1, 2, 4, 10] }");
  const double deviation = std::sqrt((3.25 * 3.25 + 2.25 * 2.25 + 0.25 * 0.25 + 5.75 * 5.75) / 3.0);
  EXPECT_NEAR(four.bandwidth, 0.9 * std::min(deviation, (5.5 - 1.75) / 1.34) * std::pow(4.0, -0.2), 1e-14);
  // Equal quartiles: the standard deviation alone.
  const auto equal = heterogeneity<model::Empirical>("{ kind = \"empirical\", values = [1, 1, 1, 1, 1, 1, 1, 9] }");
  EXPECT_NEAR(equal.bandwidth, 0.9 * std::sqrt(8.0) * std::pow(8.0, -0.2), 1e-14);
}

TEST(Heterogeneity, WeightsOfAMixtureAddUpToOneExactly) {
  const auto mixture = heterogeneity<model::Mixture>(
      "{ kind = \"mixture\", components = [{ kind = \"uniform\", center = 1, half_width = 2, weight = 0.3333333333 }, "
      "{ kind = \"rational\", center = 1, half_width = 2, order = 2, weight = 0.3333333333 }, "
      "{ kind = \"q-gaussian\", center = 1, scale = 2, exponent = 2, weight = 0.3333333333 }] }");
  double sum = 0.0;
  for (const auto& component : mixture.component) sum += component.weight;
  EXPECT_NEAR(sum, 1.0, 3e-16);
}

TEST(Noise, OfEveryKindIsRead) {
  const std::string lorentzian = "{ kind = \"lorentzian\", center = 0, half_width = 1 }";
  const auto noise = [&](const std::string& text) {
    return parsed(with_heterogeneity(lorentzian, text)).populations.at(0).noise;
  };
  EXPECT_TRUE(std::holds_alternative<model::NoNoise>(noise("")));
  EXPECT_TRUE(std::holds_alternative<model::NoNoise>(noise("noise = { kind = \"none\" }")));
  EXPECT_EQ(std::get<model::CauchyNoise>(noise("noise = { kind = \"cauchy\", width = 0.3 }")).width, 0.3);
  EXPECT_EQ(std::get<model::GaussianNoise>(noise("noise = { kind = \"gaussian\", intensity = 0.2 }")).intensity, 0.2);
}

const std::string pair = R"([model]
name = "pair"
[[population]]
name = "e"
size = 100
heterogeneity = { kind = "lorentzian", center = 0, half_width = 1 }
[[population]]
name = "i"
size = 50
heterogeneity = { kind = "lorentzian", center = 0, half_width = 1 }
)";

TEST(Projections, HaveSynapsesAndDelays) {
  const auto model = parsed(pair + R"(
[[projection]]
from = "e"
to = "i"
weight = 2.0
delay = 0.123
synapse = { kind = "exponential", tau = 0.5 }
[[projection]]
from = "i"
to = "e"
weight = -1.0
synapse = { kind = "biexponential", rise = 0.1, decay = 0.4 }
[[projection]]
from = "i"
to = "i"
weight = -1.0
synapse = { kind = "alpha", tau = 0.3 }
)");
  ASSERT_EQ(model.projections.size(), 3U);
  EXPECT_EQ(model.projections[0].delay, 0.123);
  EXPECT_EQ(model.projections[0].synapse.rise, 0.0);
  EXPECT_EQ(model.projections[0].synapse.decay, 0.5);
  EXPECT_EQ(model.projections[1].synapse.rise, 0.1);
  EXPECT_EQ(model.projections[1].synapse.decay, 0.4);
  EXPECT_EQ(model.projections[2].synapse.rise, 0.3);
  EXPECT_EQ(model.projections[2].synapse.decay, 0.3);
}

TEST(Coupling, MakesAProjectionOfEveryWeight) {
  const auto model =
      parsed(pair +
             "[coupling]\nweights = [[1, 0], [2, -3]]\ndelays = [[0.1, 0], [0.2, 0.3]]\nsynapse = { kind = "
             "\"exponential\", tau = 0.5 }\n");
  ASSERT_EQ(model.projections.size(), 3U);
  EXPECT_EQ(model.projections[1].from, 0U);
  EXPECT_EQ(model.projections[1].to, 1U);
  EXPECT_EQ(model.projections[1].weight, 2.0);
  EXPECT_EQ(model.projections[1].delay, 0.2);
  EXPECT_EQ(model.projections[2].weight, -3.0);
  EXPECT_EQ(model.projections[2].synapse.decay, 0.5);
}

TEST(Subpopulations, BecomePopulationsAndOutputs) {
  const auto model = parsed(pair + R"(
[[subpopulation]]
name = "seen"
of = "e"
size = 20
[[projection]]
from = "seen"
to = "i"
weight = 2.0
[[projection]]
from = "e"
to = "e"
weight = 3.0
)");
  ASSERT_EQ(model.populations.size(), 3U);
  EXPECT_EQ(model.populations[0].size, 80);
  EXPECT_EQ(model.populations[2].size, 20);
  EXPECT_EQ(model.populations[2].name, "seen");
  ASSERT_EQ(model.outputs.size(), 3U);
  EXPECT_EQ(model.outputs[0].name, "e");
  EXPECT_EQ(model.outputs[0].parts, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(output_size(model, model.outputs[0]), 100);
  // seen -> i, and e -> e from both parts to both parts, in proportion.
  ASSERT_EQ(model.projections.size(), 5U);
  EXPECT_EQ(model.projections[0].from, 2U);
  EXPECT_EQ(model.projections[0].weight, 2.0);
  double to_rest = 0.0;
  double to_seen = 0.0;
  for (const auto& projection : model.projections) {
    if (projection.to == 0) to_rest += projection.weight;
    if (projection.to == 2) to_seen += projection.weight;
  }
  EXPECT_NEAR(to_rest, 3.0, 1e-14);
  EXPECT_NEAR(to_seen, 3.0, 1e-14);
}

TEST(Projections, AndCouplingMayBothBeThere) {
  const auto model = parsed(pair + R"(
[[projection]]
from = "e"
to = "i"
weight = 7.0
synapse = { kind = "instantaneous" }
[coupling]
weights = [[0, 0], [2.5, 0]]
)");
  ASSERT_EQ(model.projections.size(), 2U);
  EXPECT_EQ(model.projections[0].weight, 7.0);
  EXPECT_EQ(model.projections[1].weight, 2.5);
  EXPECT_EQ(model.projections[1].from, 0U) << "rows are to, columns from";
  EXPECT_EQ(model.projections[1].delay, 0.0);
  EXPECT_EQ(model.projections[1].synapse.decay, 0.0);
}

std::string error_of(const std::string& text) {
  try {
    (void)parse_model(text, "m.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Subpopulations, NeedRandomSamplingAndNoRaster) {
  const std::string lorentzian = "{ kind = \"lorentzian\", center = 0, half_width = 1 }\n";
  const std::string part = "[[subpopulation]]\nname = \"s\"\nof = \"p\"\nsize = 3\n";
  EXPECT_EQ(error_of(with_heterogeneity(lorentzian, "sampling = \"quantile\"\n" + part)),
            "m.toml:11: subpopulation.s.of: population 'p' is sampled on quantiles (found \"p\"); allowed: populations "
            "with sampling = \"random\" and without a raster");
  EXPECT_THAT(error_of(with_heterogeneity(lorentzian, "raster = { count = 2 }\n" + part)),
              testing::HasSubstr("population 'p' is recorded in a raster"));
}

TEST(Mesoscopic, MarkovianNoiseIsForLorentzianPopulationsWithoutNoise) {
  const std::string lorentzian = "{ kind = \"lorentzian\", center = 0, half_width = 1 }\n";
  const std::string noisy = lorentzian + "noise = { kind = \"cauchy\", width = 1 }\n";
  const std::string gaussian = "{ kind = \"gaussian\", center = 0, standard_deviation = 1 }\n";
  const std::string markovian = "[mesoscopic]\nnoise = \"markovian\"\n";
  EXPECT_EQ(error_of(with_heterogeneity(lorentzian, markovian)), "no error");
  for (const auto& other : {noisy, gaussian}) {
    EXPECT_EQ(error_of(with_heterogeneity(other, "[mesoscopic]\nnoise = \"spectral\"\n")), "no error");
    EXPECT_THAT(error_of(with_heterogeneity(other, markovian)),
                testing::HasSubstr("mesoscopic.noise: population 'p' is not Lorentzian or has noise"));
  }
}

/// One of everything, with numbers that have no short decimal or binary form.
const std::string everything = R"([model]
name = "everything"
[[population]]
name = "p"
size = 100
tau = 0.30000000000000004
noise = { kind = "gaussian", intensity = 1e-17 }
heterogeneity = { kind = "mixture", components = [
  { kind = "rational", center = 0.1, half_width = 0.2, order = 3, weight = 0.1 },
  { kind = "q-gaussian", center = -1e-300, scale = 1e22, exponent = 4, weight = 0.2 },
  { kind = "uniform", center = 3.141592653589793, half_width = 1.0, weight = 0.7 }] }
[[population]]
name = "q"
size = 50
noise = { kind = "cauchy", width = 0.1 }
heterogeneity = { kind = "identical", center = 0.1 }
[[population]]
name = "r"
size = 9
heterogeneity = { kind = "empirical", values = [0.1, 1.7976931348623157e308, 5e-324] , bandwidth = 0.7 }
[[subpopulation]]
name = "s"
of = "p"
size = 7
[[projection]]
from = "s"
to = "q"
weight = 0.1
delay = 0.333333333333333333
synapse = { kind = "biexponential", rise = 0.1, decay = 0.7 }
[coupling]
weights = [[1, 2.5, 0], [3, -4, 1e-7], [0, 0, 0.1]]
delays = 0.1
synapse = { kind = "alpha", tau = 0.1 }
[[stimulus]]
to = "p"
kind = "pulses"
amplitude = 0.1
width = 0.1
period = 0.3
[[stimulus]]
to = "q"
kind = "table"
time = [0.1, 0.2, 0.30000000000000004]
value = [1, 2.2, 3]
[[stimulus]]
to = "r"
kind = "ornstein-uhlenbeck"
standard_deviation = 0.1
correlation_time = 3
)";

TEST(Overrides, OfAnyModelAreInTheTextWhichGivesTheSameModelAgain) {
  const ModelFile file = parse_model(everything, "m.toml", {"simulation.seed=7"});
  const std::string all = summary(file.model);
  EXPECT_EQ(summary(parse_model(file.text, "provenance").model), all);
  EXPECT_THAT(all, testing::HasSubstr("0.30000000000000004"));
  EXPECT_THAT(all, testing::HasSubstr("4.9406564584124654e-324"));
  auto seed = parsed(everything);
  seed.simulation.seed = 7;
  EXPECT_EQ(summary(seed), all) << "nothing but the seed has changed";
}

TEST(Overrides, ReachTheNumbersOfAnyModel) {
  const auto changed = [](const std::vector<std::string>& overrides) {
    return parse_model(everything, "m.toml", overrides).model;
  };
  EXPECT_EQ(changed({"subpopulation.s.size=11"}).populations.at(3).size, 11);
  EXPECT_EQ(changed({"subpopulation.size=11"}).populations.at(0).size, 89);
  const auto mixture = changed({"population.p.heterogeneity.components.1.center=3", "population.p.noise.intensity=2"});
  const auto& part = std::get<model::Mixture>(mixture.populations[0].heterogeneity).component[1];
  EXPECT_EQ(std::get<model::QGaussian>(part.density).center, 3.0);
  EXPECT_EQ(std::get<model::GaussianNoise>(mixture.populations[0].noise).intensity, 2.0);
  const auto coupled = changed({"coupling.delays=0.25", "coupling.synapse.tau=0.5", "projection.s->q.delay=1",
                                "projection.s->q.synapse.rise=0.2", "stimulus.0.width=0.2"});
  EXPECT_EQ(coupled.projections.front().delay, 1.0);
  EXPECT_EQ(coupled.projections.front().synapse.rise, 0.2);
  EXPECT_EQ(coupled.projections.back().delay, 0.25);
  EXPECT_EQ(coupled.projections.back().synapse.decay, 0.5);
  EXPECT_EQ(std::get<model::PulseCurrent>(coupled.stimuli[0].current).width, 0.2);
}

TEST(Stimuli, OfEveryKindAreRead) {
  const auto stimulus = [](const std::string& text) {
    return parsed(pair + "[[stimulus]]\nto = \"e\"\n" + text).stimuli.at(0).current;
  };
  const auto pulses =
      std::get<model::PulseCurrent>(stimulus("kind = \"pulses\"\namplitude = 2\nwidth = 1\nperiod = 5\n"));
  EXPECT_EQ(pulses.begin, -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isinf(pulses.end));
  const auto ramp = std::get<model::RampCurrent>(stimulus("kind = \"ramp\"\namplitude = 2\nbegin = 1\nend = 5\n"));
  EXPECT_EQ(ramp.end, 5.0);
  const auto table = std::get<model::TableCurrent>(stimulus("kind = \"table\"\ntime = [0, 1.5]\nvalue = [2, 3]\n"));
  EXPECT_EQ(table.time, (std::vector<double>{0.0, 1.5}));
  const auto ou = std::get<model::OrnsteinUhlenbeckCurrent>(
      stimulus("kind = \"ornstein-uhlenbeck\"\nstandard_deviation = 2\ncorrelation_time = 3\n"));
  EXPECT_EQ(ou.correlation_time, 3.0);
  EXPECT_EQ(std::get<model::WhiteNoiseCurrent>(stimulus("kind = \"white\"\npower = 0.5\n")).power, 0.5);
}

class WithFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("popshot_files_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  [[nodiscard]] ModelFile read(const std::string& text) const {
    write("m.toml", text);
    return read_model(folder_ / "m.toml");
  }
  [[nodiscard]] std::string error_of(const std::string& text) const {
    try {
      (void)read(text);
    } catch (const InputError& error) {
      const std::string message = error.what();
      const std::string place = folder_.string() + "/";
      return message.starts_with(place) ? message.substr(place.size()) : message;
    }
    return "no error";
  }
  std::filesystem::path folder_;
};

TEST_F(WithFiles, ValuesComeFromCsvAndGoIntoTheText) {
  write("eta.csv", "# measured\nneuron, eta\n1, 0.5\n2, -1.5\n\n3, 2\n");
  write("current.csv", "0,1\n2,3\n");
  write("weights.csv", ",p\np,4.5\n");
  const std::string text =
      with_heterogeneity("{ kind = \"empirical\", file = \"eta.csv\", column = \"eta\", bandwidth = 0.1 }") +
      "[coupling]\nfile = \"weights.csv\"\n[[stimulus]]\nto = \"p\"\nkind = \"table\"\nfile = "
      "\"current.csv\"\n";
  const ModelFile file = read(text);
  const auto check = [](const model::Model& model) {
    EXPECT_EQ(std::get<model::Empirical>(model.populations.at(0).heterogeneity).value,
              (std::vector<double>{-1.5, 0.5, 2.0}));
    EXPECT_EQ(model.projections.at(0).weight, 4.5);
    EXPECT_EQ(std::get<model::TableCurrent>(model.stimuli.at(0).current).value, (std::vector<double>{1.0, 3.0}));
  };
  check(file.model);
  // The text that results carry stands for itself, without the files.
  check(parse_model(file.text, "provenance").model);
}

TEST_F(WithFiles, BrokenFilesAreNamedWithTheirLine) {
  const std::string text = with_heterogeneity("{ kind = \"empirical\", file = \"eta.csv\", bandwidth = 0.1 }");
  EXPECT_EQ(error_of(text), "eta.csv: there is no such file");
  write("eta.csv", "1\n2\nx\n");
  EXPECT_EQ(error_of(text), "eta.csv:3: 'x' is not a number; allowed: numbers separated by commas");
  write("eta.csv", "1\n2,3\n");
  EXPECT_EQ(error_of(text), "eta.csv:2: has 2 numbers; allowed: 1, as the rows before");
  write("eta.csv", "1\ninf\n");
  EXPECT_EQ(error_of(text), "eta.csv:2: 'inf' is not finite; allowed: finite numbers");
  write("eta.csv", "# nothing\n");
  EXPECT_EQ(error_of(text), "eta.csv: holds no numbers");
  write("w.csv", "a,b\n1,2\n3,4\n");
  EXPECT_EQ(error_of(pair + "[coupling]\nfile = \"w.csv\"\n"),
            "m.toml:12: coupling.file: the names in the file are not those of the populations in their order (found "
            "\"w.csv\"); allowed: \"e\", \"i\"");
}

TEST_F(WithFiles, FirstLinesAreHeadersOnlyIfTheyAreWords) {
  const std::string text = with_heterogeneity("{ kind = \"empirical\", file = \"eta.csv\", bandwidth = 0.1 }");
  const auto values = [&](const std::string& csv) {
    write("eta.csv", csv);
    return std::get<model::Empirical>(read(text).model.populations.at(0).heterogeneity).value;
  };
  const std::vector<double> two{-1.5, 2e3};
  EXPECT_EQ(values("-1.5\n+2e3\n"), two);
  EXPECT_EQ(values("eta\n-1.5\n2000\n"), two);
  EXPECT_EQ(values("\xEF\xBB\xBF-1.5\r\n2000\r\n"), two) << "byte order mark and line ends of other systems";
  EXPECT_EQ(values("# by hand\n\neta # not a comment\n  -1.5\t\n2000"), two);
  EXPECT_EQ(values("neuron,eta\nfirst,-1.5\nsecond,2000\n"), two);
  // What is meant to be a number is none of these, and must not be lost.
  const auto error = [&](const std::string& csv) {
    write("eta.csv", csv);
    return error_of(text);
  };
  const std::string no_number = " is not a number; allowed: numbers separated by commas";
  EXPECT_EQ(error("1.5x\n2\n"), "eta.csv:1: '1.5x'" + no_number);
  EXPECT_EQ(error("1;5\n2;3\n"), "eta.csv:1: '1;5'" + no_number);
  EXPECT_EQ(error("1e400\n2\n"), "eta.csv:1: '1e400'" + no_number);
  EXPECT_EQ(error("+-1\n2\n"), "eta.csv:1: '+-1'" + no_number);
  EXPECT_EQ(error("nan\n2\n"), "eta.csv:1: 'nan' is not finite; allowed: finite numbers");
  EXPECT_EQ(error("1,\n"), "eta.csv:1: ''" + no_number);
  EXPECT_EQ(error("a,1\n5,2\n"),
            "eta.csv:2: '5' is not the name of a row; allowed: a word, as in the rows before, and numbers");
  EXPECT_EQ(error("a,b,c\n1,2\n"), "eta.csv: the header has 3 names for 2 columns");
}

TEST_F(WithFiles, ColumnsAreFoundByName) {
  write("eta.csv", "first,second\n1,5\n2,6\n");
  const auto text = [](const std::string& column) {
    return with_heterogeneity("{ kind = \"empirical\", file = \"eta.csv\", column = \"" + column +
                              "\", bandwidth = 0.1 }");
  };
  const auto model = read(text("first")).model;
  EXPECT_EQ(std::get<model::Empirical>(model.populations.at(0).heterogeneity).value, (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(error_of(text("third")),
            "m.toml:6: population.p.heterogeneity.column: there is no such column in the file (found \"third\"); "
            "allowed: \"first\", \"second\"");
  EXPECT_EQ(error_of(with_heterogeneity("{ kind = \"empirical\", file = 3 }")),
            "m.toml:6: population.p.heterogeneity.file: must be a string (found 3)");
  EXPECT_EQ(error_of(with_heterogeneity("{ kind = \"empirical\", file = \"eta.csv\", values = [1] }")),
            "m.toml:6: population.p.heterogeneity.file: is given as well as `values` (found \"eta.csv\"); allowed: one "
            "of them");
}

TEST_F(WithFiles, TablesOfCurrentsHaveTimesThatAscend) {
  const std::string text = pair + "[[stimulus]]\nto = \"e\"\nkind = \"table\"\nfile = \"current.csv\"\n";
  const auto table = [&](const std::string& csv) {
    write("current.csv", csv);
    return std::get<model::TableCurrent>(read(text).model.stimuli.at(0).current);
  };
  for (const std::string csv : {"0,5\n1,7\n", "time,value\n0,5\n1,7\n", "value,time\n5,0\n7,1\n", "t,I\n0,5\n1,7\n"}) {
    EXPECT_EQ(table(csv).time, (std::vector<double>{0.0, 1.0})) << csv;
    EXPECT_EQ(table(csv).value, (std::vector<double>{5.0, 7.0})) << csv;
  }
  write("current.csv", "time,value\n0,5\n1,7\n\n1,8\n");
  EXPECT_EQ(error_of(text), "current.csv:5: the time 1 does not come after that of the row before, 1");
  write("current.csv", "0\n1\n");
  EXPECT_EQ(error_of(text),
            "m.toml:14: stimulus.0.file: is not a table of two columns (found \"current.csv\"); allowed: times and "
            "values");
}

TEST_F(WithFiles, MatricesAreOfThePopulations) {
  const std::string text = pair + "[coupling]\nfile = \"w.csv\"\ndelays_file = \"d.csv\"\n";
  write("d.csv", "0.1,0.2\n0.3,0.4\n");
  for (const std::string csv :
       {"1,2\n3,4\n", ",e,i\ne,1,2\ni,3,4\n", "e,i\n1,2\n3,4\n", "e,1,2\ni,3,4\n", "to,e,i\ne,1,2\ni,3,4\n"}) {
    write("w.csv", csv);
    const ModelFile file = read(text);
    ASSERT_EQ(file.model.projections.size(), 4U) << csv;
    // Row i, column e.
    EXPECT_EQ(file.model.projections[2].from, 0U);
    EXPECT_EQ(file.model.projections[2].to, 1U);
    EXPECT_EQ(file.model.projections[2].weight, 3.0);
    EXPECT_EQ(file.model.projections[2].delay, 0.3);
    EXPECT_EQ(summary(parse_model(file.text, "provenance").model), summary(file.model));
  }
  write("w.csv", ",i,e\ne,1,2\ni,3,4\n");
  EXPECT_THAT(error_of(text), testing::HasSubstr("the names in the file are not those of the populations"));
  write("w.csv", ",e,i\ni,1,2\ne,3,4\n");
  EXPECT_THAT(error_of(text), testing::HasSubstr("the names in the file are not those of the populations"));
  write("w.csv", "1,2\n");
  EXPECT_EQ(error_of(text),
            "m.toml:12: coupling.file: the file has 1 rows of 2 numbers (found \"w.csv\"); allowed: 2 of 2, one for "
            "each population");
  write("w.csv", "1,2\n3,4\n");
  write("d.csv", "0.1,0.2\n0.3,-0.4\n");
  EXPECT_THAT(error_of(text), testing::HasSubstr("coupling.delays: one of its entries, -0.4, is not allowed"));
  EXPECT_THAT(error_of(text + "weights = [[1, 2], [3, 4]]\n"),
              testing::HasSubstr("coupling.file: is given as well as `weights`"));
}

TEST_F(WithFiles, AreRelativeToTheModelOrTheFolderOfAText) {
  std::filesystem::create_directories(folder_ / "data");
  write("data/eta.csv", "1\n2\n");
  const std::string text = with_heterogeneity("{ kind = \"empirical\", file = \"data/eta.csv\", bandwidth = 0.1 }");
  EXPECT_NO_THROW((void)read(text));
  EXPECT_NO_THROW((void)parse_model(text, "text", {}, folder_));
  try {
    (void)parse_model(text, "text");
    FAIL() << "not in the current folder";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "data/eta.csv: there is no such file");
  }
  // An override can name another file.
  write("data/other.csv", "5\n6\n7\n");
  const auto other = read_model(folder_ / "m.toml", {"population.heterogeneity.file='data/other.csv'"});
  EXPECT_EQ(std::get<model::Empirical>(other.model.populations.at(0).heterogeneity).value.size(), 3U);
  EXPECT_EQ(summary(parse_model(other.text, "provenance").model), summary(other.model));
}

TEST_F(WithFiles, KeepEveryBitInTheText) {
  std::string csv;
  std::vector<double> values;
  for (int i = 1; i <= 500; ++i) {
    values.push_back(std::sin(i) * std::pow(10.0, i % 40 - 20));
    std::ostringstream number;
    number.precision(17);
    number << values.back();
    csv += number.str() + "\n";
  }
  write("eta.csv", csv);
  std::sort(values.begin(), values.end());
  const auto file = read(with_heterogeneity("{ kind = \"empirical\", file = \"eta.csv\" }"));
  const auto of = [](const model::Model& model) {
    return std::get<model::Empirical>(model.populations[0].heterogeneity);
  };
  EXPECT_EQ(of(file.model).value, values);
  const auto again = parse_model(file.text, "provenance").model;
  EXPECT_EQ(of(again).value, values);
  EXPECT_EQ(of(again).bandwidth, of(file.model).bandwidth);
}

}  // namespace
}  // namespace popshot::io
