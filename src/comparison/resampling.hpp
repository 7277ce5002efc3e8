// How far equal levels deviate somewhere in a table, from the trials themselves: labels of trials exchanged, signs of
// differences between paired trials exchanged. theory.md (26a), (26b).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace popshot::comparison {

/// Something that two levels have in common, trial by trial: powers (positive, compared by their ratio) or differences
/// from what was expected.
struct Channel {
  bool power = true;
  std::vector<double> first;   ///< [trial]
  std::vector<double> second;  ///< as many
  /// Variance of one trial that is known beforehand (relative for powers), mean of both levels, and its degrees of
  /// freedom (0: not known).
  double known_variance = 0.0;
  double known_degrees = 0.0;
};

/// The largest |deviation| in sigma of the channels, where trial i of the pooled trials (first, then second) belongs to
/// the second level if in_second[i].
[[nodiscard]] double largest_deviation(const std::vector<Channel>& channels, const std::vector<char>& in_second);

/// The probability that the largest of `compute(draw)`, draw = 1, 2, .., is at least `observed`, by as many draws as it
/// takes: it ends with `enough` draws that are (Besag & Clifford, Biometrika 78, 301 (1991)) or after enough/smallest.
[[nodiscard]] double sequential_p_value(double observed, double smallest,
                                        const std::function<double(std::uint64_t draw)>& compute);

/// 2n labels, of which exactly n are 1, at random: which of pooled trials belong to the second level. `kind` tells
/// several lists of one draw apart.
[[nodiscard]] std::vector<char> random_labels(std::size_t n, std::uint64_t seed, std::uint64_t draw,
                                              std::uint64_t kind = 0);

/// The probability that labels exchanged at random give a largest deviation as large as the one observed. Same seed,
/// same result. At least 8 trials of each level, for p-values down to `smallest` = 1e-3.
[[nodiscard]] double permutation_p_value(const std::vector<Channel>& channels, double smallest, std::uint64_t seed);

/// Paired series of two levels over time, [trial] for each of many times (and outputs).
struct PairedSeries {
  std::vector<double> sum;         ///< second + first
  std::vector<double> difference;  ///< second - first
};

/// Deviations in sigma of two levels over time.
struct PairedDeviations {
  std::vector<double> mean;    ///< [series]: of the mean difference from 0, Student's t
  std::vector<double> spread;  ///< [series]: of the variances from each other (Pitman, Biometrika 31, 9 (1939))
  double total_mean = 0.0;     ///< of the mean difference over all series
  double total_spread = 0.0;   ///< of the variances, added up over all series
  [[nodiscard]] double largest() const;
};

/// Of the series of one output; at least 3 trials. A mean difference over all series of up to `negligible` is none.
[[nodiscard]] PairedDeviations paired_deviations(const std::vector<PairedSeries>& series, double negligible = 0.0);

/// The probability that equal levels deviate as far somewhere, over all groups of series: signs of the differences
/// exchanged at random from 12 trials on, below them the differences turned by random rotations, which is exact for
/// Gaussian differences (Langsrud, Stat. Comput. 15, 53 (2005)).
[[nodiscard]] double paired_p_value(const std::vector<std::vector<PairedSeries>>& groups, double observed,
                                    double smallest, std::uint64_t seed);

}  // namespace popshot::comparison
