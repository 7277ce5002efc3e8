// The sections of a model file, one function each. They throw InputError at the first value that is not allowed.
#pragma once

#include "popshot/model/model.hpp"
#include "toml_reader.hpp"

namespace popshot::io {

/// [[population]]: at least one, with unique names.
std::vector<model::Population> read_populations(const TableReader& document);

/// population.noise; none if absent.
model::NeuronNoise read_noise(const TableReader& population);

/// population.heterogeneity, which may depend on whether there is noise.
model::Heterogeneity read_heterogeneity(const TableReader& population, const model::NeuronNoise& noise);

/// The index of the population that a key names.
std::size_t read_population_reference(const TableReader& entry, std::string_view key, const model::Model& model);

/// [[subpopulation]] of the populations of `model`.
std::vector<model::Subpopulation> read_subpopulations(const TableReader& document, const model::Model& model);

/// [[projection]] and [coupling] between the populations and subpopulations of `model`, with delays that its time step
/// allows.
std::vector<model::Projection> read_projections(const TableReader& document, const model::Model& model);

/// [[stimulus]] to the populations of `model`.
std::vector<model::Stimulus> read_stimuli(const TableReader& document, const model::Model& model);

/// [simulation], with limits that follow from the populations of `model`.
model::Simulation read_simulation(const TableReader& document, const model::Model& model);

/// [mesoscopic], as far as the populations of `model` allow.
model::MesoscopicSettings read_mesoscopic(const TableReader& document, const model::Model& model);

/// [spectrum], with limits that follow from the simulation of `model`.
model::SpectrumSettings read_spectrum(const TableReader& document);

}  // namespace popshot::io
