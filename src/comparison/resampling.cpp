#include "resampling.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "popshot/core/random.hpp"

namespace popshot::comparison {

namespace {

/// Gaussian sigma of a t of this many degrees of freedom, to a few per cent of itself and monotone (Wallace, Ann. Math.
/// Stat. 30, 1124 (1959)): thousands of times as fast as the quantile.
double quick_sigma(double t, double degrees) {
  return (8.0 * degrees + 1.0) / (8.0 * degrees + 3.0) * std::sqrt(degrees * std::log1p(t * t / degrees));
}

struct Group {
  double sum = 0.0;
  double squares = 0.0;
};

double channel_deviation(const Channel& channel, const std::vector<char>& in_second) {
  const std::size_t n = channel.first.size();
  std::array<Group, 2> group;
  for (std::size_t i = 0; i < 2 * n; ++i) {
    const double x = i < n ? channel.first[i] : channel.second[i - n];
    auto& one = group[in_second[i] != 0 ? 1 : 0];
    one.sum += x;
    one.squares += x * x;
  }
  const auto trials = static_cast<double>(n);
  const double seen = trials - 1.0;
  const double degrees = seen + channel.known_degrees;
  std::array<double, 2> mean{};
  std::array<double, 2> variance{};
  for (std::size_t g = 0; g < 2; ++g) {
    mean[g] = group[g].sum / trials;
    double within = std::max(0.0, (group[g].squares - group[g].sum * mean[g]) / seen);
    if (channel.power) within = mean[g] > 0.0 ? within / (mean[g] * mean[g]) : 0.0;
    variance[g] = (seen * within + channel.known_degrees * channel.known_variance) / degrees / trials;
  }
  if (channel.power) {
    // Cube roots of powers are nearly Gaussian, as in analysis::deviation_in_sigma.
    const double root = std::cbrt(mean[1] / mean[0]);
    const double a = variance[1] / 9.0;
    const double b = variance[0] / 9.0;
    const double t = ((1.0 - b) * root - (1.0 - a)) / std::sqrt(b * root * root + a);
    return std::isfinite(t) ? quick_sigma(t, 2.0 * degrees) : 0.0;
  }
  const double t = (mean[1] - mean[0]) / std::sqrt(variance[0] + variance[1]);
  return std::isfinite(t) ? quick_sigma(t, 2.0 * degrees) : 0.0;
}

/// From so many trials on signs are exchanged: 2^12 arrangements resolve p-values of 1e-3.
constexpr std::size_t signs_from = 12;

Eigen::VectorXd random_signs(std::size_t n, std::uint64_t seed, std::uint64_t draw) {
  Eigen::VectorXd signs(static_cast<Eigen::Index>(n));
  for (Eigen::Index i = 0; i < signs.size(); ++i) {
    const double u = uniform_number(seed, RandomStream::resampling, {draw, 1}, static_cast<std::uint64_t>(i));
    signs(i) = u < 0.5 ? -1.0 : 1.0;
  }
  return signs;
}

/// A random orthogonal matrix (Haar measure).
Eigen::MatrixXd random_rotation(std::size_t n, std::uint64_t seed, std::uint64_t draw) {
  const auto count = static_cast<Eigen::Index>(n);
  Eigen::MatrixXd turn(count, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index j = 0; j < count; ++j) {
      const auto u =
          uniform_numbers(seed, RandomStream::resampling, {draw, 2}, static_cast<std::uint64_t>(i * count + j));
      turn(i, j) = std::sqrt(-2.0 * std::log(u[0])) * std::cos(2.0 * std::numbers::pi * u[1]);
    }
  }
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(turn);
  Eigen::MatrixXd q = qr.householderQ();
  for (Eigen::Index i = 0; i < count; ++i) {
    if (qr.matrixQR()(i, i) < 0.0) q.col(i) = -q.col(i);
  }
  return q;
}

/// Series as matrices, [trial, series]; the sums without their means.
struct Paired {
  Eigen::MatrixXd sum;
  Eigen::MatrixXd difference;
  Eigen::VectorXd sum_squares;  ///< [series]
};

Paired prepared(const std::vector<PairedSeries>& series) {
  const auto trials = static_cast<Eigen::Index>(series.front().sum.size());
  const auto count = static_cast<Eigen::Index>(series.size());
  Paired result{Eigen::MatrixXd(trials, count), Eigen::MatrixXd(trials, count), {}};
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto& one = series[static_cast<std::size_t>(i)];
    result.sum.col(i) = Eigen::Map<const Eigen::VectorXd>(one.sum.data(), trials);
    result.difference.col(i) = Eigen::Map<const Eigen::VectorXd>(one.difference.data(), trials);
  }
  result.sum.rowwise() -= result.sum.colwise().mean().eval();
  result.sum_squares = result.sum.colwise().squaredNorm().transpose();
  return result;
}

/// t of the mean of values.
double t_of_mean(const Eigen::VectorXd& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = values.mean();
  const double squares = (values.array() - mean).square().sum();
  return squares > 0.0 ? mean / std::sqrt(squares / (n * (n - 1.0))) : 0.0;
}

PairedDeviations deviations(const Paired& paired, const Eigen::MatrixXd& difference) {
  const Eigen::Index trials = difference.rows();
  const auto n = static_cast<double>(trials);
  PairedDeviations result;
  result.mean.resize(static_cast<std::size_t>(difference.cols()));
  result.spread.resize(result.mean.size());
  Eigen::VectorXd energy = Eigen::VectorXd::Zero(trials);
  const auto signed_sigma = [](double t, double degrees) {
    return std::isfinite(t) ? std::copysign(quick_sigma(t, degrees), t) : 0.0;
  };
  for (Eigen::Index i = 0; i < difference.cols(); ++i) {
    const auto place = static_cast<std::size_t>(i);
    const double mean = difference.col(i).mean();
    const Eigen::ArrayXd centred = difference.col(i).array() - mean;
    const double squares = centred.square().sum();
    const Eigen::ArrayXd product = centred * paired.sum.col(i).array();
    energy += product.matrix();
    if (!(squares > 0.0) || !(paired.sum_squares(i) > 0.0)) continue;
    result.mean[place] = signed_sigma(mean / std::sqrt(squares / (n * (n - 1.0))), n - 1.0);
    const double correlation = std::clamp(product.sum() / std::sqrt(squares * paired.sum_squares(i)), -1.0, 1.0);
    result.spread[place] =
        signed_sigma(correlation * std::sqrt((n - 2.0) / std::max(1e-300, 1.0 - correlation * correlation)), n - 2.0);
  }
  result.total_mean = signed_sigma(t_of_mean(difference.rowwise().mean()), n - 1.0);
  result.total_spread = signed_sigma(t_of_mean(energy), n - 1.0);
  return result;
}

}  // namespace

std::vector<char> random_labels(std::size_t n, std::uint64_t seed, std::uint64_t draw, std::uint64_t kind) {
  std::vector<char> labels(2 * n, 0);
  std::fill(labels.begin() + static_cast<std::ptrdiff_t>(n), labels.end(), char{1});
  for (std::size_t i = 2 * n - 1; i > 0; --i) {
    const double u = uniform_number(seed, RandomStream::resampling, {draw, 16 + kind}, i);
    std::swap(labels[i], labels[std::min(i, static_cast<std::size_t>(u * static_cast<double>(i + 1)))]);
  }
  return labels;
}

double largest_deviation(const std::vector<Channel>& channels, const std::vector<char>& in_second) {
  double largest = 0.0;
  for (const auto& channel : channels) largest = std::max(largest, channel_deviation(channel, in_second));
  return largest;
}

double sequential_p_value(double observed, double smallest, const std::function<double(std::uint64_t)>& compute) {
  constexpr double enough = 10.0;
  const auto most = static_cast<std::uint64_t>(std::ceil(enough / smallest));
  double as_large = 0.0;
  for (std::uint64_t draw = 1; draw <= most; ++draw) {
    // Equal arrangements differ by rounding only.
    if (compute(draw) >= observed * (1.0 - 1e-9)) as_large += 1.0;
    if (as_large == enough) return enough / static_cast<double>(draw);
  }
  return (as_large + 1.0) / static_cast<double>(most + 1);
}

double permutation_p_value(const std::vector<Channel>& channels, double smallest, std::uint64_t seed) {
  if (channels.empty()) return 1.0;
  const std::size_t n = channels.front().first.size();
  std::vector<char> as_they_are(2 * n, 0);
  std::fill(as_they_are.begin() + static_cast<std::ptrdiff_t>(n), as_they_are.end(), char{1});
  return sequential_p_value(largest_deviation(channels, as_they_are), smallest, [&](std::uint64_t draw) {
    return largest_deviation(channels, random_labels(n, seed, draw));
  });
}

double PairedDeviations::largest() const {
  double result = std::max(std::abs(total_mean), std::abs(total_spread));
  for (const double value : mean) result = std::max(result, std::abs(value));
  for (const double value : spread) result = std::max(result, std::abs(value));
  return result;
}

PairedDeviations paired_deviations(const std::vector<PairedSeries>& series, double negligible) {
  const Paired paired = prepared(series);
  PairedDeviations result = deviations(paired, paired.difference);
  const double mean = std::abs(paired.difference.mean());
  if (mean > 0.0) result.total_mean *= std::max(0.0, mean - negligible) / mean;
  return result;
}

double paired_p_value(const std::vector<std::vector<PairedSeries>>& groups, double observed, double smallest,
                      std::uint64_t seed) {
  if (groups.empty()) return 1.0;
  std::vector<Paired> all;
  all.reserve(groups.size());
  for (const auto& group : groups) all.push_back(prepared(group));
  const auto trials = static_cast<std::size_t>(all.front().difference.rows());
  return sequential_p_value(observed, smallest, [&](std::uint64_t draw) {
    double largest = 0.0;
    const auto look = [&](const auto& turn) {
      for (const auto& paired : all) {
        largest = std::max(largest, deviations(paired, turn * paired.difference).largest());
      }
    };
    if (trials >= signs_from) {
      const Eigen::VectorXd signs = random_signs(trials, seed, draw);
      look(signs.asDiagonal());
    } else {
      look(random_rotation(trials, seed, draw));
    }
    return largest;
  });
}

}  // namespace popshot::comparison
