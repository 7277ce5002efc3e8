#include "common.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iostream>

#include "popshot/core/error.hpp"
#include "popshot/io/netcdf.hpp"
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
      ->check(CLI::NonNegativeNumber);
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
  auto& simulation = file.model.simulation;
  if (simulation.time_step == 0.0) {
    file.choice = theory::choose_time_step(file.model);
    file.model = theory::with_time_step(std::move(file.model), *file.choice);
    return file;
  }
  constexpr double far = 10.0;
  if (run.quiet) return file;
  const auto excess = theory::time_step_excess(file.model);
  if (excess.ratio <= far) return file;
  const auto choice = theory::choose_time_step(file.model);
  std::cerr << fmt::format(
      "note: simulation.time_step = {:g} is too long for this model: its errors ({}) are more than ten times those "
      "that "
      "\"auto\" allows; {:g} would do\n",
      simulation.time_step, excess.what, choice.time_step);
  return file;
}

void RunOptions::add_to(CLI::App& app, const std::string& what) {
  app.add_flag("--json", json, "print the table as JSON");
  app.add_flag("--quiet", quiet, "print no table, no notes and no progress; only errors");
  app.add_option("--threads", threads, "worker threads (default: one per core)")->check(CLI::Range(1U, 4096U));
  if (!what.empty()) app.add_option("-o,--output", output, "write " + what + " to this NetCDF file");
}

void RunOptions::save(Dataset data, const ModelFile& file, const std::string& level,
                      const Invocation& invocation) const {
  if (output.empty()) return;
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

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interruption::Interruption() {
  // The signals are blocked for every thread and waited for by one: no handler, no global state.
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::jthread([source = source_](const std::stop_token& stop) mutable {
    const sigset_t waited = stop_signals();
    const timespec patience{0, 50'000'000};
    auto first = std::chrono::steady_clock::time_point::max();
    while (!stop.stop_requested()) {
      if (sigtimedwait(&waited, nullptr, &patience) < 0) continue;
      const auto now = std::chrono::steady_clock::now();
      // Some parents (timeout) send one request to the process and again to its group.
      if (source.stop_requested() && now - first > std::chrono::seconds(1)) _exit(interrupted);
      if (source.stop_requested()) continue;
      first = now;
      source.request_stop();
    }
  });
}

Interruption::~Interruption() {
  waiter_.request_stop();
  waiter_.join();
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

ProgressBar::ProgressBar(std::string label, double work, std::string unit, bool quiet)
    : label_(std::move(label)),
      work_(work),
      unit_(std::move(unit)),
      active_(!quiet && isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::update(double fraction) {
  if (!active_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(200)) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  if (fraction <= 0.0) return;
  constexpr int width = 30;
  const int filled = static_cast<int>(fraction * width);
  const auto line = fmt::format("\r{} [{:=<{}}{:<{}}] {:3.0f} %  {:.2g} {}/s  {:.0f} s left\033[K", label_, "", filled,
                                "", width - filled, 100.0 * fraction, work_ * fraction / elapsed, unit_,
                                elapsed * (1.0 - fraction) / fraction);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
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

}  // namespace popshot::cli
