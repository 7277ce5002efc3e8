// One population of infinitely many neurons: the complex neurons that it consists of, its rest state under constant
// input, and its response to small disturbances.
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <numbers>
#include <vector>

#include "popshot/mean_field/fokker_planck.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// A linear system dy/dt = A y + B dI, dr = C y, in time units.
struct LinearSystem {
  Eigen::MatrixXd a;
  Eigen::VectorXd b;
  Eigen::RowVectorXd c;
};

/// The same for complex modes z with dz/dt = A z + B dI, dr = Re(C z): real parts first, then imaginary parts.
[[nodiscard]] LinearSystem real_form(const Eigen::MatrixXcd& a, const Eigen::VectorXcd& b,
                                     const Eigen::RowVectorXcd& c);

/// The mean field of a population without Gaussian noise is a weighted sum of complex neurons, one for each node of its
/// heterogeneity: tau x_m' = x_m^2 + eta_m + i Gamma + input, tau r = Im sum_m W_m x_m/pi. A Lorentzian population is
/// one of them. any_model.md (42).
struct ComplexNeurons {
  double tau = 1.0;
  std::vector<std::complex<double>> eta;     ///< with the width Gamma of Cauchy noise added to the imaginary part
  std::vector<std::complex<double>> weight;  ///< they add up to 1

  /// accuracy: see model::nodes. Throws InputError for a population with Gaussian noise.
  explicit ComplexNeurons(const model::Population& population, double accuracy = 1e-10);

  /// True for a single complex neuron: Lorentzian heterogeneity, Lorentzian noise or both.
  [[nodiscard]] bool single() const { return eta.size() == 1; }

  /// The rest state v + i pi tau r = sum_m W_m i sqrt(eta_m + input), of the population and of node m.
  [[nodiscard]] std::complex<double> rest(double input) const;
  [[nodiscard]] std::complex<double> rest(std::size_t m, double input) const;
  [[nodiscard]] double rate(double input) const;
  /// d rate / d input.
  [[nodiscard]] double slope(double input) const;
  /// The linear system of small disturbances of the rest state.
  [[nodiscard]] LinearSystem linearised(double input) const;
};

/// One neuron of a population, with its noise, under constant input.
class SingleNeuron {
 public:
  explicit SingleNeuron(const model::Population& population);
  /// Rest state under the constant input `drive` (eta included), averaged over phase and noise: rate Im/(pi tau).
  /// Without noise i sqrt(drive); with Cauchy noise i sqrt(drive + i Gamma); with Gaussian noise the imaginary part is
  /// that of the rate, and the real part that of a Lorentzian density with this rate.
  [[nodiscard]] std::complex<double> rest(double drive) const;
  [[nodiscard]] double rate(double drive) const { return rest(drive).imag() / (std::numbers::pi * tau_); }
  /// The rate in the kick-drift scheme: constant drive, and a voltage kick in every time step. theory.md (10).
  [[nodiscard]] double kicked_rate(double drive, double kick, double time_step) const;

 private:
  double tau_;
  model::NeuronNoise noise_;
};

/// The linear system of small disturbances of any population at rest. accuracy: of the nodes, see model::nodes. With
/// Gaussian noise it is a rational approximation of the response (AAA algorithm), whose poles are not to be taken for
/// eigenvalues of the population.
[[nodiscard]] LinearSystem linearised(const model::Population& population, double input, double accuracy = 1e-10);

/// The response H(s) of the rate of a population at rest to a small current: one object for many s.
/// H(s) = (1/(2 pi i tau)) sum_m [W_m/(tau s - 2 x_m) - conj(W_m)/(tau s - 2 conj(x_m))]; with Gaussian noise from
/// NoisyNeurons, docs/theory/gaussian_noise.md (G6).
class Response {
 public:
  Response(const model::Population& population, double input);
  Response(const ComplexNeurons& neurons, double input);
  /// Unit: rate per current. Analytic for Re s >= 0.
  [[nodiscard]] std::complex<double> operator()(std::complex<double> s) const;

 private:
  double tau_;
  std::vector<std::complex<double>> rest_;
  std::vector<std::complex<double>> weight_;
  std::vector<NoisyNeurons> noisy_;
};

/// v + i pi tau r of a population of any kind at rest, under a constant input.
[[nodiscard]] std::complex<double> rest_state(const model::Population& population, double input);
/// d rate / d input of it.
[[nodiscard]] double rate_slope(const model::Population& population, double input);

}  // namespace popshot::mean_field
