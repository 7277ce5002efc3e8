// What is said of the time that a run will take.
#pragma once

#include "common.hpp"
#include "popshot/comparison/run_time.hpp"

namespace popshot::cli {

/// Notes the estimated run time on stderr where it is more than ten seconds, unless --quiet. The plan's threads are
/// those of the options.
void note_run_time(const model::Model& model, comparison::RunPlan plan, const RunOptions& run);

}  // namespace popshot::cli
