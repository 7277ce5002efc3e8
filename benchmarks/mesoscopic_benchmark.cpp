// Time per step of the mesoscopic level against that of the network, on one core, and what it is made of.
// Usage: popshot_mesoscopic_benchmark [RESULT.json]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "network/kernel.hpp"
#include "network/neurons.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "support/models.hpp"
#include "timing.hpp"

namespace {

using namespace popshot;
using benchmark::seconds;
using testing_support::figure1;

/// Seconds per step, the best of three runs: the time between the first record interval and the last, so that the
/// set-up is left out.
double per_step(model::Model m, double steps, auto&& simulate) {
  using Clock = std::chrono::steady_clock;
  constexpr double per_record = 4.0;
  const auto records = static_cast<std::int64_t>(std::max(3.0, std::round(steps / per_record)));
  m.simulation.duration = static_cast<double>(records) * per_record * m.simulation.time_step;
  double best = 1e300;
  for (int i = 0; i < 3; ++i) {
    std::int64_t record = 0;
    Clock::time_point begin;
    Clock::time_point end;
    const ActivityObserver observer = [&](const std::vector<double>&) {
      ++record;
      if (record == 1) begin = Clock::now();
      if (record == records) end = Clock::now();
      return true;
    };
    (void)simulate(m, observer);
    const double elapsed = std::chrono::duration<double>(end - begin).count();
    best = std::min(best, elapsed / (static_cast<double>(records - 1) * per_record));
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const Execution one{.threads = 1};
  const auto mesoscopic = [&](const model::Model& m, const ActivityObserver& o) {
    return mesoscopic::simulate(m, 0, one, o);
  };
  const auto network = [&](const model::Model& m, const ActivityObserver& o) {
    return network::simulate(m, 0, one, o);
  };
  const auto mean_field = [&](const model::Model& m, const ActivityObserver& o) {
    return mean_field::simulate(m, one, o);
  };
  nlohmann::ordered_json result{{"kernel_target", network::kernel_target()}, {"cores", 1}};

  // The kernel alone, on as many neurons as the ensemble has, in two calls as the ensemble makes them.
  constexpr std::size_t representatives = 500;
  network::Neurons neurons(representatives / 2, 0.005, model::Precision::single, "benchmark");
  for (std::size_t j = 0; j < representatives / 2; ++j) {
    neurons.add(10.0 + std::tan(3.14159 * ((static_cast<double>(j) + 0.5) / 250.0 - 0.5)) / 8.0, 0.1);
  }
  double kernel = 1e300;
  constexpr int calls = 2'000'000;
  for (int repeat = 0; repeat < 3; ++repeat) {
    kernel = std::min(kernel, seconds([&] {
                                for (int i = 0; i < calls; ++i) (void)neurons.advance(0.0, i);
                              }) / calls);
  }
  const double kernel_rate = static_cast<double>(neurons.singles + neurons.doubles.size()) / kernel;
  result["kernel_neuron_steps_per_second"] = kernel_rate;
  std::cout << fmt::format("kernel ({}), 250 neurons: {:.3g} neuron-steps/s; 500 neurons: {:.3f} us\n",
                           network::kernel_target(), kernel_rate, 2.0 * kernel * 1e6);

  auto base = figure1(10'000'000);
  base.mesoscopic.ensemble_size = representatives;
  const double field = per_step(base, 2e6, mean_field);
  const double ensemble = per_step(base, 2e6, mesoscopic);
  auto other = base;
  other.mesoscopic.noise = model::MesoscopicNoise::markovian;
  const double markovian = per_step(other, 2e6, mesoscopic);
  other.mesoscopic.noise = model::MesoscopicNoise::spectral;
  const double spectral = per_step(other, 2e6, mesoscopic);
  result["microseconds_per_step"] = {{"mean_field", field * 1e6},
                                     {"ensemble_of_500", ensemble * 1e6},
                                     {"of_which_kernel", 2.0 * kernel * 1e6},
                                     {"markovian", markovian * 1e6},
                                     {"spectral", spectral * 1e6}};
  std::cout << fmt::format(
      "us per step: mean field {:.3f}, ensemble of 500 {:.3f} (kernel {:.3f}), Markovian {:.3f}, spectral {:.3f}\n\n",
      field * 1e6, ensemble * 1e6, 2.0 * kernel * 1e6, markovian * 1e6, spectral * 1e6);

  std::cout << fmt::format("{:>12} {:>16} {:>16} {:>10}\n", "N", "network, us", "mesoscopic, us", "ratio");
  result["sizes"] = nlohmann::ordered_json::array();
  for (double n = 1e3; n < 2e9; n *= 10.0) {
    auto m = base;
    m.populations[0].size = std::llround(n);
    const double small = per_step(m, 1e6, mesoscopic);
    // The network of 10^9 neurons is left out: it needs 16 GB.
    const bool measured = n < 5e8;
    const double steps = std::clamp(std::round(4e9 / n / 4.0) * 4.0, 20.0, 1e6);
    const double large = measured ? per_step(m, steps, network) : 0.0;
    nlohmann::ordered_json row{{"size", m.populations[0].size}, {"mesoscopic_microseconds", small * 1e6}};
    if (measured) {
      row["network_microseconds"] = large * 1e6;
      row["ratio"] = large / small;
    }
    result["sizes"].push_back(row);
    std::cout << fmt::format("{:>12} {:>16} {:>16.4f} {:>10}\n", m.populations[0].size,
                             measured ? fmt::format("{:.4f}", large * 1e6) : "-", small * 1e6,
                             measured ? fmt::format("{:.3g}", large / small) : "-")
              << std::flush;
  }
  if (argc > 1) {
    std::ofstream file(argv[1]);
    file << result.dump(2) << '\n';
    std::cout << "wrote " << argv[1] << '\n';
  }
  return 0;
}
