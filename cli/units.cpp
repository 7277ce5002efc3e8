#include "units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace popshot::cli {

std::vector<BandLabel> band_labels(const std::vector<comparison::Band>& bands, const RateUnit& unit) {
  std::vector<double> edges;
  for (const auto& band : bands) {
    edges.push_back(unit.factor * band.low);
    edges.push_back(unit.factor * band.high);
  }
  const auto words = told_apart(edges);
  std::size_t width = 0;
  for (const auto& word : words) width = std::max(width, word.size());
  std::vector<BandLabel> labels;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    labels.push_back({edges[2 * b], edges[2 * b + 1],
                      fmt::format("{:>{}} .. {:>{}}", words[2 * b], width, words[2 * b + 1], width)});
  }
  return labels;
}

std::string rate_text(double value, const std::string& time_unit, int digits) {
  return with_digits(rate_unit(time_unit).factor * value, digits) + " " + rate_unit_text(time_unit);
}

std::string rate_unit_text(const std::string& time_unit) {
  const auto unit = rate_unit(time_unit);
  return unit.name == "Hz" ? unit.name : "per " + time_unit;
}

std::string resonance_text(const std::optional<theory::Resonance>& resonance, const model::SpectrumSettings& range,
                           const std::string& time_unit) {
  if (!resonance) return "no resonance: the total spectrum has no peak";
  const bool outside = resonance->frequency < range.frequency_min || resonance->frequency > range.frequency_max;
  std::string text = "resonance at " + rate_text(resonance->frequency, time_unit);
  if (std::isfinite(resonance->width())) {
    text += fmt::format(", half-power width {}, quality {}", rate_text(resonance->width(), time_unit),
                        with_digits(resonance->quality(), 3));
  } else {
    text += ", broad: the spectrum does not fall to half of it on both sides";
  }
  text += fmt::format("; total {:.4e}", rate_unit(time_unit).factor * resonance->power);
  if (outside) text += "; outside spectrum.frequency_range";
  return text;
}

nlohmann::ordered_json resonance_table(const std::optional<theory::Resonance>& resonance,
                                       const std::string& time_unit) {
  if (!resonance) return nullptr;
  const double factor = rate_unit(time_unit).factor;
  nlohmann::ordered_json table{{"frequency", factor * resonance->frequency},
                               {"width", nullptr},
                               {"quality", nullptr},
                               {"power", factor * resonance->power}};
  if (std::isfinite(resonance->width())) {
    table["width"] = factor * resonance->width();
    table["quality"] = resonance->quality();
  }
  return table;
}

}  // namespace popshot::cli
