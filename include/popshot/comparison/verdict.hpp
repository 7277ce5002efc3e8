// What a comparison comes to: three verdicts, and what they rest on.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace popshot::comparison {

enum class Verdict {
  agree,         ///< nothing deviates, and a factor of 1.5 would have been seen
  disagree,      ///< something deviates that equal levels would not in 1 - false_alarm of all comparisons
  inconclusive,  ///< nothing deviates, but a factor of 1.5 could hide, or nothing independent was compared
};

/// "agree", "disagree", "inconclusive".
[[nodiscard]] std::string verdict_name(Verdict verdict);

/// A factor that must not hide from a verdict of agreement: in the power of all bands together, and in every band whose
/// expected power exceeds `weighty_band` of that of the strongest band.
constexpr double factor_to_be_seen = 1.5;
constexpr double weighty_band = 0.1;
/// "Would have been seen": with this probability.
constexpr double detection_power = 0.9;

/// A verdict and what it rests on.
struct Judgement {
  Verdict verdict = Verdict::inconclusive;
  /// The probability that equal levels deviate as far as these somewhere in the table.
  double p_value = 1.0;
  /// The same for theory alone, and for the levels against each other (1 where that is not judged).
  double p_value_of_theory = 1.0;
  double p_value_of_levels = 1.0;
  /// Sigma above which a single deviation counts as disagreement.
  double threshold = 0.0;
  std::size_t comparisons = 0;  ///< all that were judged
  /// The smallest factor that would have been seen: in all bands together, and in the worst of the weighty bands.
  double detectable_total = std::numeric_limits<double>::infinity();
  double detectable_band = std::numeric_limits<double>::infinity();
  /// About how many trials it takes until a factor of 1.5 would be seen in both; 0 where trials do not help.
  std::size_t trials_needed = 0;
  std::string reason;  ///< one or two sentences: what disagrees and why, or how strong the agreement is
};

/// The factor that a ratio of powers whose logarithm has this standard error (of `degrees` degrees of freedom) must
/// have to lie beyond `threshold` sigma with the probability `detection_power`.
[[nodiscard]] double detectable_factor(double log_error, double degrees, double threshold);

/// The number of trials that bring a factor of `factor_to_be_seen` within reach, where one trial has this standard
/// error of the logarithm (of the ratio).
[[nodiscard]] std::size_t trials_for_factor(double log_error_of_one, double threshold);

/// A factor as people read it: "12 %" for 1.12, "a factor of 1.7".
[[nodiscard]] std::string factor_text(double factor);

}  // namespace popshot::comparison
