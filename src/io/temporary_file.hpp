// Files that appear whole or not at all: written beside their place, then renamed.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

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

  /// Writes these bytes and nothing else. Throws InputError that says why it cannot be done.
  void write(std::span<const std::byte> bytes) const {
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int error = file < 0 ? errno : 0;
    while (error == 0 && !bytes.empty()) {
      const auto count = ::write(file, bytes.data(), bytes.size());
      if (count >= 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(count));
      } else if (errno != EINTR) {
        error = errno;
      }
    }
    // Some file systems find out at the end that there is no space.
    if (file >= 0 && ::close(file) != 0 && error == 0) error = errno;
    if (error == ENOSPC) fail(target_, "cannot be written: the disk is full");
    if (error == EDQUOT) fail(target_, "cannot be written: the disk quota is used up");
    if (error != 0) fail(target_, "cannot be written: " + std::generic_category().message(error));
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
