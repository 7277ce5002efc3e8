#include "popshot/mesoscopic/finite_size.hpp"

#include <cmath>
#include <optional>

#include "network/neurons.hpp"
#include "popshot/core/error.hpp"
#include "popshot/network/sample.hpp"
#include "popshot/network/simulate.hpp"

namespace popshot::mesoscopic {

namespace {

constexpr std::int64_t largest_sample = 1'000'000;

/// The state that simulation.state selects, or nothing if no state is stable.
std::optional<mean_field::OperatingPoint> selected_point(const model::Model& model, const std::stop_token& stop) {
  try {
    return mean_field::selected_state(model, stop).point;
  } catch (const InputError&) {
    return std::nullopt;
  }
}

/// The operating point of the sample near that state; nothing if a small sample has none.
std::optional<mean_field::OperatingPoint> sample_point(const model::Model& model, const network::Sample& sample,
                                                       const std::optional<mean_field::OperatingPoint>& nearby,
                                                       const std::stop_token& stop) {
  if (!nearby) return std::nullopt;
  try {
    return network::operating_point(model, sample, *nearby, model.simulation.time_step, stop);
  } catch (const NumericalError&) {
    return std::nullopt;
  }
}

}  // namespace

FinitePoint finite_point(const model::Model& model, std::uint64_t trial, const Execution& execution) {
  model::Model sampled = model;
  for (auto& population : sampled.populations) population.size = std::min(population.size, largest_sample);
  const auto sample = network::draw_sample(sampled, trial, execution);
  const auto state = selected_point(model, execution.stop);
  const auto found = sample_point(sampled, sample, state, execution.stop);
  const auto count = static_cast<Eigen::Index>(model.populations.size());
  const Eigen::MatrixXd coupling = mean_field::coupling_matrix(model);
  const double h = model.simulation.time_step;
  Eigen::VectorXd constant(count);
  for (Eigen::Index k = 0; k < count; ++k) constant(k) = constant_current(model, static_cast<std::size_t>(k));

  const bool stationary = found.has_value();
  mean_field::OperatingPoint base{Eigen::VectorXd::Zero(count), constant};
  if (state) base = *state;
  if (found) base = *found;
  Eigen::VectorXd rate = base.rate;
  if (!state) {
    // Evaluated at the input of the start, whose activity is given.
    for (Eigen::Index k = 0; k < count; ++k) rate(k) = network::start_rate(model, base, static_cast<std::size_t>(k));
  }
  const auto mean_field_rates = [&](const Eigen::VectorXd& input_rate) {
    const Eigen::VectorXd synaptic = coupling * input_rate;
    Eigen::VectorXd result(count);
    for (Eigen::Index k = 0; k < count; ++k) {
      const auto& population = model.populations[static_cast<std::size_t>(k)];
      result(k) = mean_field::kicked_rate(population, constant(k), h / population.tau * synaptic(k), h);
    }
    return result;
  };
  const Eigen::VectorXd expected = mean_field_rates(rate);
  FinitePoint result{{rate, constant + coupling * rate}, Eigen::VectorXd::Zero(count), stationary};
  const Eigen::VectorXd of_sample = stationary ? rate : network::rates_at(sampled, sample, coupling * rate, h);
  bool scaled = false;
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto index = static_cast<std::size_t>(k);
    const double fraction =
        static_cast<double>(sampled.populations[index].size) / static_cast<double>(model.populations[index].size);
    result.offset(k) = std::sqrt(fraction) * (of_sample(k) - expected(k));
    scaled = scaled || fraction < 1.0;
  }
  if (!stationary || !scaled) return result;
  // rate = mean field + offset, by Newton's method from the sample's point.
  for (int iteration = 0; iteration < 50; ++iteration) {
    const Eigen::VectorXd residual = mean_field_rates(rate) + result.offset - rate;
    if (residual.norm() < 1e-14 * (1.0 + rate.norm())) break;
    Eigen::VectorXd slope(count);
    for (Eigen::Index k = 0; k < count; ++k) {
      slope(k) = mean_field::stationary_rate_slope(model.populations[static_cast<std::size_t>(k)],
                                                   constant(k) + (coupling * rate)(k));
    }
    const Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(count, count) - slope.asDiagonal() * coupling;
    rate += jacobian.partialPivLu().solve(residual);
  }
  result.point = {rate, constant + coupling * rate};
  return result;
}

}  // namespace popshot::mesoscopic
