#include "input_spectrum.hpp"

#include <complex>
#include <numbers>

#include "inverse.hpp"

namespace popshot::theory {

InputSpectrum::InputSpectrum(const model::Model& model, const mean_field::OperatingPoint& point, double highest,
                             const Options& options)
    : model_(model), populations_(model, point, highest), noise_(uncoupled_densities(model, point, options)) {}

Eigen::MatrixXcd InputSpectrum::amplification(double f) const {
  return inverse_of(one_minus(populations_.loop_gain(populations_.response(f), f)));
}

InputSpectrum::At InputSpectrum::at(double f) const {
  const auto count = static_cast<Eigen::Index>(noise_.size());
  const Eigen::MatrixXcd coupling =
      mean_field::coupling_matrix(model_, std::complex<double>{0.0, 2.0 * std::numbers::pi * f});
  const Eigen::VectorXcd response = populations_.response(f);
  At result;
  result.amplification = inverse_of(one_minus(response.asDiagonal() * coupling));
  result.gain = coupling * result.amplification;
  Eigen::VectorXd uncoupled(count);
  for (Eigen::Index k = 0; k < count; ++k) uncoupled(k) = noise_[static_cast<std::size_t>(k)](f);
  result.input = result.gain * uncoupled.asDiagonal() * result.gain.adjoint();
  for (const auto& stimulus : model_.stimuli) {
    const double power = stimulus_spectrum(stimulus, f);
    if (power == 0.0) continue;
    Eigen::VectorXcd current = Eigen::VectorXcd::Zero(count);
    for (Eigen::Index k = 0; k < count; ++k) {
      if (receives(model_, static_cast<std::size_t>(k), stimulus)) current(k) = 1.0;
    }
    current += result.gain * response.cwiseProduct(current);
    result.input += power * current * current.adjoint();
  }
  return result;
}

}  // namespace popshot::theory
