// The rest state of one population, its slope, and small disturbances of it. docs/theory/stationary.md (S1)-(S12).
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/core/riccati.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "stationary_root.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

}  // namespace

Complex stationary_state_variable(const model::Population& population, double input) {
  const auto& lorentzian = std::get<model::Lorentzian>(population.heterogeneity);
  return stationary_root(lorentzian.center + input, lorentzian.half_width);
}

double stationary_rate(const model::Population& population, double input) {
  return stationary_state_variable(population, input).imag() / (pi * population.tau);
}

double stationary_rate_slope(const model::Population& population, double input) {
  // (S5): F' = F/(2 |a + i Delta|).
  const auto& lorentzian = std::get<model::Lorentzian>(population.heterogeneity);
  return stationary_rate(population, input) / (2.0 * std::hypot(lorentzian.center + input, lorentzian.half_width));
}

double kicked_rate(const model::Population& population, double constant, double kick, double time_step) {
  const auto& lorentzian = std::get<model::Lorentzian>(population.heterogeneity);
  const auto flow =
      riccati_flow(Complex{lorentzian.center + constant, lorentzian.half_width}, time_step / population.tau);
  // y = x + kick after the kick: (c y + e)/(c - b y) = y - kick, that is b y^2 - b kick y + c kick + e = 0.
  const Complex half = kick / 2.0;
  Complex y = std::sqrt(half * half - (flow.c * kick + flow.e) / flow.b);
  if (y.imag() < 0.0) y = -y;
  return riccati_step(flow, half + y).spikes / time_step;
}

Eigen::MatrixXd coupling_matrix(const model::Model& model) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  Eigen::MatrixXd coupling = Eigen::MatrixXd::Zero(count, count);
  for (const model::Projection& projection : model.projections) {
    coupling(static_cast<Eigen::Index>(projection.to), static_cast<Eigen::Index>(projection.from)) +=
        model.populations[projection.to].tau * projection.weight;
  }
  return coupling;
}

Complex linear_response(const model::Population& population, double input, Complex s) {
  // (S9) with both fractions on one denominator: no subtraction of nearly equal terms.
  const Complex rest = stationary_state_variable(population, input);
  const Complex scaled = population.tau * s;
  return 2.0 * rest.imag() / (pi * population.tau) / ((scaled - 2.0 * rest) * (scaled - 2.0 * std::conj(rest)));
}

std::vector<Complex> eigenvalues(const model::Model& model, const OperatingPoint& point) {
  // (S11), in the variables (pi tau_k r_k, v_k), which are of like size; k and count + k.
  const Eigen::MatrixXd coupling = coupling_matrix(model);
  const Eigen::Index count = coupling.rows();
  Eigen::MatrixXd jacobian = Eigen::MatrixXd::Zero(2 * count, 2 * count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const Complex rest = stationary_state_variable(population, point.input(k));
    jacobian(k, k) = 2.0 * rest.real() / population.tau;
    jacobian(k, count + k) = 2.0 * rest.imag() / population.tau;
    jacobian(count + k, count + k) = 2.0 * rest.real() / population.tau;
    for (Eigen::Index l = 0; l < count; ++l) {
      const double tau_l = model.populations[static_cast<std::size_t>(l)].tau;
      jacobian(count + k, l) = coupling(k, l) / (pi * tau_l * population.tau);
    }
    jacobian(count + k, k) -= 2.0 * rest.imag() / population.tau;
  }
  if (count == 0) return {};
  const Eigen::VectorXcd values = jacobian.eigenvalues();
  std::vector<Complex> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end(), [](const Complex& left, const Complex& right) {
    return left.real() != right.real() ? left.real() > right.real() : left.imag() > right.imag();
  });
  return sorted;
}

}  // namespace popshot::mean_field
