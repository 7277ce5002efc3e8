// The rest state of one population, its slope, and small disturbances of it. docs/theory/stationary.md (S1)-(S12).
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "kicked_rest.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/synapse.hpp"

namespace popshot::mean_field {

namespace {

using Complex = std::complex<double>;

}  // namespace

Complex stationary_state_variable(const model::Population& population, double input) {
  return rest_state(population, input);
}

double stationary_rate(const model::Population& population, double input) {
  return rest_state(population, input).imag() / (std::numbers::pi * population.tau);
}

double stationary_rate_slope(const model::Population& population, double input) {
  return rate_slope(population, input);
}

double kicked_rate(const model::Population& population, double constant, double kick, double time_step) {
  const double h = time_step / population.tau;
  if (std::holds_alternative<model::GaussianNoise>(population.noise)) {
    return stationary_rate(population, constant + kick / h);
  }
  const ComplexNeurons neurons(population, 1e-10);
  const auto* cauchy = std::get_if<model::CauchyNoise>(&population.noise);
  const double width = cauchy != nullptr ? cauchy->width : 0.0;
  // The noise comes with the kicks, as in the network.
  const Complex whole = scheme_kick(kick, width * h, h);
  double spikes = 0.0;
  for (std::size_t m = 0; m < neurons.eta.size(); ++m) {
    const auto flow = riccati_flow(Complex{neurons.eta[m].real() + constant, neurons.eta[m].imag() - width}, h);
    spikes += (neurons.weight[m] * riccati_angle(flow, kicked_rest(flow, whole))).real();
  }
  return spikes / time_step;
}

Eigen::MatrixXd coupling_matrix(const model::Model& model) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  Eigen::MatrixXd coupling = Eigen::MatrixXd::Zero(count, count);
  for (const model::Projection& projection : model.projections) {
    coupling(static_cast<Eigen::Index>(projection.to), static_cast<Eigen::Index>(projection.from)) +=
        model.populations[projection.to].tau * projection.weight;
  }
  return coupling;
}

Eigen::MatrixXcd coupling_matrix(const model::Model& model, Complex s) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  Eigen::MatrixXcd coupling = Eigen::MatrixXcd::Zero(count, count);
  // Most projections of a large model share their synapse and delay with the one before.
  const model::Projection* last = nullptr;
  Complex factor = 1.0;
  for (const model::Projection& projection : model.projections) {
    if (last == nullptr || last->delay != projection.delay || last->synapse.rise != projection.synapse.rise ||
        last->synapse.decay != projection.synapse.decay) {
      factor = model::synaptic_transfer(projection, s);
      last = &projection;
    }
    coupling(static_cast<Eigen::Index>(projection.to), static_cast<Eigen::Index>(projection.from)) +=
        model.populations[projection.to].tau * projection.weight * factor;
  }
  return coupling;
}

Complex linear_response(const model::Population& population, double input, Complex s) {
  return Response(population, input)(s);
}

}  // namespace popshot::mean_field
