#include "popshot/io/text_file.hpp"

#include <span>

#include "temporary_file.hpp"

namespace popshot::io {

void write_text(const std::filesystem::path& path, const std::string& text) {
  TemporaryFile aside(path);
  aside.write(std::as_bytes(std::span(text)));
  aside.put_in_place();
}

}  // namespace popshot::io
