#include "popshot/core/spectrum.hpp"

namespace popshot {

std::vector<double> Spectrum::power(std::size_t k) const {
  std::vector<double> values;
  values.reserve(density.size());
  const auto index = static_cast<Eigen::Index>(k);
  for (const auto& matrix : density) values.push_back(matrix(index, index).real());
  return values;
}

}  // namespace popshot
