#include "popshot/comparison/run_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <limits>
#include <utility>

#include "popshot/analysis/welch.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/modes.hpp"
#include "popshot/theory/shot_noise.hpp"
#include "trials.hpp"

namespace popshot::comparison {

namespace {

using Eigen::Index;

/// Seconds of one thread, about those of the machines of docs/benchmarks.md.
constexpr double mesoscopic_overhead = 3e-7;    ///< a population's step, without its representative neurons
constexpr double noisy_mesoscopic_step = 4e-4;  ///< with Gaussian heterogeneity and Gaussian noise
constexpr double complex_neuron_step = 1e-7;
constexpr double noisy_theory = 1e-3;  ///< a population and frequency, with Gaussian noise in the neurons
constexpr double neuron_set_up = 3e-7;
/// Memory traffic of a neuron-step, over the bandwidth of the machine.
constexpr double memory_bound_step = 12.0 / 1e10;
constexpr double largest_in_cache = 4e6;
/// A team of threads for one network is worth it from about so many neurons a thread on.
constexpr double neurons_per_thread = 2e4;
/// Frequencies at which theory is evaluated for each of the segment's samples (analysis::through_window), and for
/// curves.
constexpr double frequencies_per_sample = 12.0;
constexpr double curve_points = 600.0;

bool is_noisy(const model::Population& population) {
  return std::holds_alternative<model::GaussianNoise>(population.noise);
}
bool is_noisy(const model::Model& model) {
  return std::any_of(model.populations.begin(), model.populations.end(),
                     [](const auto& population) { return is_noisy(population); });
}

/// The least processor time of a few repetitions: what else the machine does is not to count.
double seconds_of(const auto& work) {
  constexpr int repetitions = 5;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repetitions; ++i) {
    const std::clock_t start = std::clock();
    work();
    least = std::min(least, static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC));
  }
  return least;
}

model::Model resized(model::Model model, double scale) {
  for (auto& population : model.populations) {
    const double size = std::round(scale * static_cast<double>(population.size));
    population.size = std::max(std::int64_t{1}, static_cast<std::int64_t>(size));
    population.raster.count = 0;
  }
  return model;
}

double neurons(const model::Model& model) {
  double sum = 0.0;
  for (const auto& population : model.populations) sum += static_cast<double>(population.size);
  return sum;
}

double steps(const model::Model& model) {
  return (model.simulation.duration + model.simulation.transient) / model.simulation.time_step;
}

double measured_neuron_step(const model::Model& model, const Eigen::VectorXd& rate) {
  constexpr double most_neurons = 4000.0;
  constexpr double work = 2e6;
  auto small = resized(model, std::min(1.0, most_neurons / neurons(model)));
  small.simulation.transient = 0.0;
  small.simulation.start = model::LorentzianStart{std::max(1e-6, rate.mean()), 0.0};
  const double wanted = std::max(200.0, work / neurons(small));
  const auto time = [&](double count) {
    const double whole = std::ceil(count * small.simulation.time_step / small.simulation.record_interval);
    small.simulation.duration = whole * small.simulation.record_interval;
    const auto sample = network::draw_sample(small, 0, {.threads = 1});
    const auto point = network::start_point(small, sample);
    const double seconds = seconds_of([&] { (void)network::simulate(small, sample, point, {.threads = 1}); });
    return std::pair{small.simulation.duration / small.simulation.time_step * neurons(small), seconds};
  };
  const auto few = time(wanted / 4.0);
  const auto many = time(wanted);
  if (many.first <= few.first || many.second <= few.second) return many.second / many.first;
  return (many.second - few.second) / (many.first - few.first);
}

double measured_theory(const model::Model& model, const Eigen::VectorXd& rate) {
  if (is_noisy(model)) return noisy_theory * static_cast<double>(model.populations.size());
  mean_field::OperatingPoint point{rate, mean_field::coupling_matrix(model) * rate};
  for (Index k = 0; k < rate.size(); ++k) point.input(k) += constant_current(model, static_cast<std::size_t>(k));
  const auto time = [&](std::size_t count) {
    // As analysis::through_window asks for them.
    std::vector<double> f;
    const double highest = 1.5 / model.simulation.record_interval;
    for (std::size_t i = 0; i < count; ++i) f.push_back(highest * static_cast<double>(i) / static_cast<double>(count));
    return seconds_of([&] { (void)theory::shot_noise(model, point, f); });
  };
  constexpr std::size_t few = 16;
  constexpr std::size_t many = 96;
  const double first = time(few);
  return std::max(0.0, time(many) - first) / static_cast<double>(many - few);
}

/// A step of the mesoscopic model of all populations, in seconds.
double mesoscopic_step(const model::Model& model, const Speed& speed) {
  double sum = 0.0;
  const auto ensemble = static_cast<double>(model.mesoscopic.ensemble_size);
  for (const auto& population : model.populations) {
    const auto size = static_cast<double>(population.size);
    sum += mesoscopic_overhead;
    if (size <= 4.0 * ensemble) {
      sum += size * speed.neuron_step;
    } else if (model.mesoscopic.noise == model::MesoscopicNoise::ensemble) {
      sum += ensemble * speed.neuron_step;
    }
    const bool gaussian = std::holds_alternative<model::Gaussian>(population.heterogeneity);
    if (is_noisy(population)) sum += gaussian ? noisy_mesoscopic_step : 2e-6;
  }
  return sum;
}

double mean_field_step(const model::Model& model) {
  double sum = 0.0;
  for (const auto& population : model.populations) {
    const double nodes =
        is_noisy(population) ? 100.0 : static_cast<double>(mean_field::ComplexNeurons(population).eta.size());
    sum += nodes * complex_neuron_step;
  }
  return sum;
}

class Sum {
 public:
  explicit Sum(RunTime& time) : time_(time) {}
  void add(const std::string& name, double count, const std::string& unit, double seconds) {
    for (auto& part : time_.parts) {
      if (part.name != name) continue;
      part.count += count;
      part.seconds += seconds;
      return;
    }
    time_.parts.push_back({name, count, unit, seconds});
  }

 private:
  RunTime& time_;
};

std::string length_of(double seconds) {
  constexpr std::array<std::pair<double, const char*>, 4> units{std::pair{86400.0, "days"}, std::pair{3600.0, "h"},
                                                                std::pair{60.0, "min"}, std::pair{1.0, "s"}};
  for (const auto& [length, name] : units) {
    if (seconds >= 1.5 * length || length == 1.0) return fmt::format("{:.2g} {}", seconds / length, name);
  }
  return {};  // not reached
}

}  // namespace

double RunTime::seconds() const {
  double sum = 0.0;
  for (const auto& part : parts) sum += part.seconds;
  return sum;
}

Speed measure_speed(const model::Model& model) {
  const auto rate = theory::known_modes(model).rate;
  return {measured_neuron_step(model, rate), is_stationary(model) ? measured_theory(model, rate) : 0.0};
}

RunTime estimate_run_time(const model::Model& model, const RunPlan& plan, const Speed& speed) {
  RunTime time;
  time.threads = Execution{.threads = plan.threads}.thread_count();
  Sum sum(time);
  const auto trials = static_cast<double>(plan.trials);
  for (const double scale : plan.scale) {
    const auto sized = resized(model, scale);
    const double size = neurons(sized);
    const auto shared = plan_trials(sized, plan.trials, time.threads);
    // Trials that share the threads, one after the other.
    const double rounds = std::ceil(trials / shared.side_by_side);
    const double team = std::clamp(size / neurons_per_thread, 1.0, static_cast<double>(shared.threads_per_trial));
    if (plan.network) {
      double each = speed.neuron_step * rounds / team;
      if (size > largest_in_cache) each = std::max(each, memory_bound_step * trials);
      sum.add("network", size * steps(sized) * trials, "neuron-steps", size * steps(sized) * each);
      sum.add("set-up", size * trials, "neurons", size * rounds * neuron_set_up);
    }
    if (plan.mesoscopic) {
      sum.add("mesoscopic model", steps(sized) * trials, "steps",
              steps(sized) * mesoscopic_step(sized, speed) * rounds);
    }
    if (plan.mean_field) sum.add("mean field", steps(sized), "steps", steps(sized) * mean_field_step(sized));
    if (plan.theory) {
      const auto segment =
          static_cast<double>(analysis::segment_length(sized.spectrum.resolution, sized.simulation.record_interval));
      const double frequencies = frequencies_per_sample * segment + curve_points;
      // (theory that is expensive is made once)
      const bool once = is_noisy(sized);
      sum.add("theory", frequencies * (once ? 1.0 : trials), "frequencies",
              frequencies * speed.theory_frequency * (once ? 1.0 : rounds));
    }
  }
  return time;
}

RunTime estimate_run_time(const model::Model& model, const RunPlan& plan) {
  // No machine is so slow.
  constexpr Speed slow{2e-8, 1e-4};
  constexpr double no_matter = 5.0;
  auto longest = estimate_run_time(model, plan, slow);
  if (longest.seconds() < no_matter) return longest;
  return estimate_run_time(model, plan, measure_speed(model));
}

std::string describe(const RunTime& time) {
  std::string parts;
  for (const auto& part : time.parts) {
    if (part.seconds < 0.05 * time.seconds()) continue;
    parts += fmt::format("{}{} {:.2g} {}", parts.empty() ? "" : ", ", part.name, part.count, part.unit);
  }
  return fmt::format("about {} on {} thread{} ({})", length_of(time.seconds()), time.threads,
                     time.threads == 1 ? "" : "s", parts);
}

}  // namespace popshot::comparison
