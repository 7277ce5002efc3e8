#include "popshot/analysis/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace popshot::analysis {

namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Estimate mean_with_error(const std::vector<double>& values) {
  const double centre = mean(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  const auto n = static_cast<double>(values.size());
  const double error =
      values.size() < 2 ? std::numeric_limits<double>::infinity() : std::sqrt(squares / (n * (n - 1.0)));
  return {centre, error, values.size()};
}

Estimate ratio_with_error(const std::vector<double>& numerator, const std::vector<double>& denominator) {
  const double scale = mean(denominator);
  const double ratio = mean(numerator) / scale;
  std::vector<double> residual(numerator.size());
  for (std::size_t i = 0; i < residual.size(); ++i) residual[i] = (numerator[i] - ratio * denominator[i]) / scale;
  return {ratio, mean_with_error(residual).error, numerator.size()};
}

Moments moments(const std::vector<double>& series) {
  Moments result{mean(series), 0.0, 0.0};
  double cubes = 0.0;
  for (const double value : series) {
    const double d = value - result.mean;
    result.variance += d * d;
    cubes += d * d * d;
  }
  const auto n = static_cast<double>(series.size());
  result.variance /= n;
  if (result.variance > 0.0) result.skewness = cubes / n / std::pow(result.variance, 1.5);
  return result;
}

std::vector<double> autocorrelation(const std::vector<double>& series, const std::vector<std::size_t>& lags) {
  const Moments all = moments(series);
  std::vector<double> result;
  for (const std::size_t lag : lags) {
    double sum = 0.0;
    for (std::size_t i = 0; i + lag < series.size(); ++i) sum += (series[i] - all.mean) * (series[i + lag] - all.mean);
    result.push_back(sum / (static_cast<double>(series.size() - lag) * all.variance));
  }
  return result;
}

double sigma_of_t(double t, double degrees) {
  constexpr double largest = 37.0;
  if (t == 0.0 || std::isnan(t)) return 0.0;
  double tail = 0.0;
  if (std::isinf(degrees)) {
    return std::copysign(std::min(std::abs(t), largest), t);
  }
  if (std::isfinite(t)) {
    tail = boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), std::abs(t)));
  }
  const double sigma =
      tail > 1e-290 ? boost::math::quantile(boost::math::complement(boost::math::normal(), tail)) : largest;
  return std::copysign(std::min(sigma, largest), t);
}

double two_sided_tail(double sigma) {
  return 2.0 * boost::math::cdf(boost::math::complement(boost::math::normal(), std::abs(sigma)));
}

double deviation_in_sigma(const Estimate& estimate, double expected) {
  const double difference = estimate.value - expected;
  if (difference == 0.0 || std::isinf(estimate.error)) return 0.0;
  return sigma_of_t(difference / estimate.error, static_cast<double>(estimate.trials - 1));
}

PooledVariance pooled_variance(double seen_variance, double seen, double known_variance, double known) {
  const double degrees = seen + known;
  if (!(degrees > 0.0)) return {std::numeric_limits<double>::infinity(), 0.0};
  return {(seen * seen_variance + known * known_variance) / degrees, degrees};
}

double MeanPower::log_error() const { return std::sqrt(relative.value / static_cast<double>(trials)); }

MeanPower mean_power(const std::vector<double>& power, const std::vector<double>& expected, double known_variance,
                     double known_degrees) {
  const double scale = mean(expected);
  const double ratio = mean(power) / scale;
  double squares = 0.0;
  for (std::size_t i = 0; i < power.size(); ++i) {
    const double residual = (power[i] - ratio * expected[i]) / (ratio * scale);
    squares += residual * residual;
  }
  const auto seen = static_cast<double>(power.size()) - 1.0;
  const double seen_variance = seen > 0.0 && ratio > 0.0 ? squares / seen : 0.0;
  return {ratio, pooled_variance(seen_variance, seen, known_variance, known_degrees), power.size()};
}

namespace {

/// The variance of the cube root of a mean power, relative to its mean's cube: 2/(9 D) with D = 2/variance.
double cube_root_variance(const MeanPower& power) {
  return power.relative.value / (9.0 * static_cast<double>(power.trials));
}

}  // namespace

double deviation_in_sigma(const MeanPower& power) {
  if (!(power.value >= 0.0) || !std::isfinite(power.relative.value)) return 0.0;
  const double variance = cube_root_variance(power);
  return sigma_of_t((std::cbrt(power.value) - (1.0 - variance)) / std::sqrt(variance), power.relative.degrees);
}

double deviation_in_sigma(const MeanPower& numerator, const MeanPower& denominator) {
  const double a = cube_root_variance(numerator);
  const double b = cube_root_variance(denominator);
  const double root = std::cbrt(numerator.value / denominator.value);
  if (!std::isfinite(root) || !std::isfinite(a) || !std::isfinite(b)) return 0.0;
  return sigma_of_t(((1.0 - b) * root - (1.0 - a)) / std::sqrt(b * root * root + a),
                    numerator.relative.degrees + denominator.relative.degrees);
}

double threshold_in_sigma(std::size_t comparisons, double false_alarm) {
  const double each = -std::expm1(std::log1p(-false_alarm) / static_cast<double>(comparisons));
  return boost::math::quantile(boost::math::complement(boost::math::normal(), each / 2.0));
}

}  // namespace popshot::analysis
