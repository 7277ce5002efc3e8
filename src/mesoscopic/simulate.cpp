#include "popshot/mesoscopic/simulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <variant>
#include <vector>

#include "network/neurons.hpp"
#include "popshot/core/error.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mesoscopic/ensemble.hpp"
#include "popshot/mesoscopic/spectral_noise.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::mesoscopic {

namespace {

constexpr double pi = std::numbers::pi;

/// The mean field in the state of the network's start.
mean_field::Drive start(const model::Model& model, const FinitePoint& finite, std::uint64_t trial) {
  const auto* lorentzian = std::get_if<model::LorentzianStart>(&model.simulation.start);
  mean_field::Drive drive;
  drive.trial = trial;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    const auto index = static_cast<Eigen::Index>(k);
    const double input = finite.point.input(index);
    drive.start.emplace_back(mean_field::StartAtRest{input});
    if (lorentzian != nullptr) {
      const double voltage =
          lorentzian->voltage.of(k).value_or(mean_field::stationary_state_variable(population, input).real());
      drive.start.back() =
          std::complex<double>{voltage, pi * population.tau * network::start_rate(model, finite.point, k)};
    }
    drive.rate_before.push_back(network::start_rate(model, finite.point, k));
  }
  return drive;
}

/// Markovian noise of a state that stays where it is.
struct StayingNoise {
  MarkovianNoise noise;
  double amplitude;
  GaussianStream gaussian;
  StepSpikes next() {
    StepCoefficients white;
    for (auto& value : white) value = amplitude * gaussian.next();
    return noise.next(white);
  }
};

/// Markovian noise of a state that moves, which it is told by the voltage kicks.
struct MovingNoise {
  FollowingNoise noise;
  double constant;
  double input;       ///< constant and low-passed kicks
  double per_kick;    ///< input that a kick stands for
  double forgetting;  ///< of the low-pass filter, per step: so that its mean delay is tau

  StepSpikes next(double kick) {
    input += forgetting * (constant + per_kick * kick - input);
    return noise.next(input);
  }
};

using PopulationNoise = std::variant<Ensemble, SpectralNoise, StayingNoise, MovingNoise>;

/// The spikes in a step of a population with the given noise.
struct Advance {
  double kick;
  const StepSpikes& expected;
  double offset;  ///< spikes per neuron and step that the sample of a finite population has beyond the mean field

  StepSpikes operator()(Ensemble& noise) const { return noise.advance(kick, expected); }
  StepSpikes operator()(SpectralNoise& noise) const { return with(noise.next()); }
  StepSpikes operator()(StayingNoise& noise) const { return with(noise.next()); }
  StepSpikes operator()(MovingNoise& noise) const { return with(noise.next(kick)); }

 private:
  [[nodiscard]] StepSpikes with(StepSpikes spikes) const {
    spikes += expected;
    spikes += evenly_spread(offset);
    return spikes;
  }
};

PopulationNoise make_noise(const model::Model& model, std::size_t k, std::uint64_t trial, const FinitePoint& finite,
                           MarkovianFamilies& families, bool stays) {
  const auto& population = model.populations[k];
  const double input = finite.point.input(static_cast<Eigen::Index>(k));
  const double h = model.simulation.time_step;
  const GaussianStream gaussian(model.simulation.seed, RandomStream::noise, {trial, k});
  switch (model.mesoscopic.noise) {
    case model::MesoscopicNoise::ensemble:
      return Ensemble(model, k, trial, finite);
    case model::MesoscopicNoise::spectral:
      return SpectralNoise(population, input, h, gaussian);
    case model::MesoscopicNoise::markovian:
      break;
  }
  if (stays) {
    return StayingNoise{MarkovianNoise(markovian_model(population, input, markovian_settings(model)), h),
                        1.0 / std::sqrt(h), gaussian};
  }
  return MovingNoise{FollowingNoise(families.of(k), population, h, gaussian), constant_current(model, k), input,
                     population.tau / h, h / (population.tau + h / 2.0)};
}

}  // namespace

MarkovianSettings markovian_settings(const model::Model& model) {
  return {.frequency_min = model.spectrum.frequency_min,
          .frequency_max = model.spectrum.frequency_max,
          .tolerance = model.mesoscopic.tolerance};
}

std::function<double(std::size_t k, double f)> noise_density(const model::Model& model,
                                                             const mean_field::OperatingPoint& point,
                                                             model::MesoscopicNoise noise,
                                                             const std::stop_token& stop) {
  using Density = std::function<double(double)>;
  std::vector<Density> densities;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    throw_if_stopped(stop);
    const auto& population = model.populations[k];
    const double input = point.input(static_cast<Eigen::Index>(k));
    if (noise == model::MesoscopicNoise::markovian) {
      const auto fitted = markovian_model(population, input, markovian_settings(model));
      densities.emplace_back([fitted](double f) { return fitted.density(f); });
    } else if (noise == model::MesoscopicNoise::spectral) {
      const SpectralNoise filter(population, input, model.simulation.time_step, {0, RandomStream::noise, {}});
      densities.emplace_back([filter](double f) { return filter.density(f); });
    } else {
      const double neurons = static_cast<double>(population.size);
      densities.emplace_back(
          [density = theory::UncoupledSpectrum(population, input), neurons](double f) { return density(f) / neurons; });
    }
  }
  return [densities](std::size_t k, double f) { return densities[k](f); };
}

MarkovianFamilies::MarkovianFamilies(const model::Model& model) {
  for (const auto& population : model.populations) {
    families_.push_back(has_markovian_model(population)
                            ? std::make_unique<MarkovianFamily>(population, markovian_settings(model))
                            : nullptr);
  }
}

bool stays_at_one_state(const model::Model& model, const std::stop_token& stop) {
  if (!is_stationary(model) || !std::holds_alternative<model::StationaryStart>(model.simulation.start)) return false;
  const auto states = mean_field::stationary_states(model, stop).states;
  return std::count_if(states.begin(), states.end(), [](const auto& state) { return state.stable(); }) == 1;
}

namespace {

Activity started(const model::Model& model, std::uint64_t trial, const Execution& execution,
                 const ActivityObserver& observer, MarkovianFamilies* families) {
  execution.begin({.name = "set-up"});
  const bool stays =
      model.mesoscopic.noise == model::MesoscopicNoise::ensemble || stays_at_one_state(model, execution.stop);
  if (model.mesoscopic.noise == model::MesoscopicNoise::spectral && !stays) {
    throw InputError(
        "mesoscopic.noise: \"spectral\" is noise of one stationary state, but this model moves away from it (a "
        "stimulus, a "
        "start that is not stationary, or several stable states); allowed: \"ensemble\" or \"markovian\"");
  }
  std::unique_ptr<MarkovianFamilies> own;
  if (families == nullptr) {
    own = std::make_unique<MarkovianFamilies>(model);
    families = own.get();
  }
  const FinitePoint finite = finite_point(model, trial, execution);
  auto drive = start(model, finite, trial);
  std::vector<PopulationNoise> noise;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    throw_if_stopped(execution.stop);
    noise.push_back(make_noise(model, k, trial, finite, *families, stays));
  }
  Eigen::VectorXd offset = finite.offset;
  // The ensemble's neurons hear themselves as those of the network do; without neurons this part of the mean rate is
  // added. It needs a state to respond around.
  if (model.mesoscopic.noise != model::MesoscopicNoise::ensemble && finite.stationary) {
    offset += theory::own_echo(model, finite.point, execution.stop);
  }
  drive.activity = [&](std::size_t k, double kick, const StepSpikes& expected) {
    const double more = offset(static_cast<Eigen::Index>(k)) * model.simulation.time_step;
    return std::visit(Advance{kick, expected, more}, noise[k]);
  };
  return mean_field::integrate(model, drive, execution, observer);
}

}  // namespace

Activity simulate(const model::Model& model, std::uint64_t trial, const Execution& execution,
                  const ActivityObserver& observer, MarkovianFamilies* families) {
  try {
    return started(model, trial, execution, observer, families);
  } catch (const Stopped&) {
    return unstarted(model::schedule(model.simulation), model.populations.size());
  }
}

}  // namespace popshot::mesoscopic
