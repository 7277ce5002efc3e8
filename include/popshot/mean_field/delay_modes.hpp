// Eigenvalues that a model has because of its delays alone.
#pragma once

#include <complex>
#include <vector>

#include "popshot/mean_field/stationary.hpp"

namespace popshot::mean_field {

/// Which of these eigenvalues of the model at the point (as `eigenvalues` returns them) are delay modes: they decay by
/// more than a factor of e within the longest delay, -Re delay > 1, and exist because of the delays alone. Of an
/// infinite ladder of such modes, which say nothing about the populations, the first ones are found. When all delays
/// shrink to nothing a delay mode runs away, |s| delay growing as a logarithm, while every other one tends to an
/// eigenvalue of the model without delays: each is followed down to 1e-4 of the delays by Newton's method. Where the
/// two kinds come close the answer is a matter of chance, so that none that decays more slowly than every mode of the
/// other kind is called one. False without delays, with Gaussian noise in the neurons or more than 200 projections
/// (there it would take long), and where an eigenvalue is lost on its way. Milliseconds for two populations.
[[nodiscard]] std::vector<bool> delay_modes(const model::Model& model, const OperatingPoint& point,
                                            const std::vector<std::complex<double>>& eigenvalues);

/// The longest delay of the projections; 0 without delays.
[[nodiscard]] double longest_delay(const model::Model& model);

}  // namespace popshot::mean_field
