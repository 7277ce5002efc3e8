// popshot plot: the figure that fits a result, drawn by the Python package (matplotlib).
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "common.hpp"
#include "popshot/core/error.hpp"

namespace popshot::cli {

namespace {

/// The interpreter that has the package: $POPSHOT_PYTHON, else the one that the build was configured with.
std::string interpreter() {
  const char* chosen = std::getenv("POPSHOT_PYTHON");  // NOLINT(concurrency-mt-unsafe): one thread
  return chosen != nullptr ? chosen : POPSHOT_PYTHON;
}

int run(const std::filesystem::path& file, const std::filesystem::path& figure) {
  if (!std::filesystem::exists(file)) throw InputError(fmt::format("{}: no such file", file.string()));
  const std::string python = interpreter();
  std::vector<std::string> words{python, "-m", "popshot", "plot", file.string(), "-o", figure.string()};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, python.c_str(), nullptr, nullptr, arguments.data(), environ);
  int status = 0;
  if (failure != 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) {
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

void add_plot(CLI::App& app, int& exit_code) {
  struct Options {
    std::filesystem::path file;
    std::filesystem::path figure;
  };
  auto* command = app.add_subcommand("plot", "the figure that fits a result file");
  auto options = std::make_shared<Options>();
  command->add_option("FILE", options->file, "result of simulate, spectrum or compare (NetCDF)")->required();
  command->add_option("-o,--output", options->figure, "figure to write: .png, .pdf or .svg")->required();
  command->callback([options, &exit_code] { exit_code = run(options->file, options->figure); });
}

}  // namespace popshot::cli
