// The inverse of the matrix that every spectrum needs.
#pragma once

#include <Eigen/Dense>
#include <algorithm>

namespace popshot::theory {

/// The inverse by LU factors. For many populations, where it takes nearly all of the time of a spectrum, with what is
/// zero in the inverse of the lower factor left out.
[[nodiscard]] inline Eigen::MatrixXcd inverse_of(const Eigen::MatrixXcd& matrix) {
  const Eigen::PartialPivLU<Eigen::MatrixXcd> lu(matrix);
  const Eigen::Index size = matrix.rows();
  constexpr Eigen::Index block = 16;
  if (size <= block) return lu.inverse();
  Eigen::MatrixXcd result = Eigen::MatrixXcd::Identity(size, size);
  for (Eigen::Index j = 0; j < size; j += block) {
    const Eigen::Index below = size - j;
    auto part = result.block(j, j, below, std::min(block, below));
    lu.matrixLU().bottomRightCorner(below, below).triangularView<Eigen::UnitLower>().solveInPlace(part);
  }
  lu.matrixLU().triangularView<Eigen::Upper>().solveInPlace(result);
  return result * lu.permutationP();
}

}  // namespace popshot::theory
