// What many populations cost: a step of the mean field of K populations with n complex neurons each, which should grow
// as K^2 + K n, and the theory of 100 populations on 1000 frequencies. And the dearest quantiles, of which a network
// draws one a neuron.
#include <benchmark/benchmark.h>

#include "popshot/mean_field/integrate.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace {

using popshot::model::Model;

/// K populations, all coupled to all through exponential synapses, with the given heterogeneity.
Model all_to_all(std::int64_t count, const popshot::model::Heterogeneity& heterogeneity) {
  Model model;
  for (std::int64_t k = 0; k < count; ++k) {
    popshot::model::Population population;
    population.name = "p" + std::to_string(k);
    population.heterogeneity = heterogeneity;
    model.populations.push_back(population);
  }
  const auto size = static_cast<std::size_t>(count);
  for (std::size_t to = 0; to < size; ++to) {
    for (std::size_t from = 0; from < size; ++from) {
      const double sign = from % 2 == 0 ? 1.0 : -1.0;
      model.projections.push_back({to, from, sign * 2.0 / static_cast<double>(count), 0.0, {0.0, 0.5}});
    }
  }
  model.simulation.time_step = 0.01;
  model.simulation.record_interval = 0.1;
  return model;
}

void mean_field_step(benchmark::State& state, const popshot::model::Heterogeneity& heterogeneity) {
  Model model = all_to_all(state.range(0), heterogeneity);
  constexpr double steps = 2000;
  model.simulation.transient = 0.0;
  model.simulation.duration = steps * model.simulation.time_step;
  popshot::mean_field::Drive drive;
  drive.start.assign(model.populations.size(), std::complex<double>{0.0, 1.0});
  drive.rate_before.assign(model.populations.size(), 0.3);
  for (auto _ : state) benchmark::DoNotOptimize(popshot::mean_field::integrate(model, drive));
  state.counters["per_step"] =
      benchmark::Counter(steps, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// The total spectra of 100 populations on 1000 frequencies, at a given state.
void theory(benchmark::State& state) {
  const Model model = all_to_all(100, popshot::model::Lorentzian{1.0, 0.5});
  const auto point = popshot::mean_field::selected_state(model).point;
  std::vector<double> frequency(1000);
  for (std::size_t i = 0; i < frequency.size(); ++i) frequency[i] = 0.01 * static_cast<double>(i + 1);
  for (auto _ : state) benchmark::DoNotOptimize(popshot::theory::shot_noise(model, point, frequency));
}

/// The quantiles of 10^5 neurons of a rational density.
void rational_quantiles(benchmark::State& state) {
  const popshot::model::Rational density{0.1, 1.5, static_cast<int>(state.range(0))};
  constexpr int neurons = 100'000;
  for (auto _ : state) {
    for (int i = 0; i < neurons; ++i) benchmark::DoNotOptimize(popshot::model::quantile(density, (i + 0.5) / neurons));
  }
  state.counters["per_neuron"] =
      benchmark::Counter(neurons, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

const std::vector<std::int64_t> sizes{25, 50, 100, 200, 400};

}  // namespace

BENCHMARK_CAPTURE(mean_field_step, lorentzian, popshot::model::Lorentzian{1.0, 0.5})
    ->ArgName("populations")
    ->ArgsProduct({sizes})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(mean_field_step, gaussian, popshot::model::Gaussian{1.0, 0.5})
    ->ArgName("populations")
    ->ArgsProduct({sizes})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(theory)->Unit(benchmark::kMillisecond);
BENCHMARK(rational_quantiles)->ArgName("order")->Arg(2)->Arg(20)->Unit(benchmark::kMillisecond);
