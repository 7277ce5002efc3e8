// Neuron-steps per second of the whole network simulation (recording and kicks included), on one core and on all, with
// Fig. 1's parameters.
#include <benchmark/benchmark.h>

#include "popshot/network/simulate.hpp"

namespace {

void network(benchmark::State& state) {
  popshot::model::Model model;
  popshot::model::Population population;
  population.name = "qif";
  population.size = state.range(0);
  population.sampling = popshot::model::Sampling::quantile;
  model.populations.push_back(population);
  model.projections.push_back({0, 0, 10.0});
  const double steps = 4e9 / static_cast<double>(state.range(0));
  model.simulation.duration = steps * model.simulation.time_step;
  model.simulation.record_interval = model.simulation.time_step * 4;
  const auto sample = popshot::network::draw_sample(model, 0);
  const auto point = popshot::network::operating_point(model, sample, popshot::mean_field::selected_state(model).point,
                                                       model.simulation.time_step);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        popshot::network::simulate(model, sample, point, {.threads = static_cast<unsigned>(state.range(1))}));
  }
  state.counters["neuron_steps"] = benchmark::Counter(4e9, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

BENCHMARK(network)
    ->ArgNames({"N", "threads"})
    ->ArgsProduct({{1000, 10'000, 100'000, 1'000'000, 10'000'000}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
