#include "popshot/model/synapse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace popshot::model {

namespace {

constexpr double pi = std::numbers::pi;
/// Kicks known this many steps ahead are enough for any use.
constexpr std::size_t most_ahead = 63;
using Complex = std::complex<double>;

/// How a synapse is carried over a step h: factors of decay, and what of the rise's state goes over. any_model.md (49).
struct SynapseStep {
  double rise;   ///< the shorter time constant
  double decay;  ///< the longer one
  double rise_factor = 0.0;
  double decay_factor = 0.0;
  double transfer = 0.0;

  SynapseStep(const Synapse& synapse, double h)
      : rise(std::min(synapse.rise, synapse.decay)), decay(std::max(synapse.rise, synapse.decay)) {
    if (decay > 0.0) decay_factor = std::exp(-h / decay);
    if (!(rise > 0.0)) return;
    rise_factor = std::exp(-h / rise);
    // rise (exp(-h/rise) - exp(-h/decay))/(rise - decay), also where both are nearly equal
    const double x = h * (rise - decay) / (rise * decay);
    transfer = decay_factor * (h / decay) * (x == 0.0 ? 1.0 : std::expm1(x) / x);
  }
};

/// The steps by which spikes are late beyond the delivery at the end of their own step, which is half a step late.
double late_steps(double delay, double h) { return std::max(0.0, delay / h - 0.5); }

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

Complex delivery(double f, double time_step) {
  const double x = pi * f * time_step;
  return x == 0.0 ? 1.0 : std::sin(x) / x * std::polar(1.0, -x);
}

Complex synaptic_transfer(const Projection& projection, double f, double h) {
  if (!(h > 0.0)) return synaptic_transfer(projection, Complex{0.0, 2.0 * pi * f});
  const Complex z = std::polar(1.0, 2.0 * pi * f * h);
  const double late = late_steps(projection.delay, h);
  const double whole = std::floor(late);
  const double part = late - whole;
  Complex response = delivery(f, h) * std::polar(1.0, -2.0 * pi * f * h * whole);
  if (part > 0.0) response *= 1.0 - part + part / z;
  const SynapseStep step(projection.synapse, h);
  if (!(step.decay > 0.0) || f == 0.0) return response;
  // Change of the two states over a step, per spikes of the step.
  const Complex rise_state = step.rise > 0.0 ? (1.0 - step.rise_factor) / (z - step.rise_factor) : Complex{1.0};
  const Complex rise_change = step.rise > 0.0 ? (z - 1.0) * rise_state : Complex{0.0};
  const Complex decay_change =
      (z - 1.0) * (1.0 - step.decay_factor - step.transfer + step.transfer * rise_state) / (z - step.decay_factor);
  return response * (1.0 - (step.rise * rise_change + step.decay * decay_change) / h);
}

Inputs::Inputs(const Model& model, std::uint64_t trial, const std::vector<double>& rate_before)
    : model_(&model), schedule_(model::schedule(model.simulation)), kick_(model.populations.size()) {
  const double h = schedule_.time_step;
  stimulated_ = !is_stationary(model);
  std::vector<std::vector<Weight>> weights(kick_.size());
  std::size_t longest = 0;
  std::size_t shortest = std::numeric_limits<std::size_t>::max();
  for (const Projection& projection : model.projections) {
    const double late = late_steps(projection.delay, h);
    const double whole = std::floor(late);
    const SynapseStep step(projection.synapse, h);
    const auto steps = static_cast<std::size_t>(whole);
    const double early = 1.0 - (late - whole);
    auto channel = std::find_if(channels_.begin(), channels_.end(), [&](const Channel& other) {
      return other.from == projection.from && other.steps == steps && other.early == early &&
             other.synapse.rise == step.rise && other.synapse.decay == step.decay;
    });
    if (channel == channels_.end()) {
      const double rate = rate_before[projection.from];
      channels_.push_back({projection.from,
                           {step.rise, step.decay},
                           early,
                           steps,
                           step.rise_factor,
                           step.decay_factor,
                           step.transfer,
                           rate,
                           rate,
                           rate * h});
      channel = std::prev(channels_.end());
    }
    longest = std::max(longest, steps);
    shortest = std::min(shortest, steps);
    weights[projection.to].push_back({static_cast<std::size_t>(channel - channels_.begin()), projection.weight});
  }
  for (const auto& leading_here : weights) {
    weights_.insert(weights_.end(), leading_here.begin(), leading_here.end());
    weights_end_.push_back(weights_.size());
  }
  std::vector<double> before(rate_before);
  for (double& rate : before) rate *= h;
  look_ahead_ = std::min(shortest, most_ahead);
  slots_ = longest + 2 + look_ahead_;
  for (std::size_t slot = 0; slot < slots_; ++slot) past_.insert(past_.end(), before.begin(), before.end());
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
}

const std::vector<double>& Inputs::advance(std::int64_t step, const std::vector<double>& spikes) {
  record(spikes);
  return kick_after(step);
}

void Inputs::record(const std::vector<double>& spikes) {
  recorded_ = recorded_ + 1 == slots_ ? 0 : recorded_ + 1;
  double* row = &past_[recorded_ * spikes.size()];
  for (std::size_t k = 0; k < spikes.size(); ++k) row[k] = spikes[k];
}

const std::vector<double>& Inputs::kick_after(std::int64_t step) {
  const double h = schedule_.time_step;
  slot_ = slot_ + 1 == slots_ ? 0 : slot_ + 1;
  const auto spikes_before = [&](std::size_t steps, std::size_t k) {
    return past_[(slot_ >= steps ? slot_ - steps : slot_ + slots_ - steps) * kick_.size() + k];
  };
  for (Channel& channel : channels_) {
    double arrived = spikes_before(channel.steps, channel.from);
    if (channel.early < 1.0) {
      const double earlier = spikes_before(channel.steps + 1, channel.from);
      arrived = channel.early * arrived + (1.0 - channel.early) * earlier;
    }
    channel.delivered = arrived;
    if (!(channel.synapse.decay > 0.0)) continue;
    // q' = (a - q)/rise, s' = (q - s)/decay with the constant a; the integral of s follows from the changes.
    const double a = arrived / h;
    const double q = channel.synapse.rise > 0.0 ? channel.first : a;
    const double s = channel.second;
    channel.first = a + (q - a) * channel.rise_factor;
    channel.second = a + (s - a) * channel.decay_factor + (q - a) * channel.transfer;
    channel.delivered -= channel.synapse.decay * (channel.second - s);
    if (channel.synapse.rise > 0.0) channel.delivered -= channel.synapse.rise * (channel.first - q);
  }
  weigh(1.0);
  if (stimulated_ || !random_.empty()) {
    const double end = schedule_.time_of(step + 1);
    add_stimuli(end - h / 2, end + h / 2);
  }
  return kick_;
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
