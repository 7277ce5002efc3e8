// Whether two levels leave their states equally often.
#pragma once

#include <array>
#include <vector>

#include "popshot/comparison/switching.hpp"

namespace popshot::comparison {

/// What one trial contributes: exits from either state after the start has settled, and the time spent in it.
struct TrialExits {
  std::array<double, 2> exits{};
  std::array<double, 2> time{};
};

/// The trials of one size at both levels; trial t starts in state t % 2.
struct SizedTrials {
  std::array<std::vector<TrialExits>, 2> trials;
};

/// Fills deviation, judgement and notes of a result with both levels. A size and state is judged by the ratio of the
/// mean times, log(T_2/T_1) +- sqrt(1/(k_1 + 1/2) + 1/(k_2 + 1/2)) for k exits each, together with the mean over all
/// sizes and states. With 8 trials and more its probability is that among labels of trials exchanged at random.
void judge_switching(Switching& result, const std::vector<SizedTrials>& data, const model::Model& model,
                     double false_alarm);

}  // namespace popshot::comparison
