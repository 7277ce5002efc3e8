// Functions of time within a step: three orthonormal polynomials, in which white noise is three independent numbers.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <complex>

#include "popshot/core/step_spikes.hpp"

namespace popshot::mesoscopic {

/// A function chi of time on one step of length h, projected on Legendre's polynomials: with u in (0, 1) the part of
/// the step that is left,
///
///     element l = integral of chi p_l dt / h,   p_0 = 1, p_1 = sqrt(3) (2u - 1), p_2 = sqrt(5) (6u^2 - 6u + 1) .
///
/// The p_l are orthonormal (integral of p_l p_m du = 1 if l = m, else 0): white noise of power spectral density S gives
/// independent elements of variance S/h. Unit: that of chi. theory.md (41).
using StepCoefficients = std::array<double, 3>;

/// The moments of a rate chi over a step of length time_step: integrals of chi dt, chi u dt and chi u^2 dt.
[[nodiscard]] StepSpikes step_spikes(const StepCoefficients& coefficient, double time_step);

/// The inverse of step_spikes.
[[nodiscard]] StepCoefficients step_coefficients(const StepSpikes& spikes, double time_step);

/// q_l = sqrt(2l + 1) j_l(pi x), with the spherical Bessel functions j_l: exp(2 pi i f t) with f = x/h and t = 0 in the
/// middle of the step has the coefficients (-i)^l q_l. The sum of q_l^2 is at most 1, and 1 - (pi x)^6/1575 for small
/// x.
[[nodiscard]] std::array<double, 3> plane_wave(double x);

/// The power spectral density of chi at frequency x/h (|x| <= 1/2) from the matrix of spectral densities of its
/// coefficients, and its limit `white` at high frequencies: exact for white noise, and up to the deviations from
/// `white` at f + m/h, m = 1, -1, .., times (pi x)^6/1575 or less. theory.md (41c).
[[nodiscard]] double plane_wave_density(const Eigen::Matrix3cd& density, double white, double x);

/// phi_k(z) = sum over n >= 0 of z^n/(n + k)!, k = 0 .. 6: phi_0 = exp(z), and for k > 0 the integral of
/// exp((1 - s) z) s^(k - 1)/(k - 1)! over s in (0, 1). To a few 1e-15, for Re z <= 0.
[[nodiscard]] std::array<std::complex<double>, 7> phi_functions(std::complex<double> z);

}  // namespace popshot::mesoscopic
