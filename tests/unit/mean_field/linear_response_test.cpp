// Linear response and eigenvalues against finite differences of the equations and against the response of
// single neurons, averaged. Equation numbers are those of docs/theory/stationary.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <random>

#include "popshot/mean_field/stationary.hpp"
#include "random_models.hpp"

namespace popshot::mean_field {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

model::Population population_of(double center, double half_width, double tau) {
  model::Population population;
  population.tau = tau;
  population.heterogeneity = model::Lorentzian{center, half_width};
  return population;
}

/// (r', v') of Montbrio, Pazo & Roxin 2015, eq. (12), as printed there, with tau.
Eigen::VectorXd vector_field(const model::Model& model, const Eigen::VectorXd& state) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXd coupling = coupling_matrix(model);
  Eigen::VectorXd result(2 * count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    const auto& lorentzian = std::get<model::Lorentzian>(population.heterogeneity);
    const double tau = population.tau;
    const double r = state(k);
    const double v = state(count + k);
    const double input = constant_current(model, static_cast<std::size_t>(k)) + coupling.row(k).dot(state.head(count));
    result(k) = (lorentzian.half_width / (pi * tau) + 2.0 * r * v) / tau;
    result(count + k) = (v * v + lorentzian.center + input - (pi * tau * r) * (pi * tau * r)) / tau;
  }
  return result;
}

/// The Jacobian by central differences, which are exact for a quadratic field but for rounding.
Eigen::MatrixXd jacobian_by_differences(const model::Model& model, const Eigen::VectorXd& state) {
  Eigen::MatrixXd jacobian(state.size(), state.size());
  for (Eigen::Index i = 0; i < state.size(); ++i) {
    const double step = 1e-3 * std::max(1.0, std::abs(state(i)));
    Eigen::VectorXd up = state;
    Eigen::VectorXd down = state;
    up(i) += step;
    down(i) -= step;
    jacobian.col(i) = (vector_field(model, up) - vector_field(model, down)) / (up(i) - down(i));
  }
  return jacobian;
}

Eigen::VectorXd state_vector(const StationaryState& state) {
  Eigen::VectorXd vector(2 * state.voltage.size());
  vector << state.point.rate, state.voltage;
  return vector;
}

TEST(Eigenvalues, AreThoseOfTheVectorField) {
  std::mt19937_64 generator(21);
  for (std::size_t count = 1; count <= 3; ++count) {
    for (int i = 0; i < 10; ++i) {
      const model::Model model = random_model(count, generator);
      for (const StationaryState& state : stationary_states(model).states) {
        const Eigen::VectorXd vector = state_vector(state);
        EXPECT_LE(vector_field(model, vector).norm(), 1e-11 * (1.0 + vector.squaredNorm()));
        const Eigen::VectorXcd expected = jacobian_by_differences(model, vector).eigenvalues();
        ASSERT_EQ(state.eigenvalues.size(), 2 * count);
        EXPECT_TRUE(std::is_sorted(state.eigenvalues.begin(), state.eigenvalues.end(),
                                   [](const Complex& a, const Complex& b) { return a.real() > b.real(); }));
        for (const Complex& value : state.eigenvalues) {
          EXPECT_LE((expected.array() - value).abs().minCoeff(), 1e-7 * (1.0 + std::abs(value)));
        }
        Complex sum = 0.0;
        for (const Complex& value : state.eigenvalues) sum += value;
        EXPECT_NEAR(std::abs(sum - expected.sum()), 0.0, 1e-8 * (1.0 + std::abs(sum)));
        EXPECT_EQ(state.stable(), (expected.real().array() < 0.0).all());
      }
    }
  }
}

TEST(Eigenvalues, AreWhereTheCoupledResponseDiverges) {
  // (S12): det(1 - H(s) coupling) = 0.
  std::mt19937_64 generator(22);
  for (int i = 0; i < 10; ++i) {
    const model::Model model = random_model(3, generator);
    const Eigen::MatrixXd coupling = coupling_matrix(model);
    for (const StationaryState& state : stationary_states(model).states) {
      for (const Complex& s : state.eigenvalues) {
        Eigen::Matrix3cd gain;
        for (Eigen::Index k = 0; k < 3; ++k) {
          const Complex response =
              linear_response(model.populations[static_cast<std::size_t>(k)], state.point.input(k), s);
          gain.row(k) = response * coupling.row(k).cast<Complex>();
        }
        const double size = gain.cwiseAbs().sum() + 1.0;
        EXPECT_LE(std::abs((Eigen::Matrix3cd::Identity() - gain).determinant()), 1e-9 * size * size * size);
      }
    }
  }
}

TEST(LinearResponse, IsTheResolventOfTheVectorField) {
  for (const double tau : {1.0, 0.3, 10.0}) {
    for (const double center : {-6.0, 0.0, 4.0}) {
      model::Model model = single_population(0.0, center, 0.8, tau);
      model.stimuli.push_back({0, model::ConstantCurrent{1.5}});
      const StationaryState state = stationary_states(model).states.at(0);
      const Eigen::Matrix2d jacobian = jacobian_by_differences(model, state_vector(state));
      for (const Complex s : {Complex{0.0, 0.0}, Complex{0.0, 1.0}, Complex{0.0, -7.0}, Complex{0.5, 30.0}}) {
        const Eigen::Matrix2cd matrix = s * Eigen::Matrix2cd::Identity() - jacobian.cast<Complex>();
        const Complex expected = matrix.inverse()(0, 1) / tau;
        const Complex found = linear_response(model.populations[0], state.point.input(0), s);
        EXPECT_LE(std::abs(found - expected), 1e-9 * std::abs(expected)) << tau << ' ' << center << ' ' << s;
      }
    }
  }
}

TEST(LinearResponse, IsTheClosedFormAndTheTwoFractions) {
  const double input = 0.6;
  for (const double tau : {1.0, 2.5}) {
    for (const double center : {-3.0, 0.0, 5.0}) {
      const model::Population population = population_of(center, 1.2, tau);
      const Complex rest = stationary_state_variable(population, input);
      const double r = stationary_rate(population, input);
      const double v = rest.real();
      for (const double w : {0.0, 0.2, 4.5, 80.0}) {
        const Complex s{0.0, w};
        const Complex found = linear_response(population, input, s);
        const Complex closed =
            2.0 * r / ((tau * s - 2.0 * v) * (tau * s - 2.0 * v) + 4.0 * pi * pi * tau * tau * r * r);
        const Complex fractions =
            (1.0 / (tau * s - 2.0 * rest) - 1.0 / (tau * s - 2.0 * std::conj(rest))) / (Complex{0.0, 2.0} * pi * tau);
        EXPECT_LE(std::abs(found - closed), 1e-13 * std::abs(found));
        EXPECT_LE(std::abs(found - fractions), 1e-12 * std::abs(found));
      }
    }
  }
}

TEST(LinearResponse, AtZeroIsTheSlopeOfTheRate) {
  for (const double tau : {1.0, 0.2, 20.0}) {
    for (const double a : {-50.0, -2.0, 0.0, 0.9, 30.0}) {
      const model::Population population = population_of(a, 0.7, tau);
      const double h = 1e-5 * std::hypot(a, 0.7);
      const double difference = (stationary_rate(population, h) - stationary_rate(population, -h)) / (2.0 * h);
      const Complex response = linear_response(population, 0.0, 0.0);
      EXPECT_EQ(response.imag(), 0.0);
      EXPECT_NEAR(response.real() / stationary_rate_slope(population, 0.0), 1.0, 1e-14);
      EXPECT_NEAR(response.real() / difference, 1.0, 1e-8);
    }
  }
}

/// (S10): the response of the neurons one by one, averaged over the density g; tau = 1, w > 0.
Complex response_from_neurons(double center, double half_width, double input, double w) {
  using Rule = boost::math::quadrature::gauss_kronrod<double, 31>;
  const auto g = [&](double eta) {
    return half_width / pi / ((eta - center) * (eta - center) + half_width * half_width);
  };
  const double pole = w / 2.0;
  // The integrand of the principal value is smooth(y)/(y - pole).
  const auto smooth = [&](double y) { return g(y * y - input) * y * y / (y + pole) / pi; };
  const auto integral = [](const auto& f, double from, double to) { return Rule::integrate(f, from, to, 15, 1e-11); };
  // Where the density peaks, if it does, the intervals are cut.
  const double peak = std::sqrt(std::max(0.0, center + input));
  // Inside [0, 2 pole] the two sides of the pole are added before they diverge.
  const auto pair = [&](double t) { return (smooth(pole + t) - smooth(pole - t)) / t; };
  const double cut = std::abs(peak - pole);
  double sum = 0.0;
  if (cut > 0.0 && cut < pole) {
    sum += integral(pair, 0.0, cut) + integral(pair, cut, pole);
  } else {
    sum += integral(pair, 0.0, pole);
  }
  const auto rest = [&](double y) { return smooth(y) / (y - pole); };
  const double middle = std::max(2.0 * pole, peak) + 1.0;
  if (peak > 2.0 * pole)
    sum += integral(rest, 2.0 * pole, peak) + integral(rest, peak, middle);
  else
    sum += integral(rest, 2.0 * pole, middle);
  sum += integral(rest, middle, std::numeric_limits<double>::infinity());
  return {sum, -w / 4.0 * g(w * w / 4.0 - input)};
}

TEST(LinearResponse, IsTheAverageOverNeurons) {
  for (const double center : {-4.0, 0.0, 3.0}) {
    for (const double half_width : {0.2, 1.0}) {
      for (const double input : {0.0, 2.0}) {
        for (const double w : {0.1, 1.0, 3.0, 4.5, 12.0, 60.0}) {
          const Complex expected = response_from_neurons(center, half_width, input, w);
          for (const double tau : {1.0, 3.0}) {
            const model::Population population = population_of(center, half_width, tau);
            // (S9): tau scales time, H(s; tau) = H(tau s; 1)/tau.
            const Complex found = linear_response(population, input, Complex{0.0, w / tau}) * tau;
            EXPECT_LE(std::abs(found - expected), 1e-8 * std::abs(expected) + 1e-10)
                << center << ' ' << half_width << ' ' << input << ' ' << w;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace popshot::mean_field
