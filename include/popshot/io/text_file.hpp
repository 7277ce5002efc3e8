// Text files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <string>

namespace popshot::io {

/// Writes `text` to `path`, beside its place first and then renamed. Throws InputError, "PATH: cannot be written: why".
void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace popshot::io
