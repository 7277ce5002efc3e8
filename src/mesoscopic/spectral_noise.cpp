#include "popshot/mesoscopic/spectral_noise.hpp"

#include <cmath>
#include <numbers>
#include <unsupported/Eigen/FFT>

#include "popshot/core/spectrum.hpp"
#include "popshot/mean_field/stationary.hpp"
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

}  // namespace

SpectralNoise::SpectralNoise(const model::Population& population, double input, double time_step,
                             GaussianStream gaussian)
    : time_step_(time_step), gaussian_(gaussian) {
  const std::size_t length = filter_length(population, input, time_step);
  const double neurons = static_cast<double>(population.size);
  const double rate = mean_field::stationary_rate(population, input);
  // theory.md (23) on the grid of the filter; far above the firing rates S0 is its limit, to the order 1/f.
  const double far = theory::tail_frequency(population, input);
  const theory::UncoupledSpectrum near(population, input);
  std::vector<double> density(3 * length / 2 + 1);
  for (std::size_t i = 0; i < density.size(); ++i) {
    const double f = static_cast<double>(i) / (static_cast<double>(length) * time_step);
    density[i] = (f <= far ? near(f) : theory::uncoupled_spectrum_tail(population, input, f)) / neurons;
  }
  const auto means = interval_mean_density(density, rate / neurons);
  Eigen::FFT<double> fft;
  std::vector<Complex> amplitude(length);
  for (std::size_t i = 0; i < length; ++i) {
    amplitude[i] = std::sqrt(std::max(0.0, means[std::min(i, length - i)]) / time_step);
  }
  std::vector<Complex> centred;
  fft.inv(centred, amplitude);
  kernel_.resize(length);
  for (std::size_t i = 0; i < length; ++i) kernel_[i] = centred[(i + length / 2) % length].real();
  std::vector<Complex> padded(2 * length);
  for (std::size_t i = 0; i < length; ++i) padded[i] = kernel_[i];
  fft.fwd(response_, padded);
  block_.assign(2 * length, 0.0);
  refill();  // the first block has no past
  refill();
}

void SpectralNoise::refill() {
  const std::size_t length = kernel_.size();
  std::vector<Complex> white(2 * length, 0.0);
  for (std::size_t i = 0; i < length; ++i) white[i] = gaussian_.next();
  Eigen::FFT<double> fft;
  std::vector<Complex> transform;
  fft.fwd(transform, white);
  for (std::size_t i = 0; i < transform.size(); ++i) transform[i] *= response_[i];
  fft.inv(white, transform);
  for (std::size_t i = 0; i < length; ++i) {
    block_[i] = block_[length + i] + white[i].real();
    block_[length + i] = white[length + i].real();
  }
  used_ = 0;
}

double SpectralNoise::next() {
  if (used_ == kernel_.size()) refill();
  return block_[used_++];
}

double SpectralNoise::density(double f) const {
  const double half = 0.5 * static_cast<double>(kernel_.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < kernel_.size(); ++i) {
    sum += kernel_[i] * std::cos(2.0 * pi * f * time_step_ * (static_cast<double>(i) - half));
  }
  return time_step_ * sum * sum;
}

}  // namespace popshot::mesoscopic
