// The scatter of Welch's estimate that theory predicts, against that of many simulated Gaussian series.
#include "popshot/analysis/scatter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/core/random.hpp"

namespace popshot::analysis {
namespace {

constexpr double pi = std::numbers::pi;

/// A damped oscillator driven by white noise, sampled at 1: z' = a z + noise, its real part recorded, on a white floor.
struct Oscillator {
  double damping;
  double frequency;
  double floor;

  /// Exactly the spectral density of the sampled series, on the circle.
  [[nodiscard]] double density(double f) const {
    const std::complex<double> a = std::polar(std::exp(-damping), 2.0 * pi * frequency);
    const auto at = [&](double g) { return 1.0 / std::norm(1.0 - a * std::polar(1.0, -2.0 * pi * g)); };
    return floor + 0.5 * (at(f) + at(-f));
  }
  [[nodiscard]] std::vector<double> series(std::uint64_t trial, std::size_t samples) const {
    const std::complex<double> a = std::polar(std::exp(-damping), 2.0 * pi * frequency);
    std::complex<double> z = 0.0;
    std::vector<double> values;
    const std::size_t settled = 2000;
    for (std::size_t i = 0; i < samples + settled; ++i) {
      const auto one = gaussian_pair(trial, i, 0);
      const auto two = gaussian_pair(trial, i, 1);
      z = a * z + std::complex<double>(one[0], one[1]);
      if (i >= settled) values.push_back(z.real() + std::sqrt(floor) * two[0]);
    }
    return values;
  }
  static std::array<double, 2> gaussian_pair(std::uint64_t trial, std::size_t i, std::uint64_t which) {
    const auto u = uniform_numbers(5, RandomStream::noise, {trial, which}, i);
    const double radius = std::sqrt(-2.0 * std::log(u[0]));
    return {radius * std::cos(2.0 * pi * u[1]), radius * std::sin(2.0 * pi * u[1])};
  }
};

class Scatter : public testing::TestWithParam<Oscillator> {};

TEST_P(Scatter, IsThatOfSimulatedSeries) {
  const Oscillator oscillator = GetParam();
  const std::size_t segment = 64;
  const std::size_t samples = 64 * 6;
  const std::size_t trials = 1500;
  // The class adds sinc^2 and aliases; given a density that already lives on the circle it is handed over divided by
  // them: here simply a theory whose recorded density is the wanted one.
  const Theory theory = [&](const std::vector<double>& frequency) {
    std::vector<Eigen::MatrixXcd> density;
    for (const double f : frequency) density.push_back(Eigen::MatrixXcd::Constant(1, 1, oscillator.density(f)));
    return density;
  };
  // A density of period 1 stays itself under sum_m S(f + m) sinc^2(f + m): sum_m sinc^2 = 1, but for the aliases beyond
  // the third, which are replaced by the limit.
  const RecordedDensity recorded(theory, Eigen::MatrixXd::Constant(1, 1, oscillator.density(0.5)), 1.0, segment);
  const WelchScatter scatter(recorded, segment, samples);
  struct Range {
    std::size_t first, last;
  };
  std::vector<std::vector<double>> power(4);
  const std::vector<Range> ranges{{4, 5}, {9, 12}, {6, 20}, {28, 31}};
  for (std::size_t t = 0; t < trials; ++t) {
    const auto spectrum = welch({oscillator.series(t, samples)}, 1.0, segment).power(0);
    for (std::size_t b = 0; b < ranges.size(); ++b) {
      double sum = 0.0;
      for (std::size_t m = ranges[b].first; m <= ranges[b].last; ++m) sum += spectrum[m];
      power[b].push_back(sum);
    }
  }
  for (std::size_t b = 0; b < ranges.size(); ++b) {
    double mean = 0.0;
    double squares = 0.0;
    double fourth = 0.0;
    const auto n = static_cast<double>(trials);
    for (const double p : power[b]) mean += p / n;
    for (const double p : power[b]) squares += (p - mean) * (p - mean) / n;
    for (const double p : power[b]) fourth += std::pow(p - mean, 4) / n;
    const double error = std::sqrt((fourth - squares * squares) / n) / (mean * mean);
    EXPECT_NEAR(scatter.relative_variance(0, ranges[b].first, ranges[b].last), squares / (mean * mean), 4.0 * error)
        << "bins " << ranges[b].first << ".." << ranges[b].last;
  }
}

INSTANTIATE_TEST_SUITE_P(WhiteBroadAndNarrow, Scatter,
                         testing::Values(Oscillator{0.9, 0.2, 200.0}, Oscillator{0.1, 0.17, 0.3},
                                         // Narrower than a bin: correlations outlast the segment.
                                         Oscillator{0.012, 0.166, 0.5}),
                         [](const auto& instance) {
                           return std::string(std::array{"NearlyWhite", "Broad", "Narrow"}[instance.index]);
                         });

TEST(Scatter, OfWhiteNoiseIsThatOfTheBook) {
  // Hann window, one segment, one bin: relative variance 1; many segments overlapping by half: 1.0556/segments.
  const Theory white = [](const std::vector<double>& frequency) {
    return std::vector<Eigen::MatrixXcd>(frequency.size(), Eigen::MatrixXcd::Constant(1, 1, 0.7));
  };
  const RecordedDensity recorded(white, Eigen::MatrixXd::Constant(1, 1, 0.7), 0.1, 120);
  EXPECT_NEAR(WelchScatter(recorded, 120, 120).relative_variance(0, 20, 20), 1.0, 1e-3);
  const std::size_t hops = 1000;
  EXPECT_NEAR(WelchScatter(recorded, 120, 60 * (hops + 1)).relative_variance(0, 20, 20) * hops, 1.0 + 2.0 / 36.0, 2e-3);
}

}  // namespace
}  // namespace popshot::analysis
