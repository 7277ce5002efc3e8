// What a model consists of, in words and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "popshot/model/model.hpp"

namespace popshot::cli {

/// "gaussian(0.5, sd 1)" and the like.
[[nodiscard]] std::string describe(const model::Heterogeneity& heterogeneity);
/// "none", "cauchy(0.5)", "gaussian(0.2)".
[[nodiscard]] std::string describe(const model::NeuronNoise& noise);
/// "instantaneous", "exponential(0.1)", "alpha(0.1)", "biexponential(0.1, 0.5)".
[[nodiscard]] std::string describe(const model::Synapse& synapse);
/// "step of 3 from 0 to 30" and the like.
[[nodiscard]] std::string describe(const model::Stimulus& stimulus);

/// Who stands for whom in the mesoscopic ensemble: "200 representative neurons for the 10000 of 'qif' (at most N/50)",
/// or that they are simulated as they are; the populations separated by "; ". Empty with another noise.
[[nodiscard]] std::string describe_ensemble(const model::Model& model);
/// Says on stderr, unless `quiet`, which populations get fewer representatives than a mesoscopic.ensemble_size that is
/// not the default.
void note_small_ensembles(const model::Model& model, bool quiet);

/// The parameters of a density by the names that they have in model files.
[[nodiscard]] nlohmann::ordered_json parameters(const model::Heterogeneity& heterogeneity);

}  // namespace popshot::cli
