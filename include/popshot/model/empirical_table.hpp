// An empirical density as a table: density and quantiles at a cost that does not grow with the number of its values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::model {

/// An empirical density (normal densities around values) and its distribution function, as polynomials over pieces of
/// half a bandwidth. docs/theory/any_model.md (43b). Made once, for many evaluations of less than a microsecond; it
/// keeps no reference to the density that it was made of. Time and memory grow with the number of values and with the
/// length of the support in bandwidths, gaps left out: 500 values of Silverman's bandwidth take a millisecond and 20
/// kB.
class EmpiricalTable {
 public:
  /// Values in any order, at least one; bandwidth > 0.
  explicit EmpiricalTable(const Empirical& g);

  /// g(eta), 1 / unit of current, to 1e-12 of its maximum; 0 farther than 10.5 bandwidths from all values.
  [[nodiscard]] double density(double eta) const;
  /// The value of eta below which the fraction p lies, 0 < p < 1, in units of current: increasing in p, to 1e-11
  /// bandwidths or to the rounding of the values (and of 1 - p in the upper half). Never farther than 10.5 bandwidths
  /// (to half of one) from all values.
  [[nodiscard]] double quantile(double p) const;

 private:
  static constexpr std::size_t terms = 18;
  using Series = std::array<double, terms>;
  /// Lengths in bandwidths. A cluster is a part of the support without gaps; places in it are counted from its first
  /// value, so that values of any size are as exact as they are given.
  struct Piece {
    double origin;  ///< the first value of the cluster, in units of current
    double low;     ///< place of the lower end
    double below;   ///< part of the density below the lower end
    double above;   ///< part of the density above the upper end
    std::uint32_t first;
    std::uint32_t count;   ///< of the values that reach it, beginning with `first`
    std::uint32_t stored;  ///< its series in series_, if many values reach it
  };

  [[nodiscard]] Series series_of(const Piece& piece) const;
  [[nodiscard]] Series summed(const Piece& piece) const;
  void add_cluster(std::span<const double> values, std::size_t first);

  double bandwidth_;
  double per_value_;           ///< of the density, over the bandwidth
  std::vector<double> place_;  ///< of every value, in its cluster
  std::vector<Piece> pieces_;  ///< in ascending order
  std::vector<Series> series_;
};

}  // namespace popshot::model
