// From the numbers of a comparison to its verdict, and to what a user should look at.
#pragma once

#include <functional>

#include "popshot/comparison/compare.hpp"
#include "popshot/mean_field/stationary.hpp"

namespace popshot::comparison {

/// What the judge knows besides the numbers.
struct Evidence {
  const model::Model* simulated;
  const model::Model* theorised;
  const Settings* settings;
  const mean_field::StationaryState* state;  ///< of the simulated model
  mean_field::OperatingPoint point;          ///< of the theory
  /// The probability that equal levels deviate from each other as far as these, resolved down to its argument; empty
  /// where there are too few trials to tell from them.
  std::function<double(double smallest)> p_value_of_levels;
};

/// Fills `judgement`, `worst` and `notes` from all that was compared.
void judge(Comparison& result, const Evidence& evidence);

}  // namespace popshot::comparison
