#include "popshot/network/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "popshot/core/error.hpp"
#include "popshot/core/parallel.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/model/heterogeneity.hpp"

namespace popshot::network {

namespace {

constexpr std::size_t chunk = 1U << 16U;

/// The mean rate of the neurons of one population.
double mean_rate(const std::vector<double>& eta, const mean_field::SingleNeuron& neuron, double tau, double constant,
                 double synaptic, double time_step) {
  // Sums over fixed chunks, so that the result never depends on threads.
  double total = 0.0;
  for (std::size_t begin = 0; begin < eta.size(); begin += chunk) {
    const std::size_t end = std::min(eta.size(), begin + chunk);
    double sum = 0.0;
    if (time_step > 0.0) {
      const double kick = time_step / tau * synaptic;
      for (std::size_t j = begin; j < end; ++j) sum += neuron.kicked_rate(eta[j] + constant, kick, time_step);
    } else {
      for (std::size_t j = begin; j < end; ++j) sum += neuron.rate(eta[j] + constant + synaptic);
    }
    total += sum;
  }
  return total / static_cast<double>(eta.size());
}

}  // namespace

Sample draw_sample(const model::Model& model, std::uint64_t trial, const Execution& execution) {
  Sample sample{trial, {}};
  for (std::size_t k = 0; k < model.populations.size(); ++k) {
    const auto& population = model.populations[k];
    auto& eta = sample.eta.emplace_back(static_cast<std::size_t>(population.size));
    const std::size_t chunks = (eta.size() + chunk - 1) / chunk;
    const model::NeuronEta eta_of(population, model.simulation.seed, {trial, k});
    for_each_parallel(chunks, {.threads = execution.threads, .stop = execution.stop}, [&](std::size_t c) {
      for (std::size_t j = c * chunk; j < std::min(eta.size(), (c + 1) * chunk); ++j) {
        eta[j] = eta_of(static_cast<std::int64_t>(j));
      }
    });
    throw_if_stopped(execution.stop);
  }
  return sample;
}

Eigen::VectorXd rates_at(const model::Model& model, const Sample& sample, const Eigen::VectorXd& synaptic,
                         double time_step) {
  Eigen::VectorXd rate(synaptic.size());
  for (Eigen::Index k = 0; k < rate.size(); ++k) {
    const auto index = static_cast<std::size_t>(k);
    const auto& population = model.populations[index];
    rate(k) = mean_rate(sample.eta[index], mean_field::SingleNeuron(population), population.tau,
                        constant_current(model, index), synaptic(k), time_step);
  }
  return rate;
}

mean_field::OperatingPoint operating_point(const model::Model& model, const Sample& sample,
                                           const mean_field::OperatingPoint& nearby, double time_step,
                                           const std::stop_token& stop) {
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  Eigen::VectorXd constant(count);
  for (Eigen::Index k = 0; k < count; ++k) constant(k) = constant_current(model, static_cast<std::size_t>(k));

  const auto rates_given = [&](const Eigen::VectorXd& rate) {
    return rates_at(model, sample, coupling * rate, time_step);
  };

  // Chord iteration with the slope of the infinite network. The rate of a finite sample has a square-root
  // corner at every neuron's threshold, so it is no use to follow its own slope; shorter steps where the
  // residual does not shrink.
  Eigen::VectorXd slope(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    slope(k) = mean_field::stationary_rate_slope(model.populations[static_cast<std::size_t>(k)], nearby.input(k));
  }
  const Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(count, count) - slope.asDiagonal() * coupling;
  const Eigen::PartialPivLU<Eigen::MatrixXd> solver(jacobian);
  Eigen::VectorXd rate = nearby.rate;
  Eigen::VectorXd residual = rates_given(rate) - rate;
  double damping = 1.0;
  for (int iteration = 0; iteration < 200 && residual.norm() > 1e-14 * (1.0 + rate.norm()) && damping > 1e-6;
       ++iteration) {
    throw_if_stopped(stop);
    const Eigen::VectorXd trial = rate + damping * solver.solve(residual);
    const Eigen::VectorXd trial_residual = rates_given(trial) - trial;
    if (trial_residual.norm() < residual.norm()) {
      rate = trial;
      residual = trial_residual;
      damping = std::min(1.0, 2.0 * damping);
    } else {
      damping /= 2.0;
    }
  }
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& population = model.populations[static_cast<std::size_t>(k)];
    // A finite sample's rate is resolved to about its corners, sqrt(spacing of eta)/N.
    const double resolved = 1e-9 + 1.0 / (static_cast<double>(population.size) * population.tau);
    if (!(std::abs(residual(k)) < resolved * (1.0 + rate(k)))) {
      throw NumericalError(fmt::format(
          "population '{}': no operating point of the finite network near the stationary state (residual {:.2g}); the "
          "sample of {} neurons may be too small for this state to exist",
          population.name, residual(k), population.size));
    }
  }
  return {rate, constant + coupling * rate};
}

}  // namespace popshot::network
