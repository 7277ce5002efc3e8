// The fast kernel against the one Riccati step.
#include "network/kernel.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <ostream>
#include <vector>

#include "popshot/core/riccati.hpp"

namespace popshot::network {

/// For messages.
static std::ostream& operator<<(std::ostream& stream, const SpikeSums& sums) {
  return stream << '{' << sums.count << ", " << sums.first << ", " << sums.second << '}';
}

namespace {

struct Neurons {
  std::vector<double> eta;
  std::vector<double> voltage;
  std::vector<float> y, a;
};

double b_of(double eta, double h) {
  const double angle = std::sqrt(std::abs(eta)) * h;
  if (angle == 0.0) return h;
  return (eta < 0 ? std::sinh(angle) : std::sin(angle)) / angle * h;
}

Neurons make_neurons(std::size_t count, double h, double largest = 0.48) {
  Neurons n;
  for (std::size_t j = 0; j < count; ++j) {
    const double p = (static_cast<double>(j) + 0.5) / static_cast<double>(count);
    // eta h^2 over the whole range that the kernel may be given.
    const double eta = (2.0 * p - 1.0) * largest / (h * h);
    const double angle = std::sqrt(std::abs(eta)) * h / 2;
    const double half = eta < 0 ? std::sinh(angle) : std::sin(angle);
    const double a = (eta < 0 ? -4.0 : 4.0) * half * half;
    const double voltage = std::tan(std::numbers::pi * (std::fmod(p * 7.31, 1.0) - 0.5));
    n.eta.push_back(eta);
    n.voltage.push_back(voltage);
    n.a.push_back(static_cast<float>(a));
    n.y.push_back(static_cast<float>(b_of(eta, h) * voltage - a / 2));
  }
  return n;
}

/// The instruction sets that the kernel is compiled for and that this machine runs.
std::vector<std::int64_t> targets() {
  std::vector<std::int64_t> result;
  for (std::int64_t left = kernel_targets(); left != 0; left &= left - 1) result.push_back(left & -left);
  return result;
}

TEST(Kernel, IsTheRiccatiStepInOtherCoordinates) {
  const double h = 0.02;
  for (const double kick : {0.0, 0.05, -0.3, 2.0}) {
    // A count that is no multiple of any vector length.
    auto n = make_neurons(1003, h);
    double expected = 0.0;
    std::vector<double> after;
    for (std::size_t j = 0; j < n.eta.size(); ++j) {
      const auto step = riccati_step(riccati_flow(n.eta[j], h), n.voltage[j] + kick);
      expected += step.spikes;
      after.push_back(step.state);
    }
    const auto spikes = step_single({n.y.data(), nullptr, n.a.data(), 0, 0, n.y.size()}, static_cast<float>(h * kick));
    EXPECT_EQ(static_cast<double>(spikes.count), expected) << kick;
    for (std::size_t j = 0; j < n.eta.size(); ++j) {
      const double b = b_of(n.eta[j], h);
      const double voltage = (static_cast<double>(n.y[j]) + static_cast<double>(n.a[j]) / 2) / b;
      // h V carries the rounding of single precision, as an angle: a few units of 6e-8 in atan(h V).
      EXPECT_NEAR(std::atan(b * voltage), std::atan(b * after[j]), 1e-6) << n.eta[j] << ' ' << kick;
    }
  }
}

TEST(Kernel, CountsTheSameForAnyGroupingOfNeurons) {
  const double h = 0.01;
  auto whole = make_neurons(997, h);
  auto parts = whole;
  for (int step = 0; step < 200; ++step) {
    const auto kick = static_cast<float>(1e-4 * step);
    const auto together = step_single({whole.y.data(), nullptr, whole.a.data(), 0, 0, whole.y.size()}, kick);
    SpikeSums separately;
    for (std::size_t begin = 0; begin < 997; begin += 13) {
      separately +=
          step_single({&parts.y[begin], nullptr, &parts.a[begin], 0, 0, std::min<std::size_t>(13, 997 - begin)}, kick);
    }
    ASSERT_EQ(together, separately);
  }
  EXPECT_EQ(whole.y, parts.y);  // bit for bit
}

TEST(Kernel, StaysFiniteAtTheInstantOfASpike) {
  // a = 0 and y = 1: the denominator is exactly zero. The spike is at the end of the step, wherever the neuron lies.
  constexpr std::size_t count = 8 * kernel_group + 37;
  const std::vector<float> a(count, 0.0F);
  for (const std::int64_t target : targets()) {
    const ChosenTarget chosen(target);
    for (std::size_t place = 0; place < count; ++place) {
      std::vector<float> y(count, -0.5F);
      y[place] = 1.0F;
      const SingleView all{y.data(), nullptr, a.data(), 0, 4 * kernel_group, count};
      EXPECT_EQ(step_single(all, 0.0F), (SpikeSums{1, 0, 0})) << place << ' ' << kernel_target();
      for (const float value : y) ASSERT_TRUE(std::isfinite(value)) << place << ' ' << kernel_target();
      EXPECT_EQ(step_single(all, 0.0F), SpikeSums{});
      EXPECT_NEAR(y[place], -1.0F, 1e-6F);
      EXPECT_EQ(step_single(all, 0.0F), SpikeSums{});
    }
  }
}

TEST(Kernel, CountsSpikesWhereverTheyAre) {
  // Every neuron in turn is the only one to spike, then the only one not to.
  constexpr std::size_t count = 8 * kernel_group + 37;
  const std::vector<float> a(count, 0.0F);
  for (const std::int64_t target : targets()) {
    const ChosenTarget chosen(target);
    for (const std::size_t near : {std::size_t{0}, 3 * kernel_group, 8 * kernel_group}) {
      for (std::size_t place = 0; place < count; ++place) {
        std::vector<float> y(count, -0.5F);
        y[place] = 1.5F;
        // 1 - y = -1/2, y' = -3.
        const auto third = static_cast<std::int64_t>(std::llround(1.0 / 3.0 / spike_unit));
        const auto ninth = static_cast<std::int64_t>(std::llround(1.0 / 9.0 / spike_unit));
        ASSERT_EQ(step_single({y.data(), nullptr, a.data(), 0, near, count, place % 2 == 0}, 0.0F),
                  (SpikeSums{1, third, ninth}))
            << place << ' ' << kernel_target();
        std::fill(y.begin(), y.end(), 1.5F);
        y[place] = -0.5F;
        const auto others = static_cast<std::int64_t>(count - 1);
        ASSERT_EQ(step_single({y.data(), nullptr, a.data(), 0, near, count, place % 2 == 0}, 0.0F),
                  (SpikeSums{others, others * third, others * ninth}))
            << place << ' ' << kernel_target();
      }
    }
  }
}

TEST(Kernel, ForSmallAIsTheOneForAnyA) {
  const double h = 0.01;
  auto any = make_neurons(64 * kernel_group, h, kernel_near_a);
  auto near = any;
  for (const double kick : {0.0, 0.05, -0.3, 2.0}) {
    const auto scaled = static_cast<float>(h * kick);
    EXPECT_EQ(step_single({any.y.data(), nullptr, any.a.data(), 0, 0, any.y.size()}, scaled),
              step_single({near.y.data(), nullptr, near.a.data(), 0, near.y.size(), near.y.size()}, scaled));
    for (std::size_t j = 0; j < any.y.size(); ++j) {
      // The term left out is a^2/180 of the kick, at most 2.2e-7; then rounding.
      const double left_out = 2.2e-7 * std::abs(h * kick);
      EXPECT_NEAR(std::atan(near.y[j]), std::atan(any.y[j]), left_out + 4e-7) << any.eta[j] << ' ' << kick;
    }
  }
}

TEST(Kernel, OnLinesIsTheOneWithTheirCoefficients) {
  // 5 groups on lines, 7 near ones and others; the same bits as with all coefficients in an array.
  const double h = 0.01;
  auto start = make_neurons(12 * kernel_group + 37, h, kernel_near_a);
  constexpr std::size_t lined = 5 * kernel_group;
  std::vector<Line> lines(5);
  for (std::size_t group = 0; group < lines.size(); ++group) {
    lines[group] = {start.a[group * kernel_group], static_cast<float>(group) * 0x1.2345p-15F};  // 20 bits at most
    for (std::size_t i = 0; i < kernel_group; ++i) start.a[group * kernel_group + i] = lines[group](i);
  }
  for (const std::int64_t target : targets()) {
    const ChosenTarget chosen(target);
    auto on_lines = start.y;
    auto in_array = start.y;
    for (int step = 0; step < 300; ++step) {
      const auto kick = static_cast<float>(1e-4 * step);
      const SingleView with_lines{on_lines.data(), lines.data(),      start.a.data() + lined,
                                  lined,           12 * kernel_group, start.y.size()};
      const SingleView with_array{in_array.data(), nullptr, start.a.data(), 0, 12 * kernel_group, start.y.size()};
      ASSERT_EQ(step_single(with_lines, kick), step_single(with_array, kick)) << kernel_target();
    }
    EXPECT_EQ(on_lines, in_array) << kernel_target();
  }
}

TEST(Kernel, GivesTheSameBitsOnEveryInstructionSet) {
  const double h = 0.01;
  const auto start = make_neurons(1003, h);
  std::vector<float> noise(start.y.size());
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = std::sin(static_cast<float>(i * i));
  struct Outcome {
    std::vector<float> partly_near, noisy;
    std::vector<SpikeSums> spikes;
    bool operator==(const Outcome&) const = default;
  };
  std::vector<Outcome> outcomes;
  for (const std::int64_t target : targets()) {
    const ChosenTarget chosen(target);
    Outcome outcome{start.y, start.y, {}};
    for (int step = 0; step < 300; ++step) {
      const auto kick = static_cast<float>(1e-4 * step);
      outcome.spikes.push_back(step_single(
          {outcome.partly_near.data(), nullptr, start.a.data(), 0, 20 * kernel_group, start.y.size()}, kick));
      outcome.spikes.push_back(
          step_single_noisy(outcome.noisy.data(), start.a.data(), noise.data(), start.y.size(), kick, 1e-3F));
    }
    outcomes.push_back(std::move(outcome));
  }
  ASSERT_GE(outcomes.size(), 1U);
  for (const auto& outcome : outcomes) EXPECT_TRUE(outcome == outcomes.front());
}

/// Neurons in double precision with the inputs eta, as network::DoubleNeurons has them.
struct Doubles {
  std::vector<double> c, b, e, half_turns, angle, last_angle, tangent;
  double h;

  Doubles(const std::vector<double>& eta, double step) : h(step) {
    for (const double one : eta) {
      const auto flow = riccati_flow(one, h);
      c.push_back(flow.c);
      b.push_back(flow.b);
      e.push_back(flow.e);
      half_turns.push_back(flow.half_turns);
      angle.push_back(std::copysign(std::sqrt(std::abs(one)) * h, one));
      last_angle.push_back(angle.back() - flow.half_turns * std::numbers::pi);
      tangent.push_back(std::tan(last_angle.back() / 2));
    }
  }
  DoubleView view(std::vector<double>& voltage) const {
    return {voltage.data(), c.data(),          b.data(),       e.data(),       half_turns.data(),
            angle.data(),   last_angle.data(), tangent.data(), voltage.size(), h};
  }
};

TEST(Kernel, InDoublePrecisionIsTheRiccatiStepBitForBit) {
  const std::size_t count = 203;
  std::vector<double> start(count), eta(count);
  std::vector<float> noise(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    eta[i] = std::tan(std::numbers::pi * (p - 0.5));
    start[i] = std::tan(std::numbers::pi * (std::fmod(p * 7.31, 1.0) - 0.5));
    noise[i] = static_cast<float>(std::sin(100.0 * p));
  }
  const Doubles neurons(eta, 0.5);
  for (const std::int64_t target : targets()) {
    const ChosenTarget chosen(target);
    for (const bool noisy : {false, true}) {
      auto voltage = start;
      auto expected = start;
      for (int step = 0; step < 50; ++step) {
        SpikeSums spikes;
        for (std::size_t i = 0; i < count; ++i) {
          const double own = noisy ? 0.1 + 0.3 * static_cast<double>(noise[i]) : 0.1;
          const RiccatiFlow<double> flow{neurons.c[i], neurons.b[i], neurons.e[i], neurons.half_turns[i]};
          const auto next = riccati_step(flow, expected[i] + own);
          expected[i] = next.state;
          if (next.spikes > 0.0) spikes += spikes_before(neurons.view(expected), i, next.spikes);
        }
        const auto counted = step_double(neurons.view(voltage), 0.1, noisy ? noise.data() : nullptr, 0.3);
        ASSERT_EQ(counted, spikes) << kernel_target();
      }
      EXPECT_EQ(voltage, expected) << kernel_target();
    }
  }
}

/// The times (as parts of the step that are left) of the spikes of a neuron that begins a step of h at the voltage v.
std::vector<double> left_after_spikes(double eta, double v, double h) {
  std::vector<double> left;
  if (eta > 0) {
    const double w = std::sqrt(eta);
    const double first = (std::numbers::pi / 2 - std::atan(v / w)) / w;
    for (double t = first; t < h; t += std::numbers::pi / w) left.push_back(1.0 - t / h);
  } else if (eta == 0.0 ? v > 0.0 : v > std::sqrt(-eta)) {
    const double t = eta == 0.0 ? 1.0 / v : std::atanh(std::sqrt(-eta) / v) / std::sqrt(-eta);
    if (t < h) left.push_back(1.0 - t / h);
  }
  return left;
}

TEST(SpikesBefore, AreAtTheTimesOfTheClosedForm) {
  const double h = 0.3;
  int seen = 0;
  for (const double eta : {-400.0, -3.0, -1e-6, 0.0, 1e-6, 0.4, 30.0, 109.0, 500.0, 1e4, 3e6}) {
    for (int i = 0; i < 200; ++i) {
      const double v = std::tan(std::numbers::pi * ((i + 0.5) / 200 - 0.5)) * std::max(1.0, std::sqrt(std::abs(eta)));
      const Doubles neuron({eta}, h);
      std::vector<double> voltage{v};
      const auto sums = step_double(neuron.view(voltage), 0.0, nullptr, 0.0);
      const auto left = left_after_spikes(eta, v, h);
      ASSERT_EQ(sums.count, static_cast<std::int64_t>(left.size())) << eta << ' ' << v;
      double first = 0.0;
      double second = 0.0;
      for (const double u : left) {
        first += u;
        second += u * u;
      }
      // 2e-8 of an angle, and rounding to whole numbers.
      const double bound = spike_unit + 1e-6 * static_cast<double>(left.size());
      EXPECT_NEAR(spike_unit * static_cast<double>(sums.first), first, bound) << eta << ' ' << v;
      EXPECT_NEAR(spike_unit * static_cast<double>(sums.second), second, bound) << eta << ' ' << v;
      seen += left.empty() ? 0 : 1;
    }
  }
  EXPECT_GT(seen, 500);
}

TEST(Kernel, KnowsWhenANeuronFired) {
  // u = -1/y' but for (a/6) u (1 - u) (1 - 2u): nothing in the mean, at most 0.008 for the largest a.
  for (const double h : {0.02, 0.05}) {
    auto n = make_neurons(2000, h);
    double mean_first = 0.0;
    double mean_second = 0.0;
    std::int64_t spikes = 0;
    for (std::size_t j = 0; j < n.eta.size(); ++j) {
      // Many are about to fire. The state as the kernel has it, so that it is about the same neuron.
      n.y[j] = static_cast<float>(b_of(n.eta[j], h) * n.voltage[j] / h) - n.a[j] / 2;
      const double v = (static_cast<double>(n.y[j]) + static_cast<double>(n.a[j]) / 2) / b_of(n.eta[j], h);
      const auto left = left_after_spikes(n.eta[j], v, h);
      const auto sums = step_single({&n.y[j], nullptr, &n.a[j], 0, 0, 1}, 0.0F);
      if (sums.count != static_cast<std::int64_t>(left.size())) continue;  // by rounding, at the ends of the step
      if (left.empty()) continue;
      const double u = left.front();
      const double a = n.eta[j] * h * h;
      const double found = spike_unit * static_cast<double>(sums.first);
      EXPECT_NEAR(found, u + a / 6.0 * u * (1.0 - u) * (1.0 - 2.0 * u), 2e-5 + 3e-2 * a * a) << n.eta[j];
      EXPECT_NEAR(spike_unit * static_cast<double>(sums.second), found * found, 2e-5 + spike_unit);
      mean_first += found - u;
      mean_second += found * found - u * u;
      ++spikes;
    }
    ASSERT_GT(spikes, 100);
    EXPECT_LT(std::abs(mean_first / static_cast<double>(spikes)), 1e-3);
    EXPECT_LT(std::abs(mean_second / static_cast<double>(spikes)), 1e-3);
  }
}

TEST(Kernel, RatesOverManyStepsAreThoseOfTheClosedForm) {
  // An uncoupled neuron spikes once every pi/(w h) steps; over 1e5 steps the count is right to one spike plus the drift
  // of single precision (6e-8 of a turn per step at random: 2e-5; measured below one spike).
  const double h = 0.01;
  for (const double eta : {0.5, 4.0, 100.0, 600.0, 4000.0}) {
    const double angle = std::sqrt(eta) * h;
    const double half = std::sin(angle / 2);
    std::vector<float> y{0.0F};
    const std::vector<float> a{static_cast<float>(4.0 * half * half)};
    std::int64_t spikes = 0;
    constexpr int steps = 100'000;
    for (int i = 0; i < steps; ++i) spikes += step_single({y.data(), nullptr, a.data(), 0, 0, 1}, 0.0F).count;
    EXPECT_NEAR(static_cast<double>(spikes), angle * steps / std::numbers::pi, 1.5) << eta;
  }
}

/// The FNV-1a hash of the bytes of all values.
template <class Value>
std::uint64_t hash_of(const std::vector<Value>& values) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const Value value : values) {
    std::array<unsigned char, sizeof(Value)> bytes{};
    std::memcpy(bytes.data(), &value, sizeof(Value));
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211ULL;
  }
  return hash;
}

TEST(Kernel, GivesTheBitsThatOtherProcessorsGive) {
  // The inputs are made by sums, products and quotients alone, so that they are the same on every machine (without
  // contraction to fused multiply-adds, as the project compiles). The hashes were found on AVX2 and, emulated, on NEON.
  constexpr std::size_t count = 20011, lined = 100 * kernel_group, near = 1000 * kernel_group;
  std::uint64_t state = 12345;
  const auto uniform = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 11U) * 0x1p-53;
  };
  std::vector<Line> lines(lined / kernel_group);
  for (auto& line : lines) {
    line.first = static_cast<float>(uniform() * 1e-3);
    line.slope = static_cast<float>(static_cast<int>(uniform() * 1000)) * 0x1p-25F;
  }
  std::vector<float> start(count), a(count), noise(count);
  std::vector<double> voltage_start(count), c(count), b(count), e(count), angle(count), last_angle(count),
      tangent(count);
  const std::vector<double> half_turns(count, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    const double sign = uniform() < 0.5 ? -1.0 : 1.0;
    const double tail = 1.0 / (uniform() + 1e-7) - 1.0;
    start[i] = static_cast<float>(sign * tail * 1e-2);
    a[i] = static_cast<float>((uniform() - 0.3) * (i < near - lined ? 6e-3 : 6e-1));
    noise[i] = static_cast<float>(uniform() - 0.5);
    voltage_start[i] = (uniform() - 0.5) * 10.0;
    const double alpha = uniform() * 1e-2;
    c[i] = 1.0 - alpha / 2;
    b[i] = 0.005;
    e[i] = alpha;
    // Of about the size that belongs to them: it is the arithmetic that is tested.
    angle[i] = 0.1 + alpha;
    last_angle[i] = angle[i];
    tangent[i] = 0.05 + alpha / 2;
  }
  for (const std::int64_t target : targets()) {
    const ChosenTarget chosen(target);
    auto y = start;
    SpikeSums spikes;
    for (int step = 0; step < 3000; ++step) {
      spikes +=
          step_single({y.data(), lines.data(), a.data(), lined, near, count}, static_cast<float>(1e-4 * (step % 7)));
    }
    EXPECT_EQ(spikes, (SpikeSums{1661493, 54438413189, 36190441606})) << kernel_target();
    EXPECT_EQ(hash_of(y), 10215270241191017325ULL) << kernel_target();
    for (int step = 0; step < 1000; ++step) {
      spikes += step_single_noisy(y.data(), a.data(), noise.data(), count, 1e-4F, 1e-3F);
    }
    EXPECT_EQ(spikes, (SpikeSums{2349229, 76988723775, 51178442632})) << kernel_target();
    EXPECT_EQ(hash_of(y), 10086829182634755554ULL) << kernel_target();
    auto voltage = voltage_start;
    for (int step = 0; step < 1000; ++step) {
      spikes += step_double({voltage.data(), c.data(), b.data(), e.data(), half_turns.data(), angle.data(),
                             last_angle.data(), tangent.data(), count, 0.01},
                            0.05, noise.data(), 0.1);
    }
    EXPECT_EQ(spikes, (SpikeSums{2450465, 80313858432, 53398912977})) << kernel_target();
    EXPECT_EQ(hash_of(voltage), 1923645571799583714ULL) << kernel_target();
  }
}

TEST(Kernel, SaysWhichInstructionSetItRunsOn) { EXPECT_STRNE(kernel_target(), "Unknown"); }

}  // namespace
}  // namespace popshot::network
