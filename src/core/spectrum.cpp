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

}  // namespace

std::vector<double> Spectrum::power(std::size_t k) const {
  const auto index = static_cast<Eigen::Index>(k);
  std::vector<double> values;
  values.reserve(density.size());
  for (const auto& matrix : density) values.push_back(matrix(index, index).real());
  return values;
}

std::vector<Eigen::MatrixXcd> interval_mean_density(const std::vector<Eigen::MatrixXcd>& density,
                                                    const Eigen::MatrixXd& limit) {
  const std::size_t n = 2 * (density.size() - 1) / 3;
  std::vector<Eigen::MatrixXcd> result;
  result.reserve(n / 2 + 1);
  for (std::size_t i = 0; i <= n / 2; ++i) {
    const double x = static_cast<double>(i) / static_cast<double>(n);
    // At -f the matrix is the conjugate.
    result.emplace_back(limit + (density[i] - limit) * sinc_squared(x) +
                        (density[n - i].conjugate() - limit) * sinc_squared(x - 1.0) +
                        (density[n + i] - limit) * sinc_squared(x + 1.0));
  }
  return result;
}

}  // namespace popshot
