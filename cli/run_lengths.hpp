// The lengths of a run and the look at its spectra, as far as they were chosen for the user: the choice, and what is
// said of it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "common.hpp"

namespace popshot::cli {

/// Chooses what the model leaves open. Unless `quiet`, a resonance outside a range of frequencies that the model gives
/// is noted on stderr.
void choose_run_lengths(ModelFile& file, bool quiet);

/// One line of what was chosen and from what; empty where nothing was.
[[nodiscard]] std::string run_lengths_text(const ModelFile& file);

/// All of it for --json: numbers, and whether they were chosen.
[[nodiscard]] nlohmann::ordered_json tabulate_run_lengths(const ModelFile& file);

/// All of it as attributes of a result: numbers, and the names of those that were chosen.
void add_run_lengths(Dataset& data, const model::Model& model, const std::optional<theory::Defaults>& defaults);

}  // namespace popshot::cli
