#include "popshot/mean_field/integrate.hpp"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "popshot/core/error.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/synapse.hpp"
#include "stepper.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

using Stepper = std::variant<ComplexNeuronStepper, FokkerPlanckStepper>;

Stepper make_stepper(const model::Population& population, double constant_current, double time_step,
                     const PopulationStart& start) {
  if (std::holds_alternative<model::GaussianNoise>(population.noise)) {
    return FokkerPlanckStepper(population, constant_current, time_step, start);
  }
  return ComplexNeuronStepper(population, constant_current, time_step, start);
}

}  // namespace

Drive stationary_drive(const model::Model& model, const std::stop_token& stop) {
  const auto* lorentzian = std::get_if<model::LorentzianStart>(&model.simulation.start);
  const bool given = lorentzian != nullptr && lorentzian->rate && lorentzian->voltage;
  StationaryState rest;
  if (!given) rest = selected_state(model, stop);
  Drive drive;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto index = static_cast<Eigen::Index>(k);
    if (lorentzian == nullptr) {
      drive.start.emplace_back(StartAtRest{rest.point.input(index)});
      drive.rate_before.push_back(rest.point.rate(index));
      continue;
    }
    const double rate = lorentzian->rate ? *lorentzian->rate.of(k) : rest.point.rate(index);
    const double voltage = lorentzian->voltage ? *lorentzian->voltage.of(k) : rest.voltage(index);
    drive.start.emplace_back(Complex{voltage, pi * model.populations[k].tau * rate});
    drive.rate_before.push_back(rate);
  }
  return drive;
}

Activity integrate(const model::Model& model, const Drive& drive, const Execution& execution,
                   const ActivityObserver& observer) {
  const Schedule schedule = model::schedule(model.simulation);
  const std::size_t count = model.populations.size();
  std::vector<Stepper> steppers;
  for (std::size_t k = 0; k < count; ++k) {
    steppers.push_back(
        make_stepper(model.populations[k], constant_current(model, k), schedule.time_step, drive.start[k]));
  }
  const auto state_of = [&](std::size_t k) {
    return std::visit([](const auto& stepper) { return stepper.state(); }, steppers[k]);
  };
  Recorder recorder(schedule, count, observer);
  recorder.activity().voltage.assign(observer ? 0 : count, {});
  std::vector<StepSpikes> spikes(count);
  model::Inputs inputs(model, drive.trial, drive.rate_before,
                       drive.activity ? model::Granularity::neurons : model::Granularity::continuum);
  bool finished = true;
  if (execution.phase) execution.phase({.name = "simulation", .keeps = true});
  for (std::int64_t step = 0; step < schedule.steps; ++step) {
    if (step % 1024 == 0) {
      if (execution.stop.stop_requested()) {
        finished = false;
        break;
      }
      if (execution.progress) execution.progress(static_cast<double>(step) / static_cast<double>(schedule.steps));
    }
    for (std::size_t k = 0; k < count; ++k) {
      const double kick = inputs.kick()[k];
      const StepSpikes expected = std::visit([kick](auto& stepper) { return stepper.step(kick); }, steppers[k]);
      spikes[k] = drive.activity ? drive.activity(k, kick, expected) : expected;
      // A state that is not finite makes spikes that are not.
      if (!std::isfinite(spikes[k].first + spikes[k].second) || !std::isfinite(expected.count)) {
        throw NumericalError(fmt::format("population '{}': the mean field at t = {:.6g} is not finite",
                                         model.populations[k].name, schedule.time_of(step + 1)));
      }
    }
    if (!recorder.add(step, spikes)) {
      finished = false;
      break;
    }
    const auto& kick = inputs.advance(step, spikes);
    if (auto& gathered = recorder.activity(); !observer && gathered.samples() > gathered.voltage.front().size()) {
      // The grid point lies in the middle of its kick.
      for (std::size_t k = 0; k < count; ++k) gathered.voltage[k].push_back(state_of(k).real() + kick[k] / 2.0);
    }
  }
  return recorder.take(finished);
}

Activity simulate(const model::Model& model, const Execution& execution, const ActivityObserver& observer) {
  try {
    execution.begin({.name = "set-up"});
    const Drive drive = stationary_drive(model, execution.stop);
    return integrate(model, drive, execution, observer);
  } catch (const Stopped&) {
    return unstarted(model::schedule(model.simulation), model.populations.size());
  }
}

}  // namespace popshot::mean_field
