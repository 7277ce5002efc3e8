// The noise that the populations of a model make on their own.
#pragma once

#include <functional>
#include <vector>

#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {

/// The power spectral densities of the uncoupled populations, of all their neurons, as options.uncoupled or
/// options.noise say: one function of the frequency for each. The model must outlive them. Throws InputError for
/// identical neurons without noise, Stopped after a stop request.
[[nodiscard]] std::vector<std::function<double(double f)>> own_noise(const model::Model& model,
                                                                     const mean_field::OperatingPoint& point,
                                                                     const Options& options);

}  // namespace popshot::theory
