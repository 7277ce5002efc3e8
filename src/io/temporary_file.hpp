// Files that appear whole or not at all: written beside their place, then renamed.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "popshot/core/error.hpp"

namespace popshot::io {

/// One line from a path or a message that may hold control characters.
inline std::string one_line(std::string text) {
  for (char& character : text) {
    if (static_cast<unsigned char>(character) < 0x20) character = '?';
  }
  return text;
}

[[noreturn]] inline void fail(const std::filesystem::path& path, const std::string& problem) {
  throw InputError(one_line(path.string() + ": " + problem));
}

/// The temporary neighbour of a file that is being written: gone at the end of the scope, unless it was put in place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target) : target_(target), path_(target) {
    path_ += fmt::format(".tmp-{}", getpid());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    if (!in_place_) std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// What the system says to a further megabyte in the file, in words; empty if it takes it. Libraries that write files
  /// do not tell why they failed.
  [[nodiscard]] std::string why_not_writable() const {
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) return std::generic_category().message(errno);
    const std::vector<char> block(std::size_t{1} << 20U);
    int error = 0;
    for (std::size_t written = 0; written < block.size() && error == 0;) {
      const auto count = ::write(file, block.data() + written, block.size() - written);
      if (count < 0) error = errno;
      written += count < 0 ? 0 : static_cast<std::size_t>(count);
    }
    if (error == 0 && ::fsync(file) != 0) error = errno;
    ::close(file);
    if (error == ENOSPC) return "the disk is full";
    if (error == EDQUOT) return "the disk quota is used up";
    return error == 0 ? "" : std::generic_category().message(error);
  }

  void put_in_place() {
    std::error_code error;
    std::filesystem::rename(path_, target_, error);
    if (error) fail(target_, "cannot be written: " + error.message());
    in_place_ = true;
  }

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
  bool in_place_ = false;
};

}  // namespace popshot::io
