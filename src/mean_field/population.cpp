#include "popshot/mean_field/population.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kicked_rest.hpp"
#include "popshot/core/error.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "rational_system.hpp"
#include "stationary_root.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
/// Of the nodes where each of them costs a Fokker-Planck equation.
constexpr double noisy_accuracy = 1e-8;

/// Half-turns per time step, in units of pi: spikes per step of a neuron with constant input eta that is
/// kicked by `kick` at the end of every step of length h (units of tau). theory.md (10).
double spikes_per_step(double eta, double kick, double h) {
  const auto flow = riccati_flow(eta, h);
  // The trace of kick and drift is 2 cos(angle); a = 2 - 2 c, written without cancellation.
  const double root = std::sqrt(std::abs(eta));
  const double half = eta < 0 ? std::sinh(root * h / 2) : std::sin((root * h - flow.half_turns * pi) / 2);
  const double a = (eta < 0 ? -4.0 : 4.0) * half * half;
  // riccati_flow divides the hyperbolic branch by cosh.
  const double b = eta < 0 ? flow.b * std::cosh(root * h) : flow.b;
  const double sine_squared = (a + b * kick) / 4.0;
  if (!(sine_squared > 0.0)) return flow.half_turns;
  return flow.half_turns + 2.0 / pi * std::asin(std::sqrt(std::min(sine_squared, 1.0)));
}

}  // namespace

ComplexNeurons::ComplexNeurons(const model::Population& population, double accuracy) : tau(population.tau) {
  if (std::holds_alternative<model::GaussianNoise>(population.noise)) {
    throw InputError("population '" + population.name +
                     "': no closed mean field of complex neurons with Gaussian noise");
  }
  const auto* cauchy = std::get_if<model::CauchyNoise>(&population.noise);
  const double width = cauchy != nullptr ? cauchy->width : 0.0;
  for (const auto& node : model::nodes(population.heterogeneity, accuracy)) {
    eta.emplace_back(node.eta.real(), node.eta.imag() + width);
    weight.push_back(node.weight);
  }
}

Complex ComplexNeurons::rest(std::size_t m, double input) const {
  return stationary_root(eta[m].real() + input, eta[m].imag());
}

Complex ComplexNeurons::rest(double input) const {
  if (single()) return rest(0, input);
  Complex sum = 0.0;
  for (std::size_t m = 0; m < eta.size(); ++m) sum += weight[m] * rest(m, input);
  return sum;
}

double ComplexNeurons::rate(double input) const { return rest(input).imag() / (pi * tau); }

double ComplexNeurons::slope(double input) const {
  // d/dI of i sqrt(z) is -1/(2 x), since x^2 = -z; for one neuron (S5), without cancellation.
  if (single()) {
    const double distance = std::hypot(eta[0].real() + input, eta[0].imag());
    return rate(input) / (2.0 * distance);
  }
  Complex sum = 0.0;
  for (std::size_t m = 0; m < eta.size(); ++m) sum -= weight[m] / (2.0 * rest(m, input));
  return sum.imag() / (pi * tau);
}

LinearSystem ComplexNeurons::linearised(double input) const {
  // (S9): tau y_m' = 2 x_m y_m + dI, dr = Im sum W_m y_m/(pi tau).
  const auto count = static_cast<Eigen::Index>(eta.size());
  Eigen::MatrixXcd a = Eigen::MatrixXcd::Zero(count, count);
  Eigen::RowVectorXcd c(count);
  for (Eigen::Index m = 0; m < count; ++m) {
    const auto index = static_cast<std::size_t>(m);
    a(m, m) = 2.0 * rest(index, input) / tau;
    c(m) = Complex{0.0, -1.0} * weight[index] / (pi * tau);
  }
  return real_form(a, Eigen::VectorXcd::Constant(count, 1.0 / tau), c);
}

SingleNeuron::SingleNeuron(const model::Population& population) : tau_(population.tau), noise_(population.noise) {}

Complex SingleNeuron::rest(double drive) const {
  if (const auto* cauchy = std::get_if<model::CauchyNoise>(&noise_)) return stationary_root(drive, cauchy->width);
  if (const auto* gaussian = std::get_if<model::GaussianNoise>(&noise_)) {
    const double height = pi * noisy_neuron_rate(drive, gaussian->intensity);
    return {-std::sqrt(std::max(0.0, height * height - drive)), height};  // (S3)
  }
  return drive > 0.0 ? Complex{0.0, std::sqrt(drive)} : Complex{-std::sqrt(-drive), 0.0};
}

double SingleNeuron::kicked_rate(double drive, double kick, double time_step) const {
  const double h = time_step / tau_;
  if (const auto* cauchy = std::get_if<model::CauchyNoise>(&noise_)) {
    const auto flow = riccati_flow(Complex{drive, 0.0}, h);
    return riccati_step(flow, kicked_rest(flow, scheme_kick(kick, cauchy->width * h, h))).spikes / time_step;
  }
  // With Gaussian noise the scheme's own deviation, of second order in the noise, is not known.
  if (std::holds_alternative<model::GaussianNoise>(noise_)) return rate(drive + kick / h);
  return spikes_per_step(drive, scheme_kick(kick, 0.0, h).real(), h) / time_step;
}

LinearSystem real_form(const Eigen::MatrixXcd& a, const Eigen::VectorXcd& b, const Eigen::RowVectorXcd& c) {
  const Eigen::Index count = a.rows();
  LinearSystem system;
  system.a.resize(2 * count, 2 * count);
  system.a << a.real(), -a.imag(), a.imag(), a.real();
  system.b.resize(2 * count);
  system.b << b.real(), b.imag();
  system.c.resize(2 * count);
  system.c << c.real(), -c.imag();
  return system;
}

LinearSystem linearised(const model::Population& population, double input, double accuracy) {
  if (std::holds_alternative<model::GaussianNoise>(population.noise)) {
    const double w = std::abs(rest_state(population, input));
    return rational_system(Response(population, input), w / population.tau);
  }
  return ComplexNeurons(population, accuracy).linearised(input);
}

Response::Response(const model::Population& population, double input) : tau_(population.tau) {
  if (const auto* noise = std::get_if<model::GaussianNoise>(&population.noise)) {
    for (const auto& node : model::nodes(population.heterogeneity, noisy_accuracy)) {
      weight_.push_back(node.weight);
      noisy_.emplace_back(node.eta + input, noise->intensity);
    }
    return;
  }
  *this = Response(ComplexNeurons(population), input);
}

Response::Response(const ComplexNeurons& neurons, double input) : tau_(neurons.tau), weight_(neurons.weight) {
  for (std::size_t m = 0; m < neurons.eta.size(); ++m) rest_.push_back(neurons.rest(m, input));
}

Complex Response::operator()(Complex s) const {
  const Complex scaled = tau_ * s;
  if (!noisy_.empty()) {
    Complex sum = 0.0;
    for (std::size_t m = 0; m < noisy_.size(); ++m) {
      sum += weight_[m] * noisy_[m].response(scaled) - std::conj(weight_[m] * noisy_[m].response(std::conj(scaled)));
    }
    return sum / Complex{0.0, 2.0 * pi * tau_};
  }
  if (rest_.size() == 1) {
    // (S9) with both fractions on one denominator: no subtraction of nearly equal terms.
    const Complex x = rest_[0];
    return 2.0 * x.imag() / (pi * tau_) / ((scaled - 2.0 * x) * (scaled - 2.0 * std::conj(x)));
  }
  Complex sum = 0.0;
  for (std::size_t m = 0; m < rest_.size(); ++m) {
    sum += weight_[m] / (scaled - 2.0 * rest_[m]) - std::conj(weight_[m]) / (scaled - 2.0 * std::conj(rest_[m]));
  }
  return sum / Complex{0.0, 2.0 * pi * tau_};
}

Complex rest_state(const model::Population& population, double input) {
  const auto* noise = std::get_if<model::GaussianNoise>(&population.noise);
  if (noise == nullptr) return ComplexNeurons(population).rest(input);
  Complex sum = 0.0;
  for (const auto& node : model::nodes(population.heterogeneity, noisy_accuracy)) {
    sum += node.weight * NoisyNeurons(node.eta + input, noise->intensity).rest();
  }
  return sum;
}

double rate_slope(const model::Population& population, double input) {
  if (std::holds_alternative<model::GaussianNoise>(population.noise)) {
    return Response(population, input)(Complex{0.0}).real();
  }
  return ComplexNeurons(population).slope(input);
}

}  // namespace popshot::mean_field
