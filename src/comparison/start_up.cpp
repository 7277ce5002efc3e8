#include "popshot/comparison/start_up.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace popshot::comparison {

std::optional<std::string> start_up_note(const model::Model& model, const mean_field::StationaryState& state) {
  const auto& simulation = model.simulation;
  // Correlations build up with twice the damping, exp(-2 t/T); what a trial lacks of them, on average over its time.
  constexpr double little = 0.02;
  const auto lack = [&](double decay_time) {
    return 0.5 * decay_time * std::exp(-2.0 * simulation.transient / decay_time) / simulation.duration;
  };
  for (const auto& eigenvalue : state.eigenvalues) {
    const double frequency = std::abs(eigenvalue.imag()) / (2.0 * std::numbers::pi);
    if (eigenvalue.real() >= 0.0) return std::nullopt;
    if (frequency > model.spectrum.frequency_max) continue;
    const double decay_time = -1.0 / eigenvalue.real();
    if (lack(decay_time) < little && simulation.duration >= decay_time) return std::nullopt;
    return fmt::format(
        "the slowest mode (eigenvalue {:.3g} +- {:.3g} i) decays in {:.3g} {}, but the transient is {:g} and a trial "
        "{:g}: its fluctuations do not settle; a transient of {:.2g} and trials as long would do",
        eigenvalue.real(), std::abs(eigenvalue.imag()), decay_time, model.time_unit, simulation.transient,
        simulation.duration, 3.0 * decay_time);
  }
  return std::nullopt;
}

}  // namespace popshot::comparison
