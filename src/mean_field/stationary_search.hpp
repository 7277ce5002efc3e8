// All solutions of r_k = F_k(input_k + sum_l coupling_kl r_l), for any increasing functions F_k whose
// ranges over intervals are known. docs/theory/stationary.md (S13)-(S19).
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <vector>

#include "interval.hpp"

namespace popshot::mean_field {

/// The stationary rate of a population as a function F of its constant input.
/// F is positive, increasing and differentiable on all of the real line.
class RateCurve {
 public:
  RateCurve() = default;
  RateCurve(const RateCurve&) = delete;
  RateCurve& operator=(const RateCurve&) = delete;
  virtual ~RateCurve() = default;
  [[nodiscard]] virtual double rate(double input) const = 0;
  /// F', rate per current.
  [[nodiscard]] virtual double slope(double input) const = 0;
  /// Intervals that hold all F and all F' over an interval of inputs, rounding included.
  [[nodiscard]] virtual Interval rate(const Interval& input) const = 0;
  [[nodiscard]] virtual Interval slope(const Interval& input) const = 0;
};

struct RateProblem {
  std::vector<std::unique_ptr<RateCurve>> curves;
  Eigen::VectorXd input;
  Eigen::MatrixXd coupling;
  /// No solution has a rate above this.
  double largest_rate = 0.0;
};

struct RateSolutions {
  /// Different from each other, in no particular order; exact to rounding where they are not degenerate.
  std::vector<Eigen::VectorXd> rates;
  /// True if it is proven that each of `rates` is a solution and that there are no others.
  bool complete = false;
};

/// Branch and bound over [0, largest_rate]^K: hull contraction, interval Newton (Krawczyk), bisection. What is left
/// undecided in boxes of rounding size (a fold) becomes one solution, with complete = false. If more than `max_boxes`
/// boxes are needed, Newton from many starts adds what it finds, with complete = false. Throws Stopped after a stop
/// request.
[[nodiscard]] RateSolutions solve_rates(const RateProblem& problem, std::size_t max_boxes,
                                        const std::stop_token& stop = {});

}  // namespace popshot::mean_field
