#include "stepper.hpp"

#include <numbers>

#include "popshot/mean_field/population.hpp"

namespace popshot::mean_field {

using Complex = std::complex<double>;

ComplexNeuronStepper::ComplexNeuronStepper(const model::Population& population, double constant_current,
                                           double time_step, const PopulationStart& start)
    : h_(time_step / population.tau) {
  const ComplexNeurons neurons(population);
  const auto* cauchy = std::get_if<model::CauchyNoise>(&population.noise);
  const double width = cauchy != nullptr ? cauchy->width : 0.0;
  noise_kick_ = width * h_;
  for (std::size_t m = 0; m < neurons.eta.size(); ++m) {
    const auto* rest = std::get_if<StartAtRest>(&start);
    const Complex x = rest != nullptr ? neurons.rest(m, rest->input) : std::get<Complex>(start);
    neurons_.push_back(
        {riccati_flow(neurons.eta[m] + constant_current - Complex{0.0, width}, h_), x, neurons.weight[m]});
  }
}

StepSpikes ComplexNeuronStepper::step(double kick) {
  const Complex moved{kick, noise_kick_ * constant_current_kick_slope(h_ * kick)};
  constexpr double per_height = std::numbers::inv_pi;
  if (neurons_.size() == 1) {
    auto& one = neurons_.front();
    const Complex begin = one.x + moved;
    const auto result = riccati_step(one.flow, begin);
    one.x = result.state;
    return moments_in_step(result.spikes, per_height * begin.imag(), per_height * one.x.imag(), h_);
  }
  double count = 0.0;
  double first_rate = 0.0;
  double last_rate = 0.0;
  for (auto& one : neurons_) {
    const Complex x = one.x + moved;
    count += (one.weight * riccati_angle(one.flow, x)).real();
    first_rate += per_height * (one.weight * x).imag();
    one.x = riccati_step(one.flow, x).state;
    last_rate += per_height * (one.weight * one.x).imag();
  }
  return moments_in_step(count, first_rate, last_rate, h_);
}

Complex ComplexNeuronStepper::state() const {
  if (neurons_.size() == 1) return neurons_.front().x;
  Complex sum = 0.0;
  for (const auto& one : neurons_) sum += one.weight * one.x;
  return sum;
}

}  // namespace popshot::mean_field
