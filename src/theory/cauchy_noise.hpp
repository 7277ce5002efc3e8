// The spike trains of a neuron with Cauchy noise as a renewal process. any_model.md (54)-(56).
#pragma once

#include <complex>

namespace popshot::theory {

/// The digamma function psi(z), Re z > 0, to about 1e-14.
[[nodiscard]] std::complex<double> digamma(std::complex<double> z);

/// The two-sided power spectral density of the spike train of one neuron with constant input eta and Cauchy noise of
/// half-width Gamma > 0, at frequency f >= 0; tau = 1. (56)
[[nodiscard]] double cauchy_neuron_spectrum(double eta, double width, double f);

}  // namespace popshot::theory
