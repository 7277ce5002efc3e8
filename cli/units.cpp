#include "units.hpp"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace popshot::cli
