#include "popshot/core/spectrum.hpp"

#include <cmath>
#include <numbers>

namespace popshot {

namespace {

/// sin^2(pi x)/(pi x)^2
double sinc_squared(double x) {
  if (x == 0.0) return 1.0;
  const double s = std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
  return s * s;
}

/// Sum over m = -1, 0, 1 of (S - limit) sinc^2, plus the limit; `mirrored` gives S at minus a frequency.
template <class Value, class Mirror>
std::vector<Value> folded(const std::vector<Value>& density, const Value& limit, Mirror&& mirrored) {
  const std::size_t n = 2 * (density.size() - 1) / 3;
  std::vector<Value> result;
  result.reserve(n / 2 + 1);
  for (std::size_t i = 0; i <= n / 2; ++i) {
    const double x = static_cast<double>(i) / static_cast<double>(n);
    // Value and not auto: Eigen's expressions would refer to temporaries.
    const Value sum = limit + (density[i] - limit) * sinc_squared(x) +
                      (mirrored(density[n - i]) - limit) * sinc_squared(x - 1.0) +
                      (density[n + i] - limit) * sinc_squared(x + 1.0);
    result.push_back(sum);
  }
  return result;
}

}  // namespace

std::vector<double> Spectrum::power(std::size_t k) const {
  const auto index = static_cast<Eigen::Index>(k);
  std::vector<double> values;
  values.reserve(density.size());
  for (const auto& matrix : density) values.push_back(matrix(index, index).real());
  return values;
}

std::vector<double> interval_mean_density(const std::vector<double>& density, double limit) {
  return folded(density, limit, [](double value) { return value; });
}

std::vector<Eigen::MatrixXcd> interval_mean_density(const std::vector<Eigen::MatrixXcd>& density,
                                                    const Eigen::MatrixXd& limit) {
  const Eigen::MatrixXcd white = limit.cast<std::complex<double>>();
  return folded(density, white, [](const Eigen::MatrixXcd& matrix) -> Eigen::MatrixXcd { return matrix.conjugate(); });
}

}  // namespace popshot
