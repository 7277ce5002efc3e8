#include "popshot/mean_field/integrate.hpp"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/core/error.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/mean_field/stationary.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

std::vector<Complex> start_state(const model::Model& model) {
  const auto* lorentzian = std::get_if<model::LorentzianStart>(&model.simulation.start);
  const bool given = lorentzian != nullptr && lorentzian->rate && lorentzian->voltage;
  StationaryState rest;
  if (!given) rest = selected_state(model);
  std::vector<Complex> state;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto index = static_cast<Eigen::Index>(k);
    const double tau = model.populations[k].tau;
    const double rate = lorentzian != nullptr && lorentzian->rate ? *lorentzian->rate : rest.point.rate(index);
    const double voltage = lorentzian != nullptr && lorentzian->voltage ? *lorentzian->voltage : rest.voltage(index);
    state.emplace_back(voltage, pi * tau * rate);
  }
  return state;
}

}  // namespace

Activity simulate(const model::Model& model, const Execution& execution) {
  const auto& simulation = model.simulation;
  const double h = simulation.time_step;
  const std::size_t count = model.populations.size();
  const auto per_record = static_cast<std::int64_t>(std::llround(simulation.record_interval / h));
  const auto transient_steps = static_cast<std::int64_t>(std::llround(simulation.transient / h));
  const double interval = static_cast<double>(per_record) * h;
  const auto records = static_cast<std::int64_t>(std::floor(simulation.duration / interval + 1e-9));
  const std::int64_t steps = transient_steps + records * per_record;
  const Eigen::MatrixXd coupling = coupling_matrix(model);

  std::vector<Complex> state = start_state(model);
  std::vector<RiccatiFlow<Complex>> flow;
  for (std::size_t k = 0; k < count; ++k) {
    const auto& population = model.populations[k];
    const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
    flow.push_back(riccati_flow(Complex{g.center + constant_current(model, k), g.half_width}, h / population.tau));
  }

  Activity activity;
  activity.interval = interval;
  activity.rate.assign(count, {});
  activity.voltage.assign(count, {});
  Eigen::VectorXd spikes(static_cast<Eigen::Index>(count));
  std::vector<double> recorded(count, 0.0);
  const auto time_of = [&](std::int64_t step) { return static_cast<double>(step - transient_steps) * h; };
  const auto stimulus_kick = [&](std::size_t k, double begin, double end) {
    return current_integral(model, k, begin, end) / model.populations[k].tau;
  };

  // The first kick is half a one (theory.md (8)): of the stimuli, and of the spikes before the start.
  for (std::size_t k = 0; k < count; ++k)
    spikes(static_cast<Eigen::Index>(k)) = h / 2 * state[k].imag() / (pi * model.populations[k].tau);
  const Eigen::VectorXd before = coupling * spikes;
  for (std::size_t k = 0; k < count; ++k) {
    state[k] += before(static_cast<Eigen::Index>(k)) / model.populations[k].tau +
                stimulus_kick(k, time_of(0), time_of(0) + h / 2);
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    if (step % 1024 == 0) {
      if (execution.stop.stop_requested()) {
        activity.finished = false;
        break;
      }
      if (execution.progress) execution.progress(static_cast<double>(step) / static_cast<double>(steps));
    }
    for (std::size_t k = 0; k < count; ++k) {
      const auto result = riccati_step(flow[k], state[k]);
      state[k] = result.state;
      spikes(static_cast<Eigen::Index>(k)) = result.spikes;
    }
    if (step >= transient_steps) {
      const bool complete = (step - transient_steps + 1) % per_record == 0;
      for (std::size_t k = 0; k < count; ++k) {
        recorded[k] += spikes(static_cast<Eigen::Index>(k));
        if (!complete) continue;
        activity.rate[k].push_back(recorded[k] / interval);
        activity.voltage[k].push_back(state[k].real());
        recorded[k] = 0.0;
      }
    }
    const Eigen::VectorXd synaptic = coupling * spikes;
    for (std::size_t k = 0; k < count; ++k) {
      const double end = time_of(step + 1);
      // coupling holds tau J, a spike moves the voltage by J.
      state[k] += synaptic(static_cast<Eigen::Index>(k)) / model.populations[k].tau +
                  stimulus_kick(k, end - h / 2, end + h / 2);
      if (!std::isfinite(state[k].real()) || !std::isfinite(state[k].imag())) {
        throw NumericalError(
            fmt::format("population '{}': the mean field at t = {:.6g} is not finite", model.populations[k].name, end));
      }
    }
  }
  return activity;
}

}  // namespace popshot::mean_field
