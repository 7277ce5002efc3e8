#include "popshot/network/simulate.hpp"

#include <fmt/format.h>
#include <hwy/base.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <numeric>
#include <optional>
#include <span>
#include <stop_token>
#include <tuple>

#include "kernel.hpp"
#include "neurons.hpp"
#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/model/synapse.hpp"
#include "team_sums.hpp"

namespace popshot::network {

namespace {

using model::Model;
using model::Population;

constexpr double pi = std::numbers::pi;
/// Fewer neurons than this per thread are never worth a barrier.
constexpr std::int64_t neurons_per_thread = 512;
/// From this many neurons per thread on, threads are worth their barrier without a measurement.
constexpr std::int64_t many_neurons_per_thread = 200'000;
/// Neuron-steps of a measurement of how fast a number of threads is.
constexpr double measured_neuron_steps = 1e7;
/// Slices of the single-precision arrays begin at multiples of this many neurons: whole cache lines of all arrays.
constexpr std::size_t slice_granularity = 8 * kernel_group;
/// Two networks of up to this many neurons each fit together into the nearest cache.
constexpr std::int64_t most_neurons_together = 4000;
/// Neurons that are carried over several steps at once, where their kicks are known: they stay in the nearest cache.
constexpr std::size_t tile = 2048;

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

/// Member `member` of `members` equal parts of [0, size), cut at multiples of `granularity`.
std::pair<std::size_t, std::size_t> slice(std::size_t size, unsigned member, unsigned members,
                                          std::size_t granularity = 1) {
  const std::size_t units = (size + granularity - 1) / granularity;
  const auto cut = [&](unsigned m) { return std::min(size, units * m / members * granularity); };
  return {cut(member), cut(member + 1)};
}

/// The neurons of a population at their start. After a stop request they are not all set, and not to be stepped.
PopulationState prepare(const Model& model, std::size_t k, const Sample& sample,
                        const mean_field::OperatingPoint& point, bool tiles, unsigned members,
                        const std::stop_token& stop) {
  const Population& population = model.populations[k];
  const double constant = constant_current(model, k);
  const double h = model.simulation.time_step / population.tau;
  const std::size_t size = sample.eta[k].size();
  PopulationState state{Neurons(size, h, model.simulation.precision, population.name), {}, {}};
  Neurons& neurons = state.neurons;
  const NoiseSource noise(population.noise, h, model.simulation.seed, RandomStream::neuron_noise, {sample.trial, k}, 0);
  neurons.noise = noise;
  state.raster_noise = noise.of_group(2);
  state.raster.state.h = h;
  const StartVoltage start(model, k, sample.trial, point);
  const auto eta_of = [&](std::size_t j) { return sample.eta[k][j] + constant; };
  const auto raster = [&](std::size_t j) { return in_raster(population.raster, static_cast<std::int64_t>(j)); };
  // Tiles stay in the nearest cache, and noise takes longer than traffic.
  const bool wants_lines = population.size >= least_lined && !tiles && !noise.active() &&
                           model.simulation.precision == model::Precision::single;
  const auto line_of = [&](std::size_t first) -> std::optional<Line> {
    if (!wants_lines || first + kernel_group > size) return std::nullopt;
    std::array<double, kernel_group> eta{};
    for (std::size_t i = 0; i < kernel_group; ++i) {
      if (raster(first + i)) return std::nullopt;
      eta[i] = eta_of(first + i);
    }
    return neurons.line(eta);
  };

  // Every member fills its own part, so that memory lies near the thread that steps it: first the neurons of each path
  // are counted, then they are put in the places after those of the members before.
  using Counts = std::array<std::size_t, paths>;
  std::vector<Counts> place(members + 1, Counts{});
  const auto for_part = [&](unsigned member, Counts& counts, auto&& neuron) {
    const auto [begin, end] = slice(size, member, members, kernel_group);
    for (std::size_t first = begin; first < end; first += kernel_group) {
      if (first / kernel_group % 1024 == 0) throw_if_stopped(stop);
      const auto line = line_of(first);
      for (std::size_t j = first; j < std::min(end, first + kernel_group); ++j) {
        if (raster(j)) continue;
        const Path path = line ? Path::lined : neurons.path(eta_of(j));
        neuron(j, path, counts[static_cast<std::size_t>(path)]++, line);
      }
    }
  };
  run_team(members, [&](unsigned member) {
    for_part(member, place[member + 1], [](std::size_t, Path, std::size_t, const std::optional<Line>&) {});
  });
  for (unsigned m = 0; m < members; ++m) {
    for (std::size_t path = 0; path < paths; ++path) place[m + 1][path] += place[m][path];
  }
  neurons.resize(place[members]);
  const Counts first_of{0, neurons.lined, neurons.near, 0};
  run_team(members, [&](unsigned member) {
    for_part(member, place[member], [&](std::size_t j, Path path, std::size_t i, const std::optional<Line>& line) {
      const double voltage = start(static_cast<std::int64_t>(j), eta_of(j) - constant);
      const std::size_t to = first_of[static_cast<std::size_t>(path)] + i;
      if (path == Path::double_) {
        neurons.start_double(to, eta_of(j), voltage);
      } else {
        neurons.start_single(to, eta_of(j), voltage);
      }
      if (line && to % kernel_group == 0) neurons.lines[to / kernel_group] = *line;
    });
  });
  for (std::size_t j = 0; j < sample.eta[k].size(); ++j) {
    if (!raster(j)) continue;
    state.raster.neuron.push_back(static_cast<std::int64_t>(j));
    state.raster.eta.push_back(eta_of(j));
    state.raster.state.add(start(static_cast<std::int64_t>(j), eta_of(j) - constant), eta_of(j));
  }
  return state;
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
        inputs_(model, sample.trial, rates_before(model, point)),
        block_(static_cast<std::int64_t>(inputs_.look_ahead()) + 1) {
    for (const Population& population : model.populations) neurons_ += population.size;
    most_members_ = execution.thread_count();
    if (!execution.all_threads) {
      const auto useful = std::max<std::int64_t>(1, neurons_ / neurons_per_thread);
      most_members_ = static_cast<unsigned>(std::min<std::int64_t>(most_members_, useful));
    }
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      populations_.push_back(prepare(model, k, sample, point, block_ > 1, most_members_, execution.stop));
    }
    spikes_.resize(most_members_);
    last_step_ = execution.stop.stop_requested() ? -1 : schedule_.steps - 1;
  }

  Activity run() {
    const unsigned members = fastest_members();
    run_segment(members, schedule_.steps);
    return result();
  }

  /// The run on one thread, a block of steps with every call; returns false when it has ended.
  bool run_block() {
    if (!alone_) alone_.emplace(*this);
    if (next_step_ <= last_step_ && advance_block(alone_->member, schedule_.steps, alone_->sums)) return true;
    return false;
  }

  /// What the run that has ended has given.
  Activity result() {
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
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  struct Spike {
    double time;
    std::int64_t population;
    std::int64_t neuron;
  };

  /// How many threads step this network fastest: measured on its first steps, which count like all others.
  unsigned fastest_members() {
    if (execution_.all_threads || most_members_ == 1 || neurons_ / most_members_ >= many_neurons_per_thread) {
      return most_members_;
    }
    const auto blocks = std::ceil(measured_neuron_steps / static_cast<double>(neurons_ * block_));
    const std::int64_t steps = static_cast<std::int64_t>(blocks) * block_;
    std::vector<unsigned> candidates;
    for (unsigned members = 1; members < most_members_; members *= 2) candidates.push_back(members);
    candidates.push_back(most_members_);
    // A run too short to learn from is over before it matters.
    if (schedule_.steps < 8 * steps * static_cast<std::int64_t>(candidates.size())) return 1;
    run_segment(1, next_step_ + steps);  // warms the caches
    unsigned fastest = 1;
    double shortest = std::numeric_limits<double>::infinity();
    for (const unsigned members : candidates) {
      run_segment(members, next_step_ + steps);
      const double seconds = segment_seconds_;
      // More threads must be worth it: others have a use for them.
      constexpr double gain = 0.9;
      if (seconds < gain * shortest) {
        shortest = seconds;
        fastest = members;
      }
    }
    return fastest;
  }

  /// Runs up to, and not including, step `end`, or to where the run stops.
  void run_segment(unsigned members, std::int64_t end) {
    if (next_step_ > last_step_) return;
    TeamSums sums(members, sums_entries());
    members_ = members;
    run_team(members, [&](unsigned member) { work(member, end, sums); });
  }

  using Range = std::pair<std::size_t, std::size_t>;
  /// The neurons of a population that a member steps, as begin and end; and what that takes.
  struct Part {
    Range singles, doubles, raster;
    double h;           ///< time step in units of tau
    double per_neuron;  ///< one over the neurons of the population

    /// Neither noise nor a raster: the kernels do it all.
    bool plain;
    SingleView plain_singles;
    DoubleView plain_doubles;
  };
  [[nodiscard]] Part part_of(std::size_t k, unsigned member) {
    auto& neurons = populations_[k].neurons;
    const std::size_t granularity = neurons.noise.active() ? noise_block : slice_granularity;
    const Range singles = slice(neurons.singles, member, members_, granularity);
    const Range doubles = slice(neurons.doubles.size(), member, members_);
    const Range raster = slice(populations_[k].raster.neuron.size(), member, members_);
    return {singles,
            doubles,
            raster,
            neurons.h,
            1.0 / static_cast<double>(model_.populations[k].size),
            raster.first == raster.second && !neurons.noise.active(),
            neurons.view_of_singles(singles.first, singles.second),
            neurons.doubles.view(doubles.first, doubles.second)};
  }

  /// What one member of the team has of its own. Every member makes the same kicks of the same spikes, so that the team
  /// meets once a block.
  struct Member {
    unsigned number;
    model::Inputs inputs;
    std::int64_t first;  ///< step of the next block
    std::int64_t round = 1;
    Kernels kernel = kernels();
    std::vector<Part> parts;
    std::vector<double> kicks;       ///< of population k in step i of the block at i * populations + k
    std::vector<StepSpikes> spikes;  ///< of a step

    Member(Network& network, unsigned member)
        : number(member),
          inputs(network.inputs_),
          first(network.next_step_),
          kicks(network.populations_.size() * static_cast<std::size_t>(network.block_)),
          spikes(network.populations_.size()) {
      for (std::size_t k = 0; k < spikes.size(); ++k) parts.push_back(network.part_of(k, member));
    }
  };
  /// A team of one.
  struct Alone {
    Member member;
    TeamSums sums;
    explicit Alone(Network& network) : member(network, 0), sums(1, network.sums_entries()) {}
  };
  /// What members add up: the SpikeSums of population k in step i of a block at sums_per_step (i * populations + k).
  static constexpr std::size_t sums_per_step = 3;
  [[nodiscard]] std::size_t sums_entries() const {
    return sums_per_step * populations_.size() * static_cast<std::size_t>(block_);
  }
  static void put(const SpikeSums& spikes, std::int64_t* entry) {
    entry[0] = spikes.count;
    entry[1] = spikes.first;
    entry[2] = spikes.second;
  }

  /// What one member of the team does, up to, and not including, step `end`.
  void work(unsigned number, std::int64_t end, TeamSums& sums) {
    Member member(*this, number);
    using Clock = std::chrono::steady_clock;
    Clock::time_point begin;
    while (advance_block(member, end, sums)) {
      if (number == 0 && member.round == 2) begin = Clock::now();  // all have begun
    }
    if (number != 0) return;
    inputs_ = std::move(member.inputs);
    segment_seconds_ = std::chrono::duration<double>(Clock::now() - begin).count();
  }

  /// One block of steps of a member's slice of every population: as many steps as the kicks are known for, one if
  /// spikes arrive without delay. Returns false at the end of the segment or run.
  bool advance_block(Member& member, std::int64_t end, TeamSums& sums) {
    std::int64_t* mine = sums.own(member.number, member.round);
    if (block_ == 1) return meet(member, 1, step_once(member, mine), sums) && member.first < end;
    const std::int64_t steps = std::min(block_, std::min(schedule_.steps, end) - member.first);
    std::size_t failed = take_kicks(member, steps);
    if (failed == none) step_block(member, steps, mine);
    return meet(member, steps, failed, sums) && member.first < end;
  }

  /// Meets the other members after that many steps, with a population whose kick was not finite or none, and takes
  /// everybody's spikes. Returns false at the end of the run.
  bool meet(Member& member, std::int64_t steps, std::size_t failed, TeamSums& sums) {
    const std::size_t count = member.parts.size();
    const std::int64_t first = member.first;
    if (member.number == 0) report(first, steps);
    sums.share(member.number, member.round);
    if (failed != none) {  // every member has found the same
      if (member.number == 0) {
        failure_population_ = failed;
        last_step_ = first - 1;
      }
      return false;
    }
    std::size_t entry = 0;
    for (std::int64_t i = 0; i < steps; ++i) {
      for (std::size_t k = 0; k < count; ++k) {
        const SpikeSums total{sums.total(member.round, entry), sums.total(member.round, entry + 1),
                              sums.total(member.round, entry + 2)};
        entry += sums_per_step;
        member.spikes[k] = scaled(total, member.parts[k].per_neuron);
      }
      member.inputs.record(member.spikes);
      // The observer's wish takes effect after the next block, which all members have begun by then or will.
      if (member.number == 0 && !ended_ && !recorder_.add(first + i, member.spikes)) ended_ = true;
    }
    member.inputs.kick_after(first + steps - 1);
    member.first = first + steps;
    ++member.round;
    if (member.number == 0) next_step_ = member.first;
    return member.first <= last_step_;
  }

  /// Whether a kick can be given in single precision.
  [[nodiscard]] static bool is_finite(const Part& part, double kick) {
    return std::abs(part.h * kick) <= double{std::numeric_limits<float>::max()};
  }

  /// One step of a member's slices; sums gets the spikes of all populations. Returns a population whose kick is not
  /// finite in single precision, or none.
  std::size_t step_once(Member& member, std::int64_t* sums) {
    const double* kick = member.inputs.kick().data();
    const std::size_t count = member.parts.size();
    for (std::size_t k = 0; k < count; ++k) {
      Part& part = member.parts[k];
      if (!is_finite(part, kick[k])) return k;
      if (part.plain) {
        // The few first: what they wait for passes while the many are stepped.
        const auto few = part.plain_doubles.count > 0 ? member.kernel.double_(part.plain_doubles, kick[k], nullptr, 0.0)
                                                      : SpikeSums{};
        const SpikeSums many = member.kernel.single(part.plain_singles, static_cast<float>(part.h * kick[k]));
        part.plain_singles.rare =
            static_cast<std::size_t>(many.count) * neurons_per_rare_spike <= part.plain_singles.count;
        put(few + many, sums + sums_per_step * k);
      } else {
        put(step_all_kinds(member, k, kick[k]), sums + sums_per_step * k);
      }
    }
    return none;
  }

  /// One step of a member's slice of population k, which may have neurons of every kind. Apart from its caller, which
  /// is faster for it.
  HWY_NOINLINE SpikeSums step_all_kinds(Member& member, std::size_t k, double kick) {
    const auto [begin, end] = member.parts[k].singles;
    const SpikeSums few = advance_few(member, k, kick, member.first);
    return few + populations_[k].neurons.advance_singles(begin, end, kick, member.first);
  }

  /// The kicks of a block of steps, all but the first of which have not been asked for yet. Returns a population one of
  /// whose kicks is not finite in single precision, or none.
  static std::size_t take_kicks(Member& member, std::int64_t steps) {
    std::size_t failed = none;
    double* to = member.kicks.data();
    for (std::int64_t i = 0; i < steps; ++i) {
      const auto& kick = i == 0 ? member.inputs.kick() : member.inputs.kick_after(member.first + i - 1);
      for (std::size_t k = 0; k < kick.size(); ++k) {
        *to++ = kick[k];
        if (!is_finite(member.parts[k], kick[k]) && failed == none) failed = k;
      }
    }
    return failed;
  }

  /// Progress and stop requests, every few milliseconds or steps. A stop takes effect at the end of this very block for
  /// all.
  void report(std::int64_t first, std::int64_t steps) {
    constexpr std::int64_t neuron_steps = 20'000'000;
    if (ended_) last_step_ = first + steps - 1;
    if (first < next_report_) return;
    next_report_ = first + std::clamp<std::int64_t>(neuron_steps / neurons_, 1, 256);
    if (execution_.stop.stop_requested()) last_step_ = first + steps - 1;
    if (execution_.progress) execution_.progress(static_cast<double>(first) / static_cast<double>(schedule_.steps));
  }

  /// A block of steps of a member's slices; sums gets the spikes of all populations in all steps. A tile of neurons is
  /// carried over the whole block before the next.
  HWY_NOINLINE void step_block(Member& member, std::int64_t steps, std::int64_t* sums) {
    const std::size_t count = member.parts.size();
    const std::int64_t first = member.first;
    std::vector<SpikeSums> spikes(static_cast<std::size_t>(steps));
    for (std::size_t k = 0; k < count; ++k) {
      const auto kick = [&](std::size_t i) { return member.kicks[i * count + k]; };
      for (std::size_t i = 0; i < spikes.size(); ++i) {
        spikes[i] = advance_few(member, k, kick(i), first + static_cast<std::int64_t>(i));
      }
      const auto [begin, end] = member.parts[k].singles;
      for (std::size_t from = begin; from < end; from += tile) {
        const std::size_t to = std::min(end, from + tile);
        for (std::size_t i = 0; i < spikes.size(); ++i) {
          spikes[i] += populations_[k].neurons.advance_singles(from, to, kick(i), first + static_cast<std::int64_t>(i));
        }
      }
      for (std::size_t i = 0; i < spikes.size(); ++i) put(spikes[i], sums + sums_per_step * (i * count + k));
    }
  }

  /// One step of a member's neurons of population k in double precision, those of the raster among them.
  SpikeSums advance_few(Member& member, std::size_t k, double kick, std::int64_t step) {
    SpikeSums total;
    if (const auto [begin, end] = member.parts[k].doubles; begin < end) {
      total += populations_[k].neurons.advance_doubles(begin, end, kick, step);
    }
    if (const auto [begin, end] = member.parts[k].raster; begin < end) {
      total += advance_raster(k, begin, end, kick, step, spikes_[member.number]);
    }
    return total;
  }

  SpikeSums advance_raster(std::size_t k, std::size_t begin, std::size_t end, double kick, std::int64_t step,
                           std::vector<Spike>& spikes) {
    const auto& noise = populations_[k].raster_noise;
    if (!noise.active()) return advance_raster(k, begin, end, kick, step, spikes, nullptr);
    SpikeSums total;
    for_noise_blocks(noise, step, begin, end, [&](std::size_t first, std::size_t last, const float* numbers) {
      total += advance_raster(k, first, last, kick, step, spikes, numbers);
    });
    return total;
  }

  SpikeSums advance_raster(std::size_t k, std::size_t begin, std::size_t end, double kick, std::int64_t step,
                           std::vector<Spike>& spikes, const float* numbers) {
    auto& raster = populations_[k].raster;
    auto& s = raster.state;
    const double tau = model_.populations[k].tau;
    const double scale = noise_scale(populations_[k].raster_noise, kick, s.h);
    const DoubleView view = s.view(0, s.size());
    SpikeSums total;
    for (std::size_t i = begin; i < end; ++i) {
      const double v =
          s.voltage[i] + kick + (numbers != nullptr ? scale * static_cast<double>(numbers[i - begin]) : 0.0);
      const auto result = riccati_step(RiccatiFlow<double>{s.c[i], s.b[i], s.e[i], s.half_turns[i]}, v);
      s.voltage[i] = result.state;
      const auto fired = static_cast<std::int64_t>(result.spikes);
      if (fired == 0) continue;
      total += spikes_before(view, i, result.spikes);
      if (step < schedule_.transient_steps) continue;
      for (std::int64_t n = 0; n < fired; ++n) {
        const double delay = std::clamp(tau * spike_delay(raster.eta[i], v, n), 0.0, model_.simulation.time_step);
        spikes.push_back({schedule_.time_of(step) + delay, static_cast<std::int64_t>(k), raster.neuron[i]});
      }
    }
    return total;
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
  model::Inputs inputs_;  ///< at the step next_step_
  std::int64_t block_;    ///< steps between two meetings of the team
  bool ended_ = false;    ///< the observer has asked for the end; of member 0 only
  std::int64_t neurons_ = 0;
  std::vector<PopulationState> populations_;
  unsigned most_members_ = 1;
  unsigned members_ = 1;  ///< of the segment that runs
  std::vector<std::vector<Spike>> spikes_;
  std::int64_t next_step_ = 0;
  std::optional<Alone> alone_;    ///< of a run block by block
  double segment_seconds_ = 0.0;  ///< of the last segment, from the end of its first block on
  std::int64_t next_report_ = 0;
  /// Only member 0 writes it, before the team meets in the block that it lies in or an earlier one.
  std::atomic<std::int64_t> last_step_ = 0;
  std::size_t failure_population_ = none;
};

}  // namespace

Activity simulate(const Model& model, const Sample& sample, const mean_field::OperatingPoint& point,
                  const Execution& execution, const ActivityObserver& observer) {
  std::optional<Network> network;
  try {
    network.emplace(model, sample, point, execution, observer);
  } catch (const Stopped&) {
    return unstarted(model::schedule(model.simulation), model.populations.size());
  }
  return network->run();
}

std::vector<Activity> simulate(std::span<const NetworkRun> runs, const Execution& execution) {
  std::vector<double> done(runs.size(), 0.0);
  std::vector<Execution> own(runs.size(), Execution{.threads = 1, .stop = execution.stop});
  std::vector<std::unique_ptr<Network>> networks;  // each refers to itself
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (execution.progress) {
      own[i].progress = [&done, &execution, i](double fraction) {
        done[i] = fraction;
        execution.progress(std::accumulate(done.begin(), done.end(), 0.0) / static_cast<double>(done.size()));
      };
    }
    networks.push_back(
        std::make_unique<Network>(*runs[i].model, *runs[i].sample, runs[i].point, own[i], runs[i].observer));
  }
  std::vector<Network*> running;
  running.reserve(networks.size());
  for (const auto& network : networks) running.push_back(network.get());
  while (!running.empty()) {
    std::erase_if(running, [](Network* network) { return !network->run_block(); });
  }
  std::vector<Activity> activities;
  activities.reserve(networks.size());
  for (const auto& network : networks) activities.push_back(network->result());
  return activities;
}

std::size_t best_together(const Model& model) {
  std::int64_t neurons = 0;
  for (const Population& population : model.populations) neurons += population.size;
  return neurons <= most_neurons_together ? 2 : 1;
}

mean_field::OperatingPoint start_point(const Model& model, const Sample& sample, const std::stop_token& stop) {
  const auto* lorentzian = std::get_if<model::LorentzianStart>(&model.simulation.start);
  if (lorentzian != nullptr && lorentzian->rate && lorentzian->voltage) {
    // Nothing of a stationary state is asked for, and there may be none.
    const auto count = static_cast<Eigen::Index>(model.populations.size());
    return {Eigen::VectorXd::Zero(count), Eigen::VectorXd::Zero(count)};
  }
  return operating_point(model, sample, mean_field::selected_state(model, stop).point, model.simulation.time_step,
                         stop);
}

Activity simulate(const Model& model, std::uint64_t trial, const Execution& execution,
                  const ActivityObserver& observer) {
  model::require_memory(model);
  try {
    execution.begin({.name = "set-up"});
    const Sample sample = draw_sample(model, trial, execution);
    const auto point = start_point(model, sample, execution.stop);
    execution.begin({.name = "simulation", .keeps = true});
    return simulate(model, sample, point, execution, observer);
  } catch (const Stopped&) {
    return unstarted(model::schedule(model.simulation), model.populations.size());
  }
}

}  // namespace popshot::network
