#include "popshot/mesoscopic/ensemble.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "network/neurons.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/model/heterogeneity.hpp"

namespace popshot::mesoscopic {

namespace {

/// Time in which a representative neuron crosses its cell, in units of tau, and the number of stops on the way.
/// docs/theory.md, "The glide", has the measurements behind them.
constexpr double crossing_time = 200.0;
constexpr double stops = 20.0;

/// A population of at most so many times the ensemble's size is simulated as it is: that costs little more, and has all
/// of its own statistics.
constexpr std::int64_t resolved_up_to = 4;
/// Neighbours in frequency of opposite sign disturb each other: power near a resonance is too large by about M/(4 N)
/// (measured, docs/theory.md, "What the ensemble gets wrong"), so that M is at most this part of N, but not below
/// `fewest`.
constexpr std::int64_t neurons_per_representative = 50;
constexpr std::int64_t fewest = 64;

/// A representative neuron and its cell.
struct Representative {
  double low = 0.0;    ///< probability at the lower end of the cell
  double width = 0.0;  ///< probability in the cell
  double place = 0.0;  ///< 0..1 on the way up, 1..2 on the way down
  int sign = 1;
  bool single = true;
  std::size_t index = 0;  ///< among the singles or doubles of its sign
  double rate = 0.0;      ///< at the operating point
  [[nodiscard]] double probability() const { return low + width * (place < 1.0 ? place : 2.0 - place); }
};

/// Signs +1 and -1, equally many, in random order.
std::vector<int> random_signs(std::size_t count, std::uint64_t seed, RandomMember member) {
  std::vector<std::pair<double, std::size_t>> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = {uniform_numbers(seed, RandomStream::ensemble, member, i)[1], i};
  std::sort(order.begin(), order.end());
  std::vector<int> signs(count, 1);
  for (std::size_t i = 0; i < count / 2; ++i) signs[order[i].second] = -1;
  return signs;
}

/// The number of representatives, a multiple of four. Pairs hear each other, the more the fewer they are, and are not
/// reduced.
std::size_t ensemble_count(std::int64_t neurons, std::int64_t wanted, bool pairs) {
  const std::int64_t most = pairs ? wanted : std::min(wanted, neurons / neurons_per_representative / 4 * 4);
  return static_cast<std::size_t>(std::min(wanted, std::max(most, fewest)));
}

/// Representatives come in pairs of like eta where the network's neurons, on a grid of quantiles, stay alike.
bool come_in_pairs(const model::Model& model, std::size_t k) {
  const bool stationary =
      std::holds_alternative<model::StationaryStart>(model.simulation.start) && is_stationary(model);
  return model.populations[k].sampling == model::Sampling::quantile && !stationary;
}

}  // namespace

bool is_network(const model::Model& model, std::size_t k) {
  return model.mesoscopic.noise == model::MesoscopicNoise::ensemble &&
         model.populations[k].size <= resolved_up_to * model.mesoscopic.ensemble_size;
}

std::int64_t representatives(const model::Model& model, std::size_t k) {
  const auto& population = model.populations[k];
  if (model.mesoscopic.noise != model::MesoscopicNoise::ensemble || is_network(model, k)) return population.size;
  return static_cast<std::int64_t>(
      ensemble_count(population.size, model.mesoscopic.ensemble_size, come_in_pairs(model, k)));
}

struct Ensemble::State {
  const model::Population* population = nullptr;
  bool resolved = false;
  network::Neurons plus;
  network::Neurons minus;
  std::vector<Representative> representatives;
  double constant = 0.0;
  double input = 0.0;                               ///< of the operating point
  std::optional<model::QuantileFunction> quantile;  ///< of the heterogeneity
  double amplitude = 0.0;                           ///< of a spike: 1/sqrt(M N)
  double signed_rate = 0.0;
  double time_step = 0.0;
  double offset = 0.0;  ///< spikes per neuron and step that the sample has beyond the mean field
  double glide = 0.0;   ///< representatives to be moved per step
  double due = 0.0;
  std::size_t next = 0;
  std::int64_t step = 0;

  [[nodiscard]] double rate_at(double eta) const { return mean_field::SingleNeuron(*population).rate(eta + input); }
  void move_one();
  StepSpikes advance(double kick, const StepSpikes& expected);
};

void Ensemble::State::move_one() {
  auto& one = representatives[next];
  next = (next + 1) % representatives.size();
  one.place += 1.0 / stops;
  if (one.place >= 2.0) one.place -= 2.0;
  const double eta = (*quantile)(one.probability());
  auto& neurons = one.sign > 0 ? plus : minus;
  one.single ? neurons.set_single(one.index, eta + constant) : neurons.set_double(one.index, eta + constant);
  const double rate = rate_at(eta);
  signed_rate += one.sign * (rate - one.rate);
  one.rate = rate;
}

StepSpikes Ensemble::State::advance(double kick, const StepSpikes& expected) {
  if (resolved) return network::scaled(plus.advance(kick, step++), 1.0 / static_cast<double>(population->size));
  StepSpikes spikes = network::scaled(plus.advance(kick, step) - minus.advance(kick, step), amplitude);
  ++step;
  spikes += evenly_spread(offset - amplitude * signed_rate * time_step);
  for (due += glide; due >= 1.0; due -= 1.0) move_one();
  spikes += expected;
  return spikes;
}

Ensemble::Ensemble(const model::Model& model, std::size_t k, std::uint64_t trial, const FinitePoint& finite)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  const auto& population = model.populations[k];
  const auto index = static_cast<Eigen::Index>(k);
  const auto& simulation = model.simulation;
  const double h = simulation.time_step / population.tau;
  s.population = &population;
  s.constant = constant_current(model, k);
  s.input = finite.point.input(index);
  s.time_step = simulation.time_step;
  s.resolved = is_network(model, k);
  if (s.resolved) {
    s.plus = network::Neurons(static_cast<std::size_t>(population.size), h, simulation.precision, population.name);
    s.plus.noise =
        network::NoiseSource(population.noise, h, simulation.seed, RandomStream::neuron_noise, {trial, k}, 0);
    const network::StartVoltage start(model, k, trial, finite.point);
    const model::NeuronEta eta_of(population, simulation.seed, {trial, k});
    for (std::int64_t j = 0; j < population.size; ++j) {
      const double eta = eta_of(j) + s.constant;
      s.plus.add(eta, start(j, eta - s.constant));
    }
    return;
  }

  const bool quantile = population.sampling == model::Sampling::quantile;
  const bool pairs = come_in_pairs(model, k);
  const auto count = static_cast<std::size_t>(representatives(model, k));
  const auto neurons = static_cast<double>(population.size);
  s.amplitude = 1.0 / std::sqrt(static_cast<double>(count) * neurons);
  s.offset = finite.offset(index) * simulation.time_step;
  s.plus = network::Neurons(count / 2, h, simulation.precision, population.name);
  s.minus = network::Neurons(count / 2, h, simulation.precision, population.name);
  s.plus.noise =
      network::NoiseSource(population.noise, h, simulation.seed, RandomStream::ensemble_noise, {trial, k}, 0);
  s.minus.noise = s.plus.noise.of_group(2);
  s.quantile.emplace(population.heterogeneity);
  const network::StartVoltage start(model, k, trial, finite.point, RandomStream::ensemble_start);

  const auto signs = quantile ? std::vector<int>() : random_signs(count, simulation.seed, {trial, k});
  // The N neurons end half a neuron before the ends of the density.
  const double cut = 0.5 / (neurons + 1.0);
  const std::size_t cells = pairs ? count / 2 : count;
  const double width = (1.0 - 2.0 * cut) / static_cast<double>(cells);
  for (std::size_t j = 0; j < count; ++j) {
    Representative one;
    const std::size_t cell = pairs ? j / 2 : j;
    one.sign = signs.empty() ? (j % 2 == 0 ? 1 : -1) : signs[j];
    one.low = cut + width * static_cast<double>(cell);
    one.width = width;
    one.place = 2.0 * uniform_numbers(simulation.seed, RandomStream::ensemble, {trial, k}, cell)[0];
    auto& group = one.sign > 0 ? s.plus : s.minus;
    const double low = (*s.quantile)(one.low) + s.constant;
    const double high = (*s.quantile)(one.low + one.width) + s.constant;
    one.single = group.fits_single(low) && group.fits_single(high);
    one.index = one.single ? group.singles : group.doubles.size();
    const double eta = (*s.quantile)(one.probability());
    const double voltage = start(static_cast<std::int64_t>(j), eta);
    one.single ? group.add_single(eta + s.constant, voltage) : group.add_double(eta + s.constant, voltage);
    one.rate = s.rate_at(eta);
    s.signed_rate += one.sign * one.rate;
    s.representatives.push_back(one);
  }
  s.glide = static_cast<double>(count) * stops * h / crossing_time;
}

Ensemble::~Ensemble() = default;
Ensemble::Ensemble(Ensemble&&) noexcept = default;
Ensemble& Ensemble::operator=(Ensemble&&) noexcept = default;

StepSpikes Ensemble::advance(double kick, const StepSpikes& expected) { return state_->advance(kick, expected); }
bool Ensemble::resolved() const { return state_->resolved; }

}  // namespace popshot::mesoscopic
