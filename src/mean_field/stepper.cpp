#include "stepper.hpp"

#include "popshot/mean_field/population.hpp"

namespace popshot::mean_field {

using Complex = std::complex<double>;

ComplexNeuronStepper::ComplexNeuronStepper(const model::Population& population, double constant_current,
                                           double time_step, const PopulationStart& start) {
  const ComplexNeurons neurons(population);
  const double h = time_step / population.tau;
  const auto* cauchy = std::get_if<model::CauchyNoise>(&population.noise);
  const double width = cauchy != nullptr ? cauchy->width : 0.0;
  noise_kick_ = width * h;
  for (std::size_t m = 0; m < neurons.eta.size(); ++m) {
    const auto* rest = std::get_if<StartAtRest>(&start);
    const Complex x = rest != nullptr ? neurons.rest(m, rest->input) : std::get<Complex>(start);
    neurons_.push_back(
        {riccati_flow(neurons.eta[m] + constant_current - Complex{0.0, width}, h), x, neurons.weight[m]});
  }
}

double ComplexNeuronStepper::step(double kick) {
  const Complex moved{kick, noise_kick_};
  if (neurons_.size() == 1) {
    auto& one = neurons_.front();
    const auto result = riccati_step(one.flow, one.x + moved);
    one.x = result.state;
    return result.spikes;
  }
  double spikes = 0.0;
  for (auto& one : neurons_) {
    const Complex x = one.x + moved;
    spikes += (one.weight * riccati_angle(one.flow, x)).real();
    one.x = riccati_step(one.flow, x).state;
  }
  return spikes;
}

Complex ComplexNeuronStepper::state() const {
  if (neurons_.size() == 1) return neurons_.front().x;
  Complex sum = 0.0;
  for (const auto& one : neurons_) sum += one.weight * one.x;
  return sum;
}

}  // namespace popshot::mean_field
