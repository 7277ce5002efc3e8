// The theory of the spectra frequency by frequency: for what asks for more than a list of frequencies.
#pragma once

#include <Eigen/Dense>
#include <functional>
#include <stop_token>
#include <vector>

#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {

/// The three curves of a model at one operating point, frequency by frequency: one object for many, as the noise of its
/// populations may take long to prepare.
class Spectra {
 public:
  /// The spectral density matrices at one frequency, as in ShotNoise.
  struct At {
    Eigen::VectorXcd uncoupled;  ///< the diagonal
    Eigen::MatrixXcd induced;
    Eigen::MatrixXcd total;
  };

  /// The model must outlive it. highest > 0: responses that cost much (Gaussian noise in the neurons) are tabulated up
  /// to this frequency, to about 1e-7; beyond it they are not valid then.
  Spectra(const model::Model& model, const mean_field::OperatingPoint& point, const Options& options = {},
          double highest = 0.0);
  /// At a frequency of any sign. Throws Stopped after a stop request to options.stop.
  [[nodiscard]] At operator()(double f) const;

 private:
  std::function<At(double f)> at_;
  std::stop_token stop_;
};

/// The curves at the given frequencies (any order and sign).
[[nodiscard]] ShotNoise shot_noise(const Spectra& spectra, const std::vector<double>& frequencies);

}  // namespace popshot::theory
