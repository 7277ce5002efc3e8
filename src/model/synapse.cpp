#include "popshot/model/synapse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "popshot/core/riccati.hpp"

namespace popshot::model {

namespace {

constexpr double pi = std::numbers::pi;
/// Kicks known this many steps ahead are enough for any use.
constexpr std::size_t most_ahead = 63;
using Complex = std::complex<double>;

/// The integrals x int_0^1 t^j exp(-x t) dt, j = 0 .. 3.
std::array<double, 4> decay_moments(double x) {
  std::array<double, 4> moment{};
  for (std::size_t j = 0; j < 4; ++j) {
    const auto order = static_cast<double>(j);
    if (x >= 1.0) {
      moment[j] = j == 0 ? -std::expm1(-x) : order / x * moment[j - 1] - std::exp(-x);
      continue;
    }
    double term = x;
    for (int n = 0; n < 24; ++n) {
      moment[j] += term / (static_cast<double>(n) + order + 1.0);
      term *= -x / static_cast<double>(n + 1);
    }
  }
  return moment;
}

/// The time constants of a synapse's stages, in the order in which spikes pass them.
std::vector<double> stage_constants(const Synapse& synapse) {
  std::vector<double> constants;
  for (const double tau : {std::min(synapse.rise, synapse.decay), std::max(synapse.rise, synapse.decay)}) {
    if (tau > 0.0) constants.push_back(tau);
  }
  return constants;
}

/// Standard deviations of an Ornstein-Uhlenbeck process over an interval. Gillespie, Phys. Rev. E 54, 2084 (1996).
struct OrnsteinUhlenbeckStep {
  double factor;
  double value_deviation;
  double integral_share;      ///< of the integral in the value's random number
  double integral_deviation;  ///< of what is left

  OrnsteinUhlenbeckStep(const OrnsteinUhlenbeckCurrent& current, double length) {
    const double x = length / current.correlation_time;
    const double variance = current.standard_deviation * current.standard_deviation;
    const double loss = -std::expm1(-x);
    factor = 1.0 - loss;
    value_deviation = std::sqrt(variance * -std::expm1(-2.0 * x));
    const double covariance = variance * current.correlation_time * loss * loss;
    // 2x - 3 + 4 exp(-x) - exp(-2x), in series where it cancels
    const double bracket = x < 1e-2 ? x * x * x * (2.0 / 3.0 - x * (0.5 - x * (7.0 / 30.0 - x / 12.0)))
                                    : 2.0 * x - 2.0 * loss - loss * loss;
    const double total = variance * current.correlation_time * current.correlation_time * bracket;
    integral_share = value_deviation > 0.0 ? covariance / value_deviation : 0.0;
    integral_deviation = std::sqrt(std::max(0.0, total - integral_share * integral_share));
  }
};

}  // namespace

Complex synaptic_transfer(const Projection& projection, Complex s) {
  return std::exp(-s * projection.delay) / ((1.0 + s * projection.synapse.rise) * (1.0 + s * projection.synapse.decay));
}

Arrival arrival(double delay_in_steps) {
  constexpr double rounding = 1e-9;
  const double nearest = std::round(delay_in_steps);
  const double delay = std::abs(delay_in_steps - nearest) < rounding * (1.0 + nearest) ? nearest : delay_in_steps;
  Arrival result;
  if (delay >= 1.0) result.first = static_cast<std::size_t>(std::floor(delay)) - 1;
  // A spike arrives e - u after the grid point `first`.
  const double e = delay - static_cast<double>(result.first);
  result.weight[0] = {(e - 1.0) * (e - 2.0) / 2.0, 1.5 - e, 0.5};
  result.weight[1] = {e * (2.0 - e), 2.0 * (e - 1.0), -1.0};
  result.weight[2] = {e * (e - 1.0) / 2.0, 0.5 - e, 0.5};
  // The mean over u of x (x - 1) (x - 2), x = e - u, is what the three points miss of the third moment.
  const auto integral = [](double x) { return x * x * (x - 2.0) * (x - 2.0) / 4.0; };
  const double third = -(integral(e) - integral(e - 1.0)) / 6.0;
  constexpr std::array<double, 4> difference{1.0, -3.0, 3.0, -1.0};
  for (std::size_t lag = 0; lag < 4; ++lag) result.weight[lag][0] += third * difference[lag];
  return result;
}

SynapseStage::SynapseStage(double x) {
  if (std::isinf(x)) return;
  factor = std::exp(-x);
  // What decays during a step is put on four grid points with its moments: Lagrange's polynomials on 0, 1, 2, 3.
  const auto m = decay_moments(x);
  weight = {m[0] - 11.0 / 6.0 * m[1] + m[2] - m[3] / 6.0, 3.0 * m[1] - 2.5 * m[2] + m[3] / 2.0,
            -1.5 * m[1] + 2.0 * m[2] - m[3] / 2.0, m[1] / 3.0 - m[2] / 2.0 + m[3] / 6.0};
}

std::array<Complex, 3> kick_transfer(const Projection& projection, Complex z, double time_step) {
  const Complex back = 1.0 / z;
  const Arrival points = arrival(projection.delay / time_step);
  std::array<Complex, 3> result{};
  for (std::size_t moment = 0; moment < 3; ++moment) {
    for (std::size_t lag = 4; lag-- > 0;) result[moment] = result[moment] * back + points.weight[lag][moment];
  }
  Complex common = std::pow(back, static_cast<double>(points.first));
  for (const double tau : stage_constants(projection.synapse)) {
    const SynapseStage stage(time_step / tau);
    Complex numerator = 0.0;
    for (std::size_t k = 4; k-- > 0;) numerator = numerator * back + stage.weight[k];
    common *= numerator / (1.0 - stage.factor * back);
  }
  for (Complex& value : result) value *= common;
  return result;
}

Complex synaptic_transfer(const Projection& projection, double f, double h) {
  const Complex s{0.0, 2.0 * pi * f};
  if (!(h > 0.0)) return synaptic_transfer(projection, s);
  const auto transfer = kick_transfer(projection, std::exp(s * h), h);
  // int_0^1 u^i exp(-s h u) du
  constexpr int points = 40;
  std::array<Complex, 3> moment{};
  const double turns = std::abs(f) * h;
  const int intervals = points * (1 + static_cast<int>(turns));
  for (int i = 0; i < intervals; ++i) {
    // Gauss's rule of two points in each interval.
    for (const double place : {0.5 - 0.28867513459481288, 0.5 + 0.28867513459481288}) {
      const double u = (static_cast<double>(i) + place) / static_cast<double>(intervals);
      const Complex phase = std::exp(-s * h * u) / (2.0 * static_cast<double>(intervals));
      moment[0] += phase;
      moment[1] += phase * u;
      moment[2] += phase * u * u;
    }
  }
  return transfer[0] * moment[0] + transfer[1] * moment[1] + transfer[2] * moment[2];
}

double RunningStage::next(double input) {
  output = stage.factor * output + stage.weight[0] * input + stage.weight[1] * before[0] + stage.weight[2] * before[1] +
           stage.weight[3] * before[2];
  before = {input, before[0], before[1]};
  return output;
}

double excess_path(const Projection& projection, double time_step) {
  const auto constants = stage_constants(projection.synapse);
  double longest = 0.0;
  double shortest = std::numeric_limits<double>::infinity();
  for (const double tau : constants) {
    longest = std::max(longest, tau / time_step);
    shortest = std::min(shortest, tau / time_step);
  }
  // A synapse that is slower than some steps makes small kicks, one after the other.
  constexpr double slow = 20.0;
  if (longest > slow) return 0.0;
  const Arrival points = arrival(projection.delay / time_step);
  const double arrived = projection.delay / time_step - static_cast<double>(points.first);  // + first - u
  const auto steps = static_cast<int>(std::ceil(40.0 * (1.0 + longest)));
  const auto response = [&](double t) {  // of the voltage, t after the arrival
    if (t <= 0.0) return 0.0;
    if (constants.empty()) return 1.0;
    if (constants.size() == 1) return -std::expm1(-t / longest);
    const double x = (longest - shortest) / longest;
    if (x < 1e-6) return 1.0 - (1.0 + t / longest) * std::exp(-t / longest);
    return 1.0 - (longest * std::exp(-t / longest) - shortest * std::exp(-t / shortest)) / (longest - shortest);
  };
  // Gauss's rule of three points, for the place of the spike in its step and for the integrals over time.
  constexpr std::array<double, 3> place{0.11270166537925831, 0.5, 0.88729833462074169};
  constexpr std::array<double, 3> share{5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0};
  std::vector<RunningStage> at_rest;
  at_rest.reserve(constants.size());
  for (const double tau : constants) at_rest.push_back({SynapseStage(time_step / tau)});
  double excess = 0.0;
  for (std::size_t p = 0; p < place.size(); ++p) {
    const double u = place[p];
    const double at = arrived - u;  // after the grid point `first`
    std::vector<RunningStage> stages = at_rest;
    // Before the first grid point and between two of them, cut where the spike arrives.
    const auto square = [&](double begin, double end) {
      double sum = 0.0;
      const double middle = std::clamp(at, begin, end);
      for (const auto& [from, to] : {std::pair{begin, middle}, std::pair{middle, end}}) {
        for (std::size_t q = 0; q < place.size(); ++q) {
          const double value = response(from + (to - from) * place[q] - at);
          sum += (to - from) * share[q] * value * value;
        }
      }
      return sum;
    };
    double sum = at < 0.0 ? -square(at, 0.0) : 0.0;
    double path = 0.0;
    for (int j = 0; j < steps; ++j) {
      double kick = 0.0;
      if (j < 4) {
        const auto& weight = points.weight[static_cast<std::size_t>(j)];
        kick = weight[0] + weight[1] * u + weight[2] * u * u;
      }
      for (RunningStage& stage : stages) kick = stage.next(kick);
      path += kick;
      sum += path * path - square(j, j + 1) - kick * kick / 12.0;
    }
    excess += share[p] * sum;
  }
  return excess;
}

Inputs::Inputs(const Model& model, std::uint64_t trial, const std::vector<double>& rate_before, Granularity granularity)
    : model_(&model), schedule_(model::schedule(model.simulation)), kick_(model.populations.size()) {
  const double h = schedule_.time_step;
  stimulated_ = !is_stationary(model);
  std::vector<std::vector<Weight>> weights(kick_.size());
  std::size_t longest = 0;
  std::size_t shortest = std::numeric_limits<std::size_t>::max();
  std::vector<double> excess;  // of the channels
  for (const Projection& projection : model.projections) {
    auto channel = std::find_if(channels_.begin(), channels_.end(), [&](const Channel& other) {
      return other.from == projection.from && other.delay == projection.delay &&
             other.synapse.rise == projection.synapse.rise && other.synapse.decay == projection.synapse.decay;
    });
    if (channel == channels_.end()) {
      const double spikes = rate_before[projection.from] * h;
      Channel made{projection.from, projection.synapse, projection.delay, arrival(projection.delay / h), {}, spikes};
      for (const double tau : stage_constants(projection.synapse)) {
        made.stages.push_back({SynapseStage(h / tau), spikes, {spikes, spikes, spikes}});
      }
      const auto same = std::find_if(channels_.begin(), channels_.end(), [&](const Channel& other) {
        return other.delay == made.delay && other.synapse.rise == made.synapse.rise &&
               other.synapse.decay == made.synapse.decay;
      });
      excess.push_back(same != channels_.end() ? excess[static_cast<std::size_t>(same - channels_.begin())]
                       : granularity == Granularity::neurons ? excess_path(projection, h)
                                                             : 0.0);
      channels_.push_back(std::move(made));
      channel = std::prev(channels_.end());
    }
    longest = std::max(longest, channel->arrival.first);
    shortest = std::min(shortest, channel->arrival.first);
    const auto index = static_cast<std::size_t>(channel - channels_.begin());
    const double neurons = static_cast<double>(model.populations[projection.from].size);
    const double step = h / model.populations[projection.to].tau;
    // theory.md (6c). A spike that moves a neuron by a large part of what the drift does in a step is beyond it.
    constexpr double largest = 0.5;
    const double excessive = std::clamp(projection.weight / neurons * step * excess[index], -largest, largest);
    const double weight = projection.weight * (1.0 - excessive);
    weights[projection.to].push_back({index, weight});
  }
  for (const auto& leading_here : weights) {
    weights_.insert(weights_.end(), leading_here.begin(), leading_here.end());
    weights_end_.push_back(weights_.size());
  }
  std::vector<StepSpikes> before;
  before.reserve(rate_before.size());
  for (const double rate : rate_before) before.push_back(evenly_spread(rate * h));
  look_ahead_ = std::min(shortest, most_ahead);
  slots_ = longest + 4 + look_ahead_;
  for (std::size_t slot = 0; slot < slots_; ++slot) past_.insert(past_.end(), before.begin(), before.end());
  for (std::size_t k = 0; k < kick_.size(); ++k) {
    const auto& population = model.populations[k];
    step_.push_back(h / population.tau);
    double variance = 0.0;
    if (const auto* cauchy = std::get_if<CauchyNoise>(&population.noise)) {
      variance = std::pow(cauchy->width * step_[k], 2);
    }
    for (const Stimulus& stimulus : model.stimuli) {
      const auto* white = std::get_if<WhiteNoiseCurrent>(&stimulus.current);
      if (white != nullptr && receives(model, k, stimulus)) {
        variance += white->power * h / (population.tau * population.tau);
      }
    }
    // Noise so strong that it takes a neuron round in a step is beyond it.
    noise_correction_.push_back(std::min(step_[k] * step_[k] * variance, 1.0) / 12.0);
    per_step_.push_back(1.0 / step_[k]);
  }
  for (std::size_t i = 0; i < model.stimuli.size(); ++i) {
    if (!is_random(model.stimuli[i])) continue;
    Random random{i, GaussianStream(model.simulation.seed, RandomStream::stimulus, {trial, i})};
    if (const auto* ou = std::get_if<OrnsteinUhlenbeckCurrent>(&model.stimuli[i].current)) {
      random.value = ou->standard_deviation * random.gaussian.next();
    }
    random_.push_back(random);
  }
  weigh(0.5);
  const double begin = schedule_.time_of(0);
  add_stimuli(begin, begin + h / 2);
  correct(0.5);
}

const std::vector<double>& Inputs::advance(std::int64_t step, const std::vector<StepSpikes>& spikes) {
  record(spikes);
  return kick_after(step);
}

void Inputs::record(const std::vector<StepSpikes>& spikes) {
  recorded_ = recorded_ + 1 == slots_ ? 0 : recorded_ + 1;
  StepSpikes* row = &past_[recorded_ * spikes.size()];
  for (std::size_t k = 0; k < spikes.size(); ++k) row[k] = spikes[k];
}

const std::vector<double>& Inputs::kick_after(std::int64_t step) {
  const double h = schedule_.time_step;
  slot_ = slot_ + 1 == slots_ ? 0 : slot_ + 1;
  for (Channel& channel : channels_) {
    // From the oldest spikes on: what waits for the newest ones is short.
    std::size_t slot = slot_ + slots_ - (channel.arrival.first + channel.arrival.weight.size() - 1);
    if (slot >= slots_) slot -= slots_;
    double arrived = 0.0;
    for (std::size_t lag = channel.arrival.weight.size(); lag-- > 0;) {
      const auto& weight = channel.arrival.weight[lag];
      const StepSpikes& spikes = past_[slot * kick_.size() + channel.from];
      arrived += weight[0] * spikes.count + weight[1] * spikes.first + weight[2] * spikes.second;
      slot = slot + 1 == slots_ ? 0 : slot + 1;
    }
    for (RunningStage& stage : channel.stages) arrived = stage.next(arrived);
    channel.delivered = arrived;
  }
  weigh(1.0);
  if (stimulated_ || !random_.empty()) {
    const double end = schedule_.time_of(step + 1);
    add_stimuli(end - h / 2, end + h / 2);
  }
  correct(1.0);
  return kick_;
}

void Inputs::correct(double part) {
  for (std::size_t k = 0; k < kick_.size(); ++k) {
    const double whole = constant_current_kick(step_[k] / part * kick_[k]) + noise_correction_[k];
    kick_[k] = part * per_step_[k] * whole;
  }
}

void Inputs::weigh(double part) {
  const Weight* one = weights_.data();
  const Weight* all = one;
  double* to = kick_.data();
  for (const std::size_t end : weights_end_) {
    double sum = 0.0;
    for (; one != all + end; ++one) sum += one->weight * channels_[one->channel].delivered;
    *to++ = part * sum;
  }
}

void Inputs::add_stimuli(double begin, double end) {
  const auto& populations = model_->populations;
  if (stimulated_) {
    for (std::size_t k = 0; k < populations.size(); ++k) {
      kick_[k] += current_integral(*model_, k, begin, end) / populations[k].tau;
    }
  }
  for (Random& random : random_) {
    const Stimulus& stimulus = model_->stimuli[random.stimulus];
    double integral = 0.0;
    if (const auto* white = std::get_if<WhiteNoiseCurrent>(&stimulus.current)) {
      integral = std::sqrt(white->power * (end - begin)) * random.gaussian.next();
    } else if (const auto* ou = std::get_if<OrnsteinUhlenbeckCurrent>(&stimulus.current)) {
      const OrnsteinUhlenbeckStep step(*ou, end - begin);
      const double of_value = random.gaussian.next();
      integral = ou->correlation_time * (1.0 - step.factor) * random.value + step.integral_share * of_value +
                 step.integral_deviation * random.gaussian.next();
      random.value = step.factor * random.value + step.value_deviation * of_value;
    }
    for (std::size_t k = 0; k < populations.size(); ++k) {
      if (receives(*model_, k, stimulus)) kick_[k] += integral / populations[k].tau;
    }
  }
}

}  // namespace popshot::model
