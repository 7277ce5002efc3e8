// The scheme's linear theory against the scheme itself, iterated from its description, and its order.
#include "popshot/mean_field/scheme.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <deque>
#include <numbers>
#include <ostream>

#include "mean_field/kicked_rest.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/model/heterogeneity.hpp"
#include "popshot/model/synapse.hpp"

namespace popshot::mean_field {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

model::Population population(model::Heterogeneity heterogeneity, double tau = 1.0) {
  model::Population p;
  p.name = "p";
  p.size = 10000;
  p.tau = tau;
  p.heterogeneity = std::move(heterogeneity);
  return p;
}

model::Model single(const model::Population& p, double weight, double delay = 0.0, model::Synapse synapse = {}) {
  model::Model m;
  m.populations = {p};
  m.projections = {{0, 0, weight, delay, synapse}};
  return m;
}

/// Two Lorentzians far apart, with a slow mode: -0.0162 +- 5.123 i.
model::Model bimodal() {
  return single(
      population(model::Mixture{{{0.5, model::Lorentzian{1.0, 0.05}}, {0.5, model::Lorentzian{-20.0, 0.05}}}}), 20.0);
}

/// One population with one projection onto itself in the scheme, written down once more: spikes onto grid points,
/// through the stages of the synapse, corrected kicks, exact drift.
class Iteration {
 public:
  /// At rest with the input `point.input`, about which the loop need not be at rest.
  Iteration(const model::Model& model, const OperatingPoint& point, double time_step)
      : population_(model.populations[0]), projection_(model.projections[0]), h_(time_step / population_.tau) {
    arrival_ = model::arrival(projection_.delay / time_step);
    for (const double tau : {projection_.synapse.rise, projection_.synapse.decay}) {
      if (tau > 0.0) stages_.emplace_back(time_step / tau);
    }
    if (const auto* cauchy = std::get_if<model::CauchyNoise>(&population_.noise)) width_ = cauchy->width;
    kick_ = h_ * point.input(0);
    const Complex kick = corrected(kick_);
    for (const auto& node : model::nodes(population_.heterogeneity)) {
      flow_.push_back(riccati_flow(node.eta, h_));
      weight_.push_back(node.weight);
      state_.push_back(kicked_rest(flow_.back(), kick) - kick);
    }
    past_.resize(arrival_.first + 8);
    inputs_.assign(stages_.size(), std::deque<double>(4, 0.0));
    outputs_.assign(stages_.size(), 0.0);
    step();
    const auto spikes = past_.front();
    for (auto& moments : past_) moments = spikes;
    for (auto& inputs : inputs_) inputs.assign(4, spikes[0]);
    for (auto& output : outputs_) output = spikes[0];
    deliver();
  }

  /// One step after an additional kick; the spikes per neuron in it.
  double step(double extra = 0.0) {
    const Complex kick = corrected(kick_ + extra);
    double count = 0.0;
    double begin = 0.0;
    double end = 0.0;
    for (std::size_t m = 0; m < state_.size(); ++m) {
      const Complex y = state_[m] + kick;
      state_[m] = riccati_step(flow_[m], y).state;
      count += (weight_[m] * riccati_angle(flow_[m], y)).real();
      begin += (weight_[m] * y).imag() / pi;
      end += (weight_[m] * state_[m]).imag() / pi;
    }
    past_.push_front({count, count / 2.0 + h_ * (begin - end) / 12.0, 0.3 * count + h_ * (begin / 10.0 - end / 15.0)});
    past_.pop_back();
    deliver();
    return count;
  }

 private:
  [[nodiscard]] Complex corrected(double kick) const {
    const double common = constant_current_kick(h_ * kick) / h_ + h_ * std::pow(width_ * h_, 2) / 12.0;
    return {common, width_ * h_ * constant_current_kick_slope(h_ * common)};
  }
  void deliver() {
    double arrived = 0.0;
    for (std::size_t lag = 0; lag < 4; ++lag) {
      for (std::size_t i = 0; i < 3; ++i) arrived += arrival_.weight[lag][i] * past_[arrival_.first + lag][i];
    }
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      inputs_[s].push_front(arrived);
      inputs_[s].pop_back();
      outputs_[s] *= stages_[s].factor;
      for (std::size_t k = 0; k < 4; ++k) outputs_[s] += stages_[s].weight[k] * inputs_[s][k];
      arrived = outputs_[s];
    }
    kick_ = projection_.weight * arrived;
  }

  model::Population population_;
  model::Projection projection_;
  double h_;
  double width_ = 0.0;
  model::Arrival arrival_;
  std::vector<model::SynapseStage> stages_;
  std::vector<RiccatiFlow<Complex>> flow_;
  std::vector<Complex> weight_;
  std::vector<Complex> state_;
  std::deque<std::array<double, 3>> past_;
  std::vector<std::deque<double>> inputs_;
  std::vector<double> outputs_;
  double kick_ = 0.0;
};

/// Where a model with one population rests in the scheme.
OperatingPoint rest_in_scheme(const model::Model& model, double h) {
  auto point = selected_state(model).point;
  const auto rate = [&](double input) {
    point.input(0) = input;
    return SchemeLoop(model, point, h).populations()[0].rate();
  };
  const double weight = model.populations[0].tau * model.projections[0].weight;
  double a = point.input(0);
  double b = a + 1e-3;
  for (int i = 0; i < 50 && a != b; ++i) {
    const double of_a = a - weight * rate(a);
    const double of_b = b - weight * rate(b);
    const double next = of_a == of_b ? b : b - of_b * (b - a) / (of_b - of_a);
    a = b;
    b = next;
  }
  point.rate(0) = rate(b);
  return point;
}

/// ln z/h of the pair of modes that is left of a small disturbance after `wait`, from c_(n+2) = a c_(n+1) + b c_n.
Complex fitted_mode(const model::Model& model, const OperatingPoint& point, double h, double wait) {
  Iteration iteration(model, point, h);
  const auto steps = [h](double time) { return static_cast<int>(std::lround(time / h)); };
  Iteration disturbed = iteration;
  disturbed.step(1e-5);
  iteration.step();
  std::vector<double> c;
  for (int n = 0; n < steps(wait); ++n) {
    disturbed.step();
    iteration.step();
  }
  for (int n = 0; n < steps(4.0); ++n) c.push_back(disturbed.step() - iteration.step());
  double s11 = 0.0, s12 = 0.0, s22 = 0.0, s10 = 0.0, s20 = 0.0;
  for (std::size_t n = 0; n + 2 < c.size(); ++n) {
    s11 += c[n + 1] * c[n + 1];
    s12 += c[n + 1] * c[n];
    s22 += c[n] * c[n];
    s10 += c[n + 1] * c[n + 2];
    s20 += c[n] * c[n + 2];
  }
  const double determinant = s11 * s22 - s12 * s12;
  const double a = (s10 * s22 - s20 * s12) / determinant;
  const double b = (s20 * s11 - s10 * s12) / determinant;
  return std::log(a / 2.0 + std::sqrt(Complex{a * a / 4.0 + b})) / h;
}

struct Case {
  const char* name;
  model::Model model;
  double time_step;
  double wait;
};
std::ostream& operator<<(std::ostream& stream, const Case& one) { return stream << one.name; }

class OfTheScheme : public testing::TestWithParam<Case> {};

TEST_P(OfTheScheme, EigenvaluesAreThoseOfTheIteration) {
  const auto& [name, m, h, wait] = GetParam();
  const auto state = selected_state(m);
  const auto point = rest_in_scheme(m, h);
  const auto expected = fitted_mode(m, point, h, wait);
  const auto found = scheme_eigenvalue_near(m, point, h, state.eigenvalues.front());
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->real(), expected.real(), 2e-4 * std::abs(expected)) << name;
  EXPECT_NEAR(std::abs(found->imag()), std::abs(expected.imag()), 2e-4 * std::abs(expected)) << name;
  EXPECT_EQ(unstable_modes(m, point, h), 0);
  // It rests there, near where continuous time does.
  Iteration iteration(m, point, h);
  for (int n = 0; n < static_cast<int>(10.0 / h); ++n) iteration.step();
  EXPECT_NEAR(point.rate(0) * h, iteration.step(), 1e-10 * h) << name;
  EXPECT_NEAR(point.rate(0), state.point.rate(0), 1e-4 * state.point.rate(0)) << name;
}

model::Population with_noise(model::Population p, double width) {
  p.noise = model::CauchyNoise{width};
  return p;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, OfTheScheme,
    testing::Values(Case{"instantaneous", single(population(model::Lorentzian{0.0, 1.0}), 10.0), 0.05, 3.0},
                    Case{"inhibition", single(population(model::Lorentzian{6.0, 1.0}), -5.0), 0.04, 2.0},
                    Case{"bimodal", bimodal(), 0.04, 30.0},
                    Case{"delay off the grid", single(population(model::Lorentzian{0.0, 1.0}), 10.0, 0.137), 0.04, 1.0},
                    Case{"synapse", single(population(model::Lorentzian{1.0, 1.0}), 8.0, 0.03, {0.02, 0.1}), 0.05, 6.0},
                    Case{"noise", single(with_noise(population(model::Lorentzian{0.0, 0.5}), 0.5), 10.0), 0.05, 3.0},
                    Case{"tau", single(population(model::Lorentzian{0.0, 1.0}, 2.0), 10.0), 0.1, 6.0}),
    [](const auto& one) {
      std::string name = one.param.name;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(Scheme, OfABimodalPopulationHasTheKnownDamping) {
  // An own prototype, design notes: -0.01621, -0.01589, -0.01520 at 0.02, 0.04, 0.05; exact -0.0162.
  const auto m = bimodal();
  const auto state = selected_state(m);
  const Complex exact = state.eigenvalues.front();
  EXPECT_NEAR(exact.real(), -0.01622, 5e-6);
  const auto at = [&](double h) { return scheme_eigenvalue_near(m, state.point, h, exact).value().real(); };
  EXPECT_NEAR(at(0.02), -0.01621, 1e-5);
  EXPECT_NEAR(at(0.04), -0.01589, 1e-5);
  EXPECT_NEAR(at(0.05), -0.01520, 1e-5);
}

/// The slope of log error over log step, by least squares.
template <class Error>
double order(const std::vector<double>& steps, Error&& error) {
  double x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
  for (const double h : steps) {
    const double a = std::log(h);
    const double b = std::log(error(h));
    x += a;
    y += b;
    xx += a * a;
    xy += a * b;
  }
  const auto n = static_cast<double>(steps.size());
  return (n * xy - x * y) / (n * xx - x * x);
}

TEST(Scheme, IsOfFourthOrderInEigenvaluesAndThirdAtLeastInRates) {
  const std::vector<double> steps{0.01, 0.02, 0.04, 0.08};
  for (const auto& m : {single(population(model::Lorentzian{0.0, 1.0}), 10.0), bimodal(),
                        single(population(model::Lorentzian{0.0, 1.0}), 10.0, 0.137),
                        single(population(model::Lorentzian{1.0, 1.0}), 8.0, 0.03, {0.02, 0.1}),
                        single(with_noise(population(model::Lorentzian{0.0, 0.5}), 0.5), 10.0)}) {
    const auto state = selected_state(m);
    const Complex exact = state.eigenvalues.front();
    const auto eigenvalue_error = [&](double h) {
      return std::abs(scheme_eigenvalue_near(m, state.point, h, exact).value() - exact);
    };
    const auto rate_error = [&](double h) {
      return std::abs(SchemeLoop(m, state.point, h).populations()[0].rate() - state.point.rate(0));
    };
    EXPECT_GT(order(steps, eigenvalue_error), 2.9) << eigenvalue_error(0.04);
    EXPECT_GT(order(steps, rate_error), 2.9) << rate_error(0.04);
  }
}

TEST(Scheme, ResponsesAreThoseOfContinuousTimeForSmallSteps) {
  auto noisy = population(model::Gaussian{1.0, 0.5});
  noisy.noise = model::GaussianNoise{0.3};
  for (const auto& p : {population(model::Lorentzian{0.0, 1.0}, 2.0), population(model::Gaussian{0.5, 1.0}), noisy}) {
    const double h = 0.001;
    const Complex s{0.0, 2.0 * pi * 0.4};
    const auto response = SchemeResponse(p, 0.5, 2.0, h)(std::exp(s * h));
    const Complex exact = p.tau * linear_response(p, 2.5, s);
    EXPECT_LT(std::abs(response[0] - exact), 0.01 * std::abs(exact));
    EXPECT_LT(std::abs(response[1] - exact / 2.0), 0.01 * std::abs(exact));
    EXPECT_LT(std::abs(response[2] - exact / 3.0), 0.01 * std::abs(exact));
  }
}

TEST(Scheme, StepMomentsAreIntegralsOverTheStep) {
  for (const Complex x : {Complex{0.3, -0.8}, Complex{-1.2, 2.5}, Complex{0.0, 0.999}, Complex{0.0, 1.001}}) {
    std::array<Complex, 3> sum{};
    constexpr int points = 20000;
    for (int i = 0; i < points; ++i) {
      const double u = (i + 0.5) / points;
      const Complex value = std::exp(x * (1.0 - u)) / static_cast<double>(points);
      for (std::size_t j = 0; j < 3; ++j) sum[j] += std::pow(u, static_cast<double>(j)) * value;
    }
    const auto moments = step_moments(x);
    for (std::size_t j = 0; j < 3; ++j) EXPECT_LT(std::abs(moments[j] - sum[j]), 1e-8);
  }
}

TEST(Scheme, SeesTheInstabilityOfStrongInhibitionAndOfTooLongSteps) {
  // |J| r h^2 = 1.3 is beyond what the scheme follows, although the mean field is well damped; the first state that
  // the extrapolation makes unstable has the period of a few steps.
  struct Row {
    model::Model model;
    double h;
    bool unstable;
  };
  for (const auto& [m, h, unstable] :
       {Row{single(population(model::Lorentzian{10.0, 1.0}), -1000.0), 0.2, true},
        Row{single(population(model::Lorentzian{10.0, 1.0}), -1000.0), 0.1, false}, Row{bimodal(), 0.1, true},
        Row{bimodal(), 0.05, false}, Row{single(population(model::Lorentzian{0.0, 1.0}), 10.0), 0.1, false}}) {
    const auto point = rest_in_scheme(m, h);
    EXPECT_EQ(unstable_modes(m, point, h) > 0, unstable) << h;
    Iteration rest(m, point, h);
    Iteration disturbed = rest;
    disturbed.step(1e-9);
    rest.step();
    double largest = 0.0;
    for (int n = 0; n < 20000; ++n) largest = std::max(largest, std::abs(disturbed.step() - rest.step()));
    EXPECT_EQ(largest > 1e-6, unstable) << h << ' ' << largest;
    EXPECT_EQ(largest > 1e-7, unstable) << h << ' ' << largest;
  }
}

TEST(Scheme, CountsModesOfEveryKindOfUncoupledAndDoublePopulations) {
  // Two copies side by side have every mode twice.
  auto m = bimodal();
  auto other = m.populations[0];
  other.name = "q";
  m.populations.push_back(other);
  m.projections.push_back({1, 1, 20.0});
  const auto one = bimodal();
  const auto state = selected_state(one);
  const OperatingPoint point{Eigen::VectorXd::Constant(2, state.point.rate(0)),
                             Eigen::VectorXd::Constant(2, state.point.input(0))};
  EXPECT_EQ(unstable_modes(one, state.point, 0.1), 2);
  EXPECT_EQ(unstable_modes(m, point, 0.1), 4);
  EXPECT_EQ(unstable_modes(m, point, 0.02), 0);
  const auto found = scheme_eigenvalue_near(m, point, 0.04, state.eigenvalues.front());
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->real(), -0.015889, 2e-5);
  // A population that nothing comes back to keeps its own modes.
  auto chain = single(population(model::Lorentzian{0.0, 1.0}), 0.0);
  chain.projections.clear();
  const auto rest = selected_state(chain);
  const auto own = scheme_eigenvalue_near(chain, rest.point, 0.05, rest.eigenvalues.front());
  ASSERT_TRUE(own);
  EXPECT_LT(std::abs(*own - rest.eigenvalues.front()), 1e-6);
}

}  // namespace
}  // namespace popshot::mean_field
