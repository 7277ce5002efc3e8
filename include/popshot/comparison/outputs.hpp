// From the populations of a model to its outputs: activities of all neurons of one or several populations taken
// together.
#pragma once

#include <Eigen/Dense>

#include "popshot/core/activity.hpp"
#include "popshot/core/spectrum.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::comparison {

/// The matrix C (outputs x populations) of the shares of the populations in the neurons of an output: the activities of
/// the outputs are C A, their spectral densities C S C^T. The identity if the model names no outputs. any_model.md
/// (58).
[[nodiscard]] Eigen::MatrixXd output_matrix(const model::Model& model);

/// Names of the outputs.
[[nodiscard]] std::vector<std::string> output_names(const model::Model& model);

/// Whether the mesoscopic model of an output is the network itself: mesoscopic::is_network of all its populations.
[[nodiscard]] bool is_network(const model::Model& model, const model::Output& output);

/// Rates and voltages of the outputs; spikes as they are.
[[nodiscard]] Activity output_activity(const model::Model& model, Activity activity);

/// C S C^T at all frequencies.
[[nodiscard]] Spectrum output_spectrum(const Eigen::MatrixXd& matrix, Spectrum spectrum);
[[nodiscard]] theory::ShotNoise output_spectra(const model::Model& model, theory::ShotNoise spectra);

/// |S_kl|^2/(S_kk S_ll) of a spectral density matrix; 0 where there is no power.
[[nodiscard]] double coherence(const Eigen::MatrixXcd& density, std::size_t k, std::size_t l);

/// Mean rates of the outputs, and the size-weighted means of the inputs of their populations.
[[nodiscard]] mean_field::OperatingPoint output_point(const model::Model& model,
                                                      const mean_field::OperatingPoint& point);

}  // namespace popshot::comparison
