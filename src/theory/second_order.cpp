#include "popshot/theory/second_order.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "input_spectrum.hpp"
#include "popshot/mean_field/quadratic_response.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using Values = std::vector<Complex>;

/// Of the nodes of the quadratic response.
constexpr double node_accuracy = 1e-5;
/// More populations than these are taken as if what is made in them in second order were independent.
constexpr std::size_t most_with_pairs = 10;

/// Several curves on a common grid of frequencies >= 0, linear in between.
struct Curves {
  std::vector<double> frequency;
  std::vector<Values> value;

  /// The curves at |f|, conjugate for f < 0; the last value beyond the end.
  void at(double f, Values& result) const {
    const double x = std::abs(f);
    const auto above = std::upper_bound(frequency.begin() + 1, frequency.end() - 1, x) - frequency.begin();
    const auto i = static_cast<std::size_t>(above);
    const double share = std::clamp((x - frequency[i - 1]) / (frequency[i] - frequency[i - 1]), 0.0, 1.0);
    result.resize(value[i].size());
    for (std::size_t j = 0; j < result.size(); ++j) {
      const Complex z = value[i - 1][j] + share * (value[i][j] - value[i - 1][j]);
      result[j] = f < 0.0 ? std::conj(z) : z;
    }
  }
};

/// Curves on a grid that begins with `frequency` (ascending, at least two) and is halved where they are not straight:
/// until in the middle of an interval every one is within `tolerance` of itself, or a thousandth of its largest value
/// under the weight.
template <class Function, class Weight>
Curves resolved(std::vector<double> frequency, Function&& function, Weight&& weight, double tolerance,
                std::size_t most) {
  Curves curves{std::move(frequency), {}};
  for (const double f : curves.frequency) curves.value.push_back(function(f));
  std::vector<double> largest(curves.value.front().size(), 0.0);
  const auto look = [&](double f, const Values& value) {
    for (std::size_t j = 0; j < value.size(); ++j) largest[j] = std::max(largest[j], weight(f) * std::abs(value[j]));
  };
  for (std::size_t i = 0; i < curves.frequency.size(); ++i) look(curves.frequency[i], curves.value[i]);
  std::vector<bool> open(curves.frequency.size() - 1, true);
  while (std::find(open.begin(), open.end(), true) != open.end() && curves.frequency.size() < most) {
    Curves finer;
    std::vector<bool> finer_open;
    for (std::size_t i = 0; i < open.size(); ++i) {
      finer.frequency.push_back(curves.frequency[i]);
      finer.value.push_back(curves.value[i]);
      if (!open[i]) {
        finer_open.push_back(false);
        continue;
      }
      const double middle = 0.5 * (curves.frequency[i] + curves.frequency[i + 1]);
      Values value = function(middle);
      look(middle, value);
      bool bent = false;
      for (std::size_t j = 0; j < value.size(); ++j) {
        const double error = std::abs(0.5 * (curves.value[i][j] + curves.value[i + 1][j]) - value[j]);
        bent = bent || error > tolerance * std::abs(value[j]) + 1e-3 * largest[j] / weight(middle);
      }
      finer.frequency.push_back(middle);
      finer.value.push_back(std::move(value));
      finer_open.insert(finer_open.end(), 2, bent);
    }
    finer.frequency.push_back(curves.frequency.back());
    finer.value.push_back(curves.value.back());
    curves = std::move(finer);
    open = std::move(finer_open);
  }
  return curves;
}

/// `count` frequencies from `low` to `high`, evenly spaced in asinh(f/scale).
std::vector<double> spread(double low, double high, double scale, std::size_t count) {
  const double begin = std::asinh(low / scale);
  const double end = std::asinh(high / scale);
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = scale * std::sinh(begin + (end - begin) * static_cast<double>(i) / static_cast<double>(count - 1));
  }
  values.front() = low;
  values.back() = high;
  return values;
}

/// What is made in second order in the populations, before the network filters it.
class SecondOrderSources {
 public:
  /// To be asked for up to the frequency `highest`.
  SecondOrderSources(const model::Model& model, const mean_field::OperatingPoint& point, double highest,
                     const Options& options)
      : count_(model.populations.size()), spectrum_(model, point, options) {
    const bool own = options.noise == Noise::shot && !options.uncoupled;
    double fastest = 0.0;
    slowest_ = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < count_; ++k) {
      const auto& population = model.populations[k];
      const double input = point.input(static_cast<Eigen::Index>(k));
      quadratic_.emplace_back(population, input, node_accuracy);
      demodulation_.push_back(-1.0 / (2.0 * pi * pi * population.tau * population.tau));
      periodic_.push_back(own && std::holds_alternative<model::NoNoise>(population.noise));
      const double scale = std::abs(mean_field::stationary_state_variable(population, input)) / (pi * population.tau);
      fastest = std::max(fastest, scale);
      slowest_ = std::min(slowest_, scale);
    }
    for (std::size_t k = 0; k < count_; ++k) {
      for (std::size_t l = k; l < (count_ <= most_with_pairs ? count_ : k + 1); ++l) pairs_.push_back({k, l});
    }
    const double end = 20.0 * fastest + 2.0 * highest;
    covariances_ = resolved(
        spread(0.0, end, 0.05 * slowest_, 100), [&](double f) { return covariances(model, point, f); },
        [&](double f) { return 1.0 / (1.0 + (f / fastest) * (f / fastest)); }, count_ <= most_with_pairs ? 0.01 : 0.03,
        count_ <= most_with_pairs ? 4000 : 1000);
  }

  /// A frequency below which spectra are smooth.
  [[nodiscard]] double slowest() const { return slowest_; }
  /// (1-K)^-1
  [[nodiscard]] Eigen::MatrixXcd filter(double f) const { return spectrum_.amplification(f); }

  /// The spectral densities S_Q of the pairs, (63), at a frequency f >= 0.
  [[nodiscard]] Values density(double f) const {
    // Over f' >= f/2 only, as f' and g = f - f' are alike. Between the points of the grid for f' and those for g.
    std::vector<double> edge{0.5 * f, f, 2.0 * f};
    for (const double t : covariances_.frequency) {
      if (t > 0.5 * f) edge.push_back(t);
      if (f - t > 0.5 * f) edge.push_back(f - t);
      if (f + t < covariances_.frequency.back()) edge.push_back(f + t);
    }
    std::sort(edge.begin(), edge.end());
    Values result(pairs_.size(), 0.0);
    Values at;
    Values beside;
    std::vector<std::array<Complex, 3>> kernel(count_);
    for (std::size_t i = 0; i + 1 < edge.size(); ++i) {
      const double width = edge[i + 1] - edge[i];
      if (!(width > 1e-12 * edge[i + 1])) continue;
      const double x = 0.5 * (edge[i] + edge[i + 1]);
      const double g = f - x;
      covariances_.at(x, at);
      covariances_.at(g, beside);
      for (std::size_t k = 0; k < count_; ++k) kernel[k] = response(k, f, x, g);
      for (std::size_t p = 0; p < pairs_.size(); ++p) {
        const auto* u = &at[4 * p];
        const auto* w = &beside[4 * p];
        const auto& a = kernel[pairs_[p].first];
        const auto& b = kernel[pairs_[p].second];
        // Every product of a part of Q_k with a part of Q_l, with what they have in common at f' and at g.
        constexpr std::array<std::array<std::size_t, 2>, 3> sources{{{0, 0}, {0, 1}, {1, 0}}};
        Complex sum = 0.0;
        for (std::size_t m = 0; m < 3; ++m) {
          for (std::size_t n = 0; n < 3; ++n) {
            sum += a[m] * std::conj(b[n]) * u[2 * sources[m][0] + sources[n][0]] * w[2 * sources[m][1] + sources[n][1]];
          }
        }
        result[p] += 4.0 * width * sum;
      }
    }
    return result;
  }

  /// As a matrix, populations x populations.
  [[nodiscard]] Eigen::MatrixXcd matrix(const Values& density) const {
    const auto count = static_cast<Eigen::Index>(count_);
    Eigen::MatrixXcd result = Eigen::MatrixXcd::Zero(count, count);
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const auto k = static_cast<Eigen::Index>(pairs_[p].first);
      const auto l = static_cast<Eigen::Index>(pairs_[p].second);
      result(k, l) = density[p];
      result(l, k) = std::conj(density[p]);
    }
    return result;
  }

  /// Frequencies up to `highest` about which density() may have peaks: sums and differences of those of the input.
  [[nodiscard]] std::vector<double> peaks(double highest) const {
    std::vector<double> input;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      if (pairs_[p].first != pairs_[p].second) continue;
      const auto height = [&](std::size_t i) { return covariances_.value[i][4 * p].real(); };
      for (std::size_t i = 1; i + 1 < covariances_.frequency.size(); ++i) {
        if (height(i) > height(i - 1) && height(i) > height(i + 1)) input.push_back(covariances_.frequency[i]);
      }
    }
    if (input.size() > 8) input.resize(8);
    std::vector<double> result;
    for (const double a : input) {
      for (const double b : input) {
        for (const double f : {a + b, std::abs(a - b)}) {
          if (f < highest) result.push_back(f);
        }
      }
    }
    return result;
  }

 private:
  struct Pair {
    std::size_t first;
    std::size_t second;
  };

  /// For every pair (k, l) of populations the spectra <I_k I_l^*>, <I_k c_l^*>, <c_k I_l^*>, <c_k c_l^*> of inputs I
  /// and of the first harmonic c of the neurons' own noise, (61).
  Values covariances(const model::Model& model, const mean_field::OperatingPoint& point, double f) const {
    const auto at = spectrum_.at(f);
    std::vector<double> harmonic(count_, 0.0);
    for (std::size_t k = 0; k < count_; ++k) {
      if (!periodic_[k] || f == 0.0) continue;
      const auto& population = model.populations[k];
      harmonic[k] = firing_rate_density(population, point.input(static_cast<Eigen::Index>(k)), f) * f * f /
                    static_cast<double>(population.size);
    }
    Values result;
    for (const auto& [first, second] : pairs_) {
      const auto k = static_cast<Eigen::Index>(first);
      const auto l = static_cast<Eigen::Index>(second);
      result.push_back(at.input(k, l));
      result.push_back(at.gain(k, l) * harmonic[second]);
      result.push_back(std::conj(at.gain(l, k)) * harmonic[first]);
      result.emplace_back(first == second ? harmonic[first] : 0.0);
    }
    return result;
  }

  /// The kernels of Q_k(f) for I(x) I(g), I(x) c(g) and c(x) I(g), symmetric under exchange of x and g: (62).
  [[nodiscard]] std::array<Complex, 3> response(std::size_t k, double f, double x, double g) const {
    std::array<Complex, 3> result{quadratic_[k](x, g), 0.0, 0.0};
    if (periodic_[k] && x * g < 0.0) {
      // Input slower than what comes out would only broaden the neurons' lines.
      if (std::abs(x) > f) result[1] = 0.5 * demodulation_[k] / (x * (x - g));
      if (std::abs(g) > f) result[2] = 0.5 * demodulation_[k] / (g * (g - x));
    }
    return result;
  }

  std::size_t count_;
  InputSpectrum spectrum_;
  double slowest_ = 0.0;
  std::vector<mean_field::QuadraticResponse> quadratic_;
  std::vector<double> demodulation_;
  std::vector<bool> periodic_;
  std::vector<Pair> pairs_;
  Curves covariances_;
};

}  // namespace

std::optional<Spectrum> second_order(const model::Model& model, const mean_field::OperatingPoint& point,
                                     const std::vector<double>& frequency, const Options& options) {
  const bool gaussian = std::any_of(model.populations.begin(), model.populations.end(), [](const auto& population) {
    return std::holds_alternative<model::GaussianNoise>(population.noise);
  });
  if (gaussian) return std::nullopt;
  Spectrum result;
  result.frequency = frequency;
  if (frequency.empty()) return result;
  double lowest = std::numeric_limits<double>::infinity();
  double highest = 0.0;
  for (const double f : frequency) {
    lowest = std::min(lowest, std::abs(f));
    highest = std::max(highest, std::abs(f));
  }
  const SecondOrderSources sources(model, point, highest, options);
  // What is made in second order is smooth: many frequencies are interpolated.
  constexpr std::size_t start = 40;
  std::optional<Curves> curves;
  if (frequency.size() > start && highest > lowest) {
    auto grid = spread(lowest, highest, 0.1 * sources.slowest(), start);
    for (const double f : sources.peaks(highest)) {
      if (f > lowest) grid.push_back(f);
    }
    std::sort(grid.begin(), grid.end());
    grid.erase(std::unique(grid.begin(), grid.end(), [&](double a, double b) { return b - a < 1e-9 * highest; }),
               grid.end());
    curves = resolved(
        std::move(grid), [&](double f) { return sources.density(f); }, [](double) { return 1.0; }, 0.02, 400);
  }
  Values density;
  for (const double f : frequency) {
    if (curves) {
      curves->at(f, density);
    } else {
      density = sources.density(std::abs(f));
      if (f < 0.0)
        std::transform(density.begin(), density.end(), density.begin(), [](Complex z) { return std::conj(z); });
    }
    const Eigen::MatrixXcd filter = sources.filter(f);
    result.density.emplace_back(filter * sources.matrix(density) * filter.adjoint());
  }
  return result;
}

std::vector<BeyondLinear> linear_theory_ends(const std::vector<double>& frequency, const std::vector<double>& linear,
                                             const std::vector<double>& second, double share) {
  std::vector<BeyondLinear> ranges;
  bool inside = false;
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    const bool beyond = second[i] > share * linear[i];
    if (beyond) {
      const double ratio = linear[i] > 0.0 ? second[i] / linear[i] : std::numeric_limits<double>::infinity();
      if (!inside) ranges.push_back({frequency[i], frequency[i], ratio, frequency[i]});
      auto& range = ranges.back();
      range.high = frequency[i];
      if (ratio > range.largest) {
        range.largest = ratio;
        range.at = frequency[i];
      }
    }
    inside = beyond;
  }
  return ranges;
}

}  // namespace popshot::theory
