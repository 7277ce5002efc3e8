// The spectrum type that theory and estimators share, and its one convention.
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <vector>

namespace popshot {

/// Power and cross-spectral densities of the population activities at a list of frequencies.
///
/// Convention, the same everywhere in Popshot: for stationary activities A_k(t) (spikes per neuron and
/// unit of time) with means r_k, the two-sided density at frequency f (cycles per unit of time) is
///
///     S_kl(f) = integral of <(A_k(t+u) - r_k)(A_l(t) - r_l)> exp(-2 pi i f u) du ,
///
/// so that the variance is the integral of S_kk over all f from -inf to inf, and an uncoupled population
/// of N neurons of rate r tends to S = r/N. A one-sided density would be twice as large.
/// Unit: (spikes per neuron per time unit)^2 times time unit = 1 / time unit.
struct Spectrum {
  /// Frequencies, in cycles per time unit, ascending.
  std::vector<double> frequency;
  /// One Hermitian matrix (populations x populations) for each frequency; element (k, l) is S_kl(f).
  std::vector<Eigen::MatrixXcd> density;

  [[nodiscard]] std::size_t size() const { return frequency.size(); }
  [[nodiscard]] std::size_t populations() const {
    return density.empty() ? 0 : static_cast<std::size_t>(density.front().rows());
  }
  /// The power spectral density of population k: the real diagonal S_kk(f) as one value per frequency.
  [[nodiscard]] std::vector<double> power(std::size_t k) const;
};

/// Spectral densities of means over intervals T, sampled at T: (23) of theory.md,
///
///     S_T(f) = sum_m S(f + m/T) sinc^2(f T + m) .
///
/// density[i] is S at i/(n T), i = 0 .. 3n/2 (n even), matrices of cross-spectral densities; the result has i = 0 ..
/// n/2. The terms m = -1, 0, 1 are summed; beyond, S is taken for its (real, symmetric) limit at high frequencies.
[[nodiscard]] std::vector<Eigen::MatrixXcd> interval_mean_density(const std::vector<Eigen::MatrixXcd>& density,
                                                                  const Eigen::MatrixXd& limit);

}  // namespace popshot
