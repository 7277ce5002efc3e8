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

Drive stationary_drive(const model::Model& model) {
  Drive drive{start_state(model), {}, {}};
  for (std::size_t k = 0; k < drive.state.size(); ++k) {
    drive.rate_before.push_back(drive.state[k].imag() / (pi * model.populations[k].tau));
  }
  return drive;
}

Activity integrate(const model::Model& model, const Drive& drive, const Execution& execution,
                   const ActivityObserver& observer) {
  const Schedule schedule = model::schedule(model.simulation);
  const double h = schedule.time_step;
  const std::size_t count = model.populations.size();
  const bool stimulated = !is_stationary(model);

  std::vector<Complex> state = drive.state;
  std::vector<RiccatiFlow<Complex>> flow;
  for (std::size_t k = 0; k < count; ++k) {
    const auto& population = model.populations[k];
    const auto& g = std::get<model::Lorentzian>(population.heterogeneity);
    flow.push_back(riccati_flow(Complex{g.center + constant_current(model, k), g.half_width}, h / population.tau));
  }
  Recorder recorder(schedule, count, observer);
  recorder.activity().voltage.assign(observer ? 0 : count, {});
  std::vector<double> spikes(count);
  std::vector<double> kick(count);
  // Voltage kicks at time `end`: of the spikes of the step, and of the stimuli over [begin, end].
  const auto set_kicks = [&](double stimulus_begin, double stimulus_end) {
    for (std::size_t k = 0; k < count; ++k) {
      kick[k] = stimulated ? current_integral(model, k, stimulus_begin, stimulus_end) / model.populations[k].tau : 0.0;
    }
    for (const auto& projection : model.projections) kick[projection.to] += projection.weight * spikes[projection.from];
  };

  // The first kick is half a one (theory.md (8)): of the stimuli, and of the spikes before the start.
  for (std::size_t k = 0; k < count; ++k) spikes[k] = drive.rate_before[k] * (h / 2);
  set_kicks(schedule.time_of(0), schedule.time_of(0) + h / 2);
  bool finished = true;
  for (std::int64_t step = 0; step < schedule.steps; ++step) {
    if (step % 1024 == 0) {
      if (execution.stop.stop_requested()) {
        finished = false;
        break;
      }
      if (execution.progress) execution.progress(static_cast<double>(step) / static_cast<double>(schedule.steps));
    }
    for (std::size_t k = 0; k < count; ++k) {
      const auto result = riccati_step(flow[k], state[k] + kick[k]);
      state[k] = result.state;
      spikes[k] = drive.activity ? drive.activity(k, kick[k], result.spikes) : result.spikes;
      if (!std::isfinite(state[k].real()) || !std::isfinite(state[k].imag()) || !std::isfinite(spikes[k])) {
        throw NumericalError(fmt::format("population '{}': the mean field at t = {:.6g} is not finite",
                                         model.populations[k].name, schedule.time_of(step + 1)));
      }
    }
    if (!recorder.add(step, spikes)) {
      finished = false;
      break;
    }
    if (auto& gathered = recorder.activity(); !observer && gathered.samples() > gathered.voltage.front().size()) {
      for (std::size_t k = 0; k < count; ++k) gathered.voltage[k].push_back(state[k].real());
    }
    const double end = schedule.time_of(step + 1);
    set_kicks(end - h / 2, end + h / 2);
  }
  return recorder.take(finished);
}

Activity simulate(const model::Model& model, const Execution& execution, const ActivityObserver& observer) {
  return integrate(model, stationary_drive(model), execution, observer);
}

}  // namespace popshot::mean_field
