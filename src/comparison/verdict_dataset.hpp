// The head that the labelled arrays of every comparison begin with.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "popshot/comparison/verdict.hpp"
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
                     {"verdict", verdict_name(c.judgement.verdict)},
                     {"verdict_reason", c.judgement.reason},
                     {"p_value", c.judgement.p_value},
                     {"threshold_sigma", c.judgement.threshold},
                     {"comparisons", static_cast<std::int64_t>(c.judgement.comparisons)},
                     {"detectable_factor_total", c.judgement.detectable_total},
                     {"detectable_factor_band", c.judgement.detectable_band},
                     {"trials_needed", static_cast<std::int64_t>(c.judgement.trials_needed)},
                     {"trials", static_cast<std::int64_t>(c.trials)},
                     {"trials_wanted", static_cast<std::int64_t>(c.trials_wanted)}};
  data.add_dimension("population", c.populations.size());
  data.add({"population", {"population"}, c.populations, "1", "population"});
  data.add({"size", {"population"}, c.sizes, "1", "number of neurons"});
  std::vector<std::int64_t> itself(c.itself.begin(), c.itself.end());
  itself.resize(c.populations.size());
  data.add({"mesoscopic_is_network",
            {"population"},
            std::move(itself),
            "1",
            "1 where the mesoscopic model is the network itself, so that they are not compared"});
  return data;
}

}  // namespace popshot::comparison
