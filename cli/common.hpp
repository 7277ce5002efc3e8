// What the subcommands share: options, output, progress and interruption.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "popshot/core/execution.hpp"
#include "popshot/core/result.hpp"
#include "popshot/io/model_file.hpp"
#include "popshot/theory/defaults.hpp"
#include "popshot/theory/time_step.hpp"

namespace popshot::cli {

/// Exit codes of the command line.
enum ExitCode : int { done = 0, says_no = 1, wrong_input = 2, broke_down = 3, interrupted = 130 };

/// The command as it was typed, for the provenance of results.
struct Invocation {
  std::string command;
};

/// A model file whose model leaves nothing open.
struct ModelFile : io::ModelFile {
  /// How the time step was chosen; nothing where the file gives it.
  std::optional<theory::TimeStepChoice> choice;
  /// What else was chosen; nothing where the file gives all of it.
  std::optional<theory::Defaults> defaults;
};

struct RunOptions;

/// MODEL and what changes it: --set, --size, --seed.
struct ModelOptions {
  std::filesystem::path path;
  std::vector<std::string> set;
  std::vector<std::string> size;
  std::optional<std::int64_t> seed;

  void add_to(CLI::App& app);
  /// The overrides in the order in which they take effect.
  [[nodiscard]] std::vector<std::string> overrides() const;
  /// Reads the model and chooses what it leaves open, and its time step if that is "auto". A time step of the file that
  /// is far too long, or a range of frequencies without the resonance, is noted on stderr.
  [[nodiscard]] ModelFile read(const RunOptions& run) const { return read(run, overrides()); }
  [[nodiscard]] ModelFile read(const RunOptions& run, const std::vector<std::string>& all_overrides) const;
};

/// --json, --quiet, -o and --threads.
struct RunOptions {
  bool json = false;
  bool quiet = false;
  unsigned threads = 0;
  std::filesystem::path output;

  /// `what` completes the help text of -o; empty: the command writes no file.
  void add_to(CLI::App& app, const std::string& what);
  /// Writes a result with its provenance if -o was given, and says where it is.
  void save(Dataset data, const ModelFile& file, const std::string& level, const Invocation& invocation) const;
  /// Prints the table as JSON with --json, else as text by `text` unless --quiet; with the time step and what was
  /// chosen for the run, which comes first where the last line is a verdict.
  void print(const ModelFile& file, nlohmann::ordered_json table, const std::function<void()>& text,
             bool ends_with_verdict = false) const;
};

/// Turns Ctrl-C and SIGTERM into a stop request while it lives; a signal more than a second later ends the
/// process at once.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] bool happened() const { return source_.stop_requested(); }

 private:
  std::stop_source source_;
  std::jthread waiter_;
};

/// A bar with rate and time left on stderr, if that is a terminal, for runs of more than a second or so.
class ProgressBar {
 public:
  /// `work` is the whole run's amount of work in `unit`s (e.g. neuron-steps), for the rate.
  ProgressBar(std::string label, double work, std::string unit, bool quiet);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void update(double fraction);

 private:
  std::string label_;
  double work_;
  std::string unit_;
  bool active_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

/// Steps of all neurons over one run of the model.
[[nodiscard]] double neuron_steps(const model::Model& model);

[[nodiscard]] std::vector<std::string> population_names(const model::Model& model);

/// Each adds its subcommand to the application; the subcommand leaves its exit code in `exit_code`.
void add_check(CLI::App& app, int& exit_code);
void add_simulate(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_spectrum(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_compare(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_noise_model(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_switching(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_plot(CLI::App& app, int& exit_code);

}  // namespace popshot::cli
