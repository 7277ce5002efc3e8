// Model files (TOML) in, and the model's text out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::io {

/// A model together with the text that it stands for (the file with every override carried out), which
/// is what results carry as provenance.
struct ModelFile {
  model::Model model;
  std::string text;
};

/// Reads and validates a model file. `overrides` are "key=value" strings as given to --set, carried out
/// in order before validation: the key is a dotted path in which an entry of a list is named by its
/// `name` (population), by "from->to" (projection), by its zero-based number, or left out if there is
/// only one ("projection.weight=9", "population.e.heterogeneity.center=0.5", "simulation.duration=50").
/// Throws InputError with one line "FILE:LINE: key: what is wrong (value); what is allowed", or
/// "--set key=value: ..." where an override is at fault.
[[nodiscard]] ModelFile read_model(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});

/// The same for a text; `source` is the name that messages use for it.
[[nodiscard]] ModelFile parse_model(const std::string& text, const std::string& source,
                                    const std::vector<std::string>& overrides = {});

}  // namespace popshot::io
