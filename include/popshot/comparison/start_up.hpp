// Whether a simulation has forgotten its start: the slowest mode of the mean field against transient and duration.
#pragma once

#include <optional>
#include <string>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::comparison {

/// A note where the slowest mode of the state decays so slowly that its correlations, which a start from independent
/// phases has yet to build up, lack more than 2 % on average over a trial, or that a trial is shorter than its decay
/// time; nothing where the mode has settled, is unstable, or oscillates above spectrum.frequency_max. Says which mode,
/// and the transient that would do.
[[nodiscard]] std::optional<std::string> start_up_note(const model::Model& model,
                                                       const mean_field::StationaryState& state);

}  // namespace popshot::comparison
