// popshot: the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <new>

#include "common.hpp"
#include "popshot/core/error.hpp"

namespace {

int fail(int code, std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::cerr << "popshot: " << message << '\n';
  return code;
}

/// "popshot", and the subcommand that was named.
std::string command_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? "popshot" : "popshot " + chosen.front()->get_name();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace popshot::cli;
  CLI::App app{"popshot: neural mass models that know how many neurons they stand for"};
  app.set_version_flag("--version", "popshot " POPSHOT_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done; 1 the result says no; 2 the input is wrong; 3 the numbers broke down; 4 too few runs to "
      "tell; "
      "130 interrupted by SIGINT (Ctrl-C), 143 by SIGTERM: what is finished is kept, a second signal ends the command "
      "at "
      "once.");

  Interruption interruption;
  Invocation invocation{.command = "", .interruption = &interruption};
  for (int i = 0; i < argc; ++i)
    invocation.command += fmt::format("{}{}", i == 0 ? "" : " ", i == 0 ? "popshot" : argv[i]);
  int exit_code = done;
  add_check(app, invocation, exit_code);
  add_simulate(app, invocation, exit_code);
  add_spectrum(app, invocation, exit_code);
  add_compare(app, invocation, exit_code);
  add_noise_model(app, invocation, exit_code);
  add_switching(app, invocation, exit_code);
  add_plot(app, invocation, exit_code);
  try {
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::RequiredError& error) {
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-') {
      return fail(
          wrong_input,
          fmt::format(
              "{}: no such subcommand; allowed: check, simulate, spectrum, compare, noise-model, switching, plot",
              argv[1]));
    }
    return fail(wrong_input, fmt::format("{} (see '{} --help')", error.what(), command_of(app)));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return fail(wrong_input, fmt::format("{} (see '{} --help')", error.what(), command_of(app)));
  } catch (const popshot::InputError& error) {
    return fail(wrong_input, error.what());
  } catch (const popshot::NumericalError& error) {
    return fail(broke_down, error.what());
  } catch (const popshot::Stopped&) {
    return fail(interruption.exit_code(), interruption.message());
  } catch (const std::bad_alloc&) {
    return fail(wrong_input, "not enough memory for this model; allowed: fewer neurons (--size NAME=N)");
  }
}
