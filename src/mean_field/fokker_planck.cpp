#include "popshot/mean_field/fokker_planck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <cmath>
#include <numbers>
#include <unsupported/Eigen/MatrixFunctions>

#include "banded.hpp"
#include "popshot/core/error.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "stepper.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
constexpr std::size_t fewest_modes = 32;
constexpr std::size_t most_modes = 4096;
/// Of the stepper, whose cost is that of all nodes.
constexpr double node_accuracy = 1e-5;

/// (G3): the operator of the modes 1 .. count in units where V = tan(theta/2); `source` is what z_0 = 1 adds.
struct Operator {
  Pentadiagonal rows;
  std::vector<Complex> source;

  Operator(Complex drive, double intensity, std::size_t count) : rows(5 * count), source(count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto n = static_cast<double>(i + 1);
      const Complex turn = Complex{0.0, n} * (drive - 1.0) / 2.0;
      rows[5 * i] = -intensity * n * (n - 1.0) / 4.0;
      rows[5 * i + 1] = turn - intensity * n * (2.0 * n - 1.0) / 2.0;
      rows[5 * i + 2] = Complex{0.0, n} * (1.0 + drive) - 1.5 * intensity * n * n;
      rows[5 * i + 3] = turn - intensity * n * (2.0 * n + 1.0) / 2.0;
      rows[5 * i + 4] = -intensity * n * (n + 1.0) / 4.0;
    }
    source[0] = rows[1];
    if (count > 1) source[1] = rows[5];
  }

  [[nodiscard]] Operator shifted(Complex diagonal, double factor) const {
    // diagonal - factor x operator
    Operator result = *this;
    for (auto& value : result.rows) value *= -factor;
    for (std::size_t i = 0; i < source.size(); ++i) result.rows[5 * i + 2] += diagonal;
    return result;
  }
};

/// (G4): the derivative of the operator with respect to the drive, applied to the modes; also the shift of V.
std::vector<Complex> shift(const std::vector<Complex>& z) {
  std::vector<Complex> result(z.size());
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Complex before = i == 0 ? Complex{1.0} : z[i - 1];
    const Complex after = i + 1 < z.size() ? z[i + 1] : Complex{0.0};
    result[i] = Complex{0.0, static_cast<double>(i + 1)} * (z[i] + 0.5 * (before + after));
  }
  return result;
}

/// 2 sum (-1)^n z_n
Complex alternating_sum(const std::vector<Complex>& z) {
  Complex sum = 0.0;
  for (std::size_t i = 0; i < z.size(); ++i) sum += i % 2 == 0 ? -z[i] : z[i];
  return 2.0 * sum;
}

std::vector<Complex> stationary_modes(Complex drive, double intensity, std::size_t count) {
  const Operator a(drive, intensity, count);
  std::vector<Complex> z = a.source;
  for (auto& value : z) value = -value;
  BandedFactors(a.rows).solve(z);
  return z;
}

double natural_scale(Complex drive, double intensity) {
  return std::max(std::sqrt(std::abs(drive)), std::cbrt(intensity));
}

/// The stationary modes at a given scale, as many as an accuracy of 1e-10 needs.
std::vector<Complex> converged_modes(Complex drive, double intensity, double scale) {
  const Complex a = drive / (scale * scale);
  const double d = intensity / (scale * scale * scale);
  auto coarse = stationary_modes(a, d, fewest_modes);
  for (std::size_t count = 2 * fewest_modes; count <= most_modes; count *= 2) {
    auto fine = stationary_modes(a, d, count);
    const Complex value = 1.0 + alternating_sum(fine);
    if (std::abs(value - 1.0 - alternating_sum(coarse)) < 1e-10 * (std::abs(value) + 1e-3)) return fine;
    coarse = std::move(fine);
  }
  throw NumericalError(
      fmt::format("Gaussian noise of intensity {:g} is too weak at the drive {:g}: more than {} modes would be needed; "
                  "use a larger "
                  "intensity, or no noise",
                  intensity, drive.real(), most_modes));
}

/// (G1) by the trapezoidal rule in sqrt(z), which converges exponentially. intensity = 1.
double first_passage_rate(double y) {
  constexpr int points = 1000;
  constexpr double end = 4.5;
  const double step = end / points;
  // The largest exponent is taken out, so that low rates do not overflow.
  const double largest = y < 0.0 ? 4.0 / 3.0 * -y * std::sqrt(-y) : 0.0;
  double sum = 0.0;
  for (int i = 0; i <= points; ++i) {
    const double z = std::pow(i * step, 2);
    sum += (i == 0 || i == points ? 0.5 : 1.0) * std::exp(-(z * z * z / 12.0 + y * z) - largest);
  }
  return std::exp(-largest) / (2.0 * std::sqrt(pi) * sum * step);
}

constexpr double table_low = -8.0;
constexpr double table_high = 30.0;

/// log of the universal rate F(y).
const boost::math::interpolators::cardinal_cubic_b_spline<double>& rate_table() {
  static const auto table = [] {
    constexpr std::size_t points = 7601;
    const double spacing = (table_high - table_low) / static_cast<double>(points - 1);
    std::vector<double> values(points);
    for (std::size_t i = 0; i < points; ++i) {
      values[i] = std::log(first_passage_rate(table_low + spacing * static_cast<double>(i)));
    }
    return boost::math::interpolators::cardinal_cubic_b_spline<double>(values.begin(), values.end(), table_low,
                                                                       spacing);
  }();
  return table;
}

/// (G8): the spectrum at frequency 0, from the diffusion of the phase theta. Units where V = tan(theta/2), real drive.
double spectrum_at_zero(double drive, double intensity, const std::vector<Complex>& z) {
  const std::size_t count = z.size();
  const Operator a(drive, intensity, count);
  Pentadiagonal transposed(5 * count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < 5; ++k) {
      const std::size_t j = i + k;  // column + 2
      if (j < 2 || j - 2 >= count) continue;
      transposed[5 * i + k] = a.rows[5 * (j - 2) + (4 - k)];
    }
  }
  std::vector<Complex> chi(count, Complex{0.0});
  chi[0] = -Complex{(drive - 1.0) / 2.0, intensity / 2.0};
  chi[1] = -Complex{0.0, intensity / 4.0};
  BandedFactors(transposed).solve(chi);
  const std::size_t points = 4 * count;
  double sum = 0.0;
  for (std::size_t j = 0; j < points; ++j) {
    const double theta = 2.0 * pi * static_cast<double>(j) / static_cast<double>(points);
    const Complex turn = std::polar(1.0, theta);
    Complex e = 1.0;
    double density = 1.0;
    double slope = 1.0;
    for (std::size_t i = 0; i < count; ++i) {
      e *= turn;
      density += 2.0 * (std::conj(e) * z[i]).real();
      slope += 2.0 * (Complex{0.0, static_cast<double>(i + 1)} * chi[i] * e).real();
    }
    const double g = 1.0 + std::cos(theta);
    sum += density * g * g * slope * slope;
  }
  return 2.0 * intensity * sum / static_cast<double>(points) / (4.0 * pi * pi);
}

}  // namespace

NoisyNeurons::NoisyNeurons(Complex drive, double intensity)
    : drive_(drive), intensity_(intensity), scale_(natural_scale(drive, intensity)) {
  mode_ = converged_modes(drive, intensity, scale_);
}

Complex NoisyNeurons::rest() const { return Complex{0.0, scale_} * (1.0 + alternating_sum(mode_)); }

Complex NoisyNeurons::response(Complex s) const {
  const double d = intensity_ / (scale_ * scale_ * scale_);
  const Operator a(drive_ / (scale_ * scale_), d, mode_.size());
  auto z = shift(mode_);
  BandedFactors(a.shifted(s / scale_, 1.0).rows).solve(z);
  return Complex{0.0, 1.0 / scale_} * alternating_sum(z);
}

std::vector<double> NoisyNeurons::spectrum(const std::vector<double>& frequency) const {
  const double highest = frequency.empty() ? 0.0 : *std::max_element(frequency.begin(), frequency.end()) / scale_;
  const std::size_t count = std::min(
      most_modes, std::max({2 * mode_.size(), std::size_t{128}, static_cast<std::size_t>(std::ceil(40.0 * highest))}));
  const double drive = drive_.real() / (scale_ * scale_);
  const double d = intensity_ / (scale_ * scale_ * scale_);
  const Operator a(drive, d, count);
  const auto z = stationary_modes(drive, d, count);
  const double rate = (1.0 + alternating_sum(z)).real() / pi;
  // After a spike: z_n = (-1)^n.
  std::vector<Complex> after(count);
  for (std::size_t i = 0; i < count; ++i) after[i] = (i % 2 == 0 ? -1.0 : 1.0) - z[i];
  const auto raw = [&](double f) {  // (G9)
    double sum = 0.0;
    for (const double sign : {1.0, -1.0}) {
      auto y = after;
      BandedFactors(a.shifted(Complex{0.0, sign * 2.0 * pi * f}, 1.0).rows).solve(y);
      sum += 0.5 * alternating_sum(y).real() / pi;
      if (f == 0.0) return 2.0 * rate * alternating_sum(y).real() / pi;
    }
    return 2.0 * rate * sum;
  };
  // The spike at t = 0 itself leaves a constant, which the value at f = 0 takes away. (G10)
  const double constant = spectrum_at_zero(drive, d, z) - raw(0.0);
  std::vector<double> result;
  result.reserve(frequency.size());
  for (const double f : frequency) result.push_back(scale_ * (raw(f / scale_) + constant));
  return result;
}

double noisy_neuron_rate(double drive, double intensity) {
  const double unit = std::cbrt(intensity);
  const double y = drive / (unit * unit);
  if (y < table_low) return unit * first_passage_rate(std::max(y, -60.0));
  if (y <= table_high) return unit * std::exp(rate_table()(y));
  // sqrt(y)/pi (1 + c/y^3), joined at the end of the table
  static const double c =
      (std::exp(rate_table()(table_high)) * pi / std::sqrt(table_high) - 1.0) * std::pow(table_high, 3);
  return unit * std::sqrt(y) / pi * (1.0 + c / (y * y * y));
}

std::vector<double> noisy_neuron_spectrum(double drive, double intensity, const std::vector<double>& frequency) {
  const double weakness = drive > 0.0 ? intensity / (drive * std::sqrt(drive)) : 1.0;
  if (weakness > 0.01) return NoisyNeurons(drive, intensity).spectrum(frequency);
  // (G11)
  const double rate = noisy_neuron_rate(drive, intensity);
  const double variance = 3.0 * weakness / (4.0 * pi) / (rate * rate);
  std::vector<double> result;
  for (const double f : frequency) {
    const double omega = 2.0 * pi * f;
    if (omega * omega * variance < 1e-12) {
      result.push_back(rate * variance * rate * rate);
      continue;
    }
    const Complex interval = std::exp(Complex{-0.5 * omega * omega * variance, -omega / rate});
    result.push_back(rate * (1.0 - std::norm(interval)) / std::norm(1.0 - interval));
  }
  return result;
}

FokkerPlanckStepper::FokkerPlanckStepper(const model::Population& population, double constant_current, double time_step,
                                         const PopulationStart& start)
    : h_(time_step / population.tau) {
  const double intensity = std::get<model::GaussianNoise>(population.noise).intensity;
  const auto* rest = std::get_if<StartAtRest>(&start);
  for (const auto& node : model::nodes(population.heterogeneity, node_accuracy)) {
    const Complex drive = node.eta + constant_current;
    const Complex at_start = rest != nullptr ? node.eta + rest->input : drive;
    Group group;
    group.weight = node.weight;
    group.scale = natural_scale(at_start, intensity);
    auto mode = converged_modes(at_start, intensity, group.scale);
    if (rest == nullptr) {
      // x = i scale (1 - z)/(1 + z), z_n = z^n
      const Complex w = Complex{0.0, -1.0} * std::get<Complex>(start) / group.scale;
      const Complex z = (1.0 - w) / (1.0 + w);
      Complex power = 1.0;
      mode.resize(std::max<std::size_t>(mode.size(), 128));
      for (auto& value : mode) value = power *= z;
    }
    const auto count = static_cast<Eigen::Index>(mode.size());
    const Operator a(drive / (group.scale * group.scale), intensity / std::pow(group.scale, 3), mode.size());
    Eigen::MatrixXcd matrix = Eigen::MatrixXcd::Zero(count, count);
    for (Eigen::Index i = 0; i < count; ++i) {
      for (Eigen::Index j = std::max<Eigen::Index>(0, i - 2); j <= std::min(count - 1, i + 2); ++j) {
        matrix(i, j) = a.rows[static_cast<std::size_t>(5 * i + j - i + 2)];
      }
    }
    group.mode = Eigen::Map<const Eigen::VectorXcd>(mode.data(), count);
    const Eigen::VectorXcd source = Eigen::Map<const Eigen::VectorXcd>(a.source.data(), count);
    const double h = h_ * group.scale;  // in the units of the operator
    // (G13): z(h) = P z + S, integral of z = A^-1 [(P - 1) z + (A^-1 (P - 1) - h) b]
    group.propagator = (h * matrix).exp();
    const Eigen::PartialPivLU<Eigen::MatrixXcd> inverse(matrix);
    const Eigen::MatrixXcd change = group.propagator - Eigen::MatrixXcd::Identity(count, count);
    group.source = inverse.solve(Eigen::VectorXcd(change * source));
    Eigen::RowVectorXcd alternating(count);
    for (Eigen::Index i = 0; i < count; ++i) alternating(i) = i % 2 == 0 ? -2.0 : 2.0;
    const Eigen::RowVectorXcd row = matrix.transpose().partialPivLu().solve(alternating.transpose()).transpose();
    group.integral = row * change;
    group.integral_constant = h + (row * (group.source - h * source))(0);
    groups_.push_back(std::move(group));
  }
}

StepSpikes FokkerPlanckStepper::step(double kick) {
  const auto rate_of = [](const Group& group) {
    const std::vector<Complex> mode(group.mode.begin(), group.mode.end());
    return (group.weight * group.scale * (1.0 + alternating_sum(mode))).real() / pi;
  };
  double spikes = 0.0;
  double first_rate = 0.0;
  double last_rate = 0.0;
  for (auto& group : groups_) {
    // (G12): (1 - B) z' = (1 + B) z with B half the shift of V by the kick; tridiagonal, Thomas' algorithm.
    const Eigen::Index count = group.mode.size();
    const Complex half{0.0, 0.5 * kick / group.scale};
    auto& z = group.mode;
    moved_.resize(static_cast<std::size_t>(count));
    factor_.resize(static_cast<std::size_t>(count));
    for (Eigen::Index i = 0; i < count; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const Complex turn = half * static_cast<double>(i + 1);
      const Complex side = 0.5 * turn;
      const Complex before = i == 0 ? Complex{2.0} : z(i - 1);  // z_0 of both sides
      const Complex after = i + 1 < count ? z(i + 1) : Complex{0.0};
      Complex right = (1.0 + turn) * z(i) + side * (before + after);
      Complex pivot = 1.0 - turn;
      if (i > 0) {
        pivot += side * factor_[index - 1];
        right += side * moved_[index - 1];
      }
      factor_[index] = -side / pivot;
      moved_[index] = right / pivot;
    }
    for (Eigen::Index i = count; i-- > 0;) {
      const auto index = static_cast<std::size_t>(i);
      z(i) = moved_[index] - (i + 1 < count ? factor_[index] * z(i + 1) : Complex{0.0});
    }
    const Complex integral = group.integral_constant + (group.integral * z)(0);
    spikes += (group.weight * integral).real() / pi;
    first_rate += rate_of(group);
    next_.noalias() = group.propagator * z;
    z = next_ + group.source;
    last_rate += rate_of(group);
  }
  return moments_in_step(spikes, first_rate, last_rate, h_);
}

Complex FokkerPlanckStepper::state() const {
  Complex sum = 0.0;
  for (const auto& group : groups_) {
    const std::vector<Complex> mode(group.mode.begin(), group.mode.end());
    sum += group.weight * Complex{0.0, group.scale} * (1.0 + alternating_sum(mode));
  }
  return sum;
}

}  // namespace popshot::mean_field
