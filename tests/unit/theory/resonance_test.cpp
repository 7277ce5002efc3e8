// The resonance of a spectrum against peaks whose place and width are known.
#include "popshot/theory/resonance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "popshot/theory/shot_noise.hpp"

namespace popshot::theory {
namespace {

std::vector<double> logarithmic(double low, double high, std::size_t points) {
  std::vector<double> frequency;
  for (std::size_t i = 0; i < points; ++i) {
    frequency.push_back(low * std::pow(high / low, static_cast<double>(i) / static_cast<double>(points - 1)));
  }
  return frequency;
}

template <class Function>
std::vector<double> values(const Function& power, const std::vector<double>& frequency) {
  std::vector<double> result;
  for (const double f : frequency) result.push_back(power(f));
  return result;
}

TEST(Resonance, OfALorentzianLineIsItsCentreItsWidthAndItsHeight) {
  for (const double half_width : {0.01, 0.1, 0.3}) {
    const auto line = [&](double f) { return 5.0 / (std::pow(f - 0.723, 2) + half_width * half_width); };
    for (const std::size_t points : {100U, 600U}) {
      const auto frequency = logarithmic(0.1, 12.0, points);
      const auto peak = find_resonance(line, frequency, values(line, frequency));
      ASSERT_TRUE(peak.has_value());
      EXPECT_NEAR(peak->frequency, 0.723, 1e-6);
      EXPECT_NEAR(peak->power, 5.0 / (half_width * half_width), 1e-6 / (half_width * half_width));
      EXPECT_NEAR(peak->low, 0.723 - half_width, 1e-6);
      EXPECT_NEAR(peak->high, 0.723 + half_width, 1e-6);
      EXPECT_NEAR(peak->quality(), 0.723 / (2.0 * half_width), 1e-4);
      // The best of the list itself is not as good.
      double nearest = 1e9;
      for (const double f : frequency) nearest = std::min(nearest, std::abs(f - 0.723));
      EXPECT_GT(nearest, 1e-4);
    }
  }
}

TEST(Resonance, OfADampedOscillatorIsThatOfTheClosedForm) {
  // S = 1/((w0^2 - w^2)^2 + (2 g w)^2): largest at w^2 = w0^2 - 2 g^2.
  const double w0 = 2.0 * std::numbers::pi * 42.0;
  const double g = 40.0;
  const auto power = [&](double f) {
    const double w = 2.0 * std::numbers::pi * f;
    return 1.0 / (std::pow(w0 * w0 - w * w, 2) + std::pow(2.0 * g * w, 2));
  };
  const auto frequency = logarithmic(3.0, 500.0, 200);
  const auto peak = find_resonance(power, frequency, values(power, frequency));
  ASSERT_TRUE(peak.has_value());
  EXPECT_NEAR(peak->frequency, std::sqrt(w0 * w0 - 2.0 * g * g) / (2.0 * std::numbers::pi), 1e-5);
  EXPECT_NEAR(power(peak->low), 0.5 * peak->power, 1e-8 * peak->power);
  EXPECT_NEAR(power(peak->high), 0.5 * peak->power, 1e-8 * peak->power);
  EXPECT_LT(peak->low, peak->frequency);
  EXPECT_GT(peak->high, peak->frequency);
}

TEST(Resonance, OfAListAloneIsInterpolated) {
  const auto line = [](double f) { return 1.0 / (std::pow(f - 0.723, 2) + 0.04 * 0.04); };
  const auto frequency = logarithmic(0.1, 12.0, 600);
  const auto peak = find_resonance(frequency, values(line, frequency));
  ASSERT_TRUE(peak.has_value());
  EXPECT_NEAR(peak->frequency, 0.723, 2e-4);
  EXPECT_NEAR(peak->width(), 0.08, 4e-4);
}

TEST(Resonance, IsTheHighestOfSeveralAndHasNoWidthOnASideWhereTheSpectrumRisesAgain) {
  // The second peak has a foot of more than half its power below it.
  const auto power = [](double f) {
    return 1.0 / (std::pow(f - 1.0, 2) + 0.01) + 2.0 / (std::pow(f - 1.25, 2) + 0.01);
  };
  const auto frequency = logarithmic(0.1, 12.0, 400);
  const auto peak = find_resonance(power, frequency, values(power, frequency));
  ASSERT_TRUE(peak.has_value());
  EXPECT_NEAR(peak->frequency, 1.25, 0.02);
  EXPECT_TRUE(std::isfinite(peak->width()));
  const auto foot = [](double f) { return 1.2 + std::exp(-std::pow((f - 1.0) / 0.1, 2)) + (f < 0.5 ? 3.0 : 0.0); };
  const auto broad = find_resonance(foot, frequency, values(foot, frequency));
  ASSERT_TRUE(broad.has_value());
  EXPECT_NEAR(broad->frequency, 1.0, 1e-5);
  EXPECT_TRUE(std::isnan(broad->low));
  EXPECT_TRUE(std::isnan(broad->quality()));
}

TEST(Resonance, IsNoneWithoutAPeak) {
  const auto frequency = logarithmic(0.1, 12.0, 100);
  const std::vector<std::function<double(double)>> curves{[](double) { return 1.0; }, [](double f) { return f; },
                                                          [](double f) { return 1.0 / (1.0 + f * f); },
                                                          [](double f) { return 1.0 + 0.01 * std::sin(20.0 * f); }};
  for (const auto& curve : curves) {
    EXPECT_FALSE(find_resonance(curve, frequency, values(curve, frequency)).has_value());
    EXPECT_FALSE(find_resonance(frequency, values(curve, frequency)).has_value());
  }
  EXPECT_FALSE(find_resonance({}, {}).has_value());
}

TEST(Resonance, NarrowOrOutsideTheListIsFoundFromItsEigenvalue) {
  const double half_width = 2e-4;
  const auto line = [&](double f) { return 1.0 / (std::pow(f - 0.0423, 2) + half_width * half_width); };
  const std::vector<std::complex<double>> eigenvalues{
      {-0.1, 0.0},
      2.0 * std::numbers::pi * std::complex<double>{-half_width, 0.0423},
      2.0 * std::numbers::pi * std::complex<double>{-half_width, -0.0423}};
  for (const auto& list : {logarithmic(0.01, 1.0, 30), logarithmic(0.1, 4.0, 100)}) {
    const auto frequency = with_peaks(list, eigenvalues);
    EXPECT_TRUE(std::is_sorted(frequency.begin(), frequency.end()));
    const auto peak = find_resonance(line, frequency, values(line, frequency));
    ASSERT_TRUE(peak.has_value());
    EXPECT_NEAR(peak->frequency, 0.0423, 1e-7);
    EXPECT_NEAR(peak->width(), 2.0 * half_width, 1e-8);
  }
  // What is overdamped adds nothing.
  EXPECT_EQ(with_peaks({1.0, 2.0}, {{-2.0, 1.0}, {-2.0, -1.0}, {-1.0, 0.0}}), (std::vector<double>{1.0, 2.0}));
}

}  // namespace
}  // namespace popshot::theory
