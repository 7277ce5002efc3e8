// Densities of the heterogeneity: density, quantiles, and the values that the N neurons of a population get.
#pragma once

#include <cstdint>
#include <vector>

#include "popshot/core/random.hpp"
#include "popshot/model/model.hpp"

namespace popshot::model {

/// g(eta), the probability density at eta (1 / unit of current).
[[nodiscard]] double density(const Heterogeneity& heterogeneity, double eta);

/// The value below which a fraction p of the density lies, for 0 < p < 1.
[[nodiscard]] double quantile(const Heterogeneity& heterogeneity, double p);

/// The eta of neuron j (0 <= j < size) of a population. Random sampling: the quantile of a uniform number of
/// stream `heterogeneity`. Quantile sampling: the quantile of (j + 1)/(size + 1), which for a Lorentzian is
/// center + half_width tan(pi/2 (2j' - N - 1)/(N + 1)), j' = j + 1 (Montbrio, Pazo & Roxin 2015).
[[nodiscard]] double neuron_eta(const Population& population, std::int64_t j, std::uint64_t seed, RandomMember member);

}  // namespace popshot::model
