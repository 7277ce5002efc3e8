#include "popshot/theory/shot_noise.hpp"

#include <algorithm>
#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <cmath>
#include <complex>
#include <memory>
#include <numbers>
#include <utility>

#include "inverse.hpp"
#include "own_noise.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/theory/spectra.hpp"
#include "scheme_spectrum.hpp"

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
  Populations(const model::Model& model, const mean_field::OperatingPoint& point, double highest = 0.0)
      : model_(model) {
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
    return response.asDiagonal() * mean_field::coupling_matrix(model_, Complex{0.0, 2.0 * pi * f});
  }

 private:
  const model::Model& model_;
  std::vector<std::function<Complex(double f)>> response_;
};

Eigen::MatrixXcd one_minus(const Eigen::MatrixXcd& gain) {
  return Eigen::MatrixXcd::Identity(gain.rows(), gain.cols()) - gain;
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

/// What is added to the spectra at one frequency.
struct Part {
  Eigen::MatrixXcd induced;
  Eigen::MatrixXcd total;
};

/// total = A S0 A^dagger; with T = A - 1, induced = T S0 T^dagger = total - A S0 - (A S0)^dagger + S0. `transfer` gives
/// T.
template <class Transfer>
Part amplified(const Eigen::MatrixXcd& amplification, const Eigen::VectorXcd& uncoupled, Transfer&& transfer) {
  const Eigen::Index count = uncoupled.size();
  const Eigen::MatrixXcd diagonal = uncoupled.asDiagonal();
  Part part;
  if (count <= 8) {  // without cancellation in the induced part
    const Eigen::MatrixXcd induced = transfer();
    part.total = amplification * diagonal * amplification.adjoint();
    part.induced = induced * diagonal * induced.adjoint();
    return part;
  }
  part.total = Eigen::MatrixXcd::Zero(count, count);
  part.total.selfadjointView<Eigen::Lower>().rankUpdate(
      Eigen::MatrixXcd(amplification * uncoupled.cwiseSqrt().asDiagonal()));
  part.total.triangularView<Eigen::StrictlyUpper>() = part.total.adjoint();
  const Eigen::MatrixXcd driven = amplification * uncoupled.asDiagonal();
  part.induced = part.total - driven - driven.adjoint() + diagonal;
  return part;
}

}  // namespace

Eigen::MatrixXcd loop_gain(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                           double time_step) {
  if (time_step > 0.0) {
    return one_minus(inverse_of(SchemeSpectrum(model, point, time_step).at(f).amplification));
  }
  const Populations populations(model, point);
  return populations.loop_gain(populations.response(f), f);
}

Eigen::MatrixXcd response_matrix(const model::Model& model, const mean_field::OperatingPoint& point, double f,
                                 double time_step) {
  if (time_step > 0.0) return SchemeSpectrum(model, point, time_step).at(f).response;
  const Populations populations(model, point);
  const Eigen::VectorXcd response = populations.response(f);
  return one_minus(populations.loop_gain(response, f)).partialPivLu().solve(Eigen::MatrixXcd(response.asDiagonal()));
}

Spectra::Spectra(const model::Model& model, const mean_field::OperatingPoint& point, const Options& options,
                 double highest)
    : stop_(options.stop) {
  const auto uncoupled_at = [noise = own_noise(model, point, options)](double f) {
    Eigen::VectorXcd uncoupled(static_cast<Eigen::Index>(noise.size()));
    for (std::size_t k = 0; k < noise.size(); ++k) uncoupled(static_cast<Eigen::Index>(k)) = noise[k](f);
    return uncoupled;
  };
  const bool stimulated_at_random = std::any_of(model.stimuli.begin(), model.stimuli.end(), model::is_random);
  if (options.time_step > 0.0) {
    const bool jitters = !options.uncoupled;
    at_ = [scheme = std::make_shared<const SchemeSpectrum>(model, point, options.time_step), uncoupled_at, jitters,
           stimulated_at_random](double f) {
      const Eigen::VectorXcd uncoupled = uncoupled_at(f);
      const auto at = scheme->at(f);
      auto part =
          amplified(at.amplification, uncoupled, [&]() -> Eigen::MatrixXcd { return -one_minus(at.amplification); });
      if (jitters) {
        part.total += at.jitter;
        part.induced += at.jitter;
      }
      if (stimulated_at_random) part.total += scheme->stimulated(at, f);
      return At{uncoupled, std::move(part.induced), std::move(part.total)};
    };
    return;
  }
  at_ = [populations = std::make_shared<const Populations>(model, point, highest), &model, uncoupled_at,
         stimulated_at_random](double f) {
    const Eigen::VectorXcd uncoupled = uncoupled_at(f);
    const Eigen::VectorXcd response = populations->response(f);
    const Eigen::MatrixXcd amplification = inverse_of(one_minus(populations->loop_gain(response, f)));
    auto part = amplified(amplification, uncoupled,
                          [&]() -> Eigen::MatrixXcd { return populations->loop_gain(response, f) * amplification; });
    if (stimulated_at_random) {
      part.total += amplification * stimulated(model, response, f) * amplification.adjoint();
    }
    return At{uncoupled, std::move(part.induced), std::move(part.total)};
  };
}

Spectra::At Spectra::operator()(double f) const {
  throw_if_stopped(stop_);
  return at_(f);
}

ShotNoise shot_noise(const model::Model& model, const mean_field::OperatingPoint& point,
                     const std::vector<double>& frequencies, const Options& options) {
  constexpr std::size_t many = 100;
  double highest = 0.0;
  for (const double f : frequencies) highest = std::max(highest, std::abs(f));
  return shot_noise(Spectra(model, point, options, frequencies.size() > many ? highest : 0.0), frequencies);
}

ShotNoise shot_noise(const Spectra& spectra, const std::vector<double>& frequencies) {
  ShotNoise result;
  result.uncoupled.frequency = result.induced.frequency = result.total.frequency = frequencies;
  for (const double f : frequencies) {
    auto at = spectra(f);
    result.uncoupled.density.emplace_back(at.uncoupled.asDiagonal());
    result.induced.density.push_back(std::move(at.induced));
    result.total.density.push_back(std::move(at.total));
  }
  return result;
}

}  // namespace popshot::theory
