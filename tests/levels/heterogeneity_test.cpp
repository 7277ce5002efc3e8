// Populations of other than Lorentzian heterogeneity: the mean field against a network of 10^6 neurons through a
// transient, and the ensemble's spectrum against theory where few neurons cover a density of several parts.
#include <gtest/gtest.h>

#include <cmath>

#include "popshot/analysis/statistics.hpp"
#include "popshot/analysis/welch.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mesoscopic/ensemble.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot {
namespace {

TEST(GaussianHeterogeneity, MeanFieldIsThatOfAMillionNeuronsThroughATransient) {
  model::Model model;
  model.name = "gaussian";
  model::Population population;
  population.name = "p";
  population.size = 1'000'000;
  population.heterogeneity = model::Gaussian{0.5, 1.0};
  population.sampling = model::Sampling::quantile;
  model.populations = {population};
  model.projections = {{0, 0, 6.0, 0.05, {0.0, 0.1}}};
  model.stimuli = {{0, model::StepCurrent{2.0, 2.0, 4.0}}};
  model.simulation.start = model::LorentzianStart{0.3, -1.0};
  model.simulation.duration = 6.0;
  model.simulation.record_interval = 0.1;
  const auto network = network::simulate(model, 0);
  const auto mean_field = mean_field::simulate(model);
  // Phases are drawn at random: of a mean over 0.1 of 10^6 neurons at rate r the standard deviation is at most that of
  // a Poisson process, sqrt(r/(0.1 N)); the deviations are correlated through the coupling, which amplifies them by up
  // to the loop's gain, below 3 here (|1 - K|^-1 of the stationary state).
  double square = 0.0;
  for (std::size_t i = 0; i < network.samples(); ++i) {
    const double rate = mean_field.rate[0][i];
    const double error = std::sqrt(rate / (0.1 * 1e6));
    EXPECT_NEAR(network.rate[0][i], rate, 4.0 * 3.0 * error) << i;
    square += std::pow(network.rate[0][i] - rate, 2);
  }
  // The mean square over the whole transient tells the mean field to about 10^-3.
  EXPECT_LT(std::sqrt(square / static_cast<double>(network.samples())), 5e-3);
}

/// Power of the ensemble over theory far below the resonance of an inhibitory population, where linear theory leaves
/// little: 0.04 < f < 0.08, 16 trials. 2100 neurons are the fewest that are an ensemble, of 64.
analysis::Estimate slow_power(const model::Heterogeneity& g) {
  constexpr double neurons = 2100.0;
  model::Model m;
  model::Population population;
  population.name = "p";
  population.size = static_cast<std::int64_t>(neurons);
  population.heterogeneity = g;
  m.populations = {population};
  m.projections = {{0, 0, -5.0, 0.0625, {0.0, 0.33}}};
  m.simulation.time_step = 0.0125;
  m.simulation.record_interval = 0.125;
  m.simulation.transient = 30.0;
  m.simulation.duration = 530.0;
  const double interval = m.simulation.record_interval;
  const std::size_t segment = analysis::segment_length(0.015, interval);
  const auto finite = mesoscopic::finite_point(m, 0);
  EXPECT_FALSE(mesoscopic::Ensemble(m, 0, 0, finite).resolved());
  const Eigen::VectorXd limit = Eigen::VectorXd::Constant(1, finite.point.rate(0) / neurons);
  const auto expected = analysis::through_window(
      [&](const std::vector<double>& f) { return theory::shot_noise(m, finite.point, f, {}).total.density; }, limit,
      interval, segment);
  const auto power = [](const Spectrum& spectrum) {
    double sum = 0.0;
    for (std::size_t i = 0; i < spectrum.size(); ++i) {
      if (spectrum.frequency[i] > 0.04 && spectrum.frequency[i] < 0.08) sum += spectrum.power(0)[i];
    }
    return sum;
  };
  std::vector<double> ratio;
  for (std::uint64_t trial = 0; trial < 16; ++trial) {
    const auto estimate = analysis::welch(mesoscopic::simulate(m, trial).rate, interval, segment);
    ratio.push_back(power(estimate) / power(expected.spectrum));
  }
  return analysis::mean_with_error(ratio);
}

TEST(Ensemble, OfADensityOfSeveralPartsMakesNoSlowNoise) {
  // A representative neuron glides through its cell of the density. One that jumps between the parts that overlap there
  // makes slow noise: 1.8 +- 0.1 times theory for the values, whose cells have eight of them each.
  model::Empirical values{{}, 3.8};
  for (int i = 0; i < 500; ++i) {
    values.value.push_back(model::quantile(model::Gaussian{12.6, 1.0}, (i + 0.5) / 500));
  }
  const auto ratio = slow_power(values);
  EXPECT_LT(std::abs(analysis::deviation_in_sigma(ratio, 1.0)), 4.0) << ratio.value << " +- " << ratio.error;
  EXPECT_LT(ratio.error, 0.12);  // the test has power
}

}  // namespace
}  // namespace popshot
