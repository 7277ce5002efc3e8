// Neurons with Gaussian white noise: the Fokker-Planck equation in Fourier modes. docs/theory/gaussian_noise.md.
#pragma once

#include <complex>
#include <vector>

namespace popshot::mean_field {

/// All neurons of one (complex) eta under the constant drive a = eta + input, tau = 1:
/// dV = (V^2 + a) dt + sqrt(2 D) dW. With V = scale tan(theta/2) the moments z_n = <exp(i n theta)>, n = 1 .. M, obey a
/// linear system of bandwidth 2, (G3), whose solutions are analytic in a for Im a >= 0.
class NoisyNeurons {
 public:
  /// The stationary modes; as many as a relative accuracy of about 1e-10 of the rate needs. intensity D > 0. Throws
  /// NumericalError if that is more than 4096 (noise too weak for this description).
  NoisyNeurons(std::complex<double> drive, double intensity);

  /// v + i pi r of the stationary state, (G5).
  [[nodiscard]] std::complex<double> rest() const;
  /// The response of v + i pi r to a small current at the Laplace variable s, (G6). Analytic for Re s >= 0.
  [[nodiscard]] std::complex<double> response(std::complex<double> s) const;
  /// The two-sided power spectral density of the spike train of a neuron (real drive) at the frequencies f >= 0, of
  /// which the largest decides on the number of modes; (G7)-(G10), to about 1e-5 of the rate.
  [[nodiscard]] std::vector<double> spectrum(const std::vector<double>& frequency) const;

 private:
  std::complex<double> drive_;
  double intensity_;
  double scale_;
  std::vector<std::complex<double>> mode_;
};

/// The firing rate of one neuron with Gaussian noise, tau = 1: D^(1/3) F(drive/D^(2/3)), from the mean time of first
/// passage, (G1), to 1e-9.
[[nodiscard]] double noisy_neuron_rate(double drive, double intensity);

/// The two-sided power spectral density of the spike train of one neuron at the given frequencies, tau = 1: from modes,
/// or where the neuron is almost periodic from the renewal formula with Gaussian intervals, (G11).
[[nodiscard]] std::vector<double> noisy_neuron_spectrum(double drive, double intensity,
                                                        const std::vector<double>& frequency);

}  // namespace popshot::mean_field
