// Everything that a model may consist of, read from files.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "popshot/core/error.hpp"
#include "popshot/io/model_file.hpp"

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

TEST(Stimuli, OfEveryKindAreRead) {
  const auto stimulus = [](const std::string& text) {
    return parsed(pair + "[[stimulus]]\nto = \"e\"\n" + text).stimuli.at(0).current;
  };
  const auto pulses =
      std::get<model::PulseCurrent>(stimulus("kind = \"pulses\"\namplitude = 2\nwidth = 1\nperiod = 5\n"));
  EXPECT_EQ(pulses.begin, 0.0);
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

}  // namespace
}  // namespace popshot::io
