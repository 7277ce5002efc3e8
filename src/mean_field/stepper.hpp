// The mean field of one population in time, step by step.
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <vector>

#include "popshot/core/riccati.hpp"
#include "popshot/core/step_spikes.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// The spikes of a step of length h (units of tau) in which the rate goes from first_rate to last_rate (in 1/tau) and
/// has the integral `count`: by the quadratic polynomial that these three give, which is in third order of the step.
/// theory.md (6a).
[[nodiscard]] inline StepSpikes moments_in_step(double count, double first_rate, double last_rate, double h) {
  return {count, count / 2.0 + h * (first_rate - last_rate) / 12.0,
          0.3 * count + h * (first_rate / 10.0 - last_rate / 15.0)};
}

/// The complex neurons of a population in the scheme (6)-(8): Cauchy noise moves a state by i Gamma h with every kick.
class ComplexNeuronStepper {
 public:
  ComplexNeuronStepper(const model::Population& population, double constant_current, double time_step,
                       const PopulationStart& start);
  /// One kick and one drift; returns the spikes of the step.
  StepSpikes step(double kick);
  /// v + i pi tau r of the population.
  [[nodiscard]] std::complex<double> state() const;

 private:
  struct Neuron {
    RiccatiFlow<std::complex<double>> flow;
    std::complex<double> x;
    std::complex<double> weight;
  };
  std::vector<Neuron> neurons_;
  double h_ = 0.0;
  double noise_kick_ = 0.0;
};

/// The modes of a population with Gaussian noise, for all nodes of its heterogeneity: a kick (Cayley transform of the
/// shift of V) and an exact drift, (G12), (G13) of docs/theory/gaussian_noise.md.
class FokkerPlanckStepper {
 public:
  FokkerPlanckStepper(const model::Population& population, double constant_current, double time_step,
                      const PopulationStart& start);
  /// One kick and one drift; returns the spikes of the step.
  StepSpikes step(double kick);
  /// v + i pi tau r of the population.
  [[nodiscard]] std::complex<double> state() const;

 private:
  struct Group {
    std::complex<double> weight;
    double scale = 1.0;
    Eigen::VectorXcd mode;
    Eigen::MatrixXcd propagator;
    Eigen::VectorXcd source;
    Eigen::RowVectorXcd integral;  ///< of 1 + 2 sum (-1)^n z_n over the step
    std::complex<double> integral_constant;
  };
  double h_ = 0.0;
  std::vector<Group> groups_;
  std::vector<std::complex<double>> moved_, factor_;
  Eigen::VectorXcd next_;
};

}  // namespace popshot::mean_field
