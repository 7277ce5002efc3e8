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
    if (!file) {
      const std::string why = aside.why_not_writable();
      fail(path, "cannot be written" + (why.empty() ? why : ": " + why));
    }
  }
  aside.put_in_place();
}

}  // namespace popshot::io
