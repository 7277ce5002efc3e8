// Model files (TOML) in, and the model's text out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::io {

/// A model together with the text that it stands for, which is what results carry as provenance: the file as it is, or,
/// where there were overrides or CSV files, the same as plain TOML with every override carried out and the numbers of
/// the files in their place (without the comments). parse_model makes the same model of it again.
struct ModelFile {
  model::Model model;
  std::string text;
};

/// Reads and validates a model file (TOML). `overrides` are "key=value" strings as given to --set, carried out in order
/// before validation. The key is a dotted path in which an entry of a list is named by its `name` (population,
/// subpopulation), by "from->to" (projection), by its zero-based number, or left out if there is only one
/// ("projection.weight=9", "population.e.heterogeneity.center=0.5", "simulation.duration=50"); sections and tables that
/// are absent are made. The value is a TOML value; a string that begins with a letter needs no quotes
/// ("simulation.state=lowest").
/// Throws InputError with one line "FILE:LINE: key: what is wrong (found value); allowed: range", where `key` is what
/// --set would call it, or "--set key=value: ..." where an override is at fault. Whether the model fits into memory is
/// not asked here: see model::require_memory.
[[nodiscard]] ModelFile read_model(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});

/// The same for a text; `source` is the name that messages use for it, and files that it names are relative to
/// `folder`.
[[nodiscard]] ModelFile parse_model(const std::string& text, const std::string& source,
                                    const std::vector<std::string>& overrides = {},
                                    const std::filesystem::path& folder = {});

}  // namespace popshot::io
