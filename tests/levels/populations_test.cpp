// Two populations: network and theory in auto- and cross-spectra.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "popshot/comparison/compare.hpp"
#include "popshot/io/model_file.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/time_step.hpp"
#include "support/models.hpp"

namespace popshot::comparison {
namespace {

TEST(ExcitatoryInhibitory, AgreesInBothPopulations) {
  const auto model =
      theory::with_time_step(io::read_model(std::string(POPSHOT_MODELS_DIR) + "/excitatory_inhibitory.toml",
                                            {"simulation.transient=50", "spectrum.trials=32"})
                                 .model);
  const auto result = compare(model, Settings{});
  EXPECT_EQ(result.judgement.verdict, Verdict::agree) << result.judgement.reason;
  EXPECT_EQ(result.populations, (std::vector<std::string>{"e", "i"}));
  // The cross-spectrum: real and imaginary part, summed over all bins of the bands, against theory. A cross-spectral
  // bin of K averages has a variance of at most S_ee S_ii/K in each part; with a Hann window the variance of a sum of
  // bins is 1.94 times the sum of their variances, and segments that overlap by half count as 0.95 each.
  const double segment = 1.0 / result.network->estimate.frequency[1];
  const double averages = 0.95 * static_cast<double>(result.trials) * (2.0 * model.simulation.duration / segment - 1.0);
  std::complex<double> simulated = 0.0;
  std::complex<double> theory = 0.0;
  double variance = 0.0;
  for (std::size_t m = result.bands.front().first; m <= result.bands.back().last; ++m) {
    simulated += result.network->estimate.density[m](0, 1);
    theory += result.windowed.density[m](0, 1);
    variance += 2.0 * result.windowed.power(0)[m] * result.windowed.power(1)[m] / averages;
  }
  EXPECT_LT(std::abs((simulated - theory).real()), 4 * std::sqrt(variance));
  EXPECT_LT(std::abs((simulated - theory).imag()), 4 * std::sqrt(variance));
  EXPECT_GT(std::abs(theory), 20 * std::sqrt(variance));  // there is something to compare
}

TEST(Levels, TheMeanOfNetworksFollowsTheMeanFieldThroughATransient) {
  // MPR Fig. 2: a step current that switches the network on. 32 networks of 10^5 neurons; their mean within its error
  // of the mean field at all 80 times, at a false-alarm probability of 1e-3 for all.
  auto m = testing_support::figure1(100'000, model::Sampling::random, 15.0);
  m.populations[0].heterogeneity = model::Lorentzian{-5.0, 1.0};
  m.simulation.state = model::Simulation::State::lowest;
  m.simulation.duration = 8.0;
  m.simulation.record_interval = 0.1;
  m.stimuli.push_back({0, model::StepCurrent{3.0, 1.0, 30.0}});
  const auto mean_field = mean_field::simulate(m);
  std::vector<std::vector<double>> rates(mean_field.samples());
  for (std::uint64_t trial = 0; trial < 32; ++trial) {
    const auto network = network::simulate(m, trial);
    ASSERT_EQ(network.samples(), mean_field.samples());
    for (std::size_t i = 0; i < rates.size(); ++i) rates[i].push_back(network.rate[0][i]);
  }
  const double threshold = analysis::threshold_in_sigma(rates.size(), 1e-3);
  double largest = 0.0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double expected = mean_field.rate[0][i];
    const auto estimate = analysis::mean_with_error(rates[i]);
    EXPECT_LT(std::abs(analysis::deviation_in_sigma(estimate, expected)), threshold)
        << "sample " << i << ": " << estimate.value << " +- " << estimate.error << ", mean field " << expected;
    EXPECT_LT(estimate.error, 0.1);  // 4 % of the peak: the test has power
    largest = std::max(largest, expected);
  }
  EXPECT_GT(largest, 2.0);
}

}  // namespace
}  // namespace popshot::comparison
