#include "rational_system.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <cmath>
#include <complex>
#include <vector>

namespace popshot::mean_field {

using Complex = std::complex<double>;
using Eigen::Index;

LinearSystem rational_system(const Response& response, double scale) {
  constexpr double tolerance = 1e-8;
  constexpr std::size_t most_pairs = 12;
  // Samples at s = i omega and their conjugates, whose values are conjugates.
  std::vector<Complex> points;
  std::vector<Complex> values;
  double largest = 0.0;
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) {
    const Complex s{0.0, scale * 0.3 * std::sinh(5.3 * (i + 0.5) / count)};
    const Complex value = response(s);
    for (const bool mirrored : {false, true}) {
      points.push_back(mirrored ? std::conj(s) : s);
      values.push_back(mirrored ? std::conj(value) : value);
    }
    largest = std::max(largest, std::abs(value));
  }
  std::vector<std::size_t> support;
  std::vector<bool> used(points.size(), false);
  std::vector<Complex> approximation(points.size(), Complex{0.0});
  Eigen::VectorXcd weight;
  while (support.size() < 2 * most_pairs) {
    std::size_t worst = points.size();
    double error = tolerance * largest;
    for (std::size_t i = 0; i < points.size(); i += 2) {
      if (used[i] || std::abs(values[i] - approximation[i]) <= error) continue;
      error = std::abs(values[i] - approximation[i]);
      worst = i;
    }
    if (worst == points.size()) break;
    for (const std::size_t i : {worst, worst + 1}) {
      support.push_back(i);
      used[i] = true;
    }
    const auto columns = static_cast<Index>(support.size());
    Eigen::MatrixXcd loewner(static_cast<Index>(points.size() - support.size()), columns);
    Index row = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (used[i]) continue;
      for (Index j = 0; j < columns; ++j) {
        const std::size_t k = support[static_cast<std::size_t>(j)];
        loewner(row, j) = (values[i] - values[k]) / (points[i] - points[k]);
      }
      ++row;
    }
    weight = Eigen::JacobiSVD<Eigen::MatrixXcd>(loewner, Eigen::ComputeFullV).matrixV().col(columns - 1);
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (used[i]) continue;
      Complex numerator = 0.0;
      Complex denominator = 0.0;
      for (Index j = 0; j < columns; ++j) {
        const std::size_t k = support[static_cast<std::size_t>(j)];
        const Complex term = weight(j) / (points[i] - points[k]);
        numerator += term * values[k];
        denominator += term;
      }
      approximation[i] = numerator / denominator;
    }
  }
  // Poles: finite generalised eigenvalues of the arrowhead pencil. Residues from numerator and derivative.
  const auto n = static_cast<Index>(support.size());
  Eigen::MatrixXcd arrow = Eigen::MatrixXcd::Zero(n + 1, n + 1);
  for (Index j = 0; j < n; ++j) {
    arrow(0, j + 1) = weight(j);
    arrow(j + 1, 0) = 1.0;
    arrow(j + 1, j + 1) = points[support[static_cast<std::size_t>(j)]];
  }
  // (arrow - lambda diag(0, 1, .., 1)) v = 0  <=>  eigenvalues mu = 1/(lambda - shift) of (arrow - shift B)^-1 B
  const Complex shift{0.37 * scale, 0.0};
  Eigen::MatrixXcd selector = Eigen::MatrixXcd::Identity(n + 1, n + 1);
  selector(0, 0) = 0.0;
  const Eigen::MatrixXcd inverted = (arrow - shift * selector).partialPivLu().solve(selector);
  const Eigen::VectorXcd inverse_poles = Eigen::ComplexEigenSolver<Eigen::MatrixXcd>(inverted, false).eigenvalues();
  std::vector<Complex> poles;
  std::vector<Complex> residues;
  for (const Complex mu : inverse_poles) {
    if (std::abs(mu) < 1e-6 / scale / 1e3) continue;  // at infinity
    const Complex pole = shift + 1.0 / mu;
    if (!(pole.real() < 0.0) || pole.imag() < -1e-9 * scale || std::abs(pole) > 1e3 * scale) continue;
    Complex numerator = 0.0;
    Complex derivative = 0.0;
    for (Index j = 0; j < n; ++j) {
      const Complex term = weight(j) / (pole - points[support[static_cast<std::size_t>(j)]]);
      numerator += term * values[support[static_cast<std::size_t>(j)]];
      derivative -= term / (pole - points[support[static_cast<std::size_t>(j)]]);
    }
    const bool pair = pole.imag() > 1e-9 * scale;
    poles.push_back(pair ? pole : Complex{pole.real(), 0.0});
    residues.push_back(numerator / derivative * (pair ? 2.0 : 1.0));
  }
  const auto order = static_cast<Index>(poles.size());
  const Eigen::MatrixXcd a = Eigen::Map<Eigen::VectorXcd>(poles.data(), order).asDiagonal();
  const Eigen::RowVectorXcd c = Eigen::Map<Eigen::RowVectorXcd>(residues.data(), order);
  return real_form(a, Eigen::VectorXcd::Ones(order), c);
}

}  // namespace popshot::mean_field
