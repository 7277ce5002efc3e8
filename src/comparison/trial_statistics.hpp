// What the trials of a comparison come to: each level against theory, and the levels against each other.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <optional>
#include <vector>

#include "popshot/analysis/scatter.hpp"
#include "popshot/analysis/statistics.hpp"
#include "popshot/analysis/welch.hpp"
#include "popshot/comparison/compare.hpp"
#include "resampling.hpp"

namespace popshot::comparison {

/// What a simulation of one level contributes.
struct Simulated {
  Spectrum estimate;
  std::array<Spectrum, 2> half;            ///< of either half of the trial; empty if these are shorter than a segment
  std::vector<analysis::Moments> moments;  ///< [population]
  std::vector<std::vector<double>> autocorrelation;  ///< [population][lag]
};

/// What one trial contributes.
struct Trial {
  std::optional<Simulated> network;
  std::optional<Simulated> mesoscopic;
  analysis::Expectation expected;
  theory::ShotNoise curves;
  Eigen::VectorXd rate_theory;
};

/// What is known of the scatter of one trial's powers before any has run; it counts as `known_degrees` degrees of
/// freedom, i.e. it is taken to be right within about 30 %.
constexpr double known_degrees = 20.0;
struct KnownScatter {
  /// [output][band], the last: all bands together. Relative variances of Gaussian activity, and of lines.
  std::vector<std::vector<double>> gaussian;
  std::vector<std::vector<double>> network;
};

/// Element-wise mean of one spectrum of every trial.
template <class Member>
[[nodiscard]] Spectrum mean_spectrum(const std::vector<Trial>& trials, Member&& member) {
  Spectrum mean = member(trials.front());
  for (std::size_t t = 1; t < trials.size(); ++t) {
    const Spectrum& other = member(trials[t]);
    for (std::size_t i = 0; i < mean.size(); ++i) mean.density[i] += other.density[i];
  }
  for (auto& density : mean.density) density /= static_cast<double>(trials.size());
  return mean;
}

/// The level `simulated` against theory; `known`: relative variances of one trial, [output][band], the last of all
/// bands together. `rate_error`: of theory's mean rates, [output].
[[nodiscard]] Level compare_level(const std::vector<Band>& bands, const std::vector<Trial>& trials,
                                  const Eigen::VectorXd& rate_error, const std::vector<std::vector<double>>& known,
                                  const std::optional<Simulated> Trial::*simulated);

/// The mesoscopic level against the network, trial by trial.
[[nodiscard]] LevelComparison compare_levels(const std::vector<Band>& bands, const std::vector<Trial>& trials,
                                             const KnownScatter& known);

/// Everything that the levels are compared in, trial by trial, with what theory expects of each trial taken off.
[[nodiscard]] std::vector<Channel> level_channels(const std::vector<Band>& bands, const std::vector<Trial>& trials,
                                                  const KnownScatter& known, const std::vector<char>& itself);

/// What theory knows of the scatter of one trial, at the mean field's state, whose curves are given.
[[nodiscard]] KnownScatter known_scatter(const model::Model& model, const std::vector<Band>& bands,
                                         const analysis::WelchScatter& scatter, const mean_field::OperatingPoint& point,
                                         const theory::ShotNoise& curves);

}  // namespace popshot::comparison
