// The mean field of one population in time, step by step.
#pragma once

#include <complex>
#include <vector>

#include "popshot/core/riccati.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// The complex neurons of a population in the scheme (6)-(8): Cauchy noise moves a state by i Gamma h with every kick.
class ComplexNeuronStepper {
 public:
  ComplexNeuronStepper(const model::Population& population, double constant_current, double time_step,
                       const PopulationStart& start);
  /// One kick and one drift; returns the spikes per neuron of the step.
  double step(double kick);
  /// v + i pi tau r of the population.
  [[nodiscard]] std::complex<double> state() const;

 private:
  struct Neuron {
    RiccatiFlow<std::complex<double>> flow;
    std::complex<double> x;
    std::complex<double> weight;
  };
  std::vector<Neuron> neurons_;
  double noise_kick_ = 0.0;
};

}  // namespace popshot::mean_field
