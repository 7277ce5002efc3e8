// A Gaussian process with exactly the shot-noise spectrum of one stationary state, streamed in blocks.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <complex>
#include <cstddef>
#include <vector>

#include "popshot/core/gaussian.hpp"
#include "popshot/core/step_spikes.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mesoscopic {

/// Three sequences of white Gaussian numbers through a filter whose squared response is the matrix of spectral
/// densities of the three moments of chi over a time step, theory.md (41a): S0 with all its aliases. The filter is as
/// long as correlations last (exp(-16) is neglected), the convolution is done block by block with FFTs: memory does not
/// grow with the run.
class SpectralNoise {
 public:
  /// Noise of `population` with total constant input `input`, for steps of time_step; numbers from `gaussian`.
  SpectralNoise(const model::Population& population, double input, double time_step, GaussianStream gaussian);

  /// The moments of chi over the next time step: integrals of chi dt, chi u dt and chi u^2 dt, u the part of the step
  /// that is left.
  StepSpikes next();
  /// The matrix of two-sided spectral densities at frequency f of the sequence of Legendre coefficients
  /// (StepCoefficients) of chi, as the filter has it: sum of <a_l(n + k) a_m(n)> exp(-2 pi i f h k) h over k. theory.md
  /// (41a).
  [[nodiscard]] Eigen::Matrix3cd coefficient_density(double f) const;
  /// The two-sided power spectral density of chi itself at frequency f, up to 1/(2 time_step), as the filter has it:
  /// that of the plane wave of frequency f, less what aliases of white noise add to it. theory.md (41c).
  [[nodiscard]] double density(double f) const;
  /// Filter coefficients kept (matrices), for inspection.
  [[nodiscard]] std::size_t length() const { return kernel_[0].size(); }

 private:
  /// The elements (l, m), l <= m, of a matrix with A_ml = (-1)^(l+m) A_lm: 00, 01, 02, 11, 12, 22. The matrices of the
  /// filter are such.
  template <class Value>
  using Elements = std::array<std::vector<Value>, 6>;

  void refill();

  double time_step_;
  double white_;  ///< limit of the density at high frequencies, r/N
  GaussianStream gaussian_;
  Elements<double> kernel_;                   ///< from lag -length/2
  Elements<std::complex<double>> response_;   ///< its transform after padding with as many zeros
  std::array<std::vector<double>, 3> block_;  ///< finished coefficients, then the overlap with the next block
  std::size_t used_ = 0;
};

}  // namespace popshot::mesoscopic
