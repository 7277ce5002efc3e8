// Models that several tests use.
#pragma once

#include "popshot/model/model.hpp"

namespace popshot::testing_support {

/// The network of Klinshov & Kirillov (2022), Fig. 1: J = 10, eta_bar = 0, Delta = 1, tau = 1.
inline model::Model figure1(std::int64_t size = 10000, model::Sampling sampling = model::Sampling::random,
                            double weight = 10.0) {
  model::Model m;
  m.name = "figure1";
  model::Population population;
  population.name = "qif";
  population.size = size;
  population.sampling = sampling;
  m.populations.push_back(population);
  if (weight != 0.0) m.projections.push_back({0, 0, weight});
  return m;
}

/// An inhibitory population that may oscillate by its delay.
inline model::Model inhibitory(double weight, double delay, model::Synapse synapse = {}) {
  model::Model model;
  model.name = "inhibitory";
  model::Population population;
  population.name = "i";
  population.heterogeneity = model::Lorentzian{12.0, 2.5};
  model.populations = {population};
  model.projections = {{0, 0, weight, delay, synapse}};
  return model;
}

}  // namespace popshot::testing_support
