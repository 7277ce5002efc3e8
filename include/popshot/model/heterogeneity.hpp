// Densities of the heterogeneity: density, quantiles, the values that the N neurons of a population get, and the
// complex nodes that replace the density in averages of analytic functions. docs/theory/any_model.md.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "popshot/core/random.hpp"
#include "popshot/model/empirical_table.hpp"
#include "popshot/model/model.hpp"

namespace popshot::model {

/// g(eta), the probability density at eta (1 / unit of current). Infinite at the center of Identical, 0 elsewhere.
[[nodiscard]] double density(const Heterogeneity& heterogeneity, double eta);

/// The value of eta below which the fraction p of the density lies, 0 < p < 1: increasing in p for every kind. In a gap
/// of a mixture its lower end. For many p: QuantileFunction, since an empirical density makes a table first.
[[nodiscard]] double quantile(const Heterogeneity& heterogeneity, double p);

/// The same for many p: keeps what does not depend on p. Less than a microsecond a call, but for mixtures (about that
/// for each component) and rational densities; a copy, that may outlive the density.
class QuantileFunction {
 public:
  explicit QuantileFunction(const Heterogeneity& heterogeneity);
  [[nodiscard]] double operator()(double p) const;

 private:
  std::variant<Heterogeneity, EmpiricalTable> function_;
};

/// The mean of the density; of a Lorentzian (part) its center.
[[nodiscard]] double center(const Heterogeneity& heterogeneity);

/// The smallest width over which the density varies: half-width, standard deviation or bandwidth, in units of current;
/// 0 for Identical.
[[nodiscard]] double smallest_width(const Heterogeneity& heterogeneity);

/// The limit of pi eta^2 g(eta) for |eta| -> inf: the half-width of a Lorentzian, 0 for lighter tails, and for mixtures
/// the weighted sum.
[[nodiscard]] double tail_weight(const Heterogeneity& heterogeneity);

/// An interval outside of which the density is zero, or below 1e-16 of its maximum; infinite ends for algebraic tails.
struct Support {
  double low = 0.0;
  double high = 0.0;
};
[[nodiscard]] Support support(const Heterogeneity& heterogeneity);

/// The integral of g(eta) f(eta) over eta is sum_m weight_m f(eta_m) for every f that is analytic and bounded in the
/// upper half-plane (it may grow as a square root).
struct Node {
  std::complex<double> eta;     ///< Im eta > 0 (= 0 for Identical)
  std::complex<double> weight;  ///< they add up to 1
};

/// The nodes of a density, as many as an error of about `accuracy` (relative, of stationary rates) needs: the poles in
/// the upper half-plane of a Lorentzian or rational density (exact), a circle around the pole of a q-Gaussian, the
/// shifted contour for normal densities, an arc through the upper half-plane over the interval of a uniform one. 0 <
/// accuracy < 1. any_model.md (42)-(46).
[[nodiscard]] std::vector<Node> nodes(const Heterogeneity& heterogeneity, double accuracy = 1e-10);

/// The eta of the neurons of a population, for many of them. Random sampling: one uniform number of stream
/// `heterogeneity` for each neuron, taken to its quantile; for mixtures and empirical densities it chooses the
/// component first (the first component has the first part of the numbers, ..), and then the quantile there. Quantile
/// sampling: neuron j has the quantile of (j + 1)/(size + 1), which for a Lorentzian is center + half_width tan(pi/2
/// (2j' - N - 1)/ (N + 1)), j' = j + 1 (Montbrio, Pazo & Roxin 2015). The population must outlive it.
class NeuronEta {
 public:
  NeuronEta(const Population& population, std::uint64_t seed, RandomMember member);
  /// Of neuron j, 0 <= j < size. May be called from several threads.
  [[nodiscard]] double operator()(std::int64_t j) const;

 private:
  const Population* population_;
  std::uint64_t seed_;
  RandomMember member_;
  std::optional<QuantileFunction> quantile_;
};

/// The same of a single neuron.
[[nodiscard]] double neuron_eta(const Population& population, std::int64_t j, std::uint64_t seed, RandomMember member);

}  // namespace popshot::model
