// The sections of a model file, one function each. They throw InputError at the first value that is not allowed.
#pragma once

#include "popshot/model/model.hpp"
#include "toml_reader.hpp"

namespace popshot::io {

/// [[population]]: at least one, with unique names.
std::vector<model::Population> read_populations(const TableReader& document);

/// [[projection]] between the populations of `model`.
std::vector<model::Projection> read_projections(const TableReader& document, const model::Model& model);

/// [[stimulus]] to the populations of `model`.
std::vector<model::Stimulus> read_stimuli(const TableReader& document, const model::Model& model);

/// [simulation], with limits that follow from the populations of `model`.
model::Simulation read_simulation(const TableReader& document, const model::Model& model);

/// [mesoscopic].
model::MesoscopicSettings read_mesoscopic(const TableReader& document);

/// [spectrum], with limits that follow from the simulation of `model`.
model::SpectrumSettings read_spectrum(const TableReader& document, const model::Model& model);

}  // namespace popshot::io
