// The head that the labelled arrays of every comparison begin with.
#pragma once

#include <cstdint>
#include <string>

#include "popshot/core/result.hpp"
#include "popshot/core/units.hpp"

namespace popshot::comparison {

/// Verdict, trials, and populations with their sizes, of a Comparison or a TransientComparison.
template <class Compared>
Dataset verdict_dataset(const Compared& c, const std::string& kind, const std::string& time_unit) {
  Dataset data;
  data.attributes = {{"popshot_kind", kind},
                     {"time_unit", time_unit},
                     {"rate_unit", rate_unit(time_unit).name},
                     {"verdict", std::string(c.agrees ? "agree" : "disagree")},
                     {"verdict_reason", c.reason},
                     {"threshold_sigma", c.threshold},
                     {"trials", static_cast<std::int64_t>(c.trials)},
                     {"trials_wanted", static_cast<std::int64_t>(c.trials_wanted)}};
  data.add_dimension("population", c.populations.size());
  data.add({"population", {"population"}, c.populations, "1", "population"});
  data.add({"size", {"population"}, c.sizes, "1", "number of neurons"});
  return data;
}

}  // namespace popshot::comparison
