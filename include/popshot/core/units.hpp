// The unit in which rates and frequencies are shown, and numbers with as many digits as tell them apart.
#pragma once

#include <string>
#include <vector>

namespace popshot {

/// The unit of rates, of frequencies and of their power spectral densities in tables, figures and files. A value in
/// 1/(time unit) times `factor` is the value in the unit `name`. One factor serves all three: a density of rates is
/// (1/time)^2 per frequency, and Hz^2/Hz = Hz.
struct RateUnit {
  double factor = 1.0;
  std::string name = "1/tau";
};

/// Hz where the time unit is "ms" (factor 1000) or "s" (factor 1), else "1/" + time_unit with the factor 1: only these
/// two names are known for what they are, every other one is a word of the model's own.
[[nodiscard]] RateUnit rate_unit(const std::string& time_unit);

/// `values` times unit.factor.
[[nodiscard]] std::vector<double> scaled(std::vector<double> values, const RateUnit& unit);

/// The value with `digits` significant digits, >= 1: without an exponent between 1e-4 and 1e7, where digits before the
/// point are never cut off (12345 with three digits is "12345"), with one outside; trailing zeros are kept, so that
/// numbers of one size have one width.
[[nodiscard]] std::string with_digits(double value, int digits);

/// The values in words, all with the same number of significant digits: the least of `least` to `most` with which
/// neighbours in the list that differ are told apart (`most` where even these do not suffice). 1 <= least <= most.
[[nodiscard]] std::vector<std::string> told_apart(const std::vector<double>& values, int least = 3, int most = 5);

}  // namespace popshot
