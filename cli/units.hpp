// Rates, frequencies and bands as tables show them.
#pragma once

#include <string>
#include <vector>

#include "popshot/comparison/compare.hpp"
#include "popshot/core/units.hpp"

namespace popshot::cli {

/// The edges of a band in the shown unit, and as "low .. high".
struct BandLabel {
  double low = 0.0;
  double high = 0.0;
  std::string text;
};

/// Every band of a table in `unit`, with as many significant digits (3 to 5) as tell all neighbouring edges apart; all
/// texts are equally long.
[[nodiscard]] std::vector<BandLabel> band_labels(const std::vector<comparison::Band>& bands, const RateUnit& unit);

/// "42.1 Hz", "0.723 per tau": a rate or frequency, given in 1/(time unit), with its unit, `digits` significant digits.
[[nodiscard]] std::string rate_text(double value, const std::string& time_unit, int digits = 4);

/// "Hz" or "per tau", for what stands behind a number.
[[nodiscard]] std::string rate_unit_text(const std::string& time_unit);

}  // namespace popshot::cli
