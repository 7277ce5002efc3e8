// The model: populations of quadratic integrate-and-fire neurons, the projections between them, the
// stimuli they receive, and how a simulation of them is to be run. Plain values; see docs/theory.md (1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
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

/// Normal density with the given standard deviation > 0.
struct Gaussian {
  double center = 0.0;
  double standard_deviation = 1.0;
};
/// Constant density on [center - half_width, center + half_width], half_width > 0.
struct Uniform {
  double center = 0.0;
  double half_width = 1.0;
};
/// Rational density with a flat top, g ~ 1/(1 + ((eta - center)/half_width)^(2 order)); half_width > 0 is that at
/// half-maximum. Order 1 is the Lorentzian; order -> inf tends to the uniform density.
struct Rational {
  double center = 0.0;
  double half_width = 1.0;
  int order = 2;  ///< 1..20
};
/// q-Gaussian with q = 1 + 1/exponent, g ~ (1 + ((eta - center)/scale)^2)^-exponent; scale > 0. Exponent 1 is the
/// Lorentzian; with scale = sqrt(2 exponent) sigma it tends to a Gaussian.
struct QGaussian {
  double center = 0.0;
  double scale = 1.0;
  int exponent = 2;  ///< 1..20
};
/// Equal parts of normal densities of standard deviation `bandwidth` > 0 around the given values.
struct Empirical {
  std::vector<double> value;
  double bandwidth = 0.1;
};
/// All neurons alike. Only for populations with noise.
struct Identical {
  double center = 0.0;
};
/// A part of a mixture, with its share of the neurons.
struct Component {
  double weight = 1.0;
  std::variant<Lorentzian, Gaussian, Uniform, Rational, QGaussian> density = Lorentzian{};
};
/// The weighted sum of its components; weights > 0 that add up to 1.
struct Mixture {
  std::vector<Component> component;
};

/// How the constant input eta is spread over the neurons of a population.
using Heterogeneity = std::variant<Lorentzian, Gaussian, Uniform, Rational, QGaussian, Empirical, Identical, Mixture>;

/// No noise in the neurons.
struct NoNoise {};
/// Every neuron receives white noise of its own with Cauchy increments: over a time dt the voltage moves by a Cauchy
/// number of half-width width dt/tau. width (Gamma) > 0.
struct CauchyNoise {
  double width = 1.0;
};
/// Every neuron receives Gaussian white noise of its own, tau dV/dt = .. + sqrt(2 intensity tau) xi(t): over a time dt
/// the voltage moves by a Gaussian number of variance 2 intensity dt/tau. intensity (D) > 0.
struct GaussianNoise {
  double intensity = 1.0;
};
using NeuronNoise = std::variant<NoNoise, CauchyNoise, GaussianNoise>;

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
  NeuronNoise noise = NoNoise{};
  Sampling sampling = Sampling::random;
  /// Empty (count 0): no spike times.
  Raster raster = {};
  /// The population of which this one is a part, if split_subpopulations made it so: it receives the same stimuli.
  std::optional<std::size_t> part_of = {};
};

/// The response of a synapse to a spike, as a density over time with the integral 1 and the transfer function
/// 1/((1 + s rise)(1 + s decay)): instantaneous if both are 0, exponential if rise is 0, alpha if both are equal,
/// bi-exponential (exp(-t/decay) - exp(-t/rise))/(decay - rise) else.
struct Synapse {
  double rise = 0.0;
  double decay = 0.0;
};

/// All-to-all coupling: a spike of a neuron of `from` moves the voltage of every neuron of `to` by weight / N_from in
/// all, `delay` later and spread over time by the synapse.
struct Projection {
  /// A population, or with populations.size() + j the subpopulation j.
  std::size_t from = 0;
  std::size_t to = 0;
  /// J; positive is excitatory.
  double weight = 0.0;
  double delay = 0.0;  ///< in time units, >= 0; any value, not only multiples of the time step
  Synapse synapse = {};
};

/// Randomly chosen neurons of a population, whose activity is of interest by itself: as an output, and as the origin of
/// projections. Subpopulations of one population have no neurons in common.
struct Subpopulation {
  std::string name;
  std::size_t of = 0;
  std::int64_t size = 1;
};

/// An activity that is reported: of all neurons of one or several populations taken together.
struct Output {
  std::string name;
  std::vector<std::size_t> parts;
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
/// I(t) = amplitude sin(2 pi frequency t + phase) for begin <= t < end, else 0: without a begin in the transient too.
struct SineCurrent {
  double amplitude = 0.0;
  /// In cycles per time unit, > 0.
  double frequency = 1.0;
  /// In radians.
  double phase = 0.0;
  double begin = -std::numeric_limits<double>::infinity();
  double end = std::numeric_limits<double>::infinity();
};

/// Rectangular pulses: I(t) = amplitude for width from begin, begin + period, begin + 2 period, .. on; the last one
/// that begins before `end` is whole. 0 < width <= period. Without a begin (-infinity): at all whole multiples of the
/// period, in the transient too.
struct PulseCurrent {
  double amplitude = 0.0;
  double width = 1.0;
  double period = 2.0;
  double begin = -std::numeric_limits<double>::infinity();
  double end = std::numeric_limits<double>::infinity();
};
/// I(t) = 0 up to begin, then grows linearly, and is `amplitude` from end on.
struct RampCurrent {
  double amplitude = 0.0;
  double begin = 0.0;
  double end = 0.0;
};
/// Linear between the given points; the first value before them and the last one after them. Times ascend strictly.
struct TableCurrent {
  std::vector<double> time;
  std::vector<double> value;
};
/// Gaussian noise with mean 0 and autocovariance standard_deviation^2 exp(-|t|/correlation_time), the same for all
/// neurons of the population.
struct OrnsteinUhlenbeckCurrent {
  double standard_deviation = 0.0;
  double correlation_time = 1.0;
};
/// Gaussian white noise with <I(t) I(t')> = power delta(t - t'), the same for all neurons of the population; power is
/// its two-sided power spectral density.
struct WhiteNoiseCurrent {
  double power = 0.0;
};

/// A current that every neuron of one population receives. Time t = 0 is the end of the transient.
struct Stimulus {
  std::size_t to = 0;
  std::variant<ConstantCurrent, StepCurrent, SineCurrent, PulseCurrent, RampCurrent, TableCurrent,
               OrnsteinUhlenbeckCurrent, WhiteNoiseCurrent>
      current = ConstantCurrent{};
};

/// A number for each population, one that holds for all of them, or none.
class PerPopulation {
 public:
  PerPopulation() = default;
  PerPopulation(double for_all) : values_{for_all} {}
  /// In the order of the populations; a single one is that of all.
  explicit PerPopulation(std::vector<double> each) : values_(std::move(each)) {}

  explicit operator bool() const { return !values_.empty(); }
  /// That of population k, which must exist if there are several; nothing if there is none.
  [[nodiscard]] std::optional<double> of(std::size_t k) const;
  /// Gives a population that comes last what population k has.
  void append_that_of(std::size_t k);
  [[nodiscard]] const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};

/// Every neuron has its own phase of its own stationary orbit under the stationary input. Before the start the activity
/// of every population was that of the stationary state, which is what delays and synapses deliver at first.
struct StationaryStart {};
/// All voltages of population k are drawn alike, from a Lorentzian of centre voltage_k and half-width pi tau_k rate_k.
/// Absent values are those of the stationary state. Before the start the activity of the population was rate_k.
struct LorentzianStart {
  PerPopulation rate;
  PerPopulation voltage;
};

enum class Precision { single, double_ };

struct Simulation {
  /// Recorded time, in time units, > 0; it begins after the transient. As many record intervals as it takes. 0: not
  /// chosen yet, see theory::with_defaults.
  double duration = 100.0;
  /// Time that is simulated and thrown away first, >= 0. < 0: not chosen yet, see theory::with_defaults.
  double transient = 0.0;
  /// In time units, > 0; 0: not chosen yet ("auto" in a model file), see theory::with_time_step.
  double time_step = 0.005;
  /// Activity is recorded as its mean over intervals of this length, a multiple of the time step. 0: not chosen yet.
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

/// What to look at in spectra, and how finely. Frequencies and resolution of 0: not chosen yet, theory::with_defaults.
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
  std::vector<Subpopulation> subpopulations;
  /// Empty: every population is an output.
  std::vector<Output> outputs;
  Simulation simulation;
  MesoscopicSettings mesoscopic;
  SpectrumSettings spectrum;

  /// The index of the population of that name, or nothing.
  [[nodiscard]] std::optional<std::size_t> find_population(const std::string& name) const;
};

/// The time steps that `simulation` asks for. Throws InputError if the time step is not chosen yet.
[[nodiscard]] Schedule schedule(const Simulation& simulation);

/// The model in which every subpopulation is a population of its own: subpopulation j becomes population
/// populations.size() + j, its population keeps the other neurons, and projections and outputs are such that network
/// and statistics are the same. Every function of the other folders takes models without subpopulations. Throws
/// InputError if a population has no neurons left, is sampled on quantiles or has a raster.
[[nodiscard]] Model split_subpopulations(Model model);

/// The outputs of the model: model.outputs, or every population by itself.
[[nodiscard]] std::vector<Output> outputs(const Model& model);

/// The number of neurons of an output.
[[nodiscard]] std::int64_t output_size(const Model& model, const Output& output);

/// Whether population k receives the stimulus.
[[nodiscard]] bool receives(const Model& model, std::size_t k, const Stimulus& stimulus);

/// Whether the stimulus is a stationary random process (with mean 0).
[[nodiscard]] bool is_random(const Stimulus& stimulus);

/// Two-sided power spectral density of a random stimulus at frequency f; 0 for others. Unit: current^2 x time.
[[nodiscard]] double stimulus_spectrum(const Stimulus& stimulus, double f);

/// The sum of the constant currents into population k (0 if there are none).
[[nodiscard]] double constant_current(const Model& model, std::size_t k);

/// Whether the current of the stimulus is another at some times than at others: a random one is not (its statistics are
/// the same), nor is one that is zero throughout.
[[nodiscard]] bool varies(const Stimulus& stimulus);

/// True if no stimulus varies, so that the model has stationary states.
[[nodiscard]] bool is_stationary(const Model& model);

/// The integral over [begin, end] of the time-dependent currents into population k that are neither constant nor
/// random, in units of current times time; exact up to rounding. 0 unless end > begin. Time 0 is the end of the
/// transient.
[[nodiscard]] double current_integral(const Model& model, std::size_t k, double begin, double end);

/// An estimate, in bytes, of the memory that one network simulation of the model holds: per neuron 8 bytes of state in
/// single precision, 64 in double, and 8 bytes for its eta. What is
/// recorded (activity, raster) comes on top.
[[nodiscard]] double network_memory(const Model& model);

/// The physical memory of this machine, in bytes.
[[nodiscard]] double physical_memory();

/// Throws InputError, which names both, if a network simulation of the model needs more than `available` bytes.
void require_memory(const Model& model, double available = physical_memory());

}  // namespace popshot::model
