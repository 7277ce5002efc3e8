#include "popshot/comparison/verdict.hpp"

#include <fmt/format.h>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace popshot::comparison {

namespace {

/// The t of `degrees` degrees of freedom that is as improbable as `sigma`.
double t_of_sigma(double sigma, double degrees) {
  if (std::isinf(degrees) || sigma > 37.0) return sigma;
  const double tail = boost::math::cdf(boost::math::complement(boost::math::normal(), sigma));
  return boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), tail));
}

double reach_of_power() { return boost::math::quantile(boost::math::normal(), detection_power); }

}  // namespace

std::string verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::agree:
      return "agree";
    case Verdict::disagree:
      return "disagree";
    case Verdict::inconclusive:
      break;
  }
  return "inconclusive";
}

double detectable_factor(double log_error, double degrees, double threshold) {
  if (!std::isfinite(log_error) || !(degrees > 0.0)) return std::numeric_limits<double>::infinity();
  return std::exp((t_of_sigma(threshold, degrees) + reach_of_power()) * log_error);
}

std::size_t trials_for_factor(double log_error_of_one, double threshold) {
  const double root = (threshold + reach_of_power()) * log_error_of_one / std::log(factor_to_be_seen);
  return static_cast<std::size_t>(std::ceil(std::min(root * root, 1e15)));
}

std::string factor_text(double factor) {
  if (!std::isfinite(factor)) return "any factor";
  return factor < 1.5 ? fmt::format("{:.2g} %", 100.0 * (factor - 1.0)) : fmt::format("a factor of {:.2g}", factor);
}

}  // namespace popshot::comparison
