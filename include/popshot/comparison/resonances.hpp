// The resonances of the outputs of a model, and the modes behind them, as results carry them.
#pragma once

#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "popshot/core/result.hpp"
#include "popshot/core/spectrum.hpp"
#include "popshot/model/model.hpp"
#include "popshot/theory/resonance.hpp"
#include "popshot/theory/spectra.hpp"

namespace popshot::comparison {

/// The highest peak of the total spectrum of every output of the model (model::outputs), in 1/(time unit); nothing
/// where there is none. `spectra` are those of the model's populations; `frequency` is the ascending list > 0 on which
/// peaks are looked for (theory::with_peaks adds narrow ones).
[[nodiscard]] std::vector<std::optional<theory::Resonance>> resonances(const model::Model& model,
                                                                       const theory::Spectra& spectra,
                                                                       const std::vector<double>& frequency);

/// The same of curves of which only a list is known, as the mean over trials of a comparison.
[[nodiscard]] std::vector<std::optional<theory::Resonance>> resonances(const Spectrum& total);

/// Adds the variables resonance_frequency, resonance_width, resonance_quality and resonance_power, (population), to a
/// result that has this dimension; NaN where there is none. In the unit of rates of the time unit (rate_unit).
void add_resonances(Dataset& data, const std::vector<std::optional<theory::Resonance>>& resonances,
                    const std::string& time_unit);

/// Adds the eigenvalues of the mean field at the state, eigenvalue_real and eigenvalue_imag (mode) in 1/(time unit),
/// and which of them are delay modes (0 or 1): mean_field::delay_modes.
void add_modes(Dataset& data, const std::vector<std::complex<double>>& eigenvalues,
               const std::vector<bool>& delay_modes, const std::string& time_unit);

}  // namespace popshot::comparison
