// Rates, frequencies, bands and resonances as tables show them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "popshot/comparison/compare.hpp"
#include "popshot/core/units.hpp"
#include "popshot/theory/resonance.hpp"

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

/// "42.10 Hz", "0.7230 per tau": a rate or frequency, given in 1/(time unit), with its unit, `digits` significant
/// digits.
[[nodiscard]] std::string rate_text(double value, const std::string& time_unit, int digits = 4);

/// "Hz" or "per tau", for what stands behind a number.
[[nodiscard]] std::string rate_unit_text(const std::string& time_unit);

/// A resonance in words: frequency, half-power width, quality factor and power; and what is to be said where there is
/// none or no width. `range`: the model's range of frequencies, outside which it is said to lie.
[[nodiscard]] std::string resonance_text(const std::optional<theory::Resonance>& resonance,
                                         const model::SpectrumSettings& range, const std::string& time_unit);
/// The same for programs: frequency, width, quality, power, in the shown unit; null where there is none.
[[nodiscard]] nlohmann::ordered_json resonance_table(const std::optional<theory::Resonance>& resonance,
                                                     const std::string& time_unit);

}  // namespace popshot::cli
