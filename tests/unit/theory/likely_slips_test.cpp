// Notes on what is probably not meant: one for each slip, none for a model that is right.
#include "popshot/theory/likely_slips.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "popshot/mean_field/stationary.hpp"

namespace popshot::theory {
namespace {

/// The E-I pair of the documentation in milliseconds.
model::Model pair_in_ms() {
  model::Model model;
  model.name = "pair";
  model.time_unit = "ms";
  model::Population e;
  e.name = "e";
  e.size = 4000;
  e.tau = 15.0;
  e.heterogeneity = model::Lorentzian{14.0, 1.0};
  model::Population i = e;
  i.name = "i";
  i.size = 1000;
  i.tau = 10.0;
  i.heterogeneity = model::Lorentzian{0.0, 1.0};
  model.populations = {e, i};
  model.projections = {{0, 1, 10.0, 1.0, {0.0, 5.0}}, {1, 0, -10.0, 1.0, {0.5, 8.0}}};
  model.simulation.duration = 100.0;
  model.simulation.transient = 20.0;
  model.simulation.time_step = 0.1;
  return model;
}

std::vector<std::string> keys(const model::Model& model) {
  std::vector<std::string> result;
  for (const auto& slip : likely_slips(model)) {
    EXPECT_TRUE(slip.text.starts_with(slip.key)) << slip.text;
    EXPECT_EQ(slip.text.find('\n'), std::string::npos);
    result.push_back(slip.key);
  }
  return result;
}

using Keys = std::vector<std::string>;

TEST(LikelySlips, AreNoneInAModelThatIsRight) {
  auto model = pair_in_ms();
  EXPECT_EQ(keys(model), Keys{});
  // Times of a tenth of a millisecond, a step that is as long, a chosen step, other units.
  model.projections[0].delay = 0.12;
  model.projections[0].synapse.decay = 0.12;
  EXPECT_EQ(keys(model), Keys{});
  model.simulation.time_step = 0.0;
  EXPECT_EQ(keys(model), Keys{});
  model.time_unit = "tau";
  model.populations[0].tau = 1.0;
  EXPECT_EQ(keys(model), Keys{});
}

TEST(LikelySlips, ADelayAndASynapseInSeconds) {
  auto model = pair_in_ms();
  for (auto& projection : model.projections) projection.delay = 0.001;
  const auto slips = likely_slips(model);
  ASSERT_EQ(slips.size(), 1U);
  EXPECT_EQ(slips[0].key, "projection.e->i.delay");
  EXPECT_NE(slips[0].text.find("(and 1 more)"), std::string::npos) << slips[0].text;
  EXPECT_NE(slips[0].text.find("seconds instead of ms?"), std::string::npos) << slips[0].text;
  model = pair_in_ms();
  model.projections[1].synapse.rise = 0.0005;
  EXPECT_EQ(keys(model), Keys{"projection.i->e.synapse.rise"});
  model.projections[1].synapse = {0.0, 0.008};
  EXPECT_EQ(keys(model), Keys{"projection.i->e.synapse.tau"});
  // Also where the step is not chosen yet.
  model.simulation.time_step = 0.0;
  EXPECT_EQ(keys(model), Keys{"projection.i->e.synapse.tau"});
}

TEST(LikelySlips, ADelayBelowTheStep) {
  auto model = pair_in_ms();
  model.projections[0].delay = 0.08;  // a hundred and twenty-fifth of tau
  EXPECT_EQ(keys(model), Keys{"projection.e->i.delay"});
  model.simulation.time_step = 0.05;
  EXPECT_EQ(keys(model), Keys{});
}

TEST(LikelySlips, ATauLeftOut) {
  for (const std::string unit : {"ms", "s"}) {
    auto model = pair_in_ms();
    model.time_unit = unit;
    model.simulation.time_step = 0.0;
    model.populations[1].tau = 1.0;
    EXPECT_EQ(keys(model), Keys{"population.i.tau"});
    model.time_unit = "tau_i";
    EXPECT_EQ(keys(model), Keys{});
  }
}

TEST(LikelySlips, AStepOfATenthOfTau) {
  auto model = pair_in_ms();
  model.simulation.time_step = 1.0;
  EXPECT_EQ(keys(model), Keys{"simulation.time_step"});
  model.simulation.time_step = 0.5;
  EXPECT_EQ(keys(model), Keys{});
}

TEST(LikelySlips, AStartRateInHertz) {
  auto model = pair_in_ms();
  const double rate = mean_field::selected_state(model).point.rate.maxCoeff();
  const auto started = [&](double start) {
    model.simulation.start = model::LorentzianStart{start, {}};
    return keys(model);
  };
  EXPECT_EQ(started(rate), Keys{});
  EXPECT_EQ(started(30.0 * rate), Keys{});
  EXPECT_EQ(started(1000.0 * rate), Keys{"simulation.start.rate"});
  EXPECT_EQ(started(rate / 3000.0), Keys{"simulation.start.rate"});
  // A start from silence is nothing unusual without units.
  model.time_unit = "tau";
  EXPECT_EQ(started(rate / 3000.0), Keys{});
}

TEST(LikelySlips, AStimulusOutsideTheRun) {
  auto model = pair_in_ms();  // from -20 to 100
  const auto stimulated = [&](const auto& current) {
    model.stimuli = {{0, model::ConstantCurrent{1.0}}, {1, current}};
    return keys(model);
  };
  const Keys outside{"stimulus.1"};
  EXPECT_EQ(stimulated(model::StepCurrent{1.0, 50.0, 400.0}), Keys{});
  EXPECT_EQ(stimulated(model::StepCurrent{1.0, 100.0, 400.0}), outside);
  EXPECT_EQ(stimulated(model::StepCurrent{1.0, -50.0, -20.0}), outside);
  EXPECT_EQ(stimulated(model::StepCurrent{1.0, -50.0, -19.0}), Keys{});
  EXPECT_EQ(stimulated(model::SineCurrent{1.0, 0.01, 0.0, 100.0, 1e300}), outside);
  EXPECT_EQ(stimulated(model::PulseCurrent{1.0, 2.0, 10.0, -90.0, -21.0}), Keys{});
  EXPECT_EQ(stimulated(model::PulseCurrent{1.0, 2.0, 10.0, 200.0, 300.0}), outside);
  EXPECT_EQ(stimulated(model::RampCurrent{1.0, 200.0, 300.0}), outside);
  EXPECT_EQ(stimulated(model::TableCurrent{{200.0, 300.0}, {1.0, 2.0}}), outside);
  EXPECT_EQ(stimulated(model::TableCurrent{{200.0, 300.0}, {1.0, 1.0}}), Keys{});
  EXPECT_EQ(stimulated(model::OrnsteinUhlenbeckCurrent{1.0, 5.0}), Keys{});
}

}  // namespace
}  // namespace popshot::theory
