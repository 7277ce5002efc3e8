// What in a valid model is probably not meant: a unit mixed up, a key left out.
#pragma once

#include <string>
#include <vector>

#include "popshot/model/model.hpp"

namespace popshot::theory {

/// One of them.
struct Slip {
  std::string key;   ///< as --set would call it: "projection.e->i.delay"
  std::string text;  ///< one line that begins with the key: what was found, and what may be meant
};

/// What looks like a slip in a model as it was read from a file:
///
/// * delays and synaptic time constants, other than 0, that are at most a thousandth of the smallest tau, or below the
///   time step and a hundredth of it (one line for all delays, one for all synapses);
/// * a tau of 1, which is the default, where the time unit is "ms" or "s";
/// * a time step of a tenth of the smallest tau or longer;
/// * simulation.start.rate more than 100 times above the rates of all populations in every stationary state, or, where
/// the
///   time unit is "ms" or "s", below them; only in models of up to 4 populations without Gaussian noise in the neurons,
///   whose states are known within milliseconds;
/// * steps, sines and pulses that begin after the run or end before it, and ramps and tables that vary only after or
/// only
///   before it. The run lasts from -transient to duration.
///
/// A time_step of 0 ("auto", not chosen yet) is no slip and leaves out what is compared with it. Made so that models
/// that are meant as they are get no line. Throws nothing that stationary_states doesn't.
[[nodiscard]] std::vector<Slip> likely_slips(const model::Model& model);

}  // namespace popshot::theory
