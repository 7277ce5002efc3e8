#include "cauchy_noise.hpp"

#include <cmath>
#include <numbers>

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

}  // namespace

Complex digamma(Complex z) {
  // psi(z) = psi(z + 1) - 1/z up to where the asymptotic series (Abramowitz & Stegun 6.3.18) is exact enough.
  Complex sum = 0.0;
  while (z.real() < 10.0 && std::abs(z) < 15.0) {
    sum -= 1.0 / z;
    z += 1.0;
  }
  const Complex u = 1.0 / (z * z);
  const Complex series =
      u * (1.0 / 12 - u * (1.0 / 120 - u * (1.0 / 252 - u * (1.0 / 240 - u * (1.0 / 132 - u * (691.0 / 32760))))));
  return sum + std::log(z) - 0.5 / z - series;
}

double cauchy_neuron_spectrum(double eta, double width, double f) {
  const Complex w = std::sqrt(Complex{eta, width});
  const double rate = w.real() / pi;
  const double floor = 0.5 - std::arg(w) / pi;
  if (f == 0.0) {
    // a -> 0: psi(1 + a) + psi(1 - a) is real.
    return rate * (1.0 - 2.0 * floor);
  }
  const Complex a = pi * f / w;  // Re a > 0, Im a < 0
  // psi(1 + a) + psi(1 - a) = 2 psi(a) + 1/a + pi cot(pi a)
  const Complex decaying = std::exp(Complex{0.0, -2.0 * pi} * a);
  const Complex cotangent = Complex{0.0, 1.0} * (1.0 + decaying) / (1.0 - decaying);
  const Complex sum = 2.0 * digamma(a) + 1.0 / a + pi * cotangent;
  return rate * (1.0 + 2.0 * (sum.imag() / (2.0 * pi) - floor));
}

}  // namespace popshot::theory
