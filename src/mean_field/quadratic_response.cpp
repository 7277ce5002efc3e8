#include "popshot/mean_field/quadratic_response.hpp"

#include <numbers>

namespace popshot::mean_field {

namespace {

using Complex = std::complex<double>;

}  // namespace

QuadraticResponse::QuadraticResponse(const model::Population& population, double input, double accuracy)
    : tau_(population.tau) {
  const ComplexNeurons neurons(population, accuracy);
  weight_ = neurons.weight;
  for (std::size_t m = 0; m < neurons.eta.size(); ++m) rest_.push_back(neurons.rest(m, input));
}

Complex QuadraticResponse::operator()(double f1, double f2) const {
  const double scale = 2.0 * std::numbers::pi * tau_;
  const Complex a{0.0, scale * f1};
  const Complex b{0.0, scale * f2};
  const Complex c = a + b;
  Complex sum = 0.0;
  for (std::size_t m = 0; m < rest_.size(); ++m) {
    const Complex x = 2.0 * rest_[m];
    const Complex y = std::conj(x);
    sum += weight_[m] / ((a - x) * (b - x) * (c - x)) - std::conj(weight_[m]) / ((a - y) * (b - y) * (c - y));
  }
  return sum / Complex{0.0, scale};
}

}  // namespace popshot::mean_field
