#include "input_spectrum.hpp"

#include <complex>
#include <numbers>

#include "inverse.hpp"
#include "own_noise.hpp"

namespace popshot::theory {

namespace {

using Complex = std::complex<double>;

/// (1-K)^-1 with K = diag(H) M.
Eigen::MatrixXcd amplified(const Eigen::VectorXcd& response, const Eigen::MatrixXcd& coupling) {
  return inverse_of(Eigen::MatrixXcd::Identity(coupling.rows(), coupling.cols()) - response.asDiagonal() * coupling);
}

}  // namespace

InputSpectrum::InputSpectrum(const model::Model& model, const mean_field::OperatingPoint& point, const Options& options)
    : model_(model), noise_(own_noise(model, point, options)) {
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    response_.emplace_back(model.populations[k], point.input(static_cast<Eigen::Index>(k)));
  }
}

Eigen::MatrixXcd InputSpectrum::coupling(double f) const {
  return mean_field::coupling_matrix(model_, Complex{0.0, 2.0 * std::numbers::pi * f});
}

Eigen::VectorXcd InputSpectrum::response(double f) const {
  Eigen::VectorXcd result(static_cast<Eigen::Index>(response_.size()));
  for (std::size_t k = 0; k < response_.size(); ++k) {
    result(static_cast<Eigen::Index>(k)) = response_[k](Complex{0.0, 2.0 * std::numbers::pi * f});
  }
  return result;
}

Eigen::MatrixXcd InputSpectrum::amplification(double f) const { return amplified(response(f), coupling(f)); }

InputSpectrum::At InputSpectrum::at(double f) const {
  const Eigen::MatrixXcd received = coupling(f);
  const Eigen::VectorXcd responses = response(f);
  Eigen::VectorXd uncoupled(responses.size());
  for (std::size_t k = 0; k < noise_.size(); ++k) uncoupled(static_cast<Eigen::Index>(k)) = noise_[k](f);
  At result;
  result.gain = received * amplified(responses, received);
  result.input = result.gain * uncoupled.asDiagonal() * result.gain.adjoint();
  for (const auto& stimulus : model_.stimuli) {
    const double power = stimulus_spectrum(stimulus, f);
    if (power == 0.0) continue;
    Eigen::VectorXcd current = Eigen::VectorXcd::Zero(responses.size());
    for (Eigen::Index k = 0; k < current.size(); ++k) {
      if (receives(model_, static_cast<std::size_t>(k), stimulus)) current(k) = 1.0;
    }
    current += result.gain * responses.cwiseProduct(current);
    result.input += power * current * current.adjoint();
  }
  return result;
}

}  // namespace popshot::theory
