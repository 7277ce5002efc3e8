#include "popshot/theory/resonance.hpp"

#include <algorithm>
#include <boost/math/interpolators/makima.hpp>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>

namespace popshot::theory {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// Whether `value` falls below (1 - least_prominence) of its value at i, going by `step` (1 or -1), before it rises
/// above it.
bool falls(const std::vector<double>& value, std::size_t i, std::ptrdiff_t step) {
  for (auto j = static_cast<std::ptrdiff_t>(i) + step; j >= 0 && j < std::ssize(value); j += step) {
    const double other = value[static_cast<std::size_t>(j)];
    if (other > value[i]) return false;
    if (other <= (1.0 - least_prominence) * value[i]) return true;
  }
  return false;
}

/// Where the peak has fallen to half, going by `step` from the list's point i, the nearest to the peak on that side.
double half_power(const std::function<double(double)>& power, const std::vector<double>& frequency,
                  const std::vector<double>& value, const Resonance& peak, std::ptrdiff_t i, std::ptrdiff_t step) {
  const double half = 0.5 * peak.power;
  double last = peak.frequency;
  for (; i >= 0 && i < std::ssize(value); i += step) {
    const auto at = static_cast<std::size_t>(i);
    if (value[at] > peak.power * (1.0 + 1e-9)) return nothing;
    if (value[at] <= half) {
      constexpr int bits = 32;
      std::uintmax_t iterations = 100;
      const auto bracket = boost::math::tools::toms748_solve(
          [&](double f) { return power(f) - half; }, std::min(last, frequency[at]), std::max(last, frequency[at]),
          boost::math::tools::eps_tolerance<double>(bits), iterations);
      return 0.5 * (bracket.first + bracket.second);
    }
    last = frequency[at];
  }
  return nothing;
}

}  // namespace

std::optional<Resonance> find_resonance(const std::function<double(double)>& power,
                                        const std::vector<double>& frequency, const std::vector<double>& value) {
  std::optional<std::size_t> place;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (!(value[i] > 0.0) || value[i] < value[i - 1] || value[i] < value[i + 1]) continue;
    if (place && value[i] <= value[*place]) continue;
    if (falls(value, i, -1) && falls(value, i, 1)) place = i;
  }
  if (!place) return std::nullopt;
  constexpr int bits = 26;  // a maximum is flat: more digits of its place are not in the values
  const auto found = boost::math::tools::brent_find_minima([&](double f) { return -power(f); }, frequency[*place - 1],
                                                           frequency[*place + 1], bits);
  Resonance peak{found.first, -found.second, nothing, nothing};
  if (!(peak.power >= value[*place])) {
    peak.frequency = frequency[*place];
    peak.power = value[*place];
  }
  const auto at = static_cast<std::ptrdiff_t>(*place);
  const bool above = peak.frequency >= frequency[*place];
  peak.low = half_power(power, frequency, value, peak, above ? at : at - 1, -1);
  peak.high = half_power(power, frequency, value, peak, above ? at + 1 : at, 1);
  return peak;
}

std::optional<Resonance> find_resonance(const std::vector<double>& frequency, const std::vector<double>& value) {
  constexpr std::size_t fewest = 4;
  if (frequency.size() < fewest) return std::nullopt;
  std::vector<double> x;
  std::vector<double> y;
  x.reserve(frequency.size());
  y.reserve(frequency.size());
  for (const double f : frequency) x.push_back(std::log(f));
  for (const double s : value) y.push_back(std::log(std::max(s, std::numeric_limits<double>::min())));
  const double first = x.front();
  const double last = x.back();
  const boost::math::interpolators::makima<std::vector<double>> curve(std::move(x), std::move(y));
  return find_resonance([&](double f) { return std::exp(curve(std::clamp(std::log(f), first, last))); }, frequency,
                        value);
}

std::vector<double> with_peaks(std::vector<double> frequency, const std::vector<std::complex<double>>& eigenvalues) {
  for (const auto& value : eigenvalues) {
    if (!(value.imag() > 0.0) || std::abs(value.real()) > value.imag()) continue;
    const double middle = value.imag() / (2.0 * std::numbers::pi);
    const double half_width = std::abs(value.real()) / (2.0 * std::numbers::pi);
    for (const double offset : {0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0}) {
      for (const double f : {middle - offset * half_width, middle + offset * half_width}) {
        if (f > 0.1 * middle && f < 4.0 * middle) frequency.push_back(f);
      }
    }
    for (const double factor : {0.1, 0.2, 0.4, 0.7, 1.4, 2.0, 3.0}) frequency.push_back(factor * middle);
  }
  std::sort(frequency.begin(), frequency.end());
  frequency.erase(std::unique(frequency.begin(), frequency.end()), frequency.end());
  return frequency;
}

}  // namespace popshot::theory
