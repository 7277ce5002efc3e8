#include "popshot/model/empirical_table.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace popshot::model {

namespace {

// In units of the bandwidth.
constexpr double reach = 10.5;  // a normal density has 4e-26 beyond
constexpr double width = 0.5;
constexpr double half = width / 2.0;
/// Series of so few values are summed when they are needed: values far apart, of which there may be many.
constexpr std::uint32_t few = 16;

template <class Series>
double value_at(const Series& series, double x) {
  double value = 0.0;
  for (std::size_t k = series.size(); k-- > 0;) value = value * x + series[k];
  return value;
}

/// The integral of the series from 0 to x.
template <class Series>
double integral_to(const Series& series, double x) {
  double value = 0.0;
  for (std::size_t k = series.size(); k-- > 0;) value = value * x + series[k] / static_cast<double>(k + 1);
  return value * x;
}

}  // namespace

EmpiricalTable::EmpiricalTable(const Empirical& g)
    : bandwidth_(g.bandwidth),
      per_value_(1.0 / (std::sqrt(2.0 * std::numbers::pi) * static_cast<double>(g.value.size()))) {
  std::vector<double> values = g.value;
  std::sort(values.begin(), values.end());
  place_.reserve(values.size());
  for (std::size_t first = 0; first < values.size();) {
    std::size_t last = first + 1;
    while (last < values.size() && values[last] - values[last - 1] <= (2.0 * reach + width) * bandwidth_) ++last;
    add_cluster(std::span(values).subspan(first, last - first), first);
    first = last;
  }
  // Both sums begin with the smallest terms, so that tails are exact.
  std::vector<double> inside;
  inside.reserve(pieces_.size());
  double below = 0.0;
  for (auto& piece : pieces_) {
    const Series series = series_of(piece);
    inside.push_back(integral_to(series, half) - integral_to(series, -half));
    piece.below = below;
    below += inside.back();
  }
  double above = 0.0;
  for (std::size_t i = pieces_.size(); i-- > 0;) {
    pieces_[i].above = above;
    above += inside[i];
  }
}

void EmpiricalTable::add_cluster(std::span<const double> values, std::size_t first) {
  const double origin = values.front();
  for (const double value : values) place_.push_back((value - origin) / bandwidth_);
  const auto places = std::span(place_).subspan(first);
  const auto count = static_cast<std::size_t>(std::ceil((places.back() + 2.0 * reach) / width));
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Piece piece{origin, -reach + width * static_cast<double>(i), 0.0, 0.0, 0, 0, 0};
    while (begin < places.size() && places[begin] < piece.low - reach) ++begin;
    while (end < places.size() && places[end] <= piece.low + width + reach) ++end;
    piece.first = static_cast<std::uint32_t>(first + begin);
    piece.count = static_cast<std::uint32_t>(end - begin);
    if (piece.count > few) {
      piece.stored = static_cast<std::uint32_t>(series_.size());
      series_.push_back(summed(piece));
    }
    pieces_.push_back(piece);
  }
}

/// The density, in units of 1/bandwidth, as a Taylor series around the middle of the piece.
EmpiricalTable::Series EmpiricalTable::summed(const Piece& piece) const {
  const double middle = piece.low + half;
  Series sum{};
  for (std::uint32_t i = piece.first; i < piece.first + piece.count; ++i) {
    const double z = middle - place_[i];
    // (-1)^k He_k(z)/k! exp(-z^2/2), by the recurrence of Hermite polynomials.
    double last = 0.0;
    double term = per_value_ * std::exp(-0.5 * z * z);
    for (std::size_t k = 0; k < terms; ++k) {
      sum[k] += term;
      const double next = -(z * term + last) / static_cast<double>(k + 1);
      last = term;
      term = next;
    }
  }
  return sum;
}

EmpiricalTable::Series EmpiricalTable::series_of(const Piece& piece) const {
  return piece.count > few ? series_[piece.stored] : summed(piece);
}

double EmpiricalTable::density(double eta) const {
  const auto after = std::partition_point(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.low <= (eta - piece.origin) / bandwidth_;
  });
  if (after == pieces_.begin()) return 0.0;
  const Piece& piece = *(after - 1);
  const double x = (eta - piece.origin) / bandwidth_ - piece.low - half;
  return x <= half ? std::max(0.0, value_at(series_of(piece), x)) / bandwidth_ : 0.0;
}

double EmpiricalTable::quantile(double p) const {
  // From the nearer end.
  const bool lower = p <= 0.5;
  const double rest = lower ? p : 1.0 - p;
  auto piece = pieces_.begin();
  if (lower) {
    piece = std::partition_point(pieces_.begin(), pieces_.end(), [&](const Piece& one) { return one.below <= p; });
    if (piece != pieces_.begin()) --piece;
  } else {
    piece = std::partition_point(pieces_.begin(), pieces_.end(), [&](const Piece& one) { return one.above > rest; });
    if (piece == pieces_.end()) --piece;
  }
  const Series series = series_of(*piece);
  const double from = integral_to(series, -half);
  const double inside = integral_to(series, half) - from;
  const double wanted = std::clamp(lower ? rest - piece->below : inside - (rest - piece->above), 0.0, inside);
  // Newton's method, within an interval that holds the place.
  double low = -half;
  double high = half;
  double x = inside > 0.0 ? low + width * wanted / inside : low;
  constexpr double small = 1e-8;  // the error that is left is of the order of its square
  for (int iteration = 0; iteration < 60; ++iteration) {
    const double excess = integral_to(series, x) - from - wanted;
    (excess < 0.0 ? low : high) = x;
    const double step = excess / value_at(series, x);
    const double next = x - step;
    if (!(next >= low && next <= high)) {
      x = 0.5 * (low + high);
      if (high - low < small) break;
      continue;
    }
    x = next;
    if (std::abs(step) < small) break;
  }
  return piece->origin + bandwidth_ * (piece->low + half + x);
}

}  // namespace popshot::model
