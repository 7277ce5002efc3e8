#include "common.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iostream>

#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
#include "popshot/theory/likely_slips.hpp"
#include "run_lengths.hpp"

namespace popshot::cli {

void ModelOptions::add_to(CLI::App& app) {
  app.add_option("MODEL", path, "model file (TOML)")->required();
  app.add_option("--set", set,
                 "change a value of the model file, KEY=VALUE; e.g. projection.weight=9, population.NAME.size=2000, "
                 "simulation.duration=50 (may be repeated)")
      ->allow_extra_args(false);
  app.add_option("--size", size, "number of neurons of a population, NAME=N (may be repeated)")
      ->allow_extra_args(false);
  app.add_option("--seed", seed, "seed of the random numbers; the same as --set simulation.seed=N")
      ->check(CLI::Validator(CLI::NonNegativeNumber).description("at least 0"));
}

std::vector<std::string> ModelOptions::overrides() const {
  std::vector<std::string> all = set;
  for (const auto& entry : size) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw InputError(fmt::format("--size {}: allowed: NAME=N with the name of a population", entry));
    }
    all.push_back(fmt::format("population.{}.size={}", entry.substr(0, equals), entry.substr(equals + 1)));
  }
  if (seed) all.push_back(fmt::format("simulation.seed={}", *seed));
  return all;
}

ModelFile ModelOptions::read(const RunOptions& run, const std::vector<std::string>& all_overrides) const {
  ModelFile file{io::read_model(path, all_overrides), std::nullopt, std::nullopt};
  choose_run_lengths(file, run.quiet);
  if (!run.quiet) {
    for (const auto& slip : theory::likely_slips(file.model)) std::cerr << "note: " << slip.text << '\n';
  }
  auto& simulation = file.model.simulation;
  if (simulation.time_step == 0.0) {
    ProgressBar bar("", 0.0, "", run.quiet);
    const auto execution = run.execution(bar);
    execution.begin({.name = "choosing the time step"});
    file.choice = theory::choose_time_step(file.model, execution.stop);
    file.model = theory::with_time_step(std::move(file.model), *file.choice);
    return file;
  }
  constexpr double far = 10.0;
  if (run.quiet) return file;
  ProgressBar bar("", 0.0, "", run.quiet);
  const auto execution = run.execution(bar);
  execution.begin({.name = "looking at the time step"});
  const auto excess = theory::time_step_excess(file.model, execution.stop);
  if (excess.ratio <= far) return file;
  const auto choice = theory::choose_time_step(file.model, execution.stop);
  std::cerr << fmt::format(
      "note: simulation.time_step = {:g} is too long for this model: its errors ({}) are more than ten times those "
      "that "
      "\"auto\" allows; {:g} would do\n",
      simulation.time_step, excess.what, choice.time_step);
  return file;
}

void RunOptions::add_to(CLI::App& app, const Invocation& invocation, const std::string& what) {
  interruption = invocation.interruption;
  app.add_flag("--json", json, "print the table as JSON");
  app.add_flag("--quiet", quiet, "print no table, no notes and no progress; only errors");
  app.add_option("--threads", threads, "worker threads (default: one per core)")
      ->check(CLI::Range(1U, 4096U).description("1 .. 4096"));
  if (!what.empty())
    app.add_option("-o,--output", output, "write " + what + " to this NetCDF file (.nc)")->check(ends_in({".nc"}));
}

Execution RunOptions::execution(ProgressBar& bar) const {
  return {.threads = threads,
          .stop = interruption->token(),
          .progress = [&bar](double fraction) { bar.update(fraction); },
          .phase =
              [&bar, to = interruption](const Phase& phase) {
                to->enter(phase);
                bar.begin(phase.name);
              }};
}

void RunOptions::save(Dataset data, const ModelFile& file, const std::string& level,
                      const Invocation& invocation) const {
  if (output.empty()) return;
  interruption->enter({.name = "writing the result", .keeps = true});
  const auto& model = file.model;
  const std::vector<std::pair<std::string, Attribute>> provenance{
      {"title", model.name},
      {"source", std::string("Popshot " POPSHOT_VERSION)},
      {"references", model.reference},
      {"version", std::string(POPSHOT_VERSION)},
      {"level", level},
      {"model_name", model.name},
      {"model_text", file.text},
      {"seed", static_cast<std::int64_t>(model.simulation.seed)},
      {"time_step", model.simulation.time_step},
      {"command", invocation.command},
      {"date_created", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
  };
  data.attributes.insert(data.attributes.end(), provenance.begin(), provenance.end());
  add_run_lengths(data, model, file.defaults);
  io::write_netcdf(data, output);
  if (!quiet && !json) std::cout << "wrote " << output.string() << '\n';
}

void RunOptions::print(const ModelFile& file, nlohmann::ordered_json table, const std::function<void()>& text,
                       bool ends_with_verdict) const {
  interruption->enter({.name = "printing the result", .keeps = true});
  const double time_step = file.model.simulation.time_step;
  if (json) {
    table["time_step"] = {{"value", time_step}, {"auto", file.choice.has_value()}};
    if (file.choice) {
      table["time_step"]["limit"] = file.choice->limit;
      table["time_step"]["by_rule"] = file.choice->by_rule;
    }
    table["run"] = tabulate_run_lengths(file);
    std::cout << table.dump(2) << '\n';
  } else if (!quiet) {
    const std::string step =
        run_lengths_text(file) + fmt::format("time step {:g} {}{}\n", time_step, file.model.time_unit,
                                             file.choice ? fmt::format(" (auto: limited by {}{})", file.choice->limit,
                                                                       file.choice->by_rule ? ", by a rule" : "")
                                                         : "");
    if (ends_with_verdict) std::cout << step;
    text();
    if (!ends_with_verdict) std::cout << step;
  }
  std::cout.flush();
}

namespace {

/// Wakes the thread that waits for signals, so that it ends at once. Ignored by default, so that nobody else minds.
constexpr int wake = SIGURG;

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, wake);
  return set;
}

/// Bars appear, and phases are worth a word, after this time.
constexpr auto patience = std::chrono::seconds(2);
constexpr auto redraw_every = std::chrono::milliseconds(200);

}  // namespace

Interruption::Interruption() {
  // The signals are blocked for every thread and waited for by one: no handler, no global state.
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::jthread([this](const std::stop_token& stop) { wait(stop); });
}

Interruption::~Interruption() {
  waiter_.request_stop();
  pthread_kill(waiter_.native_handle(), wake);
  waiter_.join();
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Interruption::wait(const std::stop_token& stop) {
  constexpr auto grace = std::chrono::seconds(1);
  const sigset_t waited = awaited_signals();
  const timespec interval{0, 50'000'000};
  std::chrono::steady_clock::time_point first;
  while (!stop.stop_requested()) {
    const int heard = sigtimedwait(&waited, nullptr, &interval);
    if (heard == wake) continue;
    const auto now = std::chrono::steady_clock::now();
    if (heard > 0 && !happened()) {
      first = now;
      signal_ = heard;
      source_.request_stop();
    }
    if (!happened() || now - first <= grace) continue;
    // Some parents (timeout) send one request to the process and again to its group: no second one within a second.
    if (heard > 0) _exit(exit_code());
    if (!keeps_) {
      const char* clear = isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "";
      std::fputs(fmt::format("{}popshot: {}\n", clear, message()).c_str(), stderr);
      _exit(exit_code());
    }
  }
}

int Interruption::exit_code() const {
  const int signal = signal_;
  return 128 + (signal > 0 ? signal : SIGINT);
}

void Interruption::enter(const Phase& phase) {
  phase_ = phase.name;
  keeps_ = phase.keeps;
}

std::string Interruption::message() const {
  return fmt::format("interrupted ({}); nothing is finished that could be kept", phase_.load());
}

ProgressBar::ProgressBar(std::string label, double work, std::string unit, bool quiet)
    : label_(std::move(label)), work_(work), unit_(std::move(unit)), start_(Clock::now()) {
  if (quiet || isatty(STDERR_FILENO) != 1) return;
  drawer_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, redraw_every, [] { return false; });
      if (!stop.stop_requested() && Clock::now() - start_ > patience) draw();
    }
    if (drawn_) std::fputs("\r\033[K", stderr);
  });
}

ProgressBar::~ProgressBar() = default;

void ProgressBar::begin(const char* phase) {
  const std::lock_guard lock(mutex_);
  if (phase_ == phase) return;
  phase_ = phase;
  fraction_ = 0.0;
  start_ = Clock::now();
}

void ProgressBar::draw() {
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  const double fraction = fraction_;
  std::string line = fmt::format("\r{}{}{}", label_, label_.empty() || phase_.empty() ? "" : ": ", phase_);
  if (fraction > 0.0) {
    constexpr int width = 30;
    const int filled = std::min(width, static_cast<int>(fraction * width));
    line += fmt::format(" [{:=<{}}{:<{}}] {:3.0f} %", "", filled, "", width - filled, 100.0 * fraction);
    if (work_ > 0.0) line += fmt::format("  {:.2g} {}/s", work_ * fraction / elapsed, unit_);
    line += fmt::format("  {:.0f} s left", elapsed * (1.0 - fraction) / fraction);
  } else {
    line += fmt::format("  {:.0f} s", elapsed);
  }
  std::fputs((line + "\033[K").c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

int exit_code_of(comparison::Verdict verdict) {
  switch (verdict) {
    case comparison::Verdict::agree:
      return done;
    case comparison::Verdict::disagree:
      return says_no;
    case comparison::Verdict::inconclusive:
      break;
  }
  return cannot_tell;
}

std::string verdict_text(comparison::Verdict verdict) {
  return verdict == comparison::Verdict::disagree ? "DISAGREE" : comparison::verdict_name(verdict);
}

double neuron_steps(const model::Model& model) {
  double neurons = 0.0;
  for (const auto& population : model.populations) neurons += static_cast<double>(population.size);
  return neurons * (model.simulation.duration + model.simulation.transient) / model.simulation.time_step;
}

std::vector<std::string> population_names(const model::Model& model) {
  std::vector<std::string> names;
  for (const auto& population : model.populations) names.push_back(population.name);
  return names;
}

std::string listed(const std::vector<std::string>& words) { return fmt::format("{{{}}}", fmt::join(words, ", ")); }

void take_words(CLI::Option& option, const std::vector<std::string>& words) {
  const std::string list = listed(words);
  option.type_name(list)->check(CLI::Validator(
      [words, list](const std::string& text) {
        if (std::find(words.begin(), words.end(), text) != words.end()) return std::string();
        return fmt::format("{} is unknown; allowed: {}", text, list);
      },
      ""));
}

CLI::Validator ends_in(const std::vector<std::string>& suffixes) {
  return {[suffixes](const std::string& path) {
            const auto suffix = std::filesystem::path(path).extension().string();
            if (std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end()) return std::string();
            return fmt::format("'{}' does not say what it is; allowed: a name that ends in {}", path,
                               fmt::join(suffixes, ", "));
          },
          ""};
}

}  // namespace popshot::cli
