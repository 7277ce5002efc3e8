#include "own_noise.hpp"

#include "popshot/core/execution.hpp"

namespace popshot::theory {

std::vector<std::function<double(double f)>> own_noise(const model::Model& model,
                                                       const mean_field::OperatingPoint& point,
                                                       const Options& options) {
  std::vector<std::function<double(double)>> noise;
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    throw_if_stopped(options.stop);
    const auto& population = model.populations[k];
    const double input = point.input(static_cast<Eigen::Index>(k));
    const double neurons = static_cast<double>(population.size);
    if (options.uncoupled) {
      noise.emplace_back([uncoupled = options.uncoupled, k](double f) { return uncoupled(k, f); });
    } else if (options.noise == Noise::white) {
      noise.emplace_back([value = mean_field::stationary_rate(population, input) / neurons](double) { return value; });
    } else {
      noise.emplace_back(
          [density = UncoupledSpectrum(population, input), neurons](double f) { return density(f) / neurons; });
    }
  }
  return noise;
}

}  // namespace popshot::theory
