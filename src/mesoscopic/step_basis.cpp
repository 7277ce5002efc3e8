#include "popshot/mesoscopic/step_basis.hpp"

#include <cmath>
#include <cstddef>
#include <numbers>

namespace popshot::mesoscopic {

namespace {

constexpr double root3 = std::numbers::sqrt3;
constexpr double root5 = 2.2360679774997896964;

}  // namespace

StepSpikes step_spikes(const StepCoefficients& coefficient, double time_step) {
  // u = p_0/2 + p_1/(2 sqrt 3), u^2 = p_0/3 + p_1/(2 sqrt 3) + p_2/(6 sqrt 5)
  const double linear = coefficient[1] / (2.0 * root3);
  return {time_step * coefficient[0], time_step * (coefficient[0] / 2.0 + linear),
          time_step * (coefficient[0] / 3.0 + linear + coefficient[2] / (6.0 * root5))};
}

StepCoefficients step_coefficients(const StepSpikes& spikes, double time_step) {
  return {spikes.count / time_step, root3 * (2.0 * spikes.first - spikes.count) / time_step,
          root5 * (6.0 * spikes.second - 6.0 * spikes.first + spikes.count) / time_step};
}

std::array<double, 3> plane_wave(double x) {
  const double y = std::numbers::pi * x;
  std::array<double, 3> bessel{};
  if (std::abs(y) < 0.7) {
    // j_l = y^l sum_n (-y^2/2)^n/(n! (2l + 2n + 1)!!)
    double power = 1.0;
    for (std::size_t l = 0; l < bessel.size(); ++l) {
      double factor = 2.0 * static_cast<double>(l) + 1.0;
      power *= l == 0 ? 1.0 : y / factor;
      double term = power;
      for (int n = 1; n < 10; ++n) {
        bessel[l] += term;
        factor += 2.0;
        term *= -y * y / (2.0 * n * factor);
      }
    }
  } else {
    bessel[0] = std::sin(y) / y;
    bessel[1] = (bessel[0] - std::cos(y)) / y;
    bessel[2] = 3.0 * bessel[1] / y - bessel[0];
  }
  return {bessel[0], root3 * bessel[1], root5 * bessel[2]};
}

double plane_wave_density(const Eigen::Matrix3cd& density, double white, double x) {
  const auto q = plane_wave(x);
  Eigen::Vector3cd wave(q[0], std::complex<double>(0.0, -q[1]), -q[2]);
  wave /= wave.squaredNorm();
  return white + wave.dot((density - white * Eigen::Matrix3cd::Identity()) * wave).real();
}

std::array<std::complex<double>, 7> phi_functions(std::complex<double> z) {
  constexpr std::array<double, 7> factorial{1.0, 1.0, 2.0, 6.0, 24.0, 120.0, 720.0};
  std::array<std::complex<double>, 7> phi{};
  phi[0] = std::exp(z);
  // phi_k = z phi_(k+1) + 1/k!, in the direction in which errors shrink.
  if (std::abs(z) < 4.0) {
    std::complex<double> term = 1.0 / factorial[6];
    for (int n = 1; n < 40; ++n) {
      phi[6] += term;
      term *= z / (n + 6.0);
    }
    for (std::size_t k = 5; k > 0; --k) phi[k] = z * phi[k + 1] + 1.0 / factorial[k];
  } else {
    for (std::size_t k = 0; k < 6; ++k) phi[k + 1] = (phi[k] - 1.0 / factorial[k]) / z;
  }
  return phi;
}

}  // namespace popshot::mesoscopic
