// The spectrum of uncoupled populations, for every kind of heterogeneity and noise.
#include <algorithm>
#include <array>
#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <memory>
#include <numbers>

#include "cauchy_noise.hpp"
#include "popshot/core/error.hpp"
#include "popshot/mean_field/fokker_planck.hpp"
#include "popshot/model/empirical_table.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {

namespace {

constexpr double pi = std::numbers::pi;

/// A density with a single width: the sum (17) is done for each part of a mixture.
struct Part {
  double weight;
  std::function<double(double)> density;
  model::Support support;
  double center;
  double smallest_width;
};

/// A function on an even grid, as a cubic spline.
std::function<double(double)> tabulated(const std::function<double(double)>& f, double low, double high,
                                        std::size_t points) {
  std::vector<double> values(points);
  const double spacing = (high - low) / static_cast<double>(points - 1);
  for (std::size_t i = 0; i < points; ++i) values[i] = f(low + spacing * static_cast<double>(i));
  using Spline = boost::math::interpolators::cardinal_cubic_b_spline<double>;
  return [spline = std::make_shared<Spline>(values.begin(), values.end(), low, spacing)](double x) {
    return (*spline)(x);
  };
}

Part part_of(double weight, const model::Heterogeneity& g) {
  Part part{weight, [g](double eta) { return model::density(g, eta); }, model::support(g), model::center(g),
            model::smallest_width(g)};
  if (const auto* empirical = std::get_if<model::Empirical>(&g)) {
    part.density = [table = std::make_shared<model::EmpiricalTable>(*empirical)](double eta) {
      return table->density(eta);
    };
  }
  return part;
}

std::vector<Part> parts_of(const model::Heterogeneity& heterogeneity) {
  const auto* mixture = std::get_if<model::Mixture>(&heterogeneity);
  if (mixture == nullptr) return {part_of(1.0, heterogeneity)};
  std::vector<Part> parts;
  for (const auto& component : mixture->component) {
    parts.push_back(std::visit([&](const auto& g) { return part_of(component.weight, g); }, component.density));
  }
  return parts;
}

/// (17) for one part, in units of tau.
double sum_of_lines(const Part& part, double input, double f) {
  // q(k) = p(f/k) (f/k)^2/k with p(nu) = 2 pi^2 nu g(pi^2 nu^2 - I) is summed up to `last`; beyond, p is smooth and the
  // Euler-Maclaurin formula gives the rest, whose integral is that of p(nu) nu over 0 < nu < f/last.
  const auto p = [&](double nu) {
    const double w = pi * nu;
    return 2.0 * pi * pi * nu * part.density(w * w - input);
  };
  const auto term = [&](double k) {
    const double nu = f / k;
    return p(nu) * nu * nu / k;
  };
  const auto rate_at = [&](double eta) { return std::sqrt(std::max(0.0, eta + input)) / pi; };
  const double lowest = rate_at(part.support.low);
  const double highest = rate_at(part.support.high);
  if (!(highest > 0.0)) return 0.0;
  const double first = std::max(1.0, std::ceil(f / highest));
  double sum = 0.0;
  if (lowest > 0.0 && f / lowest < 1e5) {
    for (double k = first; k <= f / lowest; k += 1.0) sum += term(k);
    return sum;
  }
  // The width in nu over which p varies near 0. The tails of normal densities vary faster than their middle.
  const bool algebraic = !std::isfinite(part.support.high);
  const double width = std::sqrt(algebraic ? part.smallest_width : part.smallest_width / 10.0) / pi;
  const double last = std::max(first, 32.0 + std::ceil(16.0 * f / width));
  for (double k = first; k < last; k += 1.0) sum += term(k);
  // Half of the last term, the integral of the tail (four-point Gauss-Legendre on nu in [0, f/last], where the
  // integrand is almost a pure square), and the first correction from the derivative.
  constexpr std::array node{0.06943184420297371, 0.33000947820757187, 0.66999052179242813, 0.93056815579702629};
  constexpr std::array weight{0.17392742256872693, 0.32607257743127307, 0.32607257743127307, 0.17392742256872693};
  const double edge = f / last;
  double tail = 0.0;
  for (std::size_t i = 0; i < node.size(); ++i) tail += edge * weight[i] * p(edge * node[i]) * edge * node[i];
  const double slope = (term(last + 0.5) - term(last - 0.5));
  return sum + 0.5 * term(last) + tail - slope / 12.0;
}

/// The average of cauchy_neuron_spectrum over one part, in units of tau, by Gauss-Legendre panels.
double average_over(const Part& part, double input, double width, double f) {
  using Rule = boost::math::quadrature::gauss<double, 10>;
  const auto integrand = [&](double eta) { return part.density(eta) * cauchy_neuron_spectrum(eta + input, width, f); };
  // Algebraic tails end where less than 1e-7 of the rate is left: r ~ sqrt(eta), g ~ 1/eta^2.
  const bool bounded = std::isfinite(part.support.high);
  const double low = bounded ? part.support.low : -1e6 * (part.smallest_width + std::abs(input));
  const double high = bounded ? part.support.high : 1e14 * (part.smallest_width + std::abs(input));
  // Lines lie where a harmonic of a neuron's rate is f, at eta + I = (pi f/k)^2, and are Gamma wide; they accumulate at
  // the threshold. Panels grow with the distance from the nearest of them, and as the density allows.
  const auto length = [&](double eta) {
    const double drive = eta + input;
    double nearest = std::abs(drive);
    if (drive > 0.0) {
      const double k = std::max(1.0, std::floor(pi * f / std::sqrt(drive)));
      for (const double harmonic : {k, k + 1.0}) {
        const double line = pi * f / harmonic;
        nearest = std::min(nearest, std::abs(drive - line * line));
      }
    }
    const double smooth = part.smallest_width + (bounded ? 0.0 : 0.5 * std::abs(eta - part.center));
    return std::min(2.0 * width + 0.5 * nearest, smooth);
  };
  double sum = 0.0;
  for (double eta = std::max(low, -input); eta < high;) {
    const double next = std::min(high, eta + length(eta));
    sum += Rule::integrate(integrand, eta, next);
    eta = next;
  }
  for (double eta = std::min(high, -input); eta > low;) {
    const double next = std::max(low, eta - length(eta));
    sum += Rule::integrate(integrand, next, eta);
    eta = next;
  }
  return sum;
}

/// A smooth spectrum from a table: f = scale sinh(u), evenly spaced in u.
std::function<double(double)> interpolated(const std::function<double(double)>& spectrum, double scale, double highest,
                                           std::size_t points) {
  const auto table =
      tabulated([&](double u) { return spectrum(scale * std::sinh(u)); }, 0.0, std::asinh(highest / scale), points);
  return [table, scale](double f) { return table(std::asinh(f / scale)); };
}

/// The average of noisy_neuron_spectrum over one part at the given frequencies, in units of tau. Neurons that are
/// driven far above what noise can change count as neurons without noise: g is divided between both by a smooth step.
std::vector<double> average_with_gaussian_noise(const Part& part, double input, double intensity,
                                                const std::vector<double>& frequency) {
  using Rule = boost::math::quadrature::gauss<double, 6>;
  const double unit = std::cbrt(intensity * intensity);
  const double border = std::pow(intensity / 0.004, 2.0 / 3.0);
  const auto share_above = [&](double eta) {
    const double x = std::clamp((eta + input) / border - 1.0, 0.0, 1.0);
    return x * x * (3.0 - 2.0 * x);
  };
  std::vector<double> sum(frequency.size(), 0.0);
  const auto add = [&](double eta, double weight) {
    weight *= part.density(eta) * (1.0 - share_above(eta));
    if (weight == 0.0) return;
    const auto spectrum = mean_field::noisy_neuron_spectrum(eta + input, intensity, frequency);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * spectrum[i];
  };
  const auto add_panel = [&](double low, double high) {
    const double half = 0.5 * (high - low);
    for (std::size_t i = 0; i < Rule::abscissa().size(); ++i) {
      for (const double sign : {1.0, -1.0}) {
        add(low + half * (1.0 + sign * Rule::abscissa()[i]), half * Rule::weights()[i]);
      }
    }
  };
  // Below threshold rates fall as exp(-(4/3) (|drive|/D^(2/3))^(3/2)).
  const double low = std::max(part.support.low, -input - 8.0 * unit);
  const double high = std::min(part.support.high, 2.0 * border - input);
  for (double eta = low; eta < high;) {
    const double drive = eta + input;
    const double line = drive < unit ? unit : 2.0 * intensity / std::sqrt(drive);
    const double next = std::min(high, eta + std::min(line, part.smallest_width));
    add_panel(eta, next);
    eta = next;
  }
  if (part.support.high > border - input) {
    Part above = part;
    above.density = [density = part.density, share_above](double eta) { return density(eta) * share_above(eta); };
    above.support.low = std::max(part.support.low, border - input);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      if (frequency[i] > 0.0) sum[i] += sum_of_lines(above, input, frequency[i]);
    }
  }
  return sum;
}

std::function<double(double)> gaussian_noise_density(const model::Population& population, double intensity,
                                                     double input) {
  const double tau = population.tau;
  const double rate = mean_field::stationary_rate(population, input) * tau;
  const double w = std::max(std::abs(mean_field::stationary_state_variable(population, input)), std::cbrt(intensity));
  const double narrowest =
      model::smallest_width(population.heterogeneity) / (2.0 * w * w) + 0.75 * intensity / (w * w * w);
  const double highest = w / pi * std::max(6.0, 2.0 / narrowest);
  const double scale = 0.3 * w / pi;
  const double end = std::asinh(highest / scale);
  const auto points = static_cast<std::size_t>(std::clamp(5.0 * end / std::min(1.0, narrowest), 120.0, 4000.0));
  std::vector<double> frequency(points);
  for (std::size_t i = 0; i < points; ++i) {
    frequency[i] = scale * std::sinh(end * static_cast<double>(i) / static_cast<double>(points - 1));
  }
  std::vector<double> values(points, 0.0);
  if (const auto* same = std::get_if<model::Identical>(&population.heterogeneity)) {
    values = mean_field::noisy_neuron_spectrum(same->center + input, intensity, frequency);
  } else {
    for (const auto& part : parts_of(population.heterogeneity)) {
      const auto average = average_with_gaussian_noise(part, input, intensity, frequency);
      for (std::size_t i = 0; i < points; ++i) values[i] += part.weight * average[i];
    }
  }
  using Spline = boost::math::interpolators::cardinal_cubic_b_spline<double>;
  const auto table = std::make_shared<Spline>(values.begin(), values.end(), 0.0, end / static_cast<double>(points - 1));
  const double slow = model::tail_weight(population.heterogeneity) / (pi * pi * pi);
  return [=](double f) {
    const double x = f * tau;
    return (x < highest ? (*table)(std::asinh(x / scale)) : rate - slow / x) / tau;
  };
}

std::function<double(double)> make_density(const model::Population& population, double input) {
  const double tau = population.tau;
  if (const auto* gaussian = std::get_if<model::GaussianNoise>(&population.noise)) {
    return gaussian_noise_density(population, gaussian->intensity, input);
  }
  const auto* cauchy = std::get_if<model::CauchyNoise>(&population.noise);
  if (const auto* same = std::get_if<model::Identical>(&population.heterogeneity)) {
    if (cauchy == nullptr) {
      throw InputError("population '" + population.name +
                       "': the spectrum of identical neurons without noise is lines");
    }
    return [eta = same->center + input, width = cauchy->width, tau](double f) {
      return cauchy_neuron_spectrum(eta, width, f * tau) / tau;
    };
  }
  const auto parts = parts_of(population.heterogeneity);
  if (cauchy == nullptr) {
    return [parts, input, tau](double f) {
      double sum = 0.0;
      for (const auto& part : parts) sum += part.weight * sum_of_lines(part, input, f * tau);
      return sum / tau;
    };
  }
  const double width = cauchy->width;
  const double w = std::abs(mean_field::stationary_state_variable(population, input));
  // Of the features of the spectrum, in units of f.
  const double narrowest = (model::smallest_width(population.heterogeneity) + width) / (2.0 * w * w);
  // Up to where lines of harmonics overlap.
  const double highest = w / pi * std::max(20.0, 2.5 / narrowest);
  const double scale = 0.2 * w / pi;
  const auto points = static_cast<std::size_t>(
      std::clamp(12.0 * std::asinh(highest / scale) / std::min(1.0, narrowest), 240.0, 20000.0));
  const auto average = [&](double f) {
    double sum = 0.0;
    for (const auto& part : parts) sum += part.weight * average_over(part, input, width, f);
    return sum;
  };
  const auto table = interpolated(average, scale, highest, points);
  const double rate = mean_field::stationary_rate(population, input) * tau;
  const double slow = model::tail_weight(population.heterogeneity) / (pi * pi * pi);
  return [=](double f) {
    const double x = f * tau;
    return (x < highest ? table(x) : rate - slow / x) / tau;
  };
}

}  // namespace

double firing_rate_density(const model::Population& population, double input, double nu) {
  // eta = (pi tau nu)^2 - input, d eta / d nu = 2 (pi tau)^2 nu
  const double scale = pi * population.tau;
  return 2.0 * scale * scale * nu * model::density(population.heterogeneity, scale * scale * nu * nu - input);
}

UncoupledSpectrum::UncoupledSpectrum(const model::Population& population, double input) {
  const auto density = make_density(population, input);
  const bool silent = std::holds_alternative<model::NoNoise>(population.noise);
  density_ = [density, silent](double f) { return f == 0.0 && silent ? 0.0 : density(std::abs(f)); };
}

double uncoupled_spectrum(const model::Population& population, double input, double f) {
  return UncoupledSpectrum(population, input)(f);
}

double uncoupled_spectrum_tail(const model::Population& population, double input, double f) {
  return mean_field::stationary_rate(population, input) -
         model::tail_weight(population.heterogeneity) / (pi * pi * pi * population.tau * population.tau * std::abs(f));
}

double tail_frequency(const model::Population& population, double input) {
  if (!std::holds_alternative<model::NoNoise>(population.noise)) return std::numeric_limits<double>::infinity();
  const double w = std::abs(mean_field::stationary_state_variable(population, input));
  // Lines of harmonics overlap from w^2/width on.
  return w / (pi * population.tau) * std::max(40.0, 4.0 * w * w / model::smallest_width(population.heterogeneity));
}

}  // namespace popshot::theory
