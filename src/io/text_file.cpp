#include "popshot/io/text_file.hpp"

#include <fstream>

#include "temporary_file.hpp"

namespace popshot::io {

void write_text(const std::filesystem::path& path, const std::string& text) {
  TemporaryFile aside(path);
  {
    std::ofstream file(aside.path(), std::ios::binary);
    file << text;
    file.close();
    if (!file) fail(path, "cannot be written");
  }
  aside.put_in_place();
}

}  // namespace popshot::io
