#include "popshot/analysis/welch.hpp"

#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>
#include <string>
#include <unsupported/Eigen/FFT>

#include "popshot/core/error.hpp"

namespace popshot::analysis {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// Periodic Hann window.
std::vector<double> hann(std::size_t length) {
  std::vector<double> window(length);
  for (std::size_t i = 0; i < length; ++i) {
    const double s = std::sin(pi * static_cast<double>(i) / static_cast<double>(length));
    window[i] = s * s;
  }
  return window;
}

bool has_small_factors(std::size_t n) {
  for (const std::size_t factor : {2U, 3U, 5U}) {
    while (n % factor == 0) n /= factor;
  }
  return n == 1;
}

Spectrum empty_spectrum(std::size_t segment, double interval, std::size_t populations) {
  Spectrum spectrum;
  const auto count = static_cast<Eigen::Index>(populations);
  for (std::size_t m = 0; m <= segment / 2; ++m) {
    spectrum.frequency.push_back(static_cast<double>(m) / (static_cast<double>(segment) * interval));
    spectrum.density.emplace_back(Eigen::MatrixXcd::Zero(count, count));
  }
  return spectrum;
}

/// sum_i w_i w_(i+lag) for lag = 0 .. length - 1.
std::vector<double> autocorrelation(const std::vector<double>& window) {
  Eigen::FFT<double> fft;
  std::vector<Complex> padded(2 * window.size());
  std::copy(window.begin(), window.end(), padded.begin());
  std::vector<Complex> transform;
  fft.fwd(transform, padded);
  for (auto& value : transform) value = std::norm(value);
  fft.inv(padded, transform);
  std::vector<double> result(window.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = padded[i].real();
  return result;
}

}  // namespace

std::size_t segment_length(double resolution, double interval) {
  if (!(resolution > 0.0) || !(interval > 0.0)) throw InputError("resolution and record interval must be positive");
  constexpr double hann_bandwidth = 1.5;  // equivalent noise bandwidth in bins
  auto length = static_cast<std::size_t>(std::ceil(hann_bandwidth / (resolution * interval) * (1.0 - 1e-12)));
  length += length % 2;
  while (!has_small_factors(length)) length += 2;
  return length;
}

Spectrum welch(const std::vector<std::vector<double>>& series, double interval, std::size_t segment) {
  const std::size_t samples = series.empty() ? 0 : series.front().size();
  if (samples < segment || segment < 2) {
    throw InputError("the recorded activity has " + std::to_string(samples) + " samples, fewer than one segment of " +
                     std::to_string(segment) + "; allowed: a longer duration or a coarser resolution");
  }
  const auto window = hann(segment);
  const double power = std::inner_product(window.begin(), window.end(), window.begin(), 0.0);
  std::vector<double> mean;
  mean.reserve(series.size());
  for (const auto& values : series) {
    mean.push_back(std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(samples));
  }
  Spectrum spectrum = empty_spectrum(segment, interval, series.size());
  Eigen::FFT<double> fft;
  std::vector<std::vector<Complex>> transform(series.size());
  std::vector<double> tapered(segment);
  std::size_t segments = 0;
  for (std::size_t begin = 0; begin + segment <= samples; begin += segment / 2, ++segments) {
    for (std::size_t k = 0; k < series.size(); ++k) {
      for (std::size_t i = 0; i < segment; ++i) tapered[i] = window[i] * (series[k][begin + i] - mean[k]);
      fft.fwd(transform[k], tapered);
    }
    for (std::size_t m = 0; m < spectrum.size(); ++m) {
      for (std::size_t k = 0; k < series.size(); ++k) {
        for (std::size_t l = 0; l < series.size(); ++l) {
          spectrum.density[m](static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(l)) +=
              transform[k][m] * std::conj(transform[l][m]);
        }
      }
    }
  }
  for (auto& density : spectrum.density) density *= interval / (power * static_cast<double>(segments));
  return spectrum;
}

RecordedDensity::RecordedDensity(const Theory& theory, const Eigen::MatrixXd& limit, double interval,
                                 std::size_t segment)
    : circle_(8 * segment), interval_(interval) {
  const double spacing = 1.0 / (static_cast<double>(circle_) * interval);
  // Aliases of f in [0, 1/2] (in units of 1/interval) with m = -1, 0, 1 lie at f, 1 - f and 1 + f: one grid up to 3/2.
  std::vector<double> frequency(3 * circle_ / 2 + 1);
  for (std::size_t i = 0; i < frequency.size(); ++i) frequency[i] = spacing * static_cast<double>(i);
  density_ = interval_mean_density(theory(frequency), limit);
}

std::vector<double> RecordedDensity::power(std::size_t k) const {
  const auto index = static_cast<Eigen::Index>(k);
  std::vector<double> values;
  values.reserve(density_.size());
  for (const auto& matrix : density_) values.push_back(matrix(index, index).real());
  return values;
}

Expectation through_window(const Theory& theory, const Eigen::MatrixXd& limit, double interval, std::size_t segment) {
  return through_window(RecordedDensity(theory, limit, interval, segment), segment);
}

Expectation through_window(const RecordedDensity& density, std::size_t segment) {
  const std::size_t n = density.circle();
  const double interval = density.interval();
  const auto& binned = density.density();
  const auto window = hann(segment);
  const auto overlap = autocorrelation(window);
  const auto count = binned.front().rows();
  Expectation expectation{empty_spectrum(segment, interval, static_cast<std::size_t>(count)), {}};
  auto& spectrum = expectation.spectrum;
  Eigen::FFT<double> fft;
  std::vector<Complex> circle(n);
  std::vector<Complex> covariance;
  std::vector<Complex> tapered(2 * segment);
  std::vector<Complex> transform;
  for (Eigen::Index k = 0; k < count; ++k) {
    for (Eigen::Index l = 0; l < count; ++l) {
      for (std::size_t i = 0; i <= n / 2; ++i) circle[i] = binned[i](k, l);
      for (std::size_t i = n / 2 + 1; i < n; ++i) circle[i] = std::conj(binned[n - i](k, l));
      fft.inv(covariance, circle);  // divides by n: covariance x interval
      if (k == l) {
        auto& values = expectation.autocovariance.emplace_back(segment);
        for (std::size_t lag = 0; lag < segment; ++lag) values[lag] = covariance[lag].real() / interval;
      }
      std::fill(tapered.begin(), tapered.end(), Complex{0.0});
      tapered[0] = covariance[0];
      for (std::size_t lag = 1; lag < segment; ++lag) {
        const double factor = overlap[lag] / overlap[0];
        tapered[lag] = covariance[lag] * factor;
        tapered[2 * segment - lag] = covariance[n - lag] * factor;
      }
      fft.fwd(transform, tapered);
      for (std::size_t m = 0; m < spectrum.size(); ++m) spectrum.density[m](k, l) = transform[2 * m];
    }
  }
  return expectation;
}

}  // namespace popshot::analysis
