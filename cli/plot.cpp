// popshot plot: the figure that fits a result, drawn by the Python package (matplotlib).
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stop_token>

#include "common.hpp"
#include "popshot/core/error.hpp"

namespace popshot::cli {

namespace {

/// The interpreter that has the package: $POPSHOT_PYTHON, else the one that the build was configured with.
std::string interpreter() {
  const char* chosen = std::getenv("POPSHOT_PYTHON");  // NOLINT(concurrency-mt-unsafe): one thread
  return chosen != nullptr ? chosen : POPSHOT_PYTHON;
}

int run(const std::filesystem::path& file, const std::filesystem::path& figure, Interruption& interruption) {
  if (!std::filesystem::exists(file)) throw InputError(fmt::format("{}: no such file", file.string()));
  const std::string python = interpreter();
  std::vector<std::string> words{python, "-m", "popshot", "plot", file.string(), "-o", figure.string()};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // The child hears signals itself, and those that only this process gets are handed on.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, python.c_str(), nullptr, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  interruption.enter({.name = "drawing", .keeps = true});  // Python takes its half-written figure away
  int status = 0;
  bool ended = false;
  if (failure == 0) {
    const std::stop_callback hand_on(interruption.token(), [child] { kill(child, SIGINT); });
    ended = waitpid(child, &status, 0) == child;
  }
  if (interruption.happened()) throw Stopped();
  if (!ended || !WIFEXITED(status)) {
    throw InputError(
        fmt::format("plot: '{}' could not be run; allowed: a Python with the popshot package, in POPSHOT_PYTHON "
                    "or by 'make setup'",
                    python));
  }
  const int code = WEXITSTATUS(status);
  if (code == done || code == wrong_input) return code;
  throw InputError(
      fmt::format("plot: '{} -m popshot plot' ended with exit code {}; is the popshot package installed there? "
                  "('make setup', or set POPSHOT_PYTHON)",
                  python, code));
}

}  // namespace

void add_plot(CLI::App& app, const Invocation& invocation, int& exit_code) {
  struct Options {
    std::filesystem::path file;
    std::filesystem::path figure;
  };
  auto* command = app.add_subcommand("plot", "the figure that fits a result file");
  auto options = std::make_shared<Options>();
  command->add_option("FILE", options->file, "result of simulate, spectrum or compare (NetCDF)")->required();
  command->add_option("-o,--output", options->figure, "figure to write: .png, .pdf or .svg")
      ->required()
      ->check(ends_in({".png", ".pdf", ".svg"}));
  command->callback([options, &invocation, &exit_code] {
    exit_code = run(options->file, options->figure, *invocation.interruption);
  });
}

}  // namespace popshot::cli
