// Complex linear systems whose matrix has two diagonals on either side of the main one.
#pragma once

#include <algorithm>
#include <complex>
#include <cstddef>
#include <utility>
#include <vector>

namespace popshot::mean_field {

/// A matrix with the elements (i, i + k), k = -2 .. 2, at row[5 i + k + 2].
using Pentadiagonal = std::vector<std::complex<double>>;

/// LU factors with partial pivoting (Golub & Van Loan, Matrix Computations, 4.3.5).
class BandedFactors {
 public:
  explicit BandedFactors(const Pentadiagonal& matrix) : size_(matrix.size() / 5), upper_(size_ * 5), lower_(size_ * 2) {
    using Complex = std::complex<double>;
    // Rows are kept from their own column on: upper_[5 i + k] = U(i, i + k).
    std::vector<Complex> work(size_ * 7, Complex{0.0});  // row i: columns i - 2 .. i + 4
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t k = 0; k < 5; ++k) work[7 * i + k] = matrix[5 * i + k];
    }
    pivot_.resize(size_);
    const auto at = [&](std::size_t i, std::size_t j) -> Complex& { return work[7 * i + (j + 2 - i)]; };
    for (std::size_t j = 0; j < size_; ++j) {
      const std::size_t last_row = std::min(j + 2, size_ - 1);
      std::size_t best = j;
      for (std::size_t i = j + 1; i <= last_row; ++i) {
        if (std::norm(at(i, j)) > std::norm(at(best, j))) best = i;
      }
      pivot_[j] = best;
      const std::size_t last_column = std::min(j + 4, size_ - 1);
      if (best != j) {
        for (std::size_t c = j; c <= last_column; ++c) {
          // Row `best` reaches only to best + 2, but what was exchanged before may fill up to j + 4.
          std::swap(at(j, c), at(best, c));
        }
      }
      for (std::size_t i = j + 1; i <= last_row; ++i) {
        const Complex factor = at(i, j) / at(j, j);
        lower_[2 * j + (i - j - 1)] = factor;
        if (factor == Complex{0.0}) continue;
        for (std::size_t c = j + 1; c <= last_column; ++c) at(i, c) -= factor * at(j, c);
      }
      for (std::size_t c = j; c <= last_column; ++c) upper_[5 * j + (c - j)] = at(j, c);
    }
  }

  /// Solves in place.
  void solve(std::vector<std::complex<double>>& x) const {
    for (std::size_t j = 0; j < size_; ++j) {
      if (pivot_[j] != j) std::swap(x[j], x[pivot_[j]]);
      for (std::size_t i = j + 1; i <= std::min(j + 2, size_ - 1); ++i) x[i] -= lower_[2 * j + (i - j - 1)] * x[j];
    }
    for (std::size_t j = size_; j-- > 0;) {
      for (std::size_t c = j + 1; c <= std::min(j + 4, size_ - 1); ++c) x[j] -= upper_[5 * j + (c - j)] * x[c];
      x[j] /= upper_[5 * j];
    }
  }

 private:
  std::size_t size_;
  std::vector<std::complex<double>> upper_;
  std::vector<std::complex<double>> lower_;
  std::vector<std::size_t> pivot_;
};

}  // namespace popshot::mean_field
