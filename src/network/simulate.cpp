#include "popshot/network/simulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <tuple>

#include "neurons.hpp"
#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/model/synapse.hpp"

namespace popshot::network {

namespace {

using model::Model;
using model::Population;

constexpr double pi = std::numbers::pi;
/// Fewer neurons than this per thread are not worth a barrier.
constexpr std::int64_t neurons_per_thread = 8192;
/// Slices of the single-precision arrays begin at multiples of this many neurons (a cache line).
constexpr std::size_t slice_granularity = 16;

/// The neurons whose spike times are wanted: double precision too, stepped one by one.
struct RasterNeurons {
  std::vector<std::int64_t> neuron;
  std::vector<double> eta;
  DoubleNeurons state;
};

struct PopulationState {
  Neurons neurons;
  RasterNeurons raster;
  NoiseSource raster_noise;
};

bool in_raster(const model::Raster& raster, std::int64_t j) {
  if (raster.count == 0 || j < raster.first) return false;
  const std::int64_t offset = j - raster.first;
  return offset % raster.stride == 0 && offset / raster.stride < raster.count;
}

PopulationState prepare(const Model& model, std::size_t k, const Sample& sample,
                        const mean_field::OperatingPoint& point) {
  const Population& population = model.populations[k];
  const double constant = constant_current(model, k);
  const double h = model.simulation.time_step / population.tau;
  PopulationState state{Neurons(sample.eta[k].size(), h, model.simulation.precision, population.name), {}, {}};
  const NoiseSource noise(population.noise, h, model.simulation.seed, RandomStream::neuron_noise, {sample.trial, k}, 0);
  state.neurons.noise = noise;
  state.raster_noise = noise.of_group(2);
  const StartVoltage start{&model, k, sample.trial, point};
  for (std::int64_t j = 0; j < population.size; ++j) {
    const double eta = sample.eta[k][static_cast<std::size_t>(j)] + constant;
    const double voltage = start(j, eta - constant);
    if (in_raster(population.raster, j)) {
      state.raster.neuron.push_back(j);
      state.raster.eta.push_back(eta);
      state.raster.state.add(voltage, riccati_flow(eta, h));
    } else {
      state.neurons.add(eta, voltage);
    }
  }
  return state;
}

/// Member `member` of `members` equal parts of [0, size), cut at multiples of `granularity`.
std::pair<std::size_t, std::size_t> slice(std::size_t size, unsigned member, unsigned members,
                                          std::size_t granularity = 1) {
  const std::size_t units = (size + granularity - 1) / granularity;
  const auto cut = [&](unsigned m) { return std::min(size, units * m / members * granularity); };
  return {cut(member), cut(member + 1)};
}

/// Time within the step at which a neuron that starts the step at v reaches infinity for the n-th time (n = 0, 1, ..),
/// in units of tau.
double spike_delay(double eta, double v, std::int64_t n) {
  if (eta > 0) {
    const double w = std::sqrt(eta);
    return (pi / 2 - std::atan(v / w) + static_cast<double>(n) * pi) / w;
  }
  if (eta == 0) return 1.0 / v;
  const double kappa = std::sqrt(-eta);
  return std::atanh(kappa / v) / kappa;
}

class Network {
 public:
  Network(const Model& model, const Sample& sample, const mean_field::OperatingPoint& point, const Execution& execution,
          const ActivityObserver& observer)
      : model_(model),
        execution_(execution),
        schedule_(model::schedule(model.simulation)),
        recorder_(schedule_, model.populations.size(), observer),
        inputs_(model, sample.trial, rates_before(model, point)) {
    std::int64_t total = 0;
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      populations_.push_back(prepare(model, k, sample, point));
      total += model.populations[k].size;
    }
    const auto useful = std::max<std::int64_t>(1, total / neurons_per_thread);
    members_ = static_cast<unsigned>(std::min<std::int64_t>(execution.thread_count(), useful));
    counts_.assign(2, std::vector<PaddedCounts>(members_, PaddedCounts(populations_.size())));
    spikes_.resize(members_);
  }

  Activity run() {
    last_step_ = schedule_.steps - 1;
    SpinBarrier barrier(members_);
    run_team(members_, [&](unsigned member) { work(member, barrier); });
    if (failure_population_ != none) {
      throw NumericalError(fmt::format("population '{}': the input at t = {:.6g} is not finite",
                                       model_.populations[failure_population_].name,
                                       schedule_.time_of(last_step_ + 1)));
    }
    auto activity = recorder_.take(last_step_ + 1 == schedule_.steps);
    activity.spikes = collect_spikes();
    return activity;
  }

 private:
  using PaddedCounts = std::vector<std::int64_t>;
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  struct Spike {
    double time;
    std::int64_t population;
    std::int64_t neuron;
  };

  /// What one member of the team does: its slice of every population, step by step.
  void work(unsigned member, SpinBarrier& barrier) {
    const std::size_t count = populations_.size();
    // Every member makes the same kicks of the same spikes, so that one barrier a step suffices.
    model::Inputs inputs = inputs_;
    std::vector<std::int64_t> total(count);
    std::vector<double> spikes(count);
    for (std::int64_t step = 0; step < schedule_.steps; ++step) {
      auto& mine = counts_[static_cast<std::size_t>(step % 2)][member];
      for (std::size_t k = 0; k < count; ++k) mine[k] = advance(k, member, inputs.kick()[k], step);
      if (member == 0) report(step);
      barrier.wait();
      std::fill(total.begin(), total.end(), 0);
      for (const auto& counts : counts_[static_cast<std::size_t>(step % 2)]) {
        for (std::size_t k = 0; k < count; ++k) total[k] += counts[k];
      }
      for (std::size_t k = 0; k < count; ++k) spikes[k] = spikes_per_neuron(k, total[k]);
      inputs.advance(step, spikes);
      const std::size_t failed = not_finite(inputs.kick());
      // The observer's wish takes effect after the next step, which all members have begun by then or will.
      if (member == 0 && !recorder_.add(step, spikes)) ended_ = true;
      if (failed != none) {
        if (member == 0) {
          failure_population_ = failed;
          last_step_ = step;
        }
        return;  // every member has found the same
      }
      if (step >= last_step_) return;
    }
  }

  /// Progress and stop requests, every few milliseconds. A stop takes effect at the end of this very step for all.
  void report(std::int64_t step) {
    constexpr std::int64_t interval = 256;
    if (ended_) last_step_ = step;
    if (step % interval != 0) return;
    if (execution_.stop.stop_requested()) last_step_ = step;
    if (execution_.progress) execution_.progress(static_cast<double>(step) / static_cast<double>(schedule_.steps));
  }

  std::int64_t advance(std::size_t k, unsigned member, double kick, std::int64_t step) {
    auto& population = populations_[k];
    std::int64_t spikes = 0;
    const std::size_t granularity = population.neurons.noise.active() ? noise_block : slice_granularity;
    if (const auto [begin, end] = slice(population.neurons.singles, member, members_, granularity); begin < end) {
      spikes += population.neurons.advance_singles(begin, end, kick, step);
    }
    if (const auto [begin, end] = slice(population.neurons.doubles.size(), member, members_); begin < end) {
      spikes += population.neurons.advance_doubles(begin, end, kick, step);
    }
    if (const auto [begin, end] = slice(population.raster.neuron.size(), member, members_); begin < end) {
      spikes += advance_raster(k, begin, end, kick, step, spikes_[member]);
    }
    return spikes;
  }

  std::int64_t advance_raster(std::size_t k, std::size_t begin, std::size_t end, double kick, std::int64_t step,
                              std::vector<Spike>& spikes) {
    const auto& noise = populations_[k].raster_noise;
    if (!noise.active()) return advance_raster(k, begin, end, kick, step, spikes, nullptr);
    std::int64_t total = 0;
    for_noise_blocks(noise, step, begin, end, [&](std::size_t first, std::size_t last, const float* numbers) {
      total += advance_raster(k, first, last, kick, step, spikes, numbers);
    });
    return total;
  }

  std::int64_t advance_raster(std::size_t k, std::size_t begin, std::size_t end, double kick, std::int64_t step,
                              std::vector<Spike>& spikes, const float* numbers) {
    auto& raster = populations_[k].raster;
    auto& s = raster.state;
    const double tau = model_.populations[k].tau;
    const double scale = populations_[k].raster_noise.scale;
    std::int64_t total = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double v =
          s.voltage[i] + kick + (numbers != nullptr ? scale * static_cast<double>(numbers[i - begin]) : 0.0);
      const auto result = riccati_step(RiccatiFlow<double>{s.c[i], s.b[i], s.e[i], s.half_turns[i]}, v);
      s.voltage[i] = result.state;
      const auto fired = static_cast<std::int64_t>(result.spikes);
      total += fired;
      if (step < schedule_.transient_steps) continue;
      for (std::int64_t n = 0; n < fired; ++n) {
        const double delay = std::clamp(tau * spike_delay(raster.eta[i], v, n), 0.0, model_.simulation.time_step);
        spikes.push_back({schedule_.time_of(step) + delay, static_cast<std::int64_t>(k), raster.neuron[i]});
      }
    }
    return total;
  }

  [[nodiscard]] double spikes_per_neuron(std::size_t k, std::int64_t spikes) const {
    return static_cast<double>(spikes) / static_cast<double>(model_.populations[k].size);
  }

  /// A population whose kick is not finite, or none.
  [[nodiscard]] std::size_t not_finite(const std::vector<double>& kick) const {
    for (std::size_t k = 0; k < kick.size(); ++k) {
      if (!std::isfinite(static_cast<float>(populations_[k].neurons.h * kick[k]))) return k;
    }
    return none;
  }

  static std::vector<double> rates_before(const Model& model, const mean_field::OperatingPoint& point) {
    std::vector<double> rates;
    for (std::size_t k = 0; k < model.populations.size(); ++k) rates.push_back(start_rate(model, point, k));
    return rates;
  }

  [[nodiscard]] SpikeTimes collect_spikes() const {
    SpikeTimes result;
    std::vector<Spike> all;
    for (const auto& part : spikes_) all.insert(all.end(), part.begin(), part.end());
    std::sort(all.begin(), all.end(), [](const Spike& left, const Spike& right) {
      return std::tie(left.time, left.population, left.neuron) < std::tie(right.time, right.population, right.neuron);
    });
    for (const auto& spike : all) {
      result.time.push_back(spike.time);
      result.population.push_back(spike.population);
      result.neuron.push_back(spike.neuron);
    }
    return result;
  }

  const Model& model_;
  const Execution& execution_;
  Schedule schedule_;
  Recorder recorder_;
  model::Inputs inputs_;  ///< at the start
  bool ended_ = false;    ///< the observer has asked for the end; of member 0 only
  std::vector<PopulationState> populations_;
  unsigned members_ = 1;
  /// Spikes of a step by member and population; two sets in turn, so that one barrier a step suffices.
  std::vector<std::vector<PaddedCounts>> counts_;
  std::vector<std::vector<Spike>> spikes_;
  /// Only member 0 writes it, before the barrier of the step that it names or of an earlier one.
  std::atomic<std::int64_t> last_step_ = 0;
  std::size_t failure_population_ = none;
};

}  // namespace

Activity simulate(const Model& model, const Sample& sample, const mean_field::OperatingPoint& point,
                  const Execution& execution, const ActivityObserver& observer) {
  return Network(model, sample, point, execution, observer).run();
}

mean_field::OperatingPoint start_point(const Model& model, const Sample& sample) {
  const auto* lorentzian = std::get_if<model::LorentzianStart>(&model.simulation.start);
  if (lorentzian != nullptr && lorentzian->rate && lorentzian->voltage) {
    // Nothing of a stationary state is asked for, and there may be none.
    const auto count = static_cast<Eigen::Index>(model.populations.size());
    return {Eigen::VectorXd::Zero(count), Eigen::VectorXd::Zero(count)};
  }
  return operating_point(model, sample, mean_field::selected_state(model).point, model.simulation.time_step);
}

Activity simulate(const Model& model, std::uint64_t trial, const Execution& execution,
                  const ActivityObserver& observer) {
  model::require_memory(model);
  const Sample sample = draw_sample(model, trial, execution);
  return simulate(model, sample, start_point(model, sample), execution, observer);
}

}  // namespace popshot::network
