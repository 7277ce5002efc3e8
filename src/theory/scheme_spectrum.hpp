// What a simulation with a time step makes of noise and currents, as far as it is linear. docs/theory.md (21)-(21e).
#pragma once

#include <Eigen/Dense>

#include "popshot/mean_field/scheme.hpp"
#include "popshot/model/model.hpp"

namespace popshot::theory {

class SchemeSpectrum {
 public:
  /// The model must outlive it.
  SchemeSpectrum(const model::Model& model, const mean_field::OperatingPoint& point, double time_step);

  /// At one frequency; for |f| >= 1/(2 time_step) a simulation answers at another one: A = 1, all else is zero.
  struct At {
    Eigen::MatrixXcd amplification;  ///< A: activity per spikes of uncoupled neurons. (21d)
    Eigen::MatrixXcd response;       ///< rate per current. (21d)
    Eigen::MatrixXcd jitter;         ///< power that the images of the spikes' times add. (21e)
    Eigen::MatrixXcd per_kick;       ///< rate per kick, the kick divided by the time step
  };
  [[nodiscard]] At at(double f) const;
  /// The spectral density matrix that random stimuli make.
  [[nodiscard]] Eigen::MatrixXcd stimulated(const At& at, double f) const;

 private:
  const model::Model& model_;
  double time_step_;
  mean_field::SchemeLoop loop_;
  Eigen::VectorXd tau_;
  Eigen::VectorXd noise_;  ///< r/N
};

}  // namespace popshot::theory
