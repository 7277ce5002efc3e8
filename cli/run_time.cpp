#include "run_time.hpp"

#include <fmt/format.h>

#include <iostream>
#include <utility>

namespace popshot::cli {

void note_run_time(const model::Model& model, comparison::RunPlan plan, const RunOptions& run) {
  constexpr double worth_saying = 10.0;
  if (run.quiet) return;
  plan.threads = run.threads;
  const auto time = comparison::estimate_run_time(model, plan);
  if (time.seconds() > worth_saying) std::cerr << fmt::format("estimated run time: {}\n", comparison::describe(time));
}

}  // namespace popshot::cli
