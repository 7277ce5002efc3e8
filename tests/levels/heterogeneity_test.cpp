// The mean field of a Gaussian population against a network of 10^6 neurons through a transient.
#include <gtest/gtest.h>

#include <cmath>

#include "popshot/mean_field/integrate.hpp"
#include "popshot/network/simulate.hpp"

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

}  // namespace
}  // namespace popshot
