// The model: populations of quadratic integrate-and-fire neurons, the projections between them, the
// stimuli they receive, and how a simulation of them is to be run. Plain values; see docs/theory.md (1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "popshot/core/activity.hpp"

namespace popshot::model {

/// Lorentzian (Cauchy) density g(eta) = (1/pi) half_width / ((eta - center)^2 + half_width^2).
struct Lorentzian {
  double center = 0.0;
  /// Half-width at half-maximum, Delta > 0.
  double half_width = 1.0;
};

/// How the constant input eta is spread over the neurons of a population.
using Heterogeneity = std::variant<Lorentzian>;

/// How the N values of eta are taken from the density: independent draws, or the N quantiles
/// eta_j = center + half_width tan(pi/2 (2j - N - 1)/(N + 1)), j = 1..N.
enum class Sampling { random, quantile };

/// Neurons first, first + stride, ... (count of them, zero-based) whose spike times are to be recorded.
struct Raster {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t stride = 1;
};

struct Population {
  std::string name;
  /// Number of neurons, 1..10^9.
  std::int64_t size = 1;
  /// Membrane time constant, in time units, > 0.
  double tau = 1.0;
  Heterogeneity heterogeneity = Lorentzian{};
  Sampling sampling = Sampling::random;
  /// Empty (count 0): no spike times.
  Raster raster = {};
};

/// All-to-all coupling with an instantaneous synapse: a spike of a neuron of `from` moves the voltage of
/// every neuron of `to` by weight / N_from.
struct Projection {
  std::size_t from = 0;
  std::size_t to = 0;
  /// J; positive is excitatory.
  double weight = 0.0;
};

/// I(t) = amplitude for all t.
struct ConstantCurrent {
  double amplitude = 0.0;
};
/// I(t) = amplitude for begin <= t < end, else 0.
struct StepCurrent {
  double amplitude = 0.0;
  double begin = 0.0;
  double end = 0.0;
};
/// I(t) = amplitude sin(2 pi frequency t + phase) for begin <= t < end, else 0.
struct SineCurrent {
  double amplitude = 0.0;
  /// In cycles per time unit, > 0.
  double frequency = 1.0;
  /// In radians.
  double phase = 0.0;
  double begin = 0.0;
  double end = 0.0;  ///< may be +infinity
};

/// A current that every neuron of one population receives. Time t = 0 is the end of the transient.
struct Stimulus {
  std::size_t to = 0;
  std::variant<ConstantCurrent, StepCurrent, SineCurrent> current = ConstantCurrent{};
};

/// Every neuron has its own phase of its own stationary orbit under the stationary input.
struct StationaryStart {};
/// All voltages are drawn alike, from a Lorentzian of centre `voltage` and half-width pi tau `rate`.
/// Absent values are those of the stationary state.
struct LorentzianStart {
  std::optional<double> rate;
  std::optional<double> voltage;
};

enum class Precision { single, double_ };

struct Simulation {
  /// Recorded time, in time units, > 0; it begins after the transient.
  double duration = 100.0;
  /// Time that is simulated and thrown away first, >= 0.
  double transient = 0.0;
  double time_step = 0.005;
  /// Activity is recorded as its mean over intervals of this length, a multiple of the time step.
  double record_interval = 0.02;
  std::uint64_t seed = 1;
  std::variant<StationaryStart, LorentzianStart> start = StationaryStart{};
  /// Which of several stable stationary states to start in: by mean rate over the populations.
  enum class State { lowest, highest } state = State::highest;
  /// Floating-point type of the network's state variables.
  Precision precision = Precision::single;
};

/// How the mesoscopic level makes the noise of a population.
enum class MesoscopicNoise {
  ensemble,   ///< of a few representative neurons that share the population's input
  spectral,   ///< a Gaussian process with the shot-noise spectrum of the stationary state
  markovian,  ///< linear stochastic differential equations with that spectrum, to a tolerance
};

struct MesoscopicSettings {
  MesoscopicNoise noise = MesoscopicNoise::ensemble;
  /// Largest number of representative neurons of a population, a multiple of 4; a population of at most 4 times as many
  /// neurons is simulated as it is.
  std::int64_t ensemble_size = 512;
  /// Largest error of the power spectral density of the Markovian noise, relative to its integral.
  double tolerance = 0.01;
};

/// What to look at in spectra, and how finely.
struct SpectrumSettings {
  double frequency_min = 0.3;
  double frequency_max = 12.0;
  /// Equivalent noise bandwidth of the spectral window, in cycles per time unit.
  double resolution = 0.075;
  /// Number of bands, equal on a logarithmic axis, in which levels are compared.
  std::int64_t bands = 12;
  /// Number of independent simulations from which error bars are made.
  std::int64_t trials = 16;
};

struct Model {
  std::string name;
  std::string description;
  std::string reference;
  /// What one unit of time is called in tables and figures.
  std::string time_unit = "tau";
  std::vector<Population> populations;
  std::vector<Projection> projections;
  std::vector<Stimulus> stimuli;
  Simulation simulation;
  MesoscopicSettings mesoscopic;
  SpectrumSettings spectrum;

  /// The index of the population of that name, or nothing.
  [[nodiscard]] std::optional<std::size_t> find_population(const std::string& name) const;
};

/// The time steps that `simulation` asks for.
[[nodiscard]] Schedule schedule(const Simulation& simulation);

/// The sum of the constant currents into population k (0 if there are none).
[[nodiscard]] double constant_current(const Model& model, std::size_t k);

/// True if no stimulus varies in time, so that the model has stationary states.
[[nodiscard]] bool is_stationary(const Model& model);

/// The integral over [begin, end] of the time-dependent (not constant) currents into population k, in units of
/// current times time; exact up to rounding. 0 unless end > begin. Time 0 is the end of the transient.
[[nodiscard]] double current_integral(const Model& model, std::size_t k, double begin, double end);

/// An estimate, in bytes, of the memory that one network simulation of the model holds: per neuron 8 bytes of state in
/// single precision, 40 in double, and 8 bytes for its eta. What is
/// recorded (activity, raster) comes on top.
[[nodiscard]] double network_memory(const Model& model);

/// The physical memory of this machine, in bytes.
[[nodiscard]] double physical_memory();

/// Throws InputError, which names both, if a network simulation of the model needs more than `available` bytes.
void require_memory(const Model& model, double available = physical_memory());

}  // namespace popshot::model
