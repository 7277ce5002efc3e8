// Files that a model file refers to.
#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <string>

namespace popshot::io {

/// Puts the numbers of the CSV files that the document names (population.heterogeneity.file, stimulus.file,
/// coupling.file, coupling.delays_file) in their place, so that the document stands for itself. Paths are relative to
/// `folder`. Returns whether there were any. Throws InputError if a file is missing or does not fit.
bool resolve_files(toml::table& document, const std::filesystem::path& folder, const std::string& source);

}  // namespace popshot::io
