// population.heterogeneity and population.noise.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sections.hpp"

namespace popshot::io {

namespace {

const std::vector<std::string> part_kinds = {"lorentzian", "gaussian", "uniform", "rational", "q-gaussian"};
const Words heterogeneity_kinds = {
    {"lorentzian", "gaussian", "uniform", "rational", "q-gaussian", "empirical", "identical", "mixture"}};
const Words noise_kinds = {{"none", "cauchy", "gaussian"}};
constexpr std::int64_t highest_order = 20;
constexpr std::size_t most_values = 100'000;

using PartDensity = decltype(model::Component::density);

/// A density with one center; `more` are further keys that its table may have.
PartDensity read_part(const TableReader& table, const std::string& kind, std::vector<std::string> more) {
  const auto allow = [&](const std::vector<std::string>& keys) {
    more.insert(more.end(), keys.begin(), keys.end());
    table.allow_keys(more, fmt::format("key of a {} density", kind));
  };
  if (kind == "gaussian") {
    allow({"center", "standard_deviation"});
    return model::Gaussian{table.number("center", NumberRange::any()),
                           table.number("standard_deviation", NumberRange::positive())};
  }
  if (kind == "uniform") {
    allow({"center", "half_width"});
    return model::Uniform{table.number("center", NumberRange::any()),
                          table.number("half_width", NumberRange::positive())};
  }
  if (kind == "rational") {
    allow({"center", "half_width", "order"});
    return model::Rational{table.number("center", NumberRange::any()),
                           table.number("half_width", NumberRange::positive()),
                           static_cast<int>(table.integer("order", {1, highest_order}))};
  }
  if (kind == "q-gaussian") {
    allow({"center", "scale", "exponent"});
    return model::QGaussian{table.number("center", NumberRange::any()), table.number("scale", NumberRange::positive()),
                            static_cast<int>(table.integer("exponent", {1, highest_order}))};
  }
  allow({"center", "half_width"});
  return model::Lorentzian{.center = table.number("center", NumberRange::any()),
                           .half_width = table.number("half_width", NumberRange::positive())};
}

/// Silverman's rule of thumb for ascending values: 0.9 min(standard deviation, interquartile range/1.34) n^(-1/5). B.
/// W. Silverman, Density Estimation (1986), eq. 3.31.
double silverman_bandwidth(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0.0;
  for (const double value : values) square += (value - mean) * (value - mean);
  const double deviation = std::sqrt(square / std::max(1.0, n - 1.0));
  const auto quartile = [&](double p) {  // linear between the values
    const double place = p * (n - 1.0);
    const auto index = static_cast<std::size_t>(place);
    const double next = values[std::min(index + 1, values.size() - 1)];
    return values[index] + (place - static_cast<double>(index)) * (next - values[index]);
  };
  const double range = (quartile(0.75) - quartile(0.25)) / 1.34;
  return 0.9 * (range > 0.0 ? std::min(deviation, range) : deviation) * std::pow(n, -0.2);
}

model::Empirical read_empirical(const TableReader& table) {
  table.allow_keys({"kind", "values", "file", "column", "bandwidth"}, "key of an empirical density");
  if (table.find("column") != nullptr) table.fail("column", "is of no use without `file`");
  if (table.find("values") == nullptr) table.fail("values", "is missing", "a list of numbers, or file = \"FILE.csv\"");
  model::Empirical g{table.numbers("values", {1, most_values}, NumberRange::any()), 0.0};
  std::sort(g.value.begin(), g.value.end());
  if (table.find("bandwidth") != nullptr) {
    g.bandwidth = table.number("bandwidth", NumberRange::positive());
    return g;
  }
  g.bandwidth = silverman_bandwidth(g.value);
  if (!(g.bandwidth > 0.0)) table.fail("bandwidth", "is needed where all values are equal", "> 0");
  return g;
}

model::Mixture read_mixture(const TableReader& table) {
  table.allow_keys({"kind", "components"}, "key of a mixture");
  model::Mixture mixture;
  double sum = 0.0;
  const auto components = table.list_of_tables("components");
  if (components.empty()) table.fail("components", "are missing", "a list of densities, each with a weight");
  for (const TableReader& entry : components) {
    const std::string kind = entry.word("kind", {part_kinds});
    model::Component component;
    component.weight = entry.number("weight", NumberRange::positive());
    component.density = read_part(entry, kind, {"kind", "weight"});
    sum += component.weight;
    mixture.component.push_back(component);
  }
  if (std::abs(sum - 1.0) > 1e-9) {
    table.fail("components", fmt::format("their weights add up to {}", sum), "weights that add up to 1");
  }
  for (auto& component : mixture.component) component.weight /= sum;
  return mixture;
}

}  // namespace

model::NeuronNoise read_noise(const TableReader& population) {
  const auto noise = population.optional_table("noise");
  if (!noise) return model::NoNoise{};
  const std::string kind = noise->word("kind", noise_kinds);
  const std::string what = fmt::format("key of noise of kind \"{}\"", kind);
  if (kind == "cauchy") {
    noise->allow_keys({"kind", "width"}, what);
    return model::CauchyNoise{noise->number("width", NumberRange::positive())};
  }
  if (kind == "gaussian") {
    noise->allow_keys({"kind", "intensity"}, what);
    return model::GaussianNoise{noise->number("intensity", NumberRange::positive())};
  }
  noise->allow_keys({"kind"}, what);
  return model::NoNoise{};
}

model::Heterogeneity read_heterogeneity(const TableReader& population, const model::NeuronNoise& noise) {
  const TableReader table = population.table("heterogeneity");
  const std::string kind = table.word("kind", heterogeneity_kinds);
  if (kind == "empirical") return read_empirical(table);
  if (kind == "mixture") return read_mixture(table);
  if (kind == "identical") {
    table.allow_keys({"kind", "center"}, "key of identical neurons");
    if (std::holds_alternative<model::NoNoise>(noise)) {
      table.fail("kind", "identical neurons need noise: without it they would fire as one",
                 "another kind, or population.noise = { kind = \"cauchy\" or \"gaussian\", .. }");
    }
    return model::Identical{table.number("center", NumberRange::any())};
  }
  return std::visit([](const auto& density) { return model::Heterogeneity(density); },
                    read_part(table, kind, {"kind"}));
}

}  // namespace popshot::io
