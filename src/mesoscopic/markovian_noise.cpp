#include "popshot/mesoscopic/markovian_noise.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <unsupported/Eigen/FFT>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::mesoscopic {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// A population of one neuron with center 0, half-width 1 and tau 1: the member of the family that others scale to.
model::Population unit_population() {
  model::Population unit;
  unit.name = "unit";
  unit.heterogeneity = model::Lorentzian{0.0, 1.0};
  return unit;
}

/// The frequencies that may be wrapped onto a quarter of the circle, in units of sqrt(half_width)/tau: they decide
/// where the realisation is best. Low drive likes the first, high drive the second.
constexpr std::array wraps{2.0, 4.0};
/// The factor (s + 2 pi zero)/(s + 2 pi corner), in the same units, that is taken out of G before the realisation: S0
/// vanishes as f^3, and a realisation is as good in absolute terms at all frequencies. theory.md (39).
constexpr double zero = 0.02;
constexpr double corner = 1.0;
constexpr std::size_t circle = 8192;
constexpr Eigen::Index hankel_size = 250;

/// The impulse response of the minimum-phase factor of S0/r, less the factor above, on the circle. theory.md (37),
/// (38).
std::vector<double> minimum_phase_response(double theta, double wrap) {
  const auto unit = unit_population();
  const double rate = mean_field::stationary_rate(unit, theta);
  const double far = theory::tail_frequency(unit, theta);
  const theory::UncoupledSpectrum near(unit, theta);
  // A floor 10^-6 below the plateau keeps the logarithm finite at f = 0, where S0 vanishes.
  constexpr double lowest = 1e-6;
  std::vector<Complex> logarithm(circle);
  for (std::size_t i = 0; i <= circle / 2; ++i) {
    double ratio = 1.0;
    if (i < circle / 2) {
      const double f = wrap * std::tan(pi * static_cast<double>(i) / static_cast<double>(circle));
      ratio = (f <= far ? near(f) : theory::uncoupled_spectrum_tail(unit, theta, f)) / rate;
      ratio = std::max(ratio, lowest) * (f * f + corner * corner) / (f * f + zero * zero);
    }
    logarithm[i] = std::log(ratio);
    if (i > 0) logarithm[circle - i] = logarithm[i];
  }
  Eigen::FFT<double> fft;
  std::vector<Complex> cepstrum;
  fft.inv(cepstrum, logarithm);
  // Half of log S is log |G|; the causal part of its cepstrum, doubled, is log G.
  for (std::size_t i = 0; i < circle; ++i) {
    const double weight = i == 0 || i == circle / 2 ? 0.5 : (i < circle / 2 ? 1.0 : 0.0);
    cepstrum[i] *= weight;
  }
  std::vector<Complex> factor;
  fft.fwd(factor, cepstrum);
  for (auto& value : factor) value = std::exp(value);
  std::vector<Complex> response;
  fft.inv(response, factor);
  std::vector<double> real(circle / 2);
  for (std::size_t i = 0; i < real.size(); ++i) real[i] = response[i].real();
  return real;
}

/// Factors of the Hankel matrix of an impulse response, by descending singular value.
struct HankelFactors {
  Eigen::MatrixXd observability;  ///< columns scaled with the root of the singular values
  Eigen::VectorXd sign;           ///< of the eigenvalues of the symmetric Hankel matrix
  double first;                   ///< the response at lag 0

  explicit HankelFactors(const std::vector<double>& response) : first(response[0]) {
    Eigen::MatrixXd hankel(hankel_size, hankel_size);
    for (Eigen::Index i = 0; i < hankel_size; ++i) {
      for (Eigen::Index j = 0; j < hankel_size; ++j) hankel(i, j) = response[static_cast<std::size_t>(i + j + 1)];
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(hankel);
    std::vector<Eigen::Index> order(static_cast<std::size_t>(hankel_size));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Eigen::Index>(i);
    std::sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) {
      return std::abs(solver.eigenvalues()(a)) > std::abs(solver.eigenvalues()(b));
    });
    observability.resize(hankel_size, hankel_size);
    sign.resize(hankel_size);
    for (Eigen::Index i = 0; i < hankel_size; ++i) {
      const auto from = order[static_cast<std::size_t>(i)];
      const double value = solver.eigenvalues()(from);
      observability.col(i) = solver.eigenvectors().col(from) * std::sqrt(std::abs(value));
      sign(i) = value < 0 ? -1.0 : 1.0;
    }
  }
};

/// The continuous-time model of a given order, for one neuron in units of tau/sqrt(half_width); nothing if unstable.
std::optional<MarkovianModel> realise(const HankelFactors& factors, double wrap, Eigen::Index order, double rate) {
  const Eigen::MatrixXd upper = factors.observability.topLeftCorner(hankel_size - 1, order);
  const Eigen::MatrixXd lower = factors.observability.block(1, 0, hankel_size - 1, order);
  const Eigen::MatrixXd dynamics = upper.colPivHouseholderQr().solve(lower);
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(dynamics);
  const Eigen::VectorXcd& poles = solver.eigenvalues();
  if (!(poles.cwiseAbs().maxCoeff() < 1.0)) return std::nullopt;
  // C = first row of O, B = first column of sign O^T.
  const Eigen::RowVectorXcd output = factors.observability.row(0).head(order).cast<Complex>() * solver.eigenvectors();
  const Eigen::VectorXd input_real =
      factors.sign.head(order).cwiseProduct(factors.observability.row(0).head(order).transpose());
  const Eigen::VectorXcd input =
      solver.eigenvectors().partialPivLu().solve(Eigen::VectorXcd(input_real.cast<Complex>()));

  // Unwrapping, theory.md (40): z = (1 + sigma)/(1 - sigma), sigma = s/(2 pi wrap).
  MarkovianModel whitened;
  Complex direct = factors.first;
  for (Eigen::Index i = 0; i < order; ++i) {
    const Complex residue = output(i) * input(i) / (1.0 + poles(i));
    direct -= residue;
    if (poles(i).imag() < 0.0) continue;
    const Complex sigma = (poles(i) - 1.0) / (poles(i) + 1.0);
    whitened.pole.push_back(2.0 * pi * wrap * sigma);
    const double pair = poles(i).imag() > 0.0 ? 2.0 : 1.0;
    whitened.coefficient.push_back(pair * 2.0 * pi * wrap * residue * (1.0 - sigma));
  }
  whitened.direct = direct.real();

  // The factor that was taken out is put back: it changes the residues, and adds its own pole.
  MarkovianModel model = whitened;
  const double root = std::sqrt(rate);
  for (std::size_t i = 0; i < model.pole.size(); ++i) {
    model.coefficient[i] *= root * (model.pole[i] + 2.0 * pi * zero) / (model.pole[i] + 2.0 * pi * corner);
  }
  model.pole.emplace_back(-2.0 * pi * corner);
  model.coefficient.emplace_back(root * whitened.transfer(-2.0 * pi * corner).real() * 2.0 * pi * (zero - corner));
  model.direct = root * whitened.direct;
  return model;
}

/// A model of a unit population in other units of frequency and of chi.
MarkovianModel scaled(MarkovianModel model, double frequency, double amplitude) {
  // chi scales with `amplitude` at equal xi, which has the unit sqrt(frequency).
  for (auto& pole : model.pole) pole *= frequency;
  for (auto& c : model.coefficient) c *= frequency * amplitude;
  model.direct *= amplitude;
  return model;
}

const model::Lorentzian& lorentzian_of(const model::Population& population) {
  if (!has_markovian_model(population)) {
    throw InputError(fmt::format(
        "population '{}': Markovian noise is for Lorentzian heterogeneity without noise in the neurons; allowed here: "
        "mesoscopic.noise = \"ensemble\" or \"spectral\"",
        population.name));
  }
  return std::get<model::Lorentzian>(population.heterogeneity);
}

/// sqrt(half_width)/tau, the unit of frequency of the family.
double unit_of_frequency(const model::Population& population) {
  return std::sqrt(lorentzian_of(population).half_width) / population.tau;
}

/// How far a model is from S0. Sets model.error and model.band_error.
class ModelError {
 public:
  ModelError(double theta, const MarkovianSettings& settings)
      : first_(settings.frequency_min), ratio_(settings.frequency_max / settings.frequency_min) {
    const double low = settings.frequency_min * 2.0 / 3.0;
    const auto unit = unit_population();
    for (std::size_t i = 0; i < points; ++i) {
      const double x = (static_cast<double>(i) + 0.5) / static_cast<double>(points);
      frequency_.push_back(low + (settings.frequency_max - low) * x);
      wanted_.push_back(theory::uncoupled_spectrum(unit, theta, frequency_.back()));
    }
  }

  void operator()(MarkovianModel& model) const {
    double total = 0.0;
    double deviation = 0.0;
    std::array<double, bands> band{};
    std::array<double, bands> band_wanted{};
    for (std::size_t i = 0; i < points; ++i) {
      const double density = model.density(frequency_[i]);
      total += wanted_[i];
      deviation += std::abs(density - wanted_[i]);
      const double place = static_cast<double>(bands) * std::log(frequency_[i] / first_) / std::log(ratio_);
      if (place < 0.0) continue;
      const auto b = std::min(static_cast<std::size_t>(place), bands - 1);
      band[b] += density;
      band_wanted[b] += wanted_[i];
    }
    model.error = deviation / total;
    model.band_error = 0.0;
    for (std::size_t b = 0; b < bands; ++b) {
      if (band_wanted[b] > 0.0) model.band_error = std::max(model.band_error, std::abs(band[b] / band_wanted[b] - 1.0));
    }
  }

 private:
  static constexpr std::size_t points = 2000;
  static constexpr std::size_t bands = 12;
  double first_, ratio_;
  std::vector<double> frequency_, wanted_;
};

MarkovianModel unit_model(double theta, const MarkovianSettings& settings) {
  const double rate = mean_field::stationary_rate(unit_population(), theta);
  const ModelError error(theta, settings);
  std::vector<HankelFactors> factors;
  factors.reserve(wraps.size());
  for (const double wrap : wraps) factors.emplace_back(minimum_phase_response(theta, wrap));
  MarkovianModel best;
  best.error = std::numeric_limits<double>::infinity();
  for (std::size_t order = 4; order <= settings.largest_order; order += 2) {
    for (std::size_t w = 0; w < wraps.size(); ++w) {
      // One state is that of the factor that was taken out.
      auto model = realise(factors[w], wraps[w], static_cast<Eigen::Index>(order) - 1, rate);
      if (!model) continue;
      error(*model);
      if (std::max(model->error, model->band_error) <= settings.tolerance) return *model;
      if (model->error < best.error) best = *model;
    }
  }
  if (best.pole.empty()) throw NumericalError(fmt::format("Markovian noise: no stable model at theta = {:.4g}", theta));
  return best;
}

MarkovianSettings in_units_of(const MarkovianSettings& settings, double frequency) {
  MarkovianSettings result = settings;
  result.frequency_min /= frequency;
  result.frequency_max /= frequency;
  return result;
}

}  // namespace

std::size_t MarkovianModel::order() const {
  std::size_t count = 0;
  for (const auto& value : pole) count += value.imag() > 0.0 ? 2U : 1U;
  return count;
}

Complex MarkovianModel::transfer(Complex s) const {
  Complex sum = direct;
  for (std::size_t i = 0; i < pole.size(); ++i) {
    if (pole[i].imag() > 0.0) {
      sum += 0.5 * (coefficient[i] / (s - pole[i]) + std::conj(coefficient[i]) / (s - std::conj(pole[i])));
    } else {
      sum += coefficient[i] / (s - pole[i]);
    }
  }
  return sum;
}

bool has_markovian_model(const model::Population& population) {
  return std::holds_alternative<model::Lorentzian>(population.heterogeneity) &&
         std::holds_alternative<model::NoNoise>(population.noise);
}

MarkovianModel markovian_model(const model::Population& population, double input, const MarkovianSettings& settings) {
  const auto& g = lorentzian_of(population);
  const double frequency = unit_of_frequency(population);
  const auto unit = unit_model((g.center + input) / g.half_width, in_units_of(settings, frequency));
  // N S0(f) = frequency x S_unit(f/frequency)
  return scaled(unit, frequency, std::sqrt(frequency / static_cast<double>(population.size)));
}

MarkovianFamily::MarkovianFamily(const model::Population& population, const MarkovianSettings& settings)
    : settings_(in_units_of(settings, unit_of_frequency(population))) {}

const MarkovianModel& MarkovianFamily::member(std::int64_t index) {
  const std::lock_guard lock(mutex_);
  auto& slot = members_[index];
  if (!slot) slot = std::make_unique<MarkovianModel>(unit_model(static_cast<double>(index) * spacing, settings_));
  return *slot;
}

MarkovianNoise::MarkovianNoise(const MarkovianModel& model, double time_step) {
  // The Legendre polynomials as functions of the time s in (0, 1) that has passed: values of p, p' and p'' at s = 0.
  const std::array<std::array<double, 3>, 3> start{{{1.0, 0.0, 0.0},
                                                    {std::sqrt(3.0), -2.0 * std::sqrt(3.0), 0.0},
                                                    {std::sqrt(5.0), -6.0 * std::sqrt(5.0), 12.0 * std::sqrt(5.0)}}};
  for (std::size_t j = 0; j < 3; ++j) {
    StepCoefficients white{};
    white[j] = model.direct;
    direct_[j] = step_spikes(white, time_step);
  }
  constexpr std::size_t lanes = Lanes::SizeAtCompileTime;
  poles_.resize((model.pole.size() + lanes - 1) / lanes);
  for (std::size_t i = 0; i < model.pole.size(); ++i) {
    auto& poles = poles_[i / lanes];
    const auto lane = static_cast<Eigen::Index>(i % lanes);
    const auto phi = phi_functions(model.pole[i] * time_step);
    const Complex gain = model.coefficient[i] * time_step;
    poles.factor.set(lane, phi[0]);
    // Integrals of z over u^k/k! are the (k+1)-fold repeated integrals of z. theory.md (41b).
    poles.output[0].set(lane, gain * phi[1]);
    poles.output[1].set(lane, gain * phi[2]);
    poles.output[2].set(lane, gain * 2.0 * phi[3]);
    for (std::size_t j = 0; j < 3; ++j) {
      // The repeated integral number k of the solution that starts from 0.
      const auto integral = [&](std::size_t k) {
        return time_step * (start[j][0] * phi[k + 1] + start[j][1] * phi[k + 2] + start[j][2] * phi[k + 3]);
      };
      poles.drive[j].set(lane, integral(0));
      direct_[j] += {(gain * integral(1)).real(), (gain * integral(2)).real(), (gain * 2.0 * integral(3)).real()};
    }
  }
}

StepSpikes MarkovianNoise::next(const StepCoefficients& white) {
  const double w0 = white[0];
  const double w1 = white[1];
  const double w2 = white[2];
  Lanes count = Lanes::Zero();
  Lanes first = Lanes::Zero();
  Lanes second = Lanes::Zero();
  for (auto& poles : poles_) {
    const Lanes real = poles.state.real;
    const Lanes imag = poles.state.imag;
    const auto& [drive0, drive1, drive2] = poles.drive;
    count += poles.output[0].real * real - poles.output[0].imag * imag;
    first += poles.output[1].real * real - poles.output[1].imag * imag;
    second += poles.output[2].real * real - poles.output[2].imag * imag;
    poles.state.real =
        poles.factor.real * real - poles.factor.imag * imag + (drive0.real * w0 + drive1.real * w1 + drive2.real * w2);
    poles.state.imag =
        poles.factor.real * imag + poles.factor.imag * real + (drive0.imag * w0 + drive1.imag * w1 + drive2.imag * w2);
  }
  StepSpikes result;
  for (Eigen::Index i = 0; i < Lanes::SizeAtCompileTime; ++i) result += {count(i), first(i), second(i)};
  for (std::size_t j = 0; j < 3; ++j) {
    result += {direct_[j].count * white[j], direct_[j].first * white[j], direct_[j].second * white[j]};
  }
  return result;
}

FollowingNoise::FollowingNoise(MarkovianFamily& family, const model::Population& population, double time_step,
                               GaussianStream gaussian)
    : family_(family), gaussian_(gaussian) {
  const auto& g = lorentzian_of(population);
  center_ = g.center;
  half_width_ = g.half_width;
  const double frequency = unit_of_frequency(population);
  step_ = time_step * frequency;
  // chi is frequency/sqrt(N) x that of the family, and time is 1/frequency x its unit.
  amplitude_ = 1.0 / std::sqrt(static_cast<double>(population.size));
}

void FollowingNoise::enter(std::int64_t cell) {
  // Members first - 2 .. first + 3; the four in the middle are used.
  first_ = cell;
  for (auto it = warm_.begin(); it != warm_.end();) {
    it = it->first < cell - 2 || it->first > cell + 3 ? warm_.erase(it) : std::next(it);
  }
  for (std::int64_t index = cell - 2; index <= cell + 3; ++index) {
    if (warm_.find(index) == warm_.end()) warm_.try_emplace(index, family_.member(index), step_);
  }
}

StepSpikes FollowingNoise::next(double input) {
  const double position = (center_ + input) / half_width_ / MarkovianFamily::spacing;
  const auto cell = static_cast<std::int64_t>(std::floor(position));
  if (warm_.empty() || cell != first_) enter(cell);
  const double x = position - static_cast<double>(cell);
  // Lagrange's cubic through the members at -1, 0, 1, 2.
  const std::array<double, 4> weight{-x * (x - 1.0) * (x - 2.0) / 6.0, (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0,
                                     -(x + 1.0) * x * (x - 2.0) / 2.0, (x + 1.0) * x * (x - 1.0) / 6.0};
  const double deviation = 1.0 / std::sqrt(step_);
  StepCoefficients white;
  for (auto& value : white) value = deviation * gaussian_.next();
  StepSpikes sum;
  for (auto& [index, noise] : warm_) {
    const StepSpikes spikes = noise.next(white);
    const auto place = index - first_ + 1;
    if (place >= 0 && place < 4) {
      const double factor = amplitude_ * weight[static_cast<std::size_t>(place)];
      sum += {factor * spikes.count, factor * spikes.first, factor * spikes.second};
    }
  }
  return sum;
}

}  // namespace popshot::mesoscopic
