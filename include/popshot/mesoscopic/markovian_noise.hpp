// Shot noise as the output of linear stochastic differential equations: the closed form of a stochastic neural mass
// model, and the one that other simulators can use. theory.md (37)-(41b).
#pragma once

#include <Eigen/Dense>
#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "popshot/core/gaussian.hpp"
#include "popshot/core/step_spikes.hpp"
#include "popshot/mesoscopic/step_basis.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mesoscopic {

/// One linear model: with the same white noise xi (of power spectral density 1) in every equation,
///
///     dz_i/dt = lambda_i z_i + xi,     chi = sum_i Re(c_i z_i) + D xi ,
///
/// where a pole with Im lambda > 0 stands for a pair (two real state variables) and c_i = 2 x its residue, and a real
/// pole for itself. Its spectrum is |G(2 pi i f)|^2.
struct MarkovianModel {
  std::vector<std::complex<double>> pole;         ///< lambda_i, 1/time, Re < 0, Im >= 0
  std::vector<std::complex<double>> coefficient;  ///< c_i
  double direct = 0.0;                            ///< D
  /// Integral of |PSD - S0| over 2/3 frequency_min .. frequency_max, divided by that of S0.
  double error = 0.0;
  /// Largest relative error of the power in twelve bands of frequency_min .. frequency_max, equal in log f.
  double band_error = 0.0;

  /// Number of real state variables.
  [[nodiscard]] std::size_t order() const;
  /// G(s) = D + sum c_i/2 /(s - lambda_i) + conjugates (real poles: c_i/(s - lambda_i)), at s = 2 pi i f.
  [[nodiscard]] std::complex<double> transfer(std::complex<double> s) const;
  /// The two-sided power spectral density of chi at frequency f.
  [[nodiscard]] double density(double f) const { return std::norm(transfer({0.0, 2.0 * 3.14159265358979323846 * f})); }
};

/// The frequencies over which the two errors of a Markovian model are measured, and how large they may be.
struct MarkovianSettings {
  double frequency_min = 0.3;
  double frequency_max = 12.0;
  double tolerance = 0.01;
  std::size_t largest_order = 32;
};

/// Whether there are Markovian models of this population: Lorentzian heterogeneity, no noise in the neurons.
[[nodiscard]] bool has_markovian_model(const model::Population& population);

/// The Markovian model of lowest even order whose spectrum is S0 of (17) for a population with total constant input
/// `input`, with both errors within the tolerance; the one of smallest `error` if largest_order does not suffice.
///
/// Method: the frequency axis is wrapped onto a circle, f = f0 tan(phi/2); there the minimum-phase factor of S0 follows
/// from its cepstrum and its Hankel matrix gives a balanced realisation (Kung 1978), which the inverse of the wrapping
/// turns into an exact continuous-time model: poles, residues and white part at once.
/// Throws InputError unless has_markovian_model(population); NumericalError if no stable model is found.
[[nodiscard]] MarkovianModel markovian_model(const model::Population& population, double input,
                                             const MarkovianSettings& settings = {});

/// The models of all states of a Lorentzian population: one family in theta = (center + input)/half_width, of which
/// members at multiples of 1/4 are made when they are first needed. For several threads.
class MarkovianFamily {
 public:
  MarkovianFamily(const model::Population& population, const MarkovianSettings& settings);
  /// Member number `index`, at theta = index x spacing, in units of tau/sqrt(half_width) and for one neuron.
  const MarkovianModel& member(std::int64_t index);
  static constexpr double spacing = 0.25;

 private:
  MarkovianSettings settings_;  ///< in units of sqrt(half_width)/tau
  std::mutex mutex_;
  std::map<std::int64_t, std::unique_ptr<MarkovianModel>> members_;
};

/// A simulated Markovian noise. Within each step of length h, xi is the quadratic polynomial of time that has the first
/// three Legendre coefficients of white noise; the equations are integrated without any further error. theory.md (41b).
class MarkovianNoise {
 public:
  MarkovianNoise(const MarkovianModel& model, double time_step);
  /// The moments of chi over the next step: integrals of chi dt, chi u dt and chi u^2 dt, with u the part of the step
  /// that is left. `white` are the coefficients of xi on the step: independent, with variance 1/h.
  StepSpikes next(const StepCoefficients& white);

 private:
  /// Complex numbers of four poles side by side. Unused places are 0.
  using Lanes = Eigen::Array4d;
  struct Complexes {
    Lanes real = Lanes::Zero();
    Lanes imag = Lanes::Zero();
    void set(Eigen::Index lane, std::complex<double> value) {
      real(lane) = value.real();
      imag(lane) = value.imag();
    }
  };
  struct Poles {
    Complexes state;                  ///< z at the beginning of the step
    Complexes factor;                 ///< exp(lambda h)
    std::array<Complexes, 3> drive;   ///< of z at the end of the step by the coefficients of xi
    std::array<Complexes, 3> output;  ///< of the moments by z at the beginning of the step
  };

  std::vector<Poles> poles_;
  std::array<StepSpikes, 3> direct_;  ///< moments that each coefficient of xi makes within the step
};

/// Noise that follows a slowly moving state through the family: the transfer functions of the four members around
/// theta are interpolated (Lagrange), all driven by the same white noise; one more on either side is kept warm.
class FollowingNoise {
 public:
  FollowingNoise(MarkovianFamily& family, const model::Population& population, double time_step,
                 GaussianStream gaussian);
  /// The moments of chi over the next step, with total input `input`: integrals of chi dt, chi u dt and chi u^2 dt, u
  /// the part of the step that is left.
  StepSpikes next(double input);

 private:
  void enter(std::int64_t cell);

  MarkovianFamily& family_;
  double center_, half_width_;
  double step_;       ///< in units of tau/sqrt(half_width)
  double amplitude_;  ///< of a number of spikes per neuron, beside that of the family
  GaussianStream gaussian_;
  std::int64_t first_ = 0;
  std::map<std::int64_t, MarkovianNoise> warm_;
};

}  // namespace popshot::mesoscopic
