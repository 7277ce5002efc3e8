// Networks and mesoscopic models at low frequencies, where linear theory ends, against the second order.
#include "popshot/theory/second_order.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "popshot/analysis/welch.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "support/models.hpp"

namespace popshot::theory {
namespace {

/// Power in a band: as an estimate sees it, and as it should by linear theory and with the second order.
struct Band {
  double simulated = 0.0;
  double linear = 0.0;
  double both = 0.0;
  /// Relative standard error of `simulated`: of the mean over time x bandwidth independent exponential numbers.
  double error = 0.0;
  [[nodiscard]] double excess() const { return (simulated - linear) / (both - linear); }
  [[nodiscard]] double excess_error() const { return error * simulated / (both - linear); }
};

template <class Simulate>
Band measured(const model::Model& m, std::size_t population, double low, double high, double resolution,
              std::uint64_t trials, const Options& options, Simulate&& simulate) {
  const double interval = m.simulation.record_interval;
  const std::size_t segment = analysis::segment_length(resolution, interval);
  const auto point = mean_field::selected_state(m).point;
  Eigen::MatrixXd limit = Eigen::MatrixXd::Zero(point.rate.size(), point.rate.size());
  for (Eigen::Index k = 0; k < limit.rows(); ++k) {
    limit(k, k) = point.rate(k) / static_cast<double>(m.populations[static_cast<std::size_t>(k)].size);
  }
  const auto linear = analysis::through_window(
      [&](const std::vector<double>& f) { return shot_noise(m, point, f, options).total.density; }, limit, interval,
      segment);
  const auto both = analysis::through_window(
      [&](const std::vector<double>& f) {
        auto density = shot_noise(m, point, f, options).total.density;
        const auto second = second_order(m, point, f, options);
        for (std::size_t i = 0; i < density.size(); ++i) density[i] += second->density[i];
        return density;
      },
      limit, interval, segment);
  Band band;
  const auto power_of = [&](const Spectrum& spectrum) {
    double sum = 0.0;
    std::size_t bins = 0;
    for (std::size_t i = 0; i < spectrum.size(); ++i) {
      if (spectrum.frequency[i] < low || spectrum.frequency[i] > high) continue;
      sum += spectrum.power(population)[i];
      ++bins;
    }
    return sum / static_cast<double>(bins);
  };
  band.linear = power_of(linear.spectrum);
  band.both = power_of(both.spectrum);
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    band.simulated +=
        power_of(analysis::welch(simulate(m, trial).rate, interval, segment)) / static_cast<double>(trials);
  }
  band.error = 1.0 / std::sqrt(static_cast<double>(trials) * m.simulation.duration * (high - low));
  return band;
}

Activity network_of(const model::Model& m, std::uint64_t trial) { return network::simulate(m, trial); }
Activity mesoscopic_of(const model::Model& m, std::uint64_t trial) { return mesoscopic::simulate(m, trial); }

TEST(SecondOrder, IsTheFloorAtLowFrequenciesOfNetworksAndOfModelsWithAdditiveNoise) {
  auto m = testing_support::figure1(1000, model::Sampling::random, 5.0);
  m.populations[0].heterogeneity = model::Lorentzian{1.0, 1.0};
  m.simulation.time_step = 0.02;
  m.simulation.record_interval = 0.1;
  m.simulation.transient = 50.0;
  m.simulation.duration = 3000.0;
  m.mesoscopic.noise = model::MesoscopicNoise::spectral;
  const auto point = mean_field::selected_state(m).point;
  const Options additive{.uncoupled = mesoscopic::noise_density(m, point, m.mesoscopic.noise)};
  const auto network = measured(m, 0, 0.02, 0.045, 0.01, 16, {}, network_of);
  const auto mesoscopic = measured(m, 0, 0.02, 0.045, 0.01, 16, additive, mesoscopic_of);
  for (const auto& band : {network, mesoscopic}) {
    EXPECT_GT(band.simulated, 3.0 * band.linear);
    // 4 sigma, and 5 % for the next order.
    EXPECT_NEAR(band.excess(), 1.0, 4.0 * band.excess_error() + 0.05);
    EXPECT_LT(band.excess_error(), 0.06);
  }
  // The neurons' noise responds to the input, which doubles the floor; the power of both is not mistaken for the other.
  EXPECT_GT((network.both - network.linear) / (mesoscopic.both - mesoscopic.linear), 1.7);
}

/// Excitation and inhibition with synapses and delays, a resonance at 42 Hz; the time unit is a millisecond.
model::Model gamma(std::int64_t excitatory, std::int64_t inhibitory) {
  model::Model m;
  m.populations.resize(2);
  m.populations[0].size = excitatory;
  m.populations[0].tau = 15.0;
  m.populations[0].heterogeneity = model::Lorentzian{14.0, 1.0};
  m.populations[1].size = inhibitory;
  m.populations[1].tau = 10.0;
  m.populations[1].heterogeneity = model::Lorentzian{0.0, 1.0};
  m.projections = {{0, 0, 1.0, 1.0, {0.0, 5.0}},
                   {0, 1, 10.0, 1.0, {0.0, 5.0}},
                   {1, 0, -10.0, 1.0, {0.0, 8.0}},
                   {1, 1, -2.0, 1.0, {0.0, 8.0}}};
  m.simulation.time_step = 0.5;
  m.simulation.record_interval = 0.5;
  m.simulation.transient = 500.0;
  m.simulation.duration = 20000.0;
  return m;
}

TEST(SecondOrder, IsTheFloorOfExcitationAndInhibitionAtTwoSizes) {
  for (const std::int64_t size : {500, 1000}) {
    const auto band = measured(gamma(4 * size, size), 1, 0.0015, 0.004, 0.0007, 12, {}, network_of);
    EXPECT_GT(band.simulated, 2.5 * band.linear) << size;
    EXPECT_NEAR(band.excess(), 1.0, 4.0 * band.excess_error() + 0.05) << size;
    EXPECT_LT(band.excess_error(), 0.1) << size;
  }
}

}  // namespace
}  // namespace popshot::theory
