// The network engine against what the machine can do, and how exact it is: Fig. 1's network at many sizes, numbers of
// threads, instruction sets and features. Every figure comes from this one run.
// Usage: popshot_network_benchmark [RESULT.json [largest N]]
#include <fmt/format.h>
#include <hwy/targets.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <vector>

#include "machine_limits.hpp"
#include "network/kernel.hpp"
#include "network/neurons.hpp"
#include "network/team_sums.hpp"
#include "popshot/analysis/statistics.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/mean_rate.hpp"
#include "support/models.hpp"
#include "timing.hpp"

namespace {

using namespace popshot;
using benchmark::seconds;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr double pi = std::numbers::pi;
constexpr int repeats = 7;
/// Neuron-steps of one timed run.
constexpr double work = 2e9;

/// Fig. 1 of Klinshov & Kirillov (2022), with the quantiles of its heterogeneity.
model::Model figure1(std::int64_t size) { return testing_support::figure1(size, model::Sampling::quantile); }

struct Prepared {
  model::Model model;
  network::Sample sample;
  mean_field::OperatingPoint point;
};

Prepared prepare(model::Model m) {
  auto sample = network::draw_sample(m, 0);
  auto point = network::start_point(m, sample);
  return {std::move(m), std::move(sample), std::move(point)};
}

/// Neuron-steps per second of one run, kicks and recording included, set-up and the first eighth excluded.
double rate_of(Prepared& p, unsigned threads, bool all_threads = true) {
  auto& simulation = p.model.simulation;
  constexpr double per_record = 4.0;
  simulation.record_interval = per_record * simulation.time_step;
  const auto size = static_cast<double>(p.model.populations[0].size);
  const double records = std::max(12.0, std::round(work * (all_threads ? threads : 1) / size / per_record));
  simulation.duration = records * simulation.record_interval;
  std::int64_t record = 0;
  Clock::time_point begin;
  Clock::time_point end;
  const auto first = static_cast<std::int64_t>(records / 8.0) + 1;
  const ActivityObserver observer = [&](const std::vector<double>&) {
    ++record;
    if (record == first) begin = Clock::now();
    if (record == static_cast<std::int64_t>(records)) end = Clock::now();
    return true;
  };
  (void)network::simulate(p.model, p.sample, p.point, {.threads = threads, .all_threads = all_threads}, observer);
  const double elapsed = std::chrono::duration<double>(end - begin).count();
  return (records - static_cast<double>(first)) * per_record * size / elapsed;
}

/// What the machine does at most with `size` neurons on `threads` threads: neurons per second divided, moved (with the
/// engine's traffic, and with two numbers a neuron), and both.
struct Limits {
  double division = 0.0, bandwidth = 0.0, two_arrays = 0.0, both = 0.0;
};

void measure_limits(std::size_t size, unsigned threads, Limits& best) {
  const std::size_t part = (size / threads + 63) / 64 * 64;
  const auto times = static_cast<std::size_t>(std::max(2.0, std::round(work / 4.0 / static_cast<double>(part))));
  const auto y = network::page_array(part * threads);
  const auto a = network::page_array(part * threads);
  const bool lined = static_cast<std::int64_t>(size) >= network::least_lined;
  std::vector<double> result(5);
  network::TeamSums meeting(threads, 0);
  std::vector<float> kept(threads);
  run_team(threads, [&](unsigned member) {
    float* own_y = y.get() + part * member;
    float* own_a = a.get() + part * member;
    std::fill_n(own_y, part, 1.0F);
    std::fill_n(own_a, part, 1e-3F);
    const auto again = [&](auto&& pass) {
      return [&, pass] {
        for (std::size_t i = 0; i < times; ++i) pass();
      };
    };
    const std::array<std::function<void()>, 5> jobs{
        [&] { kept[member] = benchmark::divide(part, times, true); },
        [&] { kept[member] = benchmark::divide(part, times, false); },
        again([&] { benchmark::move(own_y, own_a, part, lined); }),
        again([&] { benchmark::move(own_y, own_a, part, false); }),
        again([&] { benchmark::divide_and_move(own_y, own_a, part, lined); })};
    std::int64_t round = 0;
    for (std::size_t job = 0; job < jobs.size(); ++job) {
      meeting.share(member, ++round);
      const auto begin = Clock::now();
      jobs[job]();
      meeting.share(member, ++round);
      const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
      if (member == 0) result[job] = static_cast<double>(part * threads * times) / elapsed;
    }
  });
  best.division = std::max({best.division, result[0], result[1]});
  best.bandwidth = std::max(best.bandwidth, result[2]);
  best.two_arrays = std::max(best.two_arrays, result[3]);
  best.both = std::max(best.both, result[4]);
}

/// Seconds of a meeting of `threads` threads that add up one number, again and again.
double meeting_time(unsigned threads) {
  constexpr int rounds = 1'000'000;
  double best = 1e300;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    network::TeamSums sums(threads, 1);
    best = std::min(best, seconds([&] {
                            run_team(threads, [&](unsigned member) {
                              for (std::int64_t round = 1; round <= rounds; ++round) {
                                *sums.own(member, round) = round;
                                sums.share(member, round);
                                (void)sums.total(round, 0);
                              }
                            });
                          }) / rounds);
  }
  return best;
}

Json sizes(unsigned threads, double largest) {
  Json rows = Json::array();
  std::cout << fmt::format(
                   "\n{} thread{}: 10^9 neuron-steps/s of the whole simulation, and of the machine at its best\n",
                   threads, threads == 1 ? "" : "s")
            << fmt::format("{:>12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9}\n", "N", "network", "divisions",
                           "bandwidth", "two arrays", "both", "of limit");
  struct Size {
    Prepared prepared;
    Limits limits;
    double rate = 0.0;
    [[nodiscard]] std::int64_t neurons() const { return prepared.model.populations[0].size; }
  };
  std::vector<Size> all;
  for (double n = 1e3; n <= 1.001 * largest; n *= 10.0) all.push_back({prepare(figure1(std::llround(n))), {}, 0.0});
  // In turns, so that a busy neighbour of the machine disturbs engine and limits alike, and seldom one size only.
  constexpr std::int64_t large = 30'000'000;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (auto& size : all) {
      if (size.neurons() > large && repeat >= 2) continue;
      measure_limits(static_cast<std::size_t>(size.neurons()), threads, size.limits);
      size.rate = std::max(size.rate, rate_of(size.prepared, threads));
    }
  }
  for (const auto& [prepared, limits, rate] : all) {
    const std::int64_t size = prepared.model.populations[0].size;
    const double limit = std::min(limits.division, limits.bandwidth);
    rows.push_back({{"size", size},
                    {"rate", rate},
                    {"division", limits.division},
                    {"bandwidth", limits.bandwidth},
                    {"bandwidth_two_arrays", limits.two_arrays},
                    {"division_and_bandwidth", limits.both},
                    {"fraction_of_limit", rate / limit}});
    std::cout << fmt::format("{:>12} {:>10.2f} {:>10.2f} {:>10.2f} {:>10.2f} {:>10.2f} {:>8.0f}%\n", size, rate / 1e9,
                             limits.division / 1e9, limits.bandwidth / 1e9, limits.two_arrays / 1e9, limits.both / 1e9,
                             100.0 * rate / limit)
              << std::flush;
  }
  return rows;
}

double best_rate(const model::Model& m, unsigned threads, bool all_threads = true) {
  auto p = prepare(m);
  double rate = 0.0;
  for (int repeat = 0; repeat < repeats; ++repeat) rate = std::max(rate, rate_of(p, threads, all_threads));
  return rate;
}

Json instruction_sets() {
  Json rows = Json::array();
  std::cout << "\nInstruction sets, N = 10^4, one thread\n";
  for (std::int64_t left = network::kernel_targets(); left != 0; left &= left - 1) {
    const network::ChosenTarget chosen(left & -left);
    Limits limits;
    const double rate = best_rate(figure1(10'000), 1);
    for (int repeat = 0; repeat < repeats; ++repeat) measure_limits(10'000, 1, limits);
    rows.push_back({{"target", network::kernel_target()}, {"rate", rate}, {"division", limits.division}});
    std::cout << fmt::format("{:>8} {:>8.2f} of {:.2f}\n", network::kernel_target(), rate / 1e9, limits.division / 1e9)
              << std::flush;
  }
  return rows;
}

Json features(unsigned cores) {
  Json rows = Json::array();
  std::cout << "\nFeatures, one thread\n";
  const auto add = [&](const std::string& name, const model::Model& m, unsigned threads = 1) {
    const double rate = best_rate(m, threads);
    rows.push_back({{"feature", name}, {"size", m.populations[0].size}, {"threads", threads}, {"rate", rate}});
    std::cout << fmt::format("{:<44} N = {:<9} {} thread(s) {:>8.2f}\n", name, m.populations[0].size, threads,
                             rate / 1e9)
              << std::flush;
  };
  for (const std::int64_t size : {100'000, 1'000'000}) {
    auto random = figure1(size);
    random.populations[0].sampling = model::Sampling::random;
    add("random heterogeneity", random);
  }
  auto precise = figure1(10'000);
  precise.simulation.precision = model::Precision::double_;
  add("double precision", precise);
  auto cauchy = figure1(100'000);
  cauchy.populations[0].noise = model::CauchyNoise{0.1};
  add("Cauchy noise", cauchy);
  auto gaussian = figure1(100'000);
  gaussian.populations[0].noise = model::GaussianNoise{0.1};
  add("Gaussian noise", gaussian);
  for (const std::int64_t size : {10'000, 1'000'000, 10'000'000}) {
    auto delayed = figure1(size);
    delayed.projections[0].weight = -5.0;
    delayed.projections[0].delay = 0.2;
    for (unsigned threads = 1; threads <= cores; threads *= 2)
      add("delay of 40 steps, carried as a whole", delayed, threads);
  }
  return rows;
}

/// Strong scaling (the same network on more threads), weak scaling (more threads, more neurons) and many small networks
/// side by side.
Json scaling(unsigned cores) {
  Json result;
  std::cout << "\nScaling: threads, 10^9 neuron-steps/s\n";
  for (const std::int64_t size : {1000, 10'000, 100'000, 1'000'000}) {
    Json row{{"size", size}, {"rates", Json::array()}};
    for (unsigned threads = 1; threads <= cores; ++threads) row["rates"].push_back(best_rate(figure1(size), threads));
    row["chosen"] = best_rate(figure1(size), cores, false);
    std::cout << fmt::format("strong, N = {:<9} {}; as measured at the start: {:.3g}\n", size, row["rates"].dump(),
                             row["chosen"].get<double>())
              << std::flush;
    result["strong"].push_back(row);
  }
  for (const std::int64_t per_thread : {10'000, 100'000, 1'000'000}) {
    Json row{{"neurons_per_thread", per_thread}, {"rates", Json::array()}};
    for (unsigned threads = 1; threads <= cores; ++threads) {
      row["rates"].push_back(best_rate(figure1(per_thread * threads), threads));
    }
    std::cout << fmt::format("weak, {} neurons a thread: {}\n", per_thread, row["rates"].dump()) << std::flush;
    result["weak"].push_back(row);
  }
  for (const std::int64_t size : {100, 300, 1000, 3000, 10'000}) {
    auto p = prepare(figure1(size));
    constexpr std::size_t trials = 16;
    const double steps = work / static_cast<double>(trials) / static_cast<double>(size);
    p.model.simulation.record_interval = 4.0 * p.model.simulation.time_step;
    p.model.simulation.duration = steps * p.model.simulation.time_step;
    Json row{{"size", size}, {"trials", trials}, {"rates", Json::array()}};
    for (unsigned threads = 1; threads <= cores; ++threads) {
      for (const std::size_t together : {std::size_t{1}, std::size_t{2}}) {
        const std::vector<network::NetworkRun> runs(together, {&p.model, &p.sample, p.point, {}});
        double rate = 0.0;
        for (int repeat = 0; repeat < 3; ++repeat) {
          rate = std::max(rate, work / seconds([&] {
                                  for_each_parallel(trials / together, {.threads = threads},
                                                    [&](std::size_t) { (void)network::simulate(runs); });
                                }));
        }
        row["rates"].push_back({{"threads", threads}, {"together", together}, {"rate", rate}});
      }
    }
    std::cout << fmt::format("{} networks side by side, N = {}: {}\n", trials, size, row["rates"].dump()) << std::flush;
    result["side_by_side"].push_back(row);
  }
  return result;
}

/// Phase, in turns, by which a free neuron in single precision is off its closed form after 10^7 steps, for neurons
/// from the centre to the edge of what single precision is used for.
Json drift() {
  constexpr std::int64_t steps = 10'000'000;
  constexpr double h = 0.005;
  Json rows = Json::array();
  std::cout << "\nPhase of free neurons in single precision after 10^7 steps: eta, turns made, turns off, of the "
               "closed form\n";
  for (const double eta : {0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 2000.0}) {
    network::Neurons neurons(16, h, model::Precision::single, "drift");
    constexpr std::size_t starts = 16;
    for (std::size_t i = 0; i < starts; ++i) {
      neurons.add(eta, std::sqrt(eta) * std::tan(pi * ((static_cast<double>(i) + 0.5) / starts - 0.5)));
    }
    std::int64_t spikes = 0;
    for (std::int64_t step = 0; step < steps; ++step) spikes += neurons.advance(0.0, step).count;
    const double turns = std::sqrt(eta) * h * static_cast<double>(steps) / pi;
    const double off = static_cast<double>(spikes) / starts - turns;
    rows.push_back({{"eta", eta}, {"turns", turns}, {"turns_off", off}});
    std::cout << fmt::format("{:>8} {:>14.1f} {:>10.2f} {:>10.1e}\n", eta, turns, off, off / turns) << std::flush;
  }
  return rows;
}

/// The mean rate of the network against that of its operating point, with the standard error of the mean.
Json mean_rate(unsigned cores, double largest) {
  Json rows = Json::array();
  std::cout << "\nMean rate against r_N of the scheme: N, relative deviation, theory of order 1/N, standard error\n";
  for (double n = 1e4; n <= 1.001 * largest; n *= 10.0) {
    auto p = prepare(figure1(std::llround(n)));
    // Long enough for an error well below 1e-5; 20 time units at least.
    const double steps = std::max(6000.0, 4e10 / n);
    p.model.simulation.transient = 10.0;
    p.model.simulation.duration = std::min(steps, 2e6) * p.model.simulation.time_step;
    const auto activity = network::simulate(p.model, p.sample, p.point, {.threads = cores});
    // Batches of many correlation times.
    constexpr std::size_t batches = 10;
    std::vector<double> means(batches);
    const auto& rate = activity.rate[0];
    const std::size_t length = rate.size() / batches;
    for (std::size_t b = 0; b < batches; ++b) {
      for (std::size_t i = 0; i < length; ++i) means[b] += rate[b * length + i] / static_cast<double>(length);
    }
    double mean = 0.0;
    for (const double value : means) mean += value / batches;
    double variance = 0.0;
    for (const double value : means) variance += (value - mean) * (value - mean) / (batches - 1.0);
    const double exact = p.point.rate(0);
    const double error = std::sqrt(variance / batches) / exact;
    const double shift = theory::mean_rate_shift(p.model, p.point)(0) / exact;
    rows.push_back({{"size", p.model.populations[0].size},
                    {"mean_rate", mean},
                    {"operating_point", exact},
                    {"relative_deviation", mean / exact - 1.0},
                    {"theory", shift},
                    {"relative_error", error}});
    std::cout << fmt::format("{:>12} {:>10.1e} {:>10.1e} {:>10.1e}\n", p.model.populations[0].size, mean / exact - 1.0,
                             shift, error)
              << std::flush;
  }
  return rows;
}

/// How the error of the mean rate, against the operating point in continuous time, and the speed depend on the time
/// step.
Json time_steps() {
  Json rows = Json::array();
  std::cout << "\nTime steps, one thread: N, step, 10^9 neuron-steps/s, relative error of the mean rate\n";
  for (const std::int64_t size : {10'000, 100'000}) {
    for (const double step : {0.005, 0.01, 0.02, 0.05, 0.1}) {
      auto m = figure1(size);
      m.simulation.time_step = step;
      const double rate = best_rate(m, 1);
      auto p = prepare(m);
      p.model.simulation.transient = 20.0;
      p.model.simulation.record_interval = step;
      p.model.simulation.duration = 1000.0;
      const auto activity = network::simulate(p.model, p.sample, p.point, {.threads = 1});
      double mean = 0.0;
      for (const double one : activity.rate[0]) mean += one / static_cast<double>(activity.samples());
      const double exact = network::operating_point(p.model, p.sample, p.point).rate(0);
      rows.push_back({{"size", size}, {"step", step}, {"rate", rate}, {"mean_rate", mean}, {"operating_point", exact}});
      std::cout << fmt::format("{:>8} {:>6} {:>8.2f} {:>10.1e}\n", size, step, rate / 1e9, mean / exact - 1.0)
                << std::flush;
    }
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  const double largest = argc > 2 ? std::stod(argv[2]) : 1e8;
  const unsigned cores = Execution{}.thread_count();
  Json result{{"version", POPSHOT_VERSION},
              {"compiler", __VERSION__},
              {"kernel_target", network::kernel_target()},
              {"cores", cores}};
  std::cout << fmt::format("kernel: {}, {} cores\n", network::kernel_target(), cores);
  for (unsigned threads = 2; threads <= cores; threads *= 2) {
    const double meeting = meeting_time(threads);
    result["meeting_seconds"][std::to_string(threads)] = meeting;
    std::cout << fmt::format("{} threads meet and add up their spikes in {:.0f} ns\n", threads, meeting * 1e9);
  }
  for (unsigned threads = 1; threads <= cores; threads *= 2) {
    result["sizes"][std::to_string(threads)] = sizes(threads, largest);
  }
  result["instruction_sets"] = instruction_sets();
  result["features"] = features(cores);
  result["scaling"] = scaling(cores);
  result["time_steps"] = time_steps();
  result["drift"] = drift();
  result["mean_rate"] = mean_rate(cores, largest);
  if (argc > 1) {
    std::ofstream file(argv[1]);
    file << result.dump(2) << '\n';
    std::cout << "wrote " << argv[1] << '\n';
  }
  return 0;
}
