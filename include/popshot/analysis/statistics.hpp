// Means with errors between trials, and deviations in units of sigma.
#pragma once

#include <cstddef>
#include <vector>

namespace popshot::analysis {

/// A mean over independent trials, its standard error and the number of trials.
struct Estimate {
  double value = 0.0;
  double error = 0.0;
  std::size_t trials = 0;
};

/// Mean and standard error of the mean, sqrt(sum (x - mean)^2 / (n (n - 1))). The error of one trial is infinite.
[[nodiscard]] Estimate mean_with_error(const std::vector<double>& values);

/// Ratio of the means of two paired lists and its standard error by linearisation,
/// sd(x_i - ratio y_i)/(sqrt(n) mean(y)). Lists of equal, nonzero length.
[[nodiscard]] Estimate ratio_with_error(const std::vector<double>& numerator, const std::vector<double>& denominator);

/// Mean, variance and skewness (third central moment over variance^1.5; 0 for a constant series) of a series.
struct Moments {
  double mean = 0.0;
  double variance = 0.0;
  double skewness = 0.0;
};
[[nodiscard]] Moments moments(const std::vector<double>& series);

/// The autocorrelation coefficients of a series at the given lags (in samples, each shorter than the series): mean
/// product of deviations from the mean of the whole series, over its variance.
[[nodiscard]] std::vector<double> autocorrelation(const std::vector<double>& series,
                                                  const std::vector<std::size_t>& lags);

/// How many sigma of a Gaussian correspond to (value - expected)/error when the error itself is estimated from few
/// trials (Student's t with trials - 1 degrees of freedom, same two-sided probability, sign kept). Zero if the error is
/// infinite or nothing deviates; values are cut off at 37, where probabilities underflow.
[[nodiscard]] double deviation_in_sigma(const Estimate& estimate, double expected);

/// The same for t = (value - expected)/error with an error of `degrees` degrees of freedom (infinite: Gaussian).
[[nodiscard]] double sigma_of_t(double t, double degrees);

/// The probability that a Gaussian number lies at least so many sigma from its mean, on either side.
[[nodiscard]] double two_sided_tail(double sigma);

/// A variance and the degrees of freedom that it is known with.
struct PooledVariance {
  double value = 0.0;
  double degrees = 0.0;
};

/// The variance seen in `seen` degrees of freedom, pooled with one that is known beforehand, which counts as `known`
/// degrees of freedom (0: not known). With few trials it is the known one that decides. theory.md (25).
[[nodiscard]] PooledVariance pooled_variance(double seen_variance, double seen, double known_variance, double known);

/// A mean of powers that scatter like squares of Gaussian numbers (a gamma distribution).
struct MeanPower {
  double value = 0.0;
  PooledVariance relative;  ///< of one trial: its variance over the squared mean
  std::size_t trials = 0;
  /// Standard error of log(value).
  [[nodiscard]] double log_error() const;
};

/// The mean of `power` over that of `expected`, trial by trial (equal, nonzero lengths), with the relative variance of
/// its residuals pooled with the known one.
[[nodiscard]] MeanPower mean_power(const std::vector<double>& power, const std::vector<double>& expected,
                                   double known_variance, double known_degrees);

/// Deviation in sigma of a mean power from 1, by the cube root of Wilson and Hilferty (Proc. Natl. Acad. Sci. 17, 684
/// (1931)) and Student's t for the pooled variance. theory.md (25a).
[[nodiscard]] double deviation_in_sigma(const MeanPower& power);
/// Deviation in sigma of the ratio of two mean powers from 1 (Paulson, Ann. Math. Stat. 13, 233 (1942)).
[[nodiscard]] double deviation_in_sigma(const MeanPower& numerator, const MeanPower& denominator);

/// The number of sigma that the largest of `comparisons` independent Gaussian deviations exceeds with the probability
/// `false_alarm` (two-sided, Sidak's correction).
[[nodiscard]] double threshold_in_sigma(std::size_t comparisons, double false_alarm);

}  // namespace popshot::analysis
