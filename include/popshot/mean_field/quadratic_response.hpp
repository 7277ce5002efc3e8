// The response of a population to its input in second order. docs/theory.md (59).
#pragma once

#include <complex>
#include <vector>

#include "popshot/mean_field/population.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// The quadratic response H2(f1, f2) of the rate of a population at rest to a small current I(t): in second order its
/// Fourier transform is
///
///     r2(f) = integral of H2(f', f - f') I(f') I(f - f') df' ,
///
///     H2(f1, f2) = (1/(2 pi i tau)) sum_m [W_m G_m(f1 + f2) G_m(f1) G_m(f2) - (the same with conj W_m, conj x_m)],
///     G_m(f) = 1/(2 pi i f tau - 2 x_m),
///
/// symmetric in f1, f2; theory.md (59). H2(0, 0) is half the second derivative of the rate by the input. One object for
/// many frequencies. Unit: rate per current^2.
class QuadraticResponse {
 public:
  /// accuracy: of the nodes, see model::nodes. Throws InputError for a population with Gaussian noise in its neurons.
  QuadraticResponse(const model::Population& population, double input, double accuracy = 1e-10);
  /// Any real frequencies, in cycles per time unit.
  [[nodiscard]] std::complex<double> operator()(double f1, double f2) const;

 private:
  double tau_;
  std::vector<std::complex<double>> rest_;
  std::vector<std::complex<double>> weight_;
};

}  // namespace popshot::mean_field
