// The spectra of what the populations of a coupled network receive.
#pragma once

#include <Eigen/Dense>
#include <functional>
#include <vector>

#include "popshot/mean_field/population.hpp"
#include "popshot/model/model.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {

/// The spectra of the input currents to all populations, in linear theory and continuous time: those that the own
/// noise of the populations makes, G S0 G^dagger with G = M (1-K)^-1 and M of mean_field::coupling_matrix; and those of
/// random stimuli with their consequences, (1 + G H) S_I (1 + G H)^dagger.
class InputSpectrum {
 public:
  /// Of options.noise or options.uncoupled; the model must outlive it. Throws InputError for identical neurons without
  /// noise.
  InputSpectrum(const model::Model& model, const mean_field::OperatingPoint& point, const Options& options = {});

  struct At {
    Eigen::MatrixXcd gain;   ///< G: input per own noise
    Eigen::MatrixXcd input;  ///< the spectral density matrix of the currents
  };
  [[nodiscard]] At at(double f) const;
  /// (1-K)^-1
  [[nodiscard]] Eigen::MatrixXcd amplification(double f) const;

 private:
  [[nodiscard]] Eigen::MatrixXcd coupling(double f) const;
  [[nodiscard]] Eigen::VectorXcd response(double f) const;

  const model::Model& model_;
  std::vector<mean_field::Response> response_;
  std::vector<std::function<double(double f)>> noise_;
};

}  // namespace popshot::theory
