#include "popshot/model/heterogeneity.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "popshot/model/empirical_table.hpp"

namespace popshot::model {

namespace {

constexpr double pi = std::numbers::pi;
constexpr double infinity = std::numeric_limits<double>::infinity();
using Complex = std::complex<double>;

// ---- density ----

double density_of(const Lorentzian& g, double eta) {
  const double distance = eta - g.center;
  return g.half_width / (pi * (distance * distance + g.half_width * g.half_width));
}

double normal_density(double z) { return std::exp(-0.5 * z * z) / std::sqrt(2.0 * pi); }

double density_of(const Gaussian& g, double eta) {
  return normal_density((eta - g.center) / g.standard_deviation) / g.standard_deviation;
}

double density_of(const Uniform& g, double eta) {
  return std::abs(eta - g.center) <= g.half_width ? 0.5 / g.half_width : 0.0;
}

double density_of(const Rational& g, double eta) {
  const double z = (eta - g.center) / g.half_width;
  return g.order * std::sin(pi / (2 * g.order)) / (pi * g.half_width * (1.0 + std::pow(z * z, g.order)));
}

/// The integral of (1 + z^2)^-exponent, B(1/2, exponent - 1/2), by its recurrence.
double q_gaussian_norm(int exponent) {
  double integral = pi;
  for (int n = 1; n < exponent; ++n) integral *= (n - 0.5) / n;
  return integral;
}

double density_of(const QGaussian& g, double eta) {
  const double z = (eta - g.center) / g.scale;
  return std::pow(1.0 + z * z, -g.exponent) / (g.scale * q_gaussian_norm(g.exponent));
}

double density_of(const Empirical& g, double eta) {
  double sum = 0.0;
  for (const double value : g.value) sum += normal_density((eta - value) / g.bandwidth);
  return sum / (g.bandwidth * static_cast<double>(g.value.size()));
}

double density_of(const Identical& g, double eta) { return eta == g.center ? infinity : 0.0; }

double density_of(const Mixture& g, double eta) {
  double sum = 0.0;
  for (const auto& part : g.component) {
    sum += part.weight * std::visit([eta](const auto& one) { return density_of(one, eta); }, part.density);
  }
  return sum;
}

// ---- widths ----

double width_of(const Lorentzian& g) { return g.half_width; }
double width_of(const Gaussian& g) { return g.standard_deviation; }
double width_of(const Uniform& g) { return g.half_width; }
double width_of(const Rational& g) { return g.half_width / g.order; }
double width_of(const QGaussian& g) { return g.scale / std::sqrt(static_cast<double>(g.exponent)); }
double width_of(const Empirical& g) { return g.bandwidth; }
double width_of(const Identical&) { return 0.0; }
double width_of(const Mixture& g) {
  double smallest = infinity;
  for (const auto& part : g.component) {
    smallest = std::min(smallest, std::visit([](const auto& one) { return width_of(one); }, part.density));
  }
  return smallest;
}

// ---- quantiles ----

double normal_quantile(double p) {
  return p < 0.5 ? -std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * p)
                 : std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * (1.0 - p));
}

double quantile_of(const Lorentzian& g, double p) { return g.center + g.half_width * std::tan(pi * (p - 0.5)); }
double quantile_of(const Gaussian& g, double p) { return g.center + g.standard_deviation * normal_quantile(p); }
double quantile_of(const Uniform& g, double p) { return g.center + g.half_width * (2.0 * p - 1.0); }

/// The pole number p = 1..order of the rational density in the upper half-plane, in units of half_width from the
/// center.
Complex rational_pole(const Rational& g, int p) { return std::polar(1.0, pi * (2 * p - 1) / (2.0 * g.order)); }
/// 2 pi i times the residue of the density there. For order 1: 1.
Complex rational_weight(const Rational& g, int p) {
  return Complex{0.0, -std::sin(pi / (2 * g.order))} * rational_pole(g, p);
}

/// The density of a rational kind of order > 1 at its center, in units of 1/half_width.
double rational_top(const Rational& g) { return g.order * std::sin(pi / (2 * g.order)) / pi; }

/// The part of it below z <= 0, in units of half_width from the center. Partial fractions; beyond |z| = 2, where they
/// cancel, the series of 1/z^(2n).
double rational_below(const Rational& g, double z) {
  const double top = rational_top(g);
  const double power = 2.0 * g.order - 1.0;
  double sum = 0.0;
  if (z < -2.0) {
    const double ratio = -std::pow(z, -2 * g.order);
    double term = top * std::pow(-z, -power);
    for (int k = 0; std::abs(term) > 1e-18 * sum; ++k, term *= ratio) sum += term / (2.0 * g.order * (k + 1) - 1.0);
  } else {
    sum = 1.0;
    for (int k = 1; k <= g.order; ++k) {
      const Complex residue = rational_weight(g, k) / Complex{0.0, 2.0 * pi};
      sum += 2.0 * (residue * std::log(z - rational_pole(g, k))).real();
    }
  }
  return sum;
}

double quantile_of(const Rational& g, double p) {
  if (g.order == 1) return quantile_of(Lorentzian{g.center, g.half_width}, p);
  if (p > 0.5) return 2.0 * g.center - quantile_of(g, 1.0 - p);
  const double top = rational_top(g);
  const double power = 2.0 * g.order - 1.0;
  const auto below = [&](double z) {
    return std::pair{rational_below(g, z) - p, top / (1.0 + std::pow(z * z, g.order))};
  };
  // For z < 0 the density is below both its top and its leading power, which bounds z on both sides.
  const double low = -std::pow(top / (power * p), 1.0 / power) * (1.0 + 1e-12);
  const double high = std::min(0.0, (p - 0.5) / top);
  if (!(low < high)) return g.center + g.half_width * high;
  const double z = boost::math::tools::newton_raphson_iterate(below, low < -1.2 ? low : high, low, high, 50);
  return g.center + g.half_width * z;
}

/// With z = tan(angle) the density of a q-Gaussian is cos^(2n-2), whose integral from 0 follows by parts. Returns that
/// over its norm, and the derivative.
std::pair<double, double> q_gaussian_from_center(const QGaussian& g, double angle) {
  const double norm = q_gaussian_norm(g.exponent);
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  double integral = angle;
  double power = c;  // cos^(2m - 1)
  for (int m = 1; m < g.exponent; ++m, power *= c * c) {
    integral = (power * s + (2.0 * m - 1.0) * integral) / (2.0 * m);
  }
  return {integral / norm, power / c / norm};
}

double quantile_of(const QGaussian& g, double p) {
  if (g.exponent == 1) return quantile_of(Lorentzian{g.center, g.scale}, p);
  if (p > 0.5) return 2.0 * g.center - quantile_of(g, 1.0 - p);
  if (p < 1e-3) {
    // (1 + z^2)^-n is Student's t with 2n - 1 degrees of freedom, t = z sqrt(2n - 1); a general quantile is slow.
    const double freedom = 2.0 * g.exponent - 1.0;
    return g.center + g.scale / std::sqrt(freedom) * boost::math::quantile(boost::math::students_t(freedom), p);
  }
  const auto excess = [&](double angle) {
    const auto [integral, slope] = q_gaussian_from_center(g, angle);
    return std::pair{0.5 + integral - p, slope};
  };
  const double norm = q_gaussian_norm(g.exponent);
  const double angle = boost::math::tools::newton_raphson_iterate(excess, (p - 0.5) * norm, -pi / 2, 0.0, 50);
  return g.center + g.scale * std::tan(angle);
}

double quantile_of(const Empirical& g, double p) { return EmpiricalTable(g).quantile(p); }

double quantile_of(const Identical& g, double) { return g.center; }

// The part of a density below eta, exact in the lower tail; of the symmetric kinds, so that the part above follows.

double below_of(const Lorentzian& g, double eta) { return std::atan2(g.half_width, g.center - eta) / pi; }
double below_of(const Gaussian& g, double eta) {
  return 0.5 * std::erfc((g.center - eta) / (std::numbers::sqrt2 * g.standard_deviation));
}
double below_of(const Uniform& g, double eta) {
  return std::clamp((eta - (g.center - g.half_width)) / (2.0 * g.half_width), 0.0, 1.0);
}
double below_of(const Rational& g, double eta) {
  if (g.order == 1) return below_of(Lorentzian{g.center, g.half_width}, eta);
  const double z = (eta - g.center) / g.half_width;
  return z <= 0.0 ? rational_below(g, z) : 1.0 - rational_below(g, -z);
}
double below_of(const QGaussian& g, double eta) {
  if (g.exponent == 1) return below_of(Lorentzian{g.center, g.scale}, eta);
  const double z = (eta - g.center) / g.scale;
  const double below = 0.5 + q_gaussian_from_center(g, std::atan(z)).first;
  if (below > 1e-3) return below;
  const double freedom = 2.0 * g.exponent - 1.0;
  return boost::math::cdf(boost::math::students_t(freedom), z * std::sqrt(freedom));
}

double quantile_of(const Component& part, double p) {
  return std::visit([p](const auto& one) { return quantile_of(one, p); }, part.density);
}

/// The root of the distribution function between the least and the greatest quantile of the components: Newton's method
/// within an interval that holds it, halved where that fails. In a gap of the density: its lower end.
double quantile_of(const Mixture& g, double p) {
  double low = infinity;
  double high = -infinity;
  double narrowest = infinity;
  for (const auto& part : g.component) {
    const double one = quantile_of(part, p);
    low = std::min(low, one);
    high = std::max(high, one);
    narrowest = std::min(narrowest, std::visit([](const auto& density) { return width_of(density); }, part.density));
  }
  // How much more than p lies below, from the nearer end.
  const auto excess = [&](double eta) {
    double sum = 0.0;
    for (const auto& part : g.component) {
      sum += part.weight *
             std::visit([&](const auto& one) { return below_of(one, p <= 0.5 ? eta : 2.0 * one.center - eta); },
                        part.density);
    }
    return p <= 0.5 ? sum - p : 1.0 - p - sum;
  };
  double x = 0.5 * (low + high);
  double last = high - low;
  for (int iteration = 0; iteration < 2000 && low < high; ++iteration) {
    const double more = excess(x);
    (more < 0.0 ? low : high) = x;
    double step = -more / density_of(g, x);
    if (!(x + step > low && x + step < high && std::abs(step) < 0.5 * last)) step = 0.5 * (low + high) - x;
    last = std::abs(step);
    x += step;
    if (last <= 1e-14 * (std::abs(x) + narrowest)) break;
  }
  return x;
}

// ---- random draws ----

/// Kinds with a simple quantile.
template <class Density>
double drawn_of(const Density& g, double u) {
  return quantile_of(g, u);
}

/// The component that u falls to, and what is left of u for its own quantile.
double drawn_of(const Empirical& g, double u) {
  const double place = u * static_cast<double>(g.value.size());
  const auto index = std::min(static_cast<std::size_t>(place), g.value.size() - 1);
  const double rest = std::clamp(place - static_cast<double>(index), 1e-16, 1.0 - 1e-16);
  return g.value[index] + g.bandwidth * normal_quantile(rest);
}

double drawn_of(const Mixture& g, double u) {
  for (const auto& part : g.component) {
    if (u < part.weight || &part == &g.component.back()) {
      return quantile_of(part, std::clamp(u / part.weight, 1e-16, 1.0 - 1e-16));
    }
    u -= part.weight;
  }
  return 0.0;
}

// ---- centers and tails ----

template <class Density>
double center_of(const Density& g) {
  return g.center;
}
double center_of(const Empirical& g) {
  double sum = 0.0;
  for (const double value : g.value) sum += value;
  return sum / static_cast<double>(g.value.size());
}
double center_of(const Mixture& g) {
  double sum = 0.0;
  for (const auto& part : g.component) {
    sum += part.weight * std::visit([](const auto& one) { return center_of(one); }, part.density);
  }
  return sum;
}

template <class Density>
double tail_of(const Density&) {
  return 0.0;
}
double tail_of(const Lorentzian& g) { return g.half_width; }
double tail_of(const Rational& g) { return g.order == 1 ? g.half_width : 0.0; }
double tail_of(const QGaussian& g) { return g.exponent == 1 ? g.scale : 0.0; }
double tail_of(const Mixture& g) {
  double sum = 0.0;
  for (const auto& part : g.component) {
    sum += part.weight * std::visit([](const auto& one) { return tail_of(one); }, part.density);
  }
  return sum;
}

constexpr double normal_reach = 8.6;  // exp(-x^2/2) = 1e-16

template <class Density>
Support support_of(const Density&) {
  return {-infinity, infinity};
}
Support support_of(const Gaussian& g) {
  return {g.center - normal_reach * g.standard_deviation, g.center + normal_reach * g.standard_deviation};
}
Support support_of(const Uniform& g) { return {g.center - g.half_width, g.center + g.half_width}; }
Support support_of(const Identical& g) { return {g.center, g.center}; }
Support support_of(const Empirical& g) {
  const auto [low, high] = std::minmax_element(g.value.begin(), g.value.end());
  return {*low - normal_reach * g.bandwidth, *high + normal_reach * g.bandwidth};
}
Support support_of(const Mixture& g) {
  Support all{infinity, -infinity};
  for (const auto& part : g.component) {
    const Support one = std::visit([](const auto& density) { return support_of(density); }, part.density);
    all = {std::min(all.low, one.low), std::max(all.high, one.high)};
  }
  return all;
}

// ---- nodes ----

std::vector<Node> nodes_of(const Lorentzian& g, double) { return {{{g.center, g.half_width}, 1.0}}; }
std::vector<Node> nodes_of(const Identical& g, double) { return {{{g.center, 0.0}, 1.0}}; }

std::vector<Node> nodes_of(const Rational& g, double) {
  std::vector<Node> result;
  for (int p = 1; p <= g.order; ++p) {
    result.push_back({g.center + g.half_width * rational_pole(g, p), rational_weight(g, p)});
  }
  return result;
}

/// any_model.md (44): the trapezoidal rule on a circle around the pole at center + i scale.
std::vector<Node> nodes_of(const QGaussian& g, double accuracy) {
  if (g.exponent == 1) return {{{g.center, g.scale}, 1.0}};
  // A small circle needs few nodes, but has weights of radius^-(exponent - 1), which cost rounding and sharp bounds.
  constexpr double radius = 0.5;
  const int count = g.exponent + static_cast<int>(std::ceil(std::log(accuracy * 1e-2) / std::log(radius)));
  std::vector<Node> result;
  for (int m = 0; m < count; ++m) {
    const Complex spoke = std::polar(radius, 2.0 * pi * (m + 0.5) / count);
    const Complex z = Complex{0.0, 1.0} + spoke;
    // g d eta = (1 + z^2)^-n dz/norm, with 1 + z^2 = spoke (2i + spoke), dz = i spoke d angle
    const Complex inverse = 1.0 / (spoke * (Complex{0.0, 2.0} + spoke));
    const Complex weight =
        std::pow(inverse, g.exponent) * Complex{0.0, 1.0} * spoke * (2.0 * pi / count) / q_gaussian_norm(g.exponent);
    result.push_back({g.center + g.scale * z, weight});
  }
  return result;
}

/// Values of a shifted contour, in units of the bandwidth: a single one, or many within half a bandwidth by their
/// moments, sum_j (value_j - middle)^k/k!. any_model.md (43a).
struct ContourValues {
  double lowest;
  double middle;
  std::vector<double> moments;

  /// The sum of exp(-(z - value)^2/2), by the generating function of Hermite polynomials.
  [[nodiscard]] Complex sum_at(Complex z) const {
    const Complex distance = z - middle;
    const Complex normal = std::exp(-0.5 * distance * distance);
    if (moments.empty()) return normal;
    Complex sum = 0.0;
    Complex last = 0.0;
    Complex hermite = 1.0;
    for (std::size_t k = 0; k < moments.size(); ++k) {
      sum += hermite * moments[k];
      const Complex next = distance * hermite - static_cast<double>(k) * last;
      last = hermite;
      hermite = next;
    }
    return sum * normal;
  }
};

/// Ascending values, in groups where they are many.
std::vector<ContourValues> grouped(const std::vector<double>& values) {
  constexpr double width = 0.5;
  constexpr std::ptrdiff_t terms = 18;  // relative error below 1e-10 where a kernel is 1e-10, and 1e-15 in its middle
  std::vector<ContourValues> groups;
  for (auto first = values.begin(); first != values.end();) {
    const auto last = std::upper_bound(first, values.end(), *first + width);
    if (last - first <= terms) {
      for (; first != last; ++first) groups.push_back({*first, *first, {}});
      continue;
    }
    ContourValues group{*first, *first + 0.5 * width, std::vector<double>(terms, 0.0)};
    for (; first != last; ++first) {
      double term = 1.0;
      for (std::size_t k = 0; k < group.moments.size(); ++k) {
        group.moments[k] += term;
        term *= (*first - group.middle) / static_cast<double>(k + 1);
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

/// any_model.md (43): normal densities of one width around values, on the line Im eta = shift, evenly spaced; only as
/// far as the values reach, however far apart they are.
std::vector<Node> contour(std::vector<double> values, double sigma, double accuracy) {
  constexpr double shift = 1.5;  // in units of sigma, as are all lengths here
  const double digits = -std::log(accuracy * 1e-2);
  const double spacing = 2.0 * pi * shift / digits;
  const double reach = std::sqrt(2.0 * digits + shift * shift);
  std::sort(values.begin(), values.end());
  for (double& value : values) value /= sigma;
  const double begin = values.front() - reach;
  const double scale = spacing / (std::sqrt(2.0 * pi) * static_cast<double>(values.size()));
  const auto groups = grouped(values);
  std::vector<Node> result;
  double m = 0.0;
  for (auto first = groups.begin(); first != groups.end(); m += 1.0) {
    m = std::max(m, std::floor((first->lowest - reach - begin) / spacing));
    const Complex z{begin + m * spacing, shift};
    while (first != groups.end() && first->middle < z.real() - reach - spacing) ++first;
    Complex weight = 0.0;
    for (auto group = first; group != groups.end() && group->middle <= z.real() + reach + spacing; ++group) {
      weight += group->sum_at(z);
    }
    result.push_back({sigma * z, scale * weight});
  }
  const double least = 1e-3 * accuracy / static_cast<double>(result.size());
  std::erase_if(result, [least](const Node& node) { return std::abs(node.weight) <= least; });
  return result;
}

std::vector<Node> nodes_of(const Gaussian& g, double accuracy) {
  return contour({g.center}, g.standard_deviation, accuracy);
}
std::vector<Node> nodes_of(const Empirical& g, double accuracy) { return contour(g.value, g.bandwidth, accuracy); }

/// any_model.md (45): over the half-circle from end to end, with Gauss-Legendre points that are drawn towards the ends,
/// where a threshold makes a square root.
std::vector<Node> nodes_of(const Uniform& g, double accuracy) {
  const auto add = [&](std::vector<Node>& result, double u, double weight) {
    const double angle = pi * (1.0 - u * u * (3.0 - 2.0 * u));
    const double slope = -pi * 6.0 * u * (1.0 - u);
    const Complex spoke = std::polar(1.0, angle);
    result.push_back({g.center + g.half_width * spoke, 0.5 * Complex{0.0, 1.0} * spoke * slope * weight});
  };
  std::vector<Node> result;
  const auto fill = [&](const auto& rule) {
    using Rule = std::decay_t<decltype(rule)>;
    for (std::size_t i = 0; i < Rule::abscissa().size(); ++i) {
      const double x = Rule::abscissa()[i];
      const double weight = 0.5 * Rule::weights()[i];
      add(result, 0.5 * (1.0 - x), weight);
      if (x != 0.0) add(result, 0.5 * (1.0 + x), weight);
    }
  };
  if (accuracy > 1e-6) {
    fill(boost::math::quadrature::gauss<double, 30>());
  } else {
    fill(boost::math::quadrature::gauss<double, 60>());
  }
  return result;
}

std::vector<Node> nodes_of(const Mixture& g, double accuracy) {
  std::vector<Node> all;
  for (const auto& part : g.component) {
    for (Node node : std::visit([accuracy](const auto& one) { return nodes_of(one, accuracy); }, part.density)) {
      node.weight *= part.weight;
      all.push_back(node);
    }
  }
  return all;
}

}  // namespace

double density(const Heterogeneity& heterogeneity, double eta) {
  return std::visit([eta](const auto& g) { return density_of(g, eta); }, heterogeneity);
}

double quantile(const Heterogeneity& heterogeneity, double p) {
  return std::visit([p](const auto& g) { return quantile_of(g, p); }, heterogeneity);
}

double center(const Heterogeneity& heterogeneity) {
  return std::visit([](const auto& g) { return center_of(g); }, heterogeneity);
}

double smallest_width(const Heterogeneity& heterogeneity) {
  return std::visit([](const auto& g) { return width_of(g); }, heterogeneity);
}

double tail_weight(const Heterogeneity& heterogeneity) {
  return std::visit([](const auto& g) { return tail_of(g); }, heterogeneity);
}

Support support(const Heterogeneity& heterogeneity) {
  return std::visit([](const auto& g) { return support_of(g); }, heterogeneity);
}

std::vector<Node> nodes(const Heterogeneity& heterogeneity, double accuracy) {
  return std::visit([accuracy](const auto& g) { return nodes_of(g, accuracy); }, heterogeneity);
}

QuantileFunction::QuantileFunction(const Heterogeneity& heterogeneity) {
  if (const auto* empirical = std::get_if<Empirical>(&heterogeneity)) {
    function_ = EmpiricalTable(*empirical);
  } else {
    function_ = heterogeneity;
  }
}

double QuantileFunction::operator()(double p) const {
  if (const auto* table = std::get_if<EmpiricalTable>(&function_)) return table->quantile(p);
  return quantile(std::get<Heterogeneity>(function_), p);
}

NeuronEta::NeuronEta(const Population& population, std::uint64_t seed, RandomMember member)
    : population_(&population), seed_(seed), member_(member) {
  if (population.sampling == Sampling::quantile) quantile_.emplace(population.heterogeneity);
}

double NeuronEta::operator()(std::int64_t j) const {
  if (quantile_) return (*quantile_)(static_cast<double>(j + 1) / static_cast<double>(population_->size + 1));
  const double u = uniform_number(seed_, RandomStream::heterogeneity, member_, static_cast<std::uint64_t>(j));
  return std::visit([u](const auto& g) { return drawn_of(g, u); }, population_->heterogeneity);
}

double neuron_eta(const Population& population, std::int64_t j, std::uint64_t seed, RandomMember member) {
  return NeuronEta(population, seed, member)(j);
}

}  // namespace popshot::model
