#include "popshot/theory/shot_noise.hpp"

#include <algorithm>
#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <cmath>
#include <complex>
#include <memory>
#include <numbers>

#include "popshot/mean_field/population.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// A response at real frequencies as cubic splines on a grid f = scale sinh(u), to about 1e-7.
std::function<Complex(double)> tabulated(const std::function<Complex(double)>& response, double scale, double highest) {
  using Spline = boost::math::interpolators::cardinal_cubic_b_spline<double>;
  constexpr std::size_t points = 600;
  const double spacing = 1.0001 * std::asinh(highest / scale) / static_cast<double>(points - 1);
  std::vector<double> real(points);
  std::vector<double> imaginary(points);
  for (std::size_t i = 0; i < points; ++i) {
    const Complex value = response(scale * std::sinh(spacing * static_cast<double>(i)));
    real[i] = value.real();
    imaginary[i] = value.imag();
  }
  const auto re = std::make_shared<Spline>(real.begin(), real.end(), 0.0, spacing);
  const auto im = std::make_shared<Spline>(imaginary.begin(), imaginary.end(), 0.0, spacing);
  return [=](double f) {
    const double u = std::asinh(std::abs(f) / scale);
    return Complex{(*re)(u), f < 0.0 ? -(*im)(u) : (*im)(u)};
  };
}

/// What the spectra of a model at one operating point consist of.
class Populations {
 public:
  /// Responses will be asked for up to the frequency `highest`; if it is not 0 those that cost much are tabulated.
  Populations(const model::Model& model, const mean_field::OperatingPoint& point, double time_step,
              double highest = 0.0)
      : model_(model), time_step_(time_step) {
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      const auto& population = model.populations[k];
      const double input = point.input(static_cast<Eigen::Index>(k));
      const mean_field::Response exact(population, input);
      const auto at = [exact](double f) { return exact(Complex{0.0, 2.0 * pi * f}); };
      if (highest > 0.0 && std::holds_alternative<model::GaussianNoise>(population.noise)) {
        const double rest = std::abs(mean_field::stationary_state_variable(population, input));
        response_.push_back(tabulated(at, 0.1 * rest / (pi * population.tau), highest));
      } else {
        response_.emplace_back(at);
      }
    }
  }

  [[nodiscard]] Eigen::VectorXcd response(double f) const {
    Eigen::VectorXcd result(static_cast<Eigen::Index>(response_.size()));
    for (Eigen::Index k = 0; k < result.size(); ++k) {
      result(k) = response_[static_cast<std::size_t>(k)](f);
    }
    return result;
  }

  [[nodiscard]] Eigen::MatrixXcd loop_gain(const Eigen::VectorXcd& response, double f) const {
    return response.asDiagonal() * mean_field::coupling_matrix(model_, f, time_step_);
  }

 private:
  const model::Model& model_;
  double time_step_;
  std::vector<std::function<Complex(double f)>> response_;
};

Eigen::MatrixXcd one_minus(const Eigen::MatrixXcd& gain) {
  return Eigen::MatrixXcd::Identity(gain.rows(), gain.cols()) - gain;
}

/// The inverse by LU factors. For many populations, where it takes nearly all of the time of a spectrum, with what is
/// zero in the inverse of the lower factor left out.
Eigen::MatrixXcd inverse_of(const Eigen::MatrixXcd& matrix) {
  const Eigen::PartialPivLU<Eigen::MatrixXcd> lu(matrix);
  const Eigen::Index size = matrix.rows();
  constexpr Eigen::Index block = 16;
  if (size <= block) return lu.inverse();
  Eigen::MatrixXcd result = Eigen::MatrixXcd::Identity(size, size);
  for (Eigen::Index j = 0; j < size; j += block) {
    const Eigen::Index below = size - j;
    auto part = result.block(j, j, below, std::min(block, below));
    lu.matrixLU().bottomRightCorner(below, below).triangularView<Eigen::UnitLower>().solveInPlace(part);
  }
  lu.matrixLU().triangularView<Eigen::Upper>().solveInPlace(result);
  return result * lu.permutationP();
}

/// The spectral density matrix of the rates that random stimuli would make in uncoupled populations: H S_I H^dagger.
Eigen::MatrixXcd stimulated(const model::Model& model, const Eigen::VectorXcd& response, double f) {
  Eigen::MatrixXcd result = Eigen::MatrixXcd::Zero(response.size(), response.size());
  for (const auto& stimulus : model.stimuli) {
    const double power = stimulus_spectrum(stimulus, f);
    if (power == 0.0) continue;
    Eigen::VectorXcd driven = Eigen::VectorXcd::Zero(response.size());
    for (Eigen::Index k = 0; k < response.size(); ++k) {
      if (receives(model, static_cast<std::size_t>(k), stimulus)) driven(k) = response(k);
    }
    result += power * driven * driven.adjoint();
  }
  return result;
}

}  // namespace

Eigen::MatrixXcd loop_gain(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                           double time_step) {
  const Populations populations(model, point, time_step);
  return populations.loop_gain(populations.response(f), f);
}

Eigen::MatrixXcd response_matrix(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                                 double time_step) {
  const Populations populations(model, point, time_step);
  const Eigen::VectorXcd response = populations.response(f);
  return one_minus(populations.loop_gain(response, f)).partialPivLu().solve(Eigen::MatrixXcd(response.asDiagonal()));
}

ShotNoise shot_noise(const model::Model& model, const mean_field::OperatingPoint& point,
                     const std::vector<double>& frequencies, const Options& options) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  std::vector<std::function<double(double)>> noise;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    const double input = point.input(static_cast<Eigen::Index>(k));
    const double neurons = static_cast<double>(population.size);
    if (options.uncoupled) {
      noise.emplace_back([&options, k](double f) { return options.uncoupled(k, f); });
    } else if (options.noise == Noise::white) {
      noise.emplace_back([value = mean_field::stationary_rate(population, input) / neurons](double) { return value; });
    } else {
      noise.emplace_back(
          [density = UncoupledSpectrum(population, input), neurons](double f) { return density(f) / neurons; });
    }
  }
  const bool stimulated_at_random = std::any_of(model.stimuli.begin(), model.stimuli.end(), model::is_random);
  double highest = 0.0;
  for (const double f : frequencies) highest = std::max(highest, std::abs(f));
  const Populations populations(model, point, options.time_step, frequencies.size() > 100 ? highest : 0.0);
  ShotNoise result;
  result.uncoupled.frequency = result.induced.frequency = result.total.frequency = frequencies;
  for (const double f : frequencies) {
    Eigen::VectorXcd uncoupled(count);
    for (Eigen::Index k = 0; k < count; ++k) uncoupled(k) = noise[static_cast<std::size_t>(k)](f);
    const Eigen::VectorXcd response = populations.response(f);
    const Eigen::MatrixXcd amplification = inverse_of(one_minus(populations.loop_gain(response, f)));
    // total = A S0 A^dagger; with T = A - 1, induced = T S0 T^dagger = total - A S0 - (A S0)^dagger + S0.
    const Eigen::MatrixXcd diagonal = uncoupled.asDiagonal();
    Eigen::MatrixXcd total;
    if (count <= 8) {  // without cancellation in the induced part
      const Eigen::MatrixXcd transfer = populations.loop_gain(response, f) * amplification;
      total = amplification * diagonal * amplification.adjoint();
      result.induced.density.push_back(transfer * diagonal * transfer.adjoint());
    } else {
      total = Eigen::MatrixXcd::Zero(count, count);
      total.selfadjointView<Eigen::Lower>().rankUpdate(
          Eigen::MatrixXcd(amplification * uncoupled.cwiseSqrt().asDiagonal()));
      total.triangularView<Eigen::StrictlyUpper>() = total.adjoint();
      const Eigen::MatrixXcd amplified = amplification * uncoupled.asDiagonal();
      result.induced.density.push_back(total - amplified - amplified.adjoint() + diagonal);
    }
    if (stimulated_at_random) total += amplification * stimulated(model, response, f) * amplification.adjoint();
    result.uncoupled.density.push_back(diagonal);
    result.total.density.push_back(std::move(total));
  }
  return result;
}

}  // namespace popshot::theory
