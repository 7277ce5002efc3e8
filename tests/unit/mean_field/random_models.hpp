// Models for tests of the mean field.
#pragma once

#include <cstddef>
#include <random>

#include "popshot/model/model.hpp"

namespace popshot::mean_field {

/// One population coupled to itself with weight j.
inline model::Model single_population(double j, double center, double half_width, double tau = 1.0) {
  model::Model model;
  model::Population population;
  population.name = "all";
  population.tau = tau;
  population.heterogeneity = model::Lorentzian{center, half_width};
  model.populations.push_back(population);
  model.projections.push_back({0, 0, j});
  return model;
}

/// All-to-all coupled populations, mostly strong excitation within and either sign between, with different tau, and
/// with constant currents. About a third have several stationary states.
inline model::Model random_model(std::size_t count, std::mt19937_64& generator) {
  std::uniform_real_distribution<double> uniform;
  model::Model model;
  for (std::size_t k = 0; k < count; ++k) {
    model::Population population;
    population.name = "p" + std::to_string(k);
    population.tau = 0.5 + uniform(generator);
    population.heterogeneity = model::Lorentzian{-6.0 + 7.0 * uniform(generator), 0.3 + uniform(generator)};
    model.populations.push_back(population);
    model.stimuli.push_back({k, model::ConstantCurrent{uniform(generator)}});
  }
  for (std::size_t to = 0; to < count; ++to) {
    for (std::size_t from = 0; from < count; ++from) {
      const double weight = to == from ? 18.0 * uniform(generator) : 8.0 * (uniform(generator) - 0.5);
      model.projections.push_back({from, to, weight});
    }
  }
  return model;
}

}  // namespace popshot::mean_field
