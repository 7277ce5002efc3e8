// What the spectra of a model at one operating point consist of: the populations' responses and their own noise.
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <functional>
#include <vector>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {

/// The responses H_k of a model's populations in continuous time.
class Populations {
 public:
  /// Responses will be asked for up to the frequency `highest`; if it is not 0 those that cost much are tabulated. The
  /// model must outlive it.
  Populations(const model::Model& model, const mean_field::OperatingPoint& point, double highest = 0.0);

  [[nodiscard]] Eigen::VectorXcd response(double f) const;
  /// K(f) of theory.md (20), given response(f).
  [[nodiscard]] Eigen::MatrixXcd loop_gain(const Eigen::VectorXcd& response, double f) const;

 private:
  const model::Model& model_;
  std::vector<std::function<std::complex<double>(double f)>> response_;
};

/// The power spectral densities of the populations' own noise (of all their neurons), as the options say. The model
/// must outlive them.
[[nodiscard]] std::vector<std::function<double(double f)>> uncoupled_densities(const model::Model& model,
                                                                               const mean_field::OperatingPoint& point,
                                                                               const Options& options);

/// 1 - K
[[nodiscard]] inline Eigen::MatrixXcd one_minus(const Eigen::MatrixXcd& gain) {
  return Eigen::MatrixXcd::Identity(gain.rows(), gain.cols()) - gain;
}

}  // namespace popshot::theory
