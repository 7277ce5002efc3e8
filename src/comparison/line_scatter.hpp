// What the sample of neurons does to the scatter of spectra: neurons without noise are lines, and there are only N.
#pragma once

#include <vector>

#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::comparison {

/// The relative variance that the power of an output in the band low..high has because its lines are drawn: for
/// neurons of rates nu_j with independent eta
///
///     V = sum_j w_j^2/(sum_j w_j)^2,   w_j = sum over the harmonics k nu_j in the band of nu_j^2 ,
///
/// (theory.md (24a')) to be added to that of Gaussian activity where eta is drawn at random, and to be subtracted where
/// it lies on a grid of quantiles. One value for each band, and the last for all bands together, in which band b counts
/// with `gain[b]`, the ratio of coupled to uncoupled power. `parts`: the populations of the output. Populations with
/// noise in their neurons have no lines and count as power only.
[[nodiscard]] std::vector<double> line_scatter(const model::Model& model, const mean_field::OperatingPoint& point,
                                               const std::vector<std::size_t>& parts, const std::vector<double>& low,
                                               const std::vector<double>& high, const std::vector<double>& gain);

}  // namespace popshot::comparison
