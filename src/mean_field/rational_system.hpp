// A linear system whose response is that of a given function, for the eigenvalues of models that contain it.
#pragma once

#include "popshot/mean_field/population.hpp"

namespace popshot::mean_field {

/// The rational approximation of a response on the imaginary axis, up to about 30 `scale` (an angular frequency), by
/// the AAA algorithm (Nakatsukasa, Sete & Trefethen, SIAM J. Sci. Comput. 40, A1494, 2018) to about 1e-8 of its
/// maximum.
[[nodiscard]] LinearSystem rational_system(const Response& response, double scale);

}  // namespace popshot::mean_field
