// A Gaussian process with exactly the shot-noise spectrum of one stationary state, streamed in blocks.
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

#include "popshot/core/gaussian.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mesoscopic {

/// White Gaussian numbers through a symmetric filter whose squared response is the spectrum S0 of the means over a time
/// step, theory.md (23). The filter is as long as correlations last (exp(-16) is neglected), the convolution is done
/// block by block with FFTs: memory does not grow with the run.
class SpectralNoise {
 public:
  /// Noise of `population` with total constant input `input`, for steps of time_step; numbers from `gaussian`.
  SpectralNoise(const model::Population& population, double input, double time_step, GaussianStream gaussian);

  /// The mean of chi over the next time step.
  double next();
  /// The two-sided power spectral density of the step means at frequency f, as the filter has it.
  [[nodiscard]] double density(double f) const;
  /// Filter coefficients kept, for inspection.
  [[nodiscard]] std::size_t length() const { return kernel_.size(); }

 private:
  void refill();

  double time_step_;
  GaussianStream gaussian_;
  std::vector<double> kernel_;  ///< from lag -length/2
  std::vector<std::complex<double>> response_;
  std::vector<double> block_;  ///< finished values, then the overlap with the next block
  std::size_t used_ = 0;
};

}  // namespace popshot::mesoscopic
