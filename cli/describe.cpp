#include "describe.hpp"

#include <fmt/format.h>

#include <iostream>

#include "popshot/mesoscopic/ensemble.hpp"

namespace popshot::cli {

namespace {

using nlohmann::ordered_json;

ordered_json table(const model::Lorentzian& g) {
  return {{"kind", "lorentzian"}, {"center", g.center}, {"half_width", g.half_width}};
}
ordered_json table(const model::Gaussian& g) {
  return {{"kind", "gaussian"}, {"center", g.center}, {"standard_deviation", g.standard_deviation}};
}
ordered_json table(const model::Uniform& g) {
  return {{"kind", "uniform"}, {"center", g.center}, {"half_width", g.half_width}};
}
ordered_json table(const model::Rational& g) {
  return {{"kind", "rational"}, {"center", g.center}, {"half_width", g.half_width}, {"order", g.order}};
}
ordered_json table(const model::QGaussian& g) {
  return {{"kind", "q-gaussian"}, {"center", g.center}, {"scale", g.scale}, {"exponent", g.exponent}};
}
ordered_json table(const model::Empirical& g) {
  return {{"kind", "empirical"}, {"values", g.value.size()}, {"bandwidth", g.bandwidth}};
}
ordered_json table(const model::Identical& g) { return {{"kind", "identical"}, {"center", g.center}}; }
ordered_json table(const model::Mixture& g) {
  ordered_json result{{"kind", "mixture"}, {"components", ordered_json::array()}};
  for (const auto& component : g.component) {
    auto part = std::visit([](const auto& density) { return table(density); }, component.density);
    part["weight"] = component.weight;
    result["components"].push_back(std::move(part));
  }
  return result;
}

std::string words(const model::ConstantCurrent& c) { return fmt::format("constant {:g}", c.amplitude); }
std::string words(const model::StepCurrent& c) {
  return fmt::format("step of {:g} from {:g} to {:g}", c.amplitude, c.begin, c.end);
}
std::string words(const model::SineCurrent& c) {
  return fmt::format("sine of {:g} at frequency {:g} from {:g} to {:g}", c.amplitude, c.frequency, c.begin, c.end);
}
std::string words(const model::PulseCurrent& c) {
  return fmt::format("pulses of {:g} for {:g} every {:g} from {:g} to {:g}", c.amplitude, c.width, c.period, c.begin,
                     c.end);
}
std::string words(const model::RampCurrent& c) {
  return fmt::format("ramp to {:g} from {:g} to {:g}", c.amplitude, c.begin, c.end);
}
std::string words(const model::TableCurrent& c) {
  return fmt::format("table of {} points from {:g} to {:g}", c.time.size(), c.time.front(), c.time.back());
}
std::string words(const model::OrnsteinUhlenbeckCurrent& c) {
  return fmt::format("Ornstein-Uhlenbeck noise, standard deviation {:g}, correlation time {:g}", c.standard_deviation,
                     c.correlation_time);
}
std::string words(const model::WhiteNoiseCurrent& c) { return fmt::format("white noise of power {:g}", c.power); }

}  // namespace

ordered_json parameters(const model::Heterogeneity& heterogeneity) {
  return std::visit([](const auto& g) { return table(g); }, heterogeneity);
}

std::string describe(const model::Heterogeneity& heterogeneity) {
  const auto all = parameters(heterogeneity);
  std::string text = all.at("kind").get<std::string>();
  std::string inside;
  for (const auto& [key, value] : all.items()) {
    if (key == "kind") continue;
    const std::string number = value.is_array()  ? fmt::format("{} components", value.size())
                               : key == "values" ? fmt::format("{} values", value.dump())
                                                 : fmt::format("{:g}", value.get<double>());
    const std::string name = key == "standard_deviation" ? "sd " : key == "order" || key == "exponent" ? key + " " : "";
    inside += fmt::format("{}{}{}", inside.empty() ? "" : ", ", name, number);
  }
  return fmt::format("{}({})", text, inside);
}

std::string describe(const model::NeuronNoise& noise) {
  if (const auto* cauchy = std::get_if<model::CauchyNoise>(&noise)) return fmt::format("cauchy({:g})", cauchy->width);
  if (const auto* gaussian = std::get_if<model::GaussianNoise>(&noise)) {
    return fmt::format("gaussian({:g})", gaussian->intensity);
  }
  return "none";
}

std::string describe(const model::Synapse& synapse) {
  if (synapse.decay == 0.0) return "instantaneous";
  if (synapse.rise == 0.0) return fmt::format("exponential({:g})", synapse.decay);
  if (synapse.rise == synapse.decay) return fmt::format("alpha({:g})", synapse.decay);
  return fmt::format("biexponential({:g}, {:g})", synapse.rise, synapse.decay);
}

std::string describe(const model::Stimulus& stimulus) {
  return std::visit([](const auto& current) { return words(current); }, stimulus.current);
}

std::string describe_ensemble(const model::Model& model) {
  if (model.mesoscopic.noise != model::MesoscopicNoise::ensemble) return "";
  std::string text;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    const auto count = mesoscopic::representatives(model, k);
    if (!text.empty()) text += "; ";
    if (count == population.size) {
      text += fmt::format("the {} neurons of '{}' as they are", population.size, population.name);
    } else {
      text += fmt::format("{} representative neurons for the {} of '{}'{}", count, population.size, population.name,
                          count < model.mesoscopic.ensemble_size ? " (at most N/50)" : "");
    }
  }
  return text;
}

void note_small_ensembles(const model::Model& model, bool quiet) {
  const auto wanted = model.mesoscopic.ensemble_size;
  if (quiet || model.mesoscopic.noise != model::MesoscopicNoise::ensemble) return;
  if (wanted <= model::MesoscopicSettings{}.ensemble_size) return;  // only who asks for more is surprised
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    const auto count = mesoscopic::representatives(model, k);
    if (count >= wanted) continue;
    std::cerr << fmt::format(
        "note: mesoscopic.ensemble_size = {} is more than population '{}' of {} neurons allows; used: {} (N/50, and at "
        "least 64)\n",
        wanted, population.name, population.size, count);
  }
}

}  // namespace popshot::cli
