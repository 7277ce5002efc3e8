// How far the estimate of a spectrum scatters between trials, known from theory before any trial has run.
#pragma once

#include <cstddef>
#include <vector>

#include "popshot/analysis/welch.hpp"

namespace popshot::analysis {

/// Relative variances of Welch's estimate in bands of bins, for one trial of Gaussian activity with a given spectrum.
/// Overlapping segments, neighbouring bins, leakage and correlations that outlast a segment are in it. theory.md (24a).
class WelchScatter {
 public:
  /// `samples` >= segment: length of the series. Cost: a few hundred operations a bin and series.
  WelchScatter(const RecordedDensity& density, std::size_t segment, std::size_t samples);

  /// Var(P)/<P>^2 of the mean P over the bins first..last of series k; positive.
  [[nodiscard]] double relative_variance(std::size_t k, std::size_t first, std::size_t last) const;

 private:
  static constexpr std::size_t reach = 4;  ///< bins further apart are uncorrelated: Hann's lobes fall off as 1/bins^3
  struct Series {
    std::vector<double> power;  ///< [bin]
    /// [bin * (reach + 1) + q]: covariance of the estimates in bin and bin + q.
    std::vector<double> covariance;
  };
  std::vector<Series> series_;
};

}  // namespace popshot::analysis
