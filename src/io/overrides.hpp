// "--set key=value": changes to a model file before it is validated.
#pragma once

#include <toml++/toml.h>

#include <string>

namespace popshot::io {

/// Carries out "key=value" on the parsed model file. What it inserts carries "--set key=value" as its source, so that
/// later complaints about it name the override and not the file. Keys: see read_model. Throws InputError, which begins
/// with "--set key=value: ", if it is not of that form, or names an entry that does not exist or is not unique.
void apply_override(toml::table& document, const std::string& assignment);

}  // namespace popshot::io
