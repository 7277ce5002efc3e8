// What the subcommands share: options, output, progress and interruption.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "popshot/comparison/verdict.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/core/result.hpp"
#include "popshot/io/model_file.hpp"
#include "popshot/theory/defaults.hpp"
#include "popshot/theory/time_step.hpp"

namespace popshot::cli {

/// Exit codes of the command line. A command that a signal has ended has 128 plus its number: 130 for SIGINT (Ctrl-C),
/// 143 for SIGTERM, as shells have it (Interruption::exit_code).
enum ExitCode : int { done = 0, says_no = 1, wrong_input = 2, broke_down = 3, cannot_tell = 4 };

/// Turns Ctrl-C and SIGTERM into a stop request. There is one, from the beginning of the process to its end, so that
/// signals are heard in every phase: where a phase keeps what is finished, the process waits for it; elsewhere it waits
/// a second for the computation to notice, and then ends. A signal more than a second after the first ends it at once.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] bool happened() const { return source_.stop_requested(); }
  /// 128 + the number of the signal that was heard, or of SIGINT if there was none.
  [[nodiscard]] int exit_code() const;
  /// What is done from now on.
  void enter(const Phase& phase);
  /// "interrupted while ..": what is said where nothing is left to keep.
  [[nodiscard]] std::string message() const;

 private:
  void wait(const std::stop_token& stop);

  std::stop_source source_;
  std::atomic<int> signal_ = 0;
  std::atomic<const char*> phase_ = "reading the model";  ///< names are literals
  std::atomic<bool> keeps_ = false;
  std::jthread waiter_;
};

/// The command as it was typed, for the provenance of results, and what interrupts it.
struct Invocation {
  std::string command;
  Interruption* interruption = nullptr;
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
  /// Reads the model and chooses what it leaves open, and its time step if that is "auto". Noted on stderr, unless
  /// --quiet: likely slips, a time step of the file that is far too long, a range of frequencies without the resonance.
  [[nodiscard]] ModelFile read(const RunOptions& run) const { return read(run, overrides()); }
  [[nodiscard]] ModelFile read(const RunOptions& run, const std::vector<std::string>& all_overrides) const;
};

class ProgressBar;

/// --json, --quiet, -o and --threads.
struct RunOptions {
  bool json = false;
  bool quiet = false;
  unsigned threads = 0;
  std::filesystem::path output;
  Interruption* interruption = nullptr;

  /// `what` completes the help text of -o; empty: the command writes no NetCDF file.
  void add_to(CLI::App& app, const Invocation& invocation, const std::string& what);
  /// How the library runs: with progress and phases on the bar, and stopped by signals.
  [[nodiscard]] Execution execution(ProgressBar& bar) const;
  /// Writes a result with its provenance if -o was given, and says where it is.
  void save(Dataset data, const ModelFile& file, const std::string& level, const Invocation& invocation) const;
  /// Prints the table as JSON with --json, else as text by `text` unless --quiet; with the time step and what was
  /// chosen for the run, which comes first where the last line is a verdict.
  void print(const ModelFile& file, nlohmann::ordered_json table, const std::function<void()>& text,
             bool ends_with_verdict = false) const;
};

/// A bar on stderr, if that is a terminal, for phases of more than two seconds: their name, and what part of them is
/// done, with rate and time left, as far as that is known.
class ProgressBar {
 public:
  /// `work` is the whole run's amount of work in `unit`s (e.g. neuron-steps), for the rate; 0: no rate is shown.
  ProgressBar(std::string label, double work, std::string unit, bool quiet);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// A phase begins, unless it is the one that has begun.
  void begin(const char* phase);
  void update(double fraction) { fraction_ = fraction; }

 private:
  using Clock = std::chrono::steady_clock;
  void draw();

  std::string label_;
  double work_;
  std::string unit_;
  std::atomic<double> fraction_ = 0.0;
  std::mutex mutex_;  ///< of what follows
  std::string phase_;
  Clock::time_point start_;
  bool drawn_ = false;
  std::condition_variable_any wake_;
  std::jthread drawer_;  ///< only where there is a terminal
};

/// Null where a number is not finite, which JSON has no word for.
[[nodiscard]] nlohmann::ordered_json number(double value);

/// 0, 1 or 4.
[[nodiscard]] int exit_code_of(comparison::Verdict verdict);
/// "agree", "DISAGREE", "inconclusive", as the last line of a comparison has it.
[[nodiscard]] std::string verdict_text(comparison::Verdict verdict);

/// Steps of all neurons over one run of the model.
[[nodiscard]] double neuron_steps(const model::Model& model);

[[nodiscard]] std::vector<std::string> population_names(const model::Model& model);

/// {one, other}
[[nodiscard]] std::string listed(const std::vector<std::string>& words);
/// Makes an option take one of some words, which its help lists.
void take_words(CLI::Option& option, const std::vector<std::string>& words);

/// Refuses names of files that do not end in one of the suffixes (".nc") of what is written.
[[nodiscard]] CLI::Validator ends_in(const std::vector<std::string>& suffixes);

/// Makes an option take one of some words for values of an enumeration, which its help lists as {one, other}.
template <class Enum>
void take_words(CLI::Option& option, const std::vector<std::pair<std::string, Enum>>& words) {
  std::vector<std::string> names;
  names.reserve(words.size());
  for (const auto& word : words) names.push_back(word.first);
  const std::string list = listed(names);
  option.type_name(list)->transform(CLI::Validator(
      [words, list](std::string& text) {
        for (const auto& [word, value] : words) {
          if (text != word) continue;
          text = std::to_string(static_cast<int>(value));
          return std::string();
        }
        return fmt::format("{} is unknown; allowed: {}", text, list);
      },
      ""));
}

/// Each adds its subcommand to the application; the subcommand leaves its exit code in `exit_code`.
void add_check(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_simulate(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_spectrum(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_compare(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_noise_model(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_switching(CLI::App& app, const Invocation& invocation, int& exit_code);
void add_plot(CLI::App& app, const Invocation& invocation, int& exit_code);

}  // namespace popshot::cli
