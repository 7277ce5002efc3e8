// Spectral estimation from recorded activity, and theory seen through the same window.
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <functional>
#include <vector>

#include "popshot/core/spectrum.hpp"

namespace popshot::analysis {

/// The number of samples per segment for which a Hann window has an equivalent noise bandwidth of at most
/// `resolution` (cycles per time unit): at least 1.5 / (resolution x interval), rounded up to an even
/// number with prime factors 2, 3 and 5. Throws InputError unless resolution > 0, interval > 0.
[[nodiscard]] std::size_t segment_length(double resolution, double interval);

/// Welch's estimate of the two-sided power and cross-spectral densities of several series of equal length,
/// sampled at `interval`: Hann window, segments overlapping by half, the mean of the whole series removed.
/// series[k][i]; frequencies m/(segment x interval), m = 0..segment/2. The bins 0 and 1 hold what is left of the mean.
/// Throws InputError if the series are shorter than one segment.
/// Source: Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967).
[[nodiscard]] Spectrum welch(const std::vector<std::vector<double>>& series, double interval, std::size_t segment);

/// A theory: densities at the frequencies asked for.
using Theory = std::function<std::vector<Eigen::MatrixXcd>(const std::vector<double>& frequency)>;

/// What estimates are expected to be for activity with a given spectrum.
struct Expectation {
  /// Of `welch`.
  Spectrum spectrum;
  /// autocovariance[k][i]: of the recorded activity of series k at lag i x interval, i = 0 .. segment - 1.
  std::vector<std::vector<double>> autocovariance;
};

/// The spectral density of activity as it is recorded: means over intervals, sinc^2 and aliases included (theory.md
/// (23)), on a circle of frequencies that is eight times finer than the bins of an estimate.
class RecordedDensity {
 public:
  /// `limit` is the high-frequency limit of the spectral density matrix (r_k/N_k on its diagonal for populations;
  /// symmetric), which the aliases above three times the Nyquist frequency are replaced by.
  RecordedDensity(const Theory& theory, const Eigen::MatrixXd& limit, double interval, std::size_t segment);

  /// Frequencies i/(circle() interval), i = 0 .. circle()/2; at those beyond, the conjugates.
  [[nodiscard]] std::size_t circle() const { return circle_; }
  [[nodiscard]] double interval() const { return interval_; }
  [[nodiscard]] std::size_t series() const { return static_cast<std::size_t>(density_.front().rows()); }
  [[nodiscard]] const std::vector<Eigen::MatrixXcd>& density() const { return density_; }
  /// Of series k, i = 0 .. circle()/2.
  [[nodiscard]] std::vector<double> power(std::size_t k) const;

 private:
  std::size_t circle_;
  double interval_;
  std::vector<Eigen::MatrixXcd> density_;
};

/// What `welch` is expected to return for activity with a given recorded density: convolved with the window's spectral
/// leakage; and the autocovariances on the way. theory.md (24). Exact up to the decay of the autocorrelation within
/// eight segments.
[[nodiscard]] Expectation through_window(const RecordedDensity& density, std::size_t segment);

/// The same from the theory.
[[nodiscard]] Expectation through_window(const Theory& theory, const Eigen::MatrixXd& limit, double interval,
                                         std::size_t segment);

}  // namespace popshot::analysis
