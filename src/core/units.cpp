#include "popshot/core/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace popshot {

namespace {

/// With `precision` digits behind the point, 0 <= precision < 30.
std::string print(double value, int precision, std::chars_format format) {
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format, precision).ptr;
  return {text.data(), end};
}

}  // namespace

RateUnit rate_unit(const std::string& time_unit) {
  if (time_unit == "ms") return {1000.0, "Hz"};
  if (time_unit == "s") return {1.0, "Hz"};
  return {1.0, "1/" + time_unit};
}

std::vector<double> scaled(std::vector<double> values, const RateUnit& unit) {
  for (double& value : values) value *= unit.factor;
  return values;
}

std::string with_digits(double value, int digits) {
  if (!std::isfinite(value)) return print(value, 0, std::chars_format::fixed);
  if (value == 0.0) return print(0.0, digits - 1, std::chars_format::fixed);
  constexpr double smallest = 1e-4;
  constexpr double largest = 1e7;
  std::string scientific = print(value, digits - 1, std::chars_format::scientific);
  if (std::abs(value) < smallest || std::abs(value) >= largest) return scientific;
  // The exponent after rounding: 0.9999 with three digits is 1.00.
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  return print(value, std::max(0, digits - 1 - exponent), std::chars_format::fixed);
}

std::vector<std::string> told_apart(const std::vector<double>& values, int least, int most) {
  std::vector<std::string> words;
  for (int digits = least; digits <= most; ++digits) {
    words.clear();
    for (const double value : values) words.push_back(with_digits(value, digits));
    bool apart = true;
    for (std::size_t i = 1; i < values.size(); ++i) {
      apart = apart && (values[i] == values[i - 1] || words[i] != words[i - 1]);
    }
    if (apart) break;
  }
  return words;
}

}  // namespace popshot
