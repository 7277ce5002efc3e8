// Everything that a model holds, as text, to compare models with.
#pragma once

#include <sstream>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::io {

class Summary {
 public:
  template <class First, class... More>
  void add(const First& first, const More&... more) {
    out_ << one(first) << ' ';
    (void)std::initializer_list<int>{(out_ << one(more) << ' ', 0)...};
    out_ << '\n';
  }
  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  template <class Value>
  static std::string one(const Value& value) {
    if constexpr (std::is_enum_v<Value>) {
      return std::to_string(static_cast<int>(value));
    } else {
      std::ostringstream out;
      out.precision(17);  // every bit of a double
      out << value;
      return out.str();
    }
  }
  template <class Value>
  static std::string one(const std::vector<Value>& values) {
    std::string all = "[";
    for (const Value& value : values) all += one(value) + ' ';
    return all + ']';
  }
  std::ostringstream out_;
};

inline void add(Summary& to, const model::Lorentzian& g) { to.add("lorentzian", g.center, g.half_width); }
inline void add(Summary& to, const model::Gaussian& g) { to.add("gaussian", g.center, g.standard_deviation); }
inline void add(Summary& to, const model::Uniform& g) { to.add("uniform", g.center, g.half_width); }
inline void add(Summary& to, const model::Rational& g) { to.add("rational", g.center, g.half_width, g.order); }
inline void add(Summary& to, const model::QGaussian& g) { to.add("q-gaussian", g.center, g.scale, g.exponent); }
inline void add(Summary& to, const model::Empirical& g) { to.add("empirical", g.value, g.bandwidth); }
inline void add(Summary& to, const model::Identical& g) { to.add("identical", g.center); }
inline void add(Summary& to, const model::Mixture& g) {
  for (const auto& part : g.component) {
    to.add("component", part.weight);
    std::visit([&](const auto& density) { add(to, density); }, part.density);
  }
}
inline void add(Summary& to, const model::NoNoise&) { to.add("no noise"); }
inline void add(Summary& to, const model::CauchyNoise& noise) { to.add("cauchy", noise.width); }
inline void add(Summary& to, const model::GaussianNoise& noise) { to.add("gaussian", noise.intensity); }
inline void add(Summary& to, const model::ConstantCurrent& c) { to.add("constant", c.amplitude); }
inline void add(Summary& to, const model::StepCurrent& c) { to.add("step", c.amplitude, c.begin, c.end); }
inline void add(Summary& to, const model::SineCurrent& c) {
  to.add("sine", c.amplitude, c.frequency, c.phase, c.begin, c.end);
}
inline void add(Summary& to, const model::PulseCurrent& c) {
  to.add("pulses", c.amplitude, c.width, c.period, c.begin, c.end);
}
inline void add(Summary& to, const model::RampCurrent& c) { to.add("ramp", c.amplitude, c.begin, c.end); }
inline void add(Summary& to, const model::TableCurrent& c) { to.add("table", c.time, c.value); }
inline void add(Summary& to, const model::OrnsteinUhlenbeckCurrent& c) {
  to.add("ornstein-uhlenbeck", c.standard_deviation, c.correlation_time);
}
inline void add(Summary& to, const model::WhiteNoiseCurrent& c) { to.add("white", c.power); }
inline void add(Summary& to, const model::StationaryStart&) { to.add("stationary"); }
inline void add(Summary& to, const model::LorentzianStart& start) {
  to.add("lorentzian", start.rate.values(), start.voltage.values());
}

/// The same for two models if, and only if, all their values are (with all bits of their numbers).
inline std::string summary(const model::Model& model) {
  Summary all;
  const auto add_one = [&](const auto& one) { add(all, one); };
  all.add(model.name, '|', model.description, '|', model.reference, '|', model.time_unit);
  for (const auto& population : model.populations) {
    all.add(population.name, population.size, population.tau, population.sampling, population.raster.first,
            population.raster.count, population.raster.stride, population.part_of.value_or(999));
    std::visit(add_one, population.heterogeneity);
    std::visit(add_one, population.noise);
  }
  for (const auto& one : model.projections) {
    all.add(one.from, one.to, one.weight, one.delay, one.synapse.rise, one.synapse.decay);
  }
  for (const auto& stimulus : model.stimuli) {
    all.add("to", stimulus.to);
    std::visit(add_one, stimulus.current);
  }
  for (const auto& one : model.subpopulations) all.add(one.name, one.of, one.size);
  for (const auto& output : model.outputs) all.add(output.name, output.parts);
  const auto& simulation = model.simulation;
  all.add(simulation.duration, simulation.transient, simulation.time_step, simulation.record_interval, simulation.seed,
          simulation.state, simulation.precision);
  std::visit(add_one, simulation.start);
  all.add(model.mesoscopic.noise, model.mesoscopic.ensemble_size, model.mesoscopic.tolerance);
  const auto& spectrum = model.spectrum;
  all.add(spectrum.frequency_min, spectrum.frequency_max, spectrum.resolution, spectrum.bands, spectrum.trials);
  return all.text();
}

}  // namespace popshot::io
