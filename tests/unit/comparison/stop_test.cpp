// A stop request on its way through all levels: what has nothing to show throws Stopped, simulations return what they
// have.
#include <gtest/gtest.h>

#include <stop_token>
#include <string>
#include <vector>

#include "popshot/comparison/switching.hpp"
#include "popshot/comparison/transient.hpp"
#include "popshot/core/error.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "popshot/theory/time_step.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

using testing_support::figure1;

std::stop_token stopped() {
  std::stop_source source;
  source.request_stop();
  return source.get_token();
}

TEST(Stop, ThrowsWhereThereIsNothingToShow) {
  const auto m = figure1(500);
  const auto stop = stopped();
  EXPECT_THROW((void)mean_field::stationary_states(m, stop), Stopped);
  EXPECT_THROW((void)mean_field::selected_state(m, stop), Stopped);
  EXPECT_THROW((void)theory::choose_time_step(m, stop), Stopped);
  EXPECT_THROW((void)theory::time_step_excess(m, stop), Stopped);
  const auto point = mean_field::selected_state(m).point;
  EXPECT_THROW((void)theory::shot_noise(m, point, {0.5}, {.stop = stop}), Stopped);
  EXPECT_THROW((void)theory::mean_rate_shift(m, point, stop), Stopped);
  EXPECT_THROW((void)mesoscopic::noise_density(m, point, model::MesoscopicNoise::markovian, stop), Stopped);
  EXPECT_THROW((void)network::draw_sample(m, 0, {.stop = stop}), Stopped);
  const auto sample = network::draw_sample(m, 0);
  EXPECT_THROW((void)network::operating_point(m, sample, point, 0.0, stop), Stopped);
  EXPECT_THROW((void)compare_transient(m, 1e-3, {.stop = stop}), Stopped);
  EXPECT_THROW((void)switching(m, {500}, {"network"}, {.stop = stop}), Stopped);
}

TEST(Stop, OfASimulationInItsSetUpGivesAnUnfinishedActivity) {
  const auto m = figure1(500);
  const Execution execution{.stop = stopped()};
  for (const auto& activity : {network::simulate(m, 0, execution), mesoscopic::simulate(m, 0, execution),
                               mean_field::simulate(m, execution)}) {
    EXPECT_FALSE(activity.finished);
    EXPECT_EQ(activity.samples(), 0U);
    EXPECT_EQ(activity.rate.size(), 1U);
    EXPECT_GT(activity.interval, 0.0);
  }
}

TEST(Stop, PhasesTellWhatIsDoneAndWhatIsKept) {
  auto m = figure1(500);
  m.simulation.duration = 1.0;
  std::vector<std::string> names;
  bool kept = false;
  Execution execution;
  execution.phase = [&](const Phase& phase) {
    names.emplace_back(phase.name);
    kept = phase.keeps;
  };
  (void)network::simulate(m, 0, execution);
  EXPECT_EQ(names, (std::vector<std::string>{"set-up", "simulation"}));
  EXPECT_TRUE(kept);
  names.clear();
  (void)mesoscopic::simulate(m, 0, execution);
  EXPECT_EQ(names, (std::vector<std::string>{"set-up", "simulation"}));
  // A listener may end the run at the beginning of a phase.
  std::stop_source source;
  execution.stop = source.get_token();
  execution.phase = [&](const Phase&) { source.request_stop(); };
  EXPECT_FALSE(network::simulate(m, 0, execution).finished);
}

}  // namespace
}  // namespace popshot::comparison
