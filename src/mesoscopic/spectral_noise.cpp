#include "popshot/mesoscopic/spectral_noise.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <unsupported/Eigen/FFT>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/mesoscopic/step_basis.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::mesoscopic {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// The number of steps after which correlations are forgotten, a power of two. A complex neuron decays at the rate
/// 2 |Re x|/tau = width/(|Im x| tau); a density without poles is taken as one of its smallest width.
std::size_t filter_length(const model::Population& population, double input, double time_step) {
  const auto rest = mean_field::stationary_state_variable(population, input);
  double width = model::smallest_width(population.heterogeneity);
  if (const auto* cauchy = std::get_if<model::CauchyNoise>(&population.noise)) width += cauchy->width;
  const double memory = 16.0 * population.tau * rest.imag() / width;
  std::size_t length = 256;
  while (static_cast<double>(length) * time_step < 2.0 * memory) length *= 2;
  return length;
}

/// The images m = -images .. images of the spectrum at f + m/h are summed; those beyond have the limit r. They differ
/// from it by 1/m and enter with 1/m^2.
constexpr int images = 4;

/// S0 - r per neuron, for all frequencies. theory.md (17).
class Coloured {
 public:
  Coloured(const model::Population& population, double input, double rate)
      : near_(population, input),
        far_(theory::tail_frequency(population, input)),
        rate_(rate),
        slope_(theory::uncoupled_spectrum_tail(population, input, 1.0) - rate) {}
  double operator()(double f) const { return f <= far_ ? near_(f) - rate_ : slope_ / f; }

 private:
  theory::UncoupledSpectrum near_;
  double far_, rate_, slope_;
};

/// The element (l, m), l <= m, of a 3 x 3 matrix among the six.
constexpr std::array<std::array<Eigen::Index, 2>, 6> place{{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}};

/// A number times (-i)^l i^m.
Complex turned(double value, Eigen::Index l, Eigen::Index m) {
  switch (m - l) {
    case 0:
      return value;
    case 1:
      return {0.0, value};
    default:
      return -value;
  }
}

/// A x for the matrix whose six elements are given, A_ml = (-1)^(l+m) A_lm.
template <class Value>
std::array<Value, 3> product(const std::array<Value, 6>& a, const std::array<Value, 3>& x) {
  return {a[0] * x[0] + a[1] * x[1] + a[2] * x[2], a[3] * x[1] - a[1] * x[0] + a[4] * x[2],
          a[2] * x[0] - a[4] * x[1] + a[5] * x[2]};
}

}  // namespace

SpectralNoise::SpectralNoise(const model::Population& population, double input, double time_step,
                             GaussianStream gaussian)
    : time_step_(time_step), gaussian_(gaussian) {
  const std::size_t length = filter_length(population, input, time_step);
  const double neurons = static_cast<double>(population.size);
  const double rate = mean_field::stationary_rate(population, input);
  white_ = rate / neurons;
  const Coloured coloured(population, input, rate);
  std::vector<double> density((2 * images + 1) * length / 2 + 1);
  for (std::size_t i = 0; i < density.size(); ++i) {
    density[i] = coloured(static_cast<double>(i) / (static_cast<double>(length) * time_step)) / neurons;
  }
  // theory.md (41a): the matrix is real but for the factors (-i)^l i^m, so is its root.
  Elements<Complex> amplitude;
  for (auto& element : amplitude) element.resize(length / 2 + 1);
  const auto count = static_cast<std::ptrdiff_t>(length);
  for (std::ptrdiff_t i = 0; i <= count / 2; ++i) {
    Eigen::Matrix3d matrix = white_ * Eigen::Matrix3d::Identity();
    for (std::ptrdiff_t m = -images; m <= images; ++m) {
      const auto at = i + m * count;
      const auto wave = plane_wave(static_cast<double>(at) / static_cast<double>(count));
      const Eigen::Vector3d q(wave[0], wave[1], wave[2]);
      matrix += density[static_cast<std::size_t>(std::abs(at))] * q * q.transpose();
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(matrix);
    const Eigen::Matrix3d root = solver.eigenvectors() * solver.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal() *
                                 solver.eigenvectors().transpose() / std::sqrt(time_step);
    for (std::size_t e = 0; e < place.size(); ++e) {
      const auto [l, m] = place[e];
      amplitude[e][static_cast<std::size_t>(i)] = turned(root(l, m), l, m);
    }
  }
  Eigen::FFT<double> fft;
  fft.SetFlag(Eigen::FFT<double>::HalfSpectrum);
  std::vector<double> centred;
  for (std::size_t e = 0; e < place.size(); ++e) {
    fft.inv(centred, amplitude[e]);
    kernel_[e].resize(length);
    for (std::size_t i = 0; i < length; ++i) kernel_[e][i] = centred[(i + length / 2) % length];
    std::vector<double> padded = kernel_[e];
    padded.resize(2 * length, 0.0);
    fft.fwd(response_[e], padded);
  }
  for (auto& values : block_) values.assign(2 * length, 0.0);
  refill();  // the first block has no past
  refill();
}

void SpectralNoise::refill() {
  const std::size_t length = kernel_[0].size();
  std::array<std::vector<double>, 3> white;
  for (auto& values : white) values.assign(2 * length, 0.0);
  for (std::size_t i = 0; i < length; ++i) {
    for (auto& values : white) values[i] = gaussian_.next();
  }
  Eigen::FFT<double> fft;
  fft.SetFlag(Eigen::FFT<double>::HalfSpectrum);
  std::array<std::vector<Complex>, 3> transform;
  for (std::size_t l = 0; l < 3; ++l) fft.fwd(transform[l], white[l]);
  for (std::size_t i = 0; i < transform[0].size(); ++i) {
    std::array<Complex, 6> response;
    for (std::size_t e = 0; e < response.size(); ++e) response[e] = response_[e][i];
    const auto filtered = product<Complex>(response, {transform[0][i], transform[1][i], transform[2][i]});
    for (std::size_t l = 0; l < 3; ++l) transform[l][i] = filtered[l];
  }
  for (std::size_t l = 0; l < 3; ++l) {
    fft.inv(white[l], transform[l]);
    for (std::size_t i = 0; i < length; ++i) {
      block_[l][i] = block_[l][length + i] + white[l][i];
      block_[l][length + i] = white[l][length + i];
    }
  }
  used_ = 0;
}

StepSpikes SpectralNoise::next() {
  if (used_ == length()) refill();
  const std::size_t i = used_++;
  return step_spikes({block_[0][i], block_[1][i], block_[2][i]}, time_step_);
}

Eigen::Matrix3cd SpectralNoise::coefficient_density(double f) const {
  const double half = 0.5 * static_cast<double>(length());
  std::array<Complex, 6> response{};
  for (std::size_t i = 0; i < length(); ++i) {
    const Complex phase = std::polar(1.0, -2.0 * pi * f * time_step_ * (static_cast<double>(i) - half));
    for (std::size_t e = 0; e < response.size(); ++e) response[e] += kernel_[e][i] * phase;
  }
  Eigen::Matrix3cd amplitude;
  for (Eigen::Index m = 0; m < 3; ++m) {
    std::array<Complex, 3> unit{};
    unit[static_cast<std::size_t>(m)] = 1.0;
    const auto column = product<Complex>(response, unit);
    for (Eigen::Index l = 0; l < 3; ++l) amplitude(l, m) = column[static_cast<std::size_t>(l)];
  }
  return time_step_ * amplitude * amplitude.adjoint();
}

double SpectralNoise::density(double f) const {
  return plane_wave_density(coefficient_density(f), white_, f * time_step_);
}

}  // namespace popshot::mesoscopic
