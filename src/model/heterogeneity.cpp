#include "popshot/model/heterogeneity.hpp"

#include <cmath>
#include <numbers>

namespace popshot::model {

namespace {

constexpr double pi = std::numbers::pi;

double density_of(const Lorentzian& g, double eta) {
  const double distance = eta - g.center;
  return g.half_width / (pi * (distance * distance + g.half_width * g.half_width));
}

double quantile_of(const Lorentzian& g, double p) { return g.center + g.half_width * std::tan(pi * (p - 0.5)); }

}  // namespace

double density(const Heterogeneity& heterogeneity, double eta) {
  return std::visit([eta](const auto& g) { return density_of(g, eta); }, heterogeneity);
}

double quantile(const Heterogeneity& heterogeneity, double p) {
  return std::visit([p](const auto& g) { return quantile_of(g, p); }, heterogeneity);
}

double neuron_eta(const Population& population, std::int64_t j, std::uint64_t seed, RandomMember member) {
  const double p = population.sampling == Sampling::quantile
                       ? static_cast<double>(j + 1) / static_cast<double>(population.size + 1)
                       : uniform_number(seed, RandomStream::heterogeneity, member, static_cast<std::uint64_t>(j));
  return quantile(population.heterogeneity, p);
}

}  // namespace popshot::model
