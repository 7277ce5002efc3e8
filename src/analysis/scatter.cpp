#include "popshot/analysis/scatter.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace popshot::analysis {

namespace {

using Complex = std::complex<double>;

/// H(d) = sum_u w_u exp(2 pi i (u - segment/2) d/n): the window's transform at the distance of d points of a circle of
/// n frequencies, real by the window's symmetry.
std::vector<double> transform_of_hann(std::size_t segment, std::size_t n, std::size_t points) {
  const auto length = static_cast<double>(segment);
  // Of the constant 1 over the segment (half at its ends, where Hann is zero); Hann is a half of it and a quarter of
  // those one bin to either side.
  const auto rectangle = [&](double bins) {
    const double x = std::numbers::pi * bins;
    return std::abs(x) < 1e-9 ? length : std::sin(x) / std::tan(x / length);
  };
  std::vector<double> transform(points);
  for (std::size_t d = 0; d < points; ++d) {
    const double bins = static_cast<double>(d) * length / static_cast<double>(n);
    transform[d] = 0.5 * rectangle(bins) + 0.25 * (rectangle(bins - 1.0) + rectangle(bins + 1.0));
  }
  return transform;
}

}  // namespace

WelchScatter::WelchScatter(const RecordedDensity& density, std::size_t segment, std::size_t samples) {
  const std::size_t n = density.circle();
  const std::size_t finer = n / segment;
  const std::size_t bins = segment / 2 + 1;
  const std::size_t hop = segment / 2;
  const std::size_t segments = (samples - segment) / hop + 1;
  constexpr std::size_t lobes = 8;  // bins on either side that a bin's power comes from
  const auto window = transform_of_hann(segment, n, lobes * finer + reach * finer + 1);
  const auto at = [&](std::ptrdiff_t d) { return window[static_cast<std::size_t>(std::abs(d))]; };
  const auto step = static_cast<std::ptrdiff_t>(finer);
  const std::ptrdiff_t wide = static_cast<std::ptrdiff_t>(lobes) * step;
  const auto circle = static_cast<std::ptrdiff_t>(n);
  std::vector<Complex> turn(n);
  for (std::size_t i = 0; i < n; ++i) {
    turn[i] = std::polar(1.0, 2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n));
  }
  const double all = static_cast<double>(segments);
  for (std::size_t k = 0; k < density.series(); ++k) {
    const std::vector<double> power = density.power(k);  // [0 .. n/2]
    const auto of = [&](std::ptrdiff_t i) {
      i = (i % circle + circle) % circle;
      return power[static_cast<std::size_t>(std::min(i, circle - i))];
    };
    Series& series = series_.emplace_back();
    series.power.resize(bins);
    series.covariance.assign(bins * (reach + 1), 0.0);
    const auto common = [&](std::size_t bin, std::ptrdiff_t q, std::size_t lag) {
      // <X_0(bin) X_lag(bin + q)^*>, the phases of the windows' middles left out.
      const std::ptrdiff_t centre = static_cast<std::ptrdiff_t>(bin) * step;
      Complex sum = 0.0;
      for (std::ptrdiff_t d = -wide; d <= wide; ++d) {
        const auto phase = static_cast<std::size_t>(((centre + d) % circle + circle) % circle) * lag * hop % n;
        sum += of(centre + d) * at(d) * at(d - q * step) * turn[phase];
      }
      return sum;
    };
    for (std::size_t bin = 0; bin < bins; ++bin) {
      series.power[bin] = common(bin, 0, 0).real();
      for (std::size_t q = 0; q <= reach && bin + q < bins; ++q) {
        const auto distance = static_cast<std::ptrdiff_t>(q);
        double sum = std::norm(common(bin, distance, 0)) * all;
        for (std::size_t lag = 1; lag < segments && lag <= 2 * lobes; ++lag) {
          // Both orders of the two segments.
          const double more = std::norm(common(bin, distance, lag)) +
                              (q == 0 ? std::norm(common(bin, 0, lag)) : std::norm(common(bin + q, -distance, lag)));
          sum += more * static_cast<double>(segments - lag);
          if (more < 1e-3 * series.power[bin] * series.power[bin]) break;
        }
        series.covariance[bin * (reach + 1) + q] = sum / (all * all);
      }
    }
  }
}

double WelchScatter::relative_variance(std::size_t k, std::size_t first, std::size_t last) const {
  const Series& series = series_[k];
  double power = 0.0;
  double variance = 0.0;
  for (std::size_t bin = first; bin <= last; ++bin) {
    power += series.power[bin];
    for (std::size_t q = 0; q <= reach && bin + q <= last; ++q) {
      variance += (q == 0 ? 1.0 : 2.0) * series.covariance[bin * (reach + 1) + q];
    }
  }
  return variance / (power * power);
}

}  // namespace popshot::analysis
