// Stationary states: none lost, none invented. Equation numbers are those of docs/theory/stationary.md.
#include "popshot/mean_field/stationary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <ostream>
#include <random>
#include <unsupported/Eigen/Polynomials>

#include "mean_field/stationary_search.hpp"
#include "popshot/core/error.hpp"
#include "random_models.hpp"

namespace popshot::mean_field {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

/// F by the definition, with the library's complex root.
double rate_by_definition(const model::Population& population, double input) {
  const auto& lorentzian = std::get<model::Lorentzian>(population.heterogeneity);
  return std::sqrt(Complex{lorentzian.center + input, lorentzian.half_width}).real() / (pi * population.tau);
}

// --- one population at a given input -------------------------------------------------------------------------

TEST(StationaryStateVariable, SolvesTheRiccatiEquation) {
  std::mt19937_64 generator(1);
  std::uniform_real_distribution<double> uniform;
  for (int i = 0; i < 1000; ++i) {
    model::Population population;
    const double center = -20.0 + 40.0 * uniform(generator);
    const double half_width = std::pow(10.0, -3.0 + 4.0 * uniform(generator));
    const double input = -20.0 + 40.0 * uniform(generator);
    population.heterogeneity = model::Lorentzian{center, half_width};
    const Complex x = stationary_state_variable(population, input);
    EXPECT_GT(x.imag(), 0.0);
    EXPECT_LT(x.real(), 0.0);
    const Complex eta{center + input, half_width};
    EXPECT_LE(std::abs(x * x + eta), 1e-15 * std::abs(eta) * 4.0);
    // Each part to rounding, even where the other is far larger: Re x Im x = -Delta/2.
    EXPECT_NEAR(x.real() * x.imag() / (-half_width / 2.0), 1.0, 1e-15);
  }
}

TEST(StationaryRate, SlopeIsItsDerivativeAndPeaksWhereDerived) {
  for (const double tau : {1.0, 0.4, 12.0}) {
    for (const double half_width : {0.05, 1.0, 7.0}) {
      model::Population population;
      population.tau = tau;
      population.heterogeneity = model::Lorentzian{0.7, half_width};
      for (const double a : {-30.0, -3.0, -0.2, 0.0, 0.4, 5.0, 100.0}) {
        const double input = a - 0.7;
        const double h = 1e-4 * std::hypot(a, half_width);
        const double difference =
            (8.0 * (stationary_rate(population, input + h) - stationary_rate(population, input - h)) -
             (stationary_rate(population, input + 2.0 * h) - stationary_rate(population, input - 2.0 * h))) /
            (12.0 * h);
        EXPECT_NEAR(stationary_rate_slope(population, input) / difference, 1.0, 1e-9) << a << ' ' << half_width;
      }
      // (S6): one maximum, at a = Delta/sqrt(3).
      const double peak = half_width / std::sqrt(3.0) - 0.7;
      double previous = stationary_rate_slope(population, peak);
      for (double distance = 1e-3 * half_width; distance < 1e3 * half_width; distance *= 1.5) {
        EXPECT_LT(stationary_rate_slope(population, peak - distance), stationary_rate_slope(population, peak));
        const double now = stationary_rate_slope(population, peak + distance);
        EXPECT_LT(now, previous);
        previous = now;
      }
    }
  }
}

TEST(CouplingMatrix, SumsParallelProjectionsAndMultipliesByTau) {
  model::Model model;
  model.populations.resize(2);
  model.populations[1].tau = 3.0;
  model.projections = {{0, 1, 2.0}, {0, 1, 0.5}, {1, 0, -1.0}};
  Eigen::Matrix2d expected;
  expected << 0.0, -1.0, 7.5, 0.0;
  EXPECT_EQ(coupling_matrix(model), expected);
}

// --- one population, against the quartic ----------------------------------------------------------------------

/// (S7): rates of all stationary states of one population, as positive roots of the quartic.
std::vector<double> rates_from_quartic(double j, double center, double half_width, double tau) {
  Eigen::Matrix<double, 5, 1> coefficients;
  coefficients << -half_width * half_width / 4.0, 0.0, -center, -j / pi, 1.0;
  const Eigen::PolynomialSolver<double, 4> solver(coefficients);
  std::vector<double> rates;
  for (const Complex& root : solver.roots()) {
    if (root.real() > 0.0 && std::abs(root.imag()) < 1e-9 * std::abs(root)) rates.push_back(root.real() / (pi * tau));
  }
  std::sort(rates.begin(), rates.end());
  return rates;
}

TEST(StationaryStates, AreTheRootsOfTheQuartic) {
  std::mt19937_64 generator(2);
  std::uniform_real_distribution<double> uniform;
  int several = 0;
  for (int i = 0; i < 600; ++i) {
    const double j = -10.0 + 35.0 * uniform(generator);
    const double half_width = std::pow(10.0, -2.0 + 2.5 * uniform(generator));
    const double center = -12.0 + 16.0 * uniform(generator);
    const double tau = 0.2 + 3.0 * uniform(generator);
    const std::vector<double> expected = rates_from_quartic(j, center, half_width, tau);
    const StationaryStates found = stationary_states(single_population(j, center, half_width, tau));
    EXPECT_TRUE(found.complete);
    ASSERT_EQ(found.states.size(), expected.size())
        << "J = " << j << ", center = " << center << ", half_width = " << half_width;
    for (std::size_t n = 0; n < expected.size(); ++n) {
      EXPECT_NEAR(found.states[n].point.rate(0) / expected[n], 1.0, 1e-7);
    }
    several += expected.size() == 3 ? 1 : 0;
  }
  EXPECT_GT(several, 50);
}

// --- folds: exact positions, ghosts, degenerate states --------------------------------------------------------

/// (S8): where on the curve of stationary states the fold with p in (low, high) lies.
double fold_center(double j, double half_width, double low, double high) {
  const auto slope = [&](double p) { return 2.0 * p - j / pi + half_width * half_width / (2.0 * p * p * p); };
  const bool rising = slope(high) > 0.0;
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    ((slope(middle) > 0.0) == rising ? high : low) = middle;
  }
  const double p = 0.5 * (low + high);
  return p * p - j * p / pi - half_width * half_width / (4.0 * p * p);
}

struct FoldCase {
  double j;
  double half_width;
  std::size_t populations;
};
std::ostream& operator<<(std::ostream& stream, const FoldCase& fold) {
  return stream << "J = " << fold.j << ", half-width " << fold.half_width << ", populations: " << fold.populations;
}

/// The states of one population with weight j, split into several equal ones with different tau: the rates follow from
/// one another, the degenerate direction at the fold is the diagonal.
model::Model split_population(const FoldCase& fold, double center) {
  model::Model model;
  for (std::size_t k = 0; k < fold.populations; ++k) {
    model::Population population;
    population.name = "p" + std::to_string(k);
    population.tau = 1.0 + 0.5 * static_cast<double>(k);
    population.heterogeneity = model::Lorentzian{center, fold.half_width};
    model.populations.push_back(population);
  }
  for (std::size_t to = 0; to < fold.populations; ++to) {
    for (std::size_t from = 0; from < fold.populations; ++from) {
      const double ratio = model.populations[from].tau / model.populations[to].tau;
      model.projections.push_back({from, to, fold.j * ratio / static_cast<double>(fold.populations)});
    }
  }
  return model;
}

class Fold : public testing::TestWithParam<FoldCase> {
 protected:
  [[nodiscard]] double cusp_p() const { return std::pow(0.75, 0.25) * std::sqrt(GetParam().half_width); }
  /// The state that appears at the fold at high rate, at the lower end of the bistable range.
  [[nodiscard]] double lower_end() const { return fold_center(GetParam().j, GetParam().half_width, cusp_p(), 100.0); }
  [[nodiscard]] double upper_end() const { return fold_center(GetParam().j, GetParam().half_width, 1e-6, cusp_p()); }
};

TEST_P(Fold, BothStatesJustInsideAndNoGhostJustOutside) {
  ASSERT_LT(lower_end(), upper_end());
  for (const double distance : {1e-2, 1e-4, 1e-6, 1e-8}) {
    for (const double sign : {-1.0, 1.0}) {
      const double at = sign < 0.0 ? lower_end() : upper_end();
      const StationaryStates inside = stationary_states(split_population(GetParam(), at - sign * distance));
      EXPECT_TRUE(inside.complete) << distance;
      ASSERT_EQ(inside.states.size(), 3U) << distance;
      const StationaryStates outside = stationary_states(split_population(GetParam(), at + sign * distance));
      EXPECT_TRUE(outside.complete) << distance;
      ASSERT_EQ(outside.states.size(), 1U) << distance;
      // (S7) with every r_k = p/(pi tau_k).
      const std::vector<double> expected =
          rates_from_quartic(GetParam().j, at - sign * distance, GetParam().half_width, 1.0);
      for (std::size_t n = 0; n < 3; ++n) {
        const Eigen::VectorXd& rate = inside.states[n].point.rate;
        for (Eigen::Index k = 0; k < rate.size(); ++k) {
          const double tau = 1.0 + 0.5 * static_cast<double>(k);
          EXPECT_NEAR(rate(k) * tau / expected[n], 1.0, 1e-10 + 1e-15 / std::sqrt(distance)) << distance;
        }
      }
    }
  }
}

TEST_P(Fold, DegenerateStateIsReportedOnceOrNotAtAll) {
  for (const double at : {lower_end(), upper_end()}) {
    const StationaryStates found = stationary_states(split_population(GetParam(), at));
    // To rounding, the fold may have happened or not; it is never more than the merged state or the pair.
    EXPECT_GE(found.states.size(), 1U);
    EXPECT_LE(found.states.size(), 3U);
    EXPECT_TRUE(found.states.size() % 2 == 1 || !found.complete);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Fold,
                         testing::Values(FoldCase{10.0, 1.0, 1}, FoldCase{15.0, 1.0, 1}, FoldCase{14.5, 0.7, 1},
                                         FoldCase{15.0, 0.02, 1}, FoldCase{15.0, 1.0, 2}, FoldCase{10.0, 1.0, 3},
                                         FoldCase{15.0, 1.0, 4}));

TEST(StationaryStates, CuspGivesOneState) {
  // (S8): the triple root.
  const double p = std::pow(0.75, 0.25);
  const double j = pi * (2.0 * p + 1.0 / (2.0 * p * p * p));
  const StationaryStates found = stationary_states(single_population(j, -std::sqrt(3.0), 1.0));
  ASSERT_EQ(found.states.size(), 1U);
  EXPECT_NEAR(found.states[0].point.rate(0), p / pi, 1e-4);
}

// --- several populations --------------------------------------------------------------------------------------

/// Newton's method from many random starts, in the inputs I = input + coupling F(I) instead of the rates.
std::vector<Eigen::VectorXd> rates_from_many_starts(const model::Model& model, int starts, std::mt19937_64& generator) {
  std::uniform_real_distribution<double> uniform;
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXd coupling = coupling_matrix(model);
  std::vector<Eigen::VectorXd> found;
  for (int start = 0; start < starts; ++start) {
    // Rates of a cube, so that the inputs lie where states may.
    Eigen::VectorXd rate(count);
    Eigen::VectorXd input(count);
    for (Eigen::Index k = 0; k < count; ++k) {
      input(k) = constant_current(model, static_cast<std::size_t>(k));
      rate(k) = 2.5 * uniform(generator) * uniform(generator);
    }
    input += coupling * rate;
    bool converged = false;
    for (int step = 0; step < 100 && !converged; ++step) {
      Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(count, count);
      Eigen::VectorXd error = -input;
      for (Eigen::Index k = 0; k < count; ++k) {
        const auto& population = model.populations[static_cast<std::size_t>(k)];
        const auto& lorentzian = std::get<model::Lorentzian>(population.heterogeneity);
        const Complex root = std::sqrt(Complex{lorentzian.center + input(k), lorentzian.half_width});
        rate(k) = root.real() / (pi * population.tau);
        jacobian.col(k) -= coupling.col(k) * (0.5 / root).real() / (pi * population.tau);
        error(k) += constant_current(model, static_cast<std::size_t>(k));
      }
      error += coupling * rate;
      const Eigen::VectorXd change = jacobian.partialPivLu().solve(error);
      if (!change.allFinite()) break;
      input += change;
      converged = change.norm() < 1e-12 * (1.0 + input.norm());
    }
    if (!converged) continue;
    const bool known = std::any_of(found.begin(), found.end(), [&](const Eigen::VectorXd& other) {
      return (other - rate).norm() < 1e-7 * (other.norm() + rate.norm());
    });
    if (!known) found.push_back(rate);
  }
  std::sort(found.begin(), found.end(),
            [](const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return a.mean() < b.mean(); });
  return found;
}

class SeveralPopulations : public testing::TestWithParam<std::size_t> {};

TEST_P(SeveralPopulations, AgreeWithNewtonFromManyStarts) {
  std::mt19937_64 generator(10 + GetParam());
  std::size_t several = 0;
  for (int i = 0; i < 30; ++i) {
    const model::Model model = random_model(GetParam(), generator);
    const StationaryStates found = stationary_states(model);
    EXPECT_TRUE(found.complete);
    const auto expected = rates_from_many_starts(model, 300, generator);
    ASSERT_EQ(found.states.size(), expected.size()) << "model " << i;
    several += expected.size() > 1 ? 1U : 0U;
    for (std::size_t n = 0; n < expected.size(); ++n) {
      const OperatingPoint& point = found.states[n].point;
      EXPECT_LE((point.rate - expected[n]).norm(), 1e-10 * expected[n].norm());
      for (Eigen::Index k = 0; k < point.rate.size(); ++k) {
        const auto& population = model.populations[static_cast<std::size_t>(k)];
        const double input =
            constant_current(model, static_cast<std::size_t>(k)) + coupling_matrix(model).row(k).dot(point.rate);
        EXPECT_NEAR(point.input(k), input, 1e-12 * (1.0 + std::abs(input)));
        EXPECT_NEAR(point.rate(k) / rate_by_definition(population, input), 1.0, 1e-11);
        EXPECT_EQ(found.states[n].voltage(k), stationary_state_variable(population, point.input(k)).real());
      }
    }
  }
  EXPECT_GE(several, 5U);
}

INSTANTIATE_TEST_SUITE_P(Counts, SeveralPopulations, testing::Values(2, 3));

TEST(StationaryStates, OfUncoupledBistablePopulationsAreAllCombinations) {
  model::Model model;
  std::size_t expected = 1;
  for (std::size_t k = 0; k < 4; ++k) {
    model::Population population;
    population.heterogeneity = model::Lorentzian{-5.0 + 0.1 * static_cast<double>(k), 1.0};
    model.populations.push_back(population);
    model.projections.push_back({k, k, 15.0});
    expected *= 3;
    const StationaryStates found = stationary_states(model);
    EXPECT_TRUE(found.complete);
    EXPECT_EQ(found.states.size(), expected);
    EXPECT_EQ(std::count_if(found.states.begin(), found.states.end(), [](const auto& state) { return state.stable(); }),
              std::ptrdiff_t{1} << (k + 1));
    EXPECT_TRUE(std::is_sorted(found.states.begin(), found.states.end(),
                               [](const auto& a, const auto& b) { return a.point.rate.mean() < b.point.rate.mean(); }));
  }
}

TEST(StationaryStates, OfManyWeaklyCoupledPopulations) {
  std::mt19937_64 generator(4);
  std::normal_distribution<double> normal;
  model::Model model;
  model.populations.resize(20);
  for (std::size_t to = 0; to < 20; ++to) {
    for (std::size_t from = 0; from < 20; ++from) model.projections.push_back({from, to, 0.3 * normal(generator)});
  }
  const StationaryStates found = stationary_states(model);
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.states.size(), 1U);
}

TEST(StationaryStates, TakeConstantStimuliAndNoOthers) {
  model::Model model = single_population(15.0, -5.0, 1.0);
  model.stimuli = {{0, model::ConstantCurrent{1.0}},
                   {0, model::ConstantCurrent{2.0}},
                   {0, model::StepCurrent{50.0, 0.0, 1.0}},
                   {0, model::SineCurrent{50.0, 1.0, 0.0, 0.0, 1.0}}};
  const StationaryStates found = stationary_states(model);
  ASSERT_EQ(found.states.size(), 1U);
  EXPECT_NEAR(found.states[0].point.rate(0), rates_from_quartic(15.0, -2.0, 1.0, 1.0).at(0), 1e-12);
}

TEST(StationaryStates, ExtremeButFiniteModelsAreSolved) {
  for (const double center : {-1e8, -1e3, 1e3, 1e8}) {
    for (const double half_width : {1e-6, 1.0, 1e6}) {
      for (const double j : {-1e4, -10.0, 0.0, 10.0, 1e3}) {
        const StationaryStates found = stationary_states(single_population(j, center, half_width));
        EXPECT_TRUE(found.complete) << center << ' ' << half_width << ' ' << j;
        EXPECT_GE(found.states.size(), 1U);
        EXPECT_EQ(found.states.size() % 2, 1U);
      }
    }
  }
}

TEST(StationaryStates, NonFiniteModelIsAnInputError) {
  EXPECT_THROW((void)stationary_states(single_population(INFINITY, 0.0, 1.0)), InputError);
  EXPECT_THROW((void)stationary_states(single_population(1.0, NAN, 1.0)), InputError);
}

// --- the selected state ---------------------------------------------------------------------------------------

TEST(SelectedState, IsTheLowestOrHighestStableOne) {
  model::Model model = single_population(15.0, -5.0, 1.0);
  model.simulation.state = model::Simulation::State::lowest;
  EXPECT_NEAR(selected_state(model).point.rate(0), 0.0811, 1e-4);
  model.simulation.state = model::Simulation::State::highest;
  EXPECT_NEAR(selected_state(model).point.rate(0), 1.0306, 1e-4);
}

TEST(SelectedState, WithoutAStableOneSaysWhatToDo) {
  // An excitatory population and a slower inhibitory one.
  model::Model model = single_population(34.0, 5.0, 0.1);
  model.populations.push_back(single_population(0.0, 0.0, 0.1, 3.0).populations[0]);
  model.projections.push_back({0, 1, 8.0});
  model.projections.push_back({1, 0, -41.0});
  model.projections.push_back({1, 1, -2.0});
  const StationaryStates found = stationary_states(model);
  ASSERT_TRUE(found.complete);
  ASSERT_TRUE(std::none_of(found.states.begin(), found.states.end(), [](const auto& state) { return state.stable(); }));
  try {
    (void)selected_state(model);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no stable stationary state"));
    EXPECT_THAT(error.what(), testing::HasSubstr("oscillates"));
    EXPECT_THAT(error.what(), testing::HasSubstr("allowed here: start = { kind = \"lorentzian\""));
  }
  // For theory no start helps.
  for (const bool given : {false, true}) {
    if (given) model.simulation.start = model::LorentzianStart{1.0, 0.0};
    try {
      (void)selected_state(model, {}, StateUse::theory);
      FAIL() << "no error";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("oscillates"));
      EXPECT_THAT(error.what(), testing::HasSubstr("'popshot simulate' and, over time, 'popshot compare'"));
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("simulation.start")));
      EXPECT_EQ(std::string(error.what()).find("kind = \"lorentzian\"") == std::string::npos, given);
    }
  }
}

// --- the search itself, with another curve --------------------------------------------------------------------

/// F(I) = 1/(1 + exp(-I)): another function, for which r = F(w (r - 1/2)) has a pitchfork at w = 4.
class Sigmoid final : public RateCurve {
 public:
  [[nodiscard]] double rate(double input) const override { return 1.0 / (1.0 + std::exp(-input)); }
  [[nodiscard]] double slope(double input) const override { return rate(input) * (1.0 - rate(input)); }
  [[nodiscard]] Interval rate(const Interval& input) const override {
    return {rate(input.lower) - 1e-15, rate(input.upper) + 1e-15};
  }
  [[nodiscard]] Interval slope(const Interval& input) const override {
    const double low = slope(input.lower);
    const double high = slope(input.upper);
    return {std::min(low, high) - 1e-15, (input.contains(0.0) ? 0.25 : std::max(low, high)) + 1e-15};
  }
};

RateProblem sigmoids(const std::vector<double>& weights) {
  RateProblem problem;
  const auto count = static_cast<Eigen::Index>(weights.size());
  problem.coupling = Eigen::MatrixXd::Zero(count, count);
  problem.input.resize(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    problem.curves.push_back(std::make_unique<Sigmoid>());
    problem.coupling(k, k) = weights[static_cast<std::size_t>(k)];
    problem.input(k) = -problem.coupling(k, k) / 2.0;
  }
  problem.largest_rate = 2.0;
  return problem;
}

TEST(RateSearch, FindsAllSolutionsOfAnotherCurve) {
  for (const auto& [weight, expected] : {std::pair{3.99, 1U}, {4.01, 3U}, {4.0001, 3U}, {10.0, 3U}, {-10.0, 1U}}) {
    const RateSolutions solutions = solve_rates(sigmoids({weight}), 10000);
    EXPECT_TRUE(solutions.complete) << weight;
    EXPECT_EQ(solutions.rates.size(), expected) << weight;
  }
  const RateSolutions solutions = solve_rates(sigmoids({10.0, 6.0, 2.0}), 10000);
  EXPECT_TRUE(solutions.complete);
  EXPECT_EQ(solutions.rates.size(), 9U);
}

TEST(RateSearch, AtThePitchforkGivesOneSolutionAndDoesNotClaimProof) {
  const RateSolutions solutions = solve_rates(sigmoids({4.0}), 10000);
  EXPECT_FALSE(solutions.complete);
  ASSERT_EQ(solutions.rates.size(), 1U);
  EXPECT_NEAR(solutions.rates[0](0), 0.5, 1e-4);
}

TEST(RateSearch, BeyondItsBudgetFallsBackToManyStarts) {
  const RateSolutions solutions = solve_rates(sigmoids({10.0, 6.0, 8.0}), 5);
  EXPECT_FALSE(solutions.complete);
  EXPECT_EQ(solutions.rates.size(), 27U);
}

}  // namespace
}  // namespace popshot::mean_field
