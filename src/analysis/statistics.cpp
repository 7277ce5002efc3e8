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

double deviation_in_sigma(const Estimate& estimate, double expected) {
  const double difference = estimate.value - expected;
  if (difference == 0.0 || std::isinf(estimate.error)) return 0.0;
  constexpr double largest = 37.0;
  double sigma = largest;
  if (estimate.error > 0.0) {
    const boost::math::students_t distribution(static_cast<double>(estimate.trials - 1));
    const double t = std::abs(difference) / estimate.error;
    const double tail = std::isfinite(t) ? boost::math::cdf(boost::math::complement(distribution, t)) : 0.0;
    if (tail > 1e-290) sigma = boost::math::quantile(boost::math::complement(boost::math::normal(), tail));
  }
  return std::copysign(std::min(sigma, largest), difference);
}

double threshold_in_sigma(std::size_t comparisons, double false_alarm) {
  const double each = -std::expm1(std::log1p(-false_alarm) / static_cast<double>(comparisons));
  return boost::math::quantile(boost::math::complement(boost::math::normal(), each / 2.0));
}

}  // namespace popshot::analysis
