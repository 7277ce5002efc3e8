// popshot as a user runs it: started, given signals, its output and exit code.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace popshot::testing_support {

struct Outcome {
  int code = -1;
  std::string output;
  std::string errors;
};

/// A folder of its own for each test, removed at its end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "popshot-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] bool empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::filesystem::path path_;
};

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs popshot to its end. `before`: shell commands that come first.
inline Outcome run(const std::string& arguments, const std::string& before = "") {
  const Folder folder;
  const std::string command = before + std::string(POPSHOT_EXECUTABLE) + " " + arguments + " >" +
                              (folder / "out").string() + " 2>" + (folder / "err").string();
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(folder / "out"), text_of(folder / "err")};
}

/// Runs popshot, which would go on for long, and sends it a signal after a while, or where a busy machine had not come
/// to what ends with the message `expected` by then, after longer. The code is -1 if it did not end within a minute of
/// the signal.
inline Outcome interrupted(const std::string& arguments, int signal, const std::string& expected) {
  constexpr int longest = 20'000;
  for (int milliseconds = 300;; milliseconds *= 4) {
    const Folder folder;
    const std::string command = "exec " + std::string(POPSHOT_EXECUTABLE) + " " + arguments + " >" +
                                (folder / "out").string() + " 2>" + (folder / "err").string();
    std::string shell = "sh";
    std::string flag = "-c";
    std::string text = command;
    char* const words[] = {shell.data(), flag.data(), text.data(), nullptr};
    pid_t child = 0;
    if (posix_spawn(&child, "/bin/sh", nullptr, nullptr, words, environ) != 0) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    kill(child, signal);
    int status = 0;
    bool ended = false;
    for (int i = 0; i < 600 && !ended; ++i) {
      ended = waitpid(child, &status, WNOHANG) == child;
      if (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    if (!ended) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return {};
    }
    Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(folder / "out"), text_of(folder / "err")};
    if (outcome.errors.find(expected) != std::string::npos || 4 * milliseconds > longest) return outcome;
  }
}

}  // namespace popshot::testing_support
