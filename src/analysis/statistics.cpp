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
