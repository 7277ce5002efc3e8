// The linearised mean field of a whole model, synapses and delays included, and its eigenvalues.
// docs/theory/any_model.md (51)-(53).
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <optional>

#include "popshot/mean_field/delay_modes.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/synapse.hpp"

namespace popshot::mean_field {

namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;
using Eigen::Index;

/// Most points at which the activity on its way through a delay is represented: enough for |s| delay up to about 10.
constexpr Index most_delay_points = 20;
/// In large models there are fewer, so that the matrix is not much larger than this, and delays that differ little are
/// taken together; Newton's method corrects what that costs.
constexpr Index largest_matrix = 800;
constexpr double delay_classes = 8.0;
/// With delays, so many of the rightmost eigenvalues are corrected and returned.
constexpr std::size_t most_corrected = 40;

/// Chebyshev's points on [0, 1], ascending, and the matrix that differentiates a polynomial given there (Trefethen,
/// Spectral Methods in Matlab, 2000).
struct Chebyshev {
  Eigen::VectorXd x;
  Eigen::MatrixXd derivative;

  explicit Chebyshev(Index count) : x(count + 1), derivative(count + 1, count + 1) {
    for (Index i = 0; i <= count; ++i) {
      x(i) = 0.5 * (1.0 - std::cos(pi * static_cast<double>(i) / static_cast<double>(count)));
    }
    const auto weight = [&](Index i) { return (i == 0 || i == count ? 2.0 : 1.0) * (i % 2 == 0 ? 1.0 : -1.0); };
    for (Index i = 0; i <= count; ++i) {
      derivative(i, i) = 0.0;
      for (Index j = 0; j <= count; ++j) {
        if (i != j) derivative(i, j) = weight(i) / weight(j) / (x(i) - x(j));
      }
      derivative(i, i) = -derivative.row(i).sum();
    }
  }
};

/// The matrix of the linearised model, put together piece by piece.
class Assembly {
 public:
  Assembly(const model::Model& model, const OperatingPoint& point, double accuracy) : model_(model) {
    Index size = 0;
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      systems_.push_back(linearised(model.populations[k], point.input(static_cast<Index>(k)), accuracy));
      first_.push_back(size);
      size += systems_.back().a.rows();
    }
    const std::vector<Channel> channels = make_channels(size);
    Index total = size;
    for (const Channel& channel : channels) total += channel.states(delay_points_);
    matrix_ = Eigen::MatrixXd::Zero(total, total);
    for (std::size_t k = 0; k < systems_.size(); ++k) {
      const auto& a = systems_[k].a;
      matrix_.block(first_[k], first_[k], a.rows(), a.cols()) = a;
    }
    for (const Channel& channel : channels) {
      add(channel, size);
      size += channel.states(delay_points_);
    }
  }

  [[nodiscard]] const Eigen::MatrixXd& matrix() const { return matrix_; }
  [[nodiscard]] const std::vector<LinearSystem>& systems() const { return systems_; }

 private:
  /// The activity of one population through one synapse and delay, and where it goes.
  struct Channel {
    std::size_t from = 0;
    double delay = 0.0;
    model::Synapse synapse;
    std::vector<double> weight;  ///< to each population

    [[nodiscard]] Index states(Index delay_points) const {
      return (delay > 0.0 ? delay_points : 0) + (synapse.rise > 0.0 ? 1 : 0) + (synapse.decay > 0.0 ? 1 : 0);
    }
  };

  [[nodiscard]] std::vector<Channel> make_channels(Index population_states) {
    const double longest = longest_delay(model_);
    const auto gathered = [&](bool in_classes) {
      std::vector<Channel> channels;
      for (const auto& projection : model_.projections) {
        double delay = projection.delay;
        if (in_classes && delay > 0.0) {
          delay = longest / delay_classes * std::max(1.0, std::round(delay / longest * delay_classes));
        }
        auto found = std::find_if(channels.begin(), channels.end(), [&](const Channel& channel) {
          return channel.from == projection.from && channel.delay == delay &&
                 channel.synapse.rise == projection.synapse.rise && channel.synapse.decay == projection.synapse.decay;
        });
        if (found == channels.end()) {
          channels.push_back({projection.from, delay, projection.synapse, std::vector<double>(systems_.size())});
          found = std::prev(channels.end());
        }
        found->weight[projection.to] += model_.populations[projection.to].tau * projection.weight;
      }
      return channels;
    };
    auto channels = gathered(false);
    const auto size = [&](Index points) {
      Index states = population_states;
      for (const Channel& channel : channels) states += channel.states(points);
      return states;
    };
    while (delay_points_ > 4 && size(delay_points_) > largest_matrix) --delay_points_;
    if (size(delay_points_) > 2 * largest_matrix) channels = gathered(true);
    return channels;
  }

  /// A linear function of the state.
  using Row = Eigen::RowVectorXd;

  void add(const Channel& channel, Index at) {
    Row signal = Row::Zero(matrix_.cols());
    const auto& from = systems_[channel.from];
    signal.segment(first_[channel.from], from.c.size()) = from.c;
    const auto unit = [&](Index i) -> Row { return Row::Unit(matrix_.cols(), i); };
    if (channel.delay > 0.0) {
      // u_t = -u_x on the way, u = the signal at its beginning.
      const Chebyshev grid(delay_points_);
      for (Index i = 1; i <= delay_points_; ++i) {
        matrix_.row(at + i - 1) -= grid.derivative(i, 0) / channel.delay * signal;
        for (Index j = 1; j <= delay_points_; ++j) {
          matrix_(at + i - 1, at + j - 1) -= grid.derivative(i, j) / channel.delay;
        }
      }
      at += delay_points_;
      signal = unit(at - 1);
    }
    for (const double time_constant : {channel.synapse.rise, channel.synapse.decay}) {
      if (!(time_constant > 0.0)) continue;
      matrix_.row(at) += (signal - unit(at)) / time_constant;
      signal = unit(at);
      ++at;
    }
    for (std::size_t k = 0; k < systems_.size(); ++k) {
      if (channel.weight[k] == 0.0) continue;
      matrix_.middleRows(first_[k], systems_[k].b.size()) += channel.weight[k] * systems_[k].b * signal;
    }
  }

  const model::Model& model_;
  std::vector<LinearSystem> systems_;
  std::vector<Index> first_;
  Index delay_points_ = most_delay_points;
  Eigen::MatrixXd matrix_;
};

std::vector<Complex> values_of(const Eigen::MatrixXd& matrix) {
  if (matrix.rows() == 0) return {};
  const Eigen::VectorXcd values = matrix.eigenvalues();
  return {values.begin(), values.end()};
}

/// det(1 - K(s)), whose zeros are the eigenvalues that coupling makes. (52)
class Characteristic {
 public:
  Characteristic(const model::Model& model, const OperatingPoint& point) : model_(model) {
    for (std::size_t k = 0; k < model.populations.size(); ++k) {
      responses_.emplace_back(model.populations[k], point.input(static_cast<Index>(k)));
    }
  }

  /// From now on with delays of `part` times those of the model given.
  void set_delays(const model::Model& model, double part) {
    for (std::size_t i = 0; i < model.projections.size(); ++i) {
      model_.projections[i].delay = part * model.projections[i].delay;
    }
  }

  [[nodiscard]] Complex operator()(Complex s) const {
    Eigen::MatrixXcd matrix = -coupling_matrix(model_, s);
    for (Index k = 0; k < matrix.rows(); ++k) matrix.row(k) *= responses_[static_cast<std::size_t>(k)](s);
    matrix.diagonal().array() += 1.0;
    return matrix.determinant();
  }

  /// The zero near s by Newton's method, if there is one.
  [[nodiscard]] std::optional<Complex> zero_near(Complex s) const { return zero_near(s, 0.05 * (1.0 + std::abs(s))); }
  /// The same within `reach` of s.
  [[nodiscard]] std::optional<Complex> zero_near(Complex s, double reach) const {
    const Complex start = s;
    for (int iteration = 0; iteration < 50; ++iteration) {
      const double step = 1e-6 * (1.0 + std::abs(s));
      const Complex derivative = ((*this)(s + step) - (*this)(s - step)) / (2.0 * step);
      const Complex change = -(*this)(s) / derivative;
      s += change;
      if (!(std::abs(s - start) < reach)) return std::nullopt;
      if (std::abs(change) < 1e-13 * (1.0 + std::abs(s))) return s;
    }
    return std::nullopt;
  }

 private:
  model::Model model_;
  std::vector<Response> responses_;
};

/// By descending real part.
void sort(std::vector<Complex>& values) {
  std::sort(values.begin(), values.end(), [](const Complex& left, const Complex& right) {
    return left.real() != right.real() ? left.real() > right.real() : left.imag() > right.imag();
  });
}

bool contains(const std::vector<Complex>& values, Complex value, double tolerance) {
  return std::any_of(values.begin(), values.end(), [&](const Complex& other) {
    return std::abs(other - value) < tolerance * (1.0 + std::abs(value));
  });
}

/// With delays: eigenvalues are corrected to zeros of the characteristic function; what belongs to the representation
/// of the delays alone is left out.
std::vector<Complex> corrected(const model::Model& model, const OperatingPoint& point, const Assembly& assembly,
                               std::vector<Complex> values) {
  sort(values);
  std::vector<Complex> uncoupled;
  for (std::size_t k = 0; k < assembly.systems().size(); ++k) {
    // A rational approximation has poles of its own.
    if (std::holds_alternative<model::GaussianNoise>(model.populations[k].noise)) continue;
    const auto part = values_of(assembly.systems()[k].a);
    uncoupled.insert(uncoupled.end(), part.begin(), part.end());
  }
  const Characteristic characteristic(model, point);
  std::vector<Complex> result;
  for (const Complex value : values) {
    if (result.size() >= most_corrected) break;
    if (value.imag() < 0.0) continue;  // its conjugate is there
    auto found = characteristic.zero_near(value);
    if (!found && contains(uncoupled, value, 1e-9)) found = value;
    if (!found) continue;
    if (std::abs(found->imag()) < 1e-10 * (1.0 + std::abs(*found)) || value.imag() == 0.0) found = found->real();
    if (contains(result, *found, 1e-9)) continue;
    result.push_back(*found);
    if (found->imag() != 0.0) result.push_back(std::conj(*found));
  }
  return result;
}

/// Where the eigenvalue s goes when all delays shrink to `last_part` of what they are: followed from zero to zero of
/// the characteristic function, in equal steps of the logarithm. Nothing where it is lost.
std::optional<Complex> followed(const model::Model& model, Characteristic& characteristic, Complex s,
                                double last_part) {
  constexpr double longest_step = 0.1;  // of log(part)
  constexpr double shortest_step = 1e-3;
  constexpr double reach = 0.1;
  double log_part = 0.0;
  double step = longest_step;
  Complex slope = 0.0;  // ds/d(-log part)
  while (log_part > std::log(last_part)) {
    characteristic.set_delays(model, std::exp(log_part - step));
    const Complex predicted = s + slope * step;
    const double scale = std::abs(predicted);
    auto found = characteristic.zero_near(predicted, reach * scale);
    // Two real eigenvalues may have met and left the axis, which Newton's method can't from a real start.
    if (!found) found = characteristic.zero_near(predicted + Complex{0.0, 0.5 * reach * scale}, reach * scale);
    if (!found) {
      step *= 0.5;
      if (step < shortest_step) return std::nullopt;
      continue;
    }
    slope = (*found - s) / step;
    s = *found;
    log_part -= step;
    step = std::min(longest_step, 1.5 * step);
  }
  return s;
}

}  // namespace

double longest_delay(const model::Model& model) {
  double longest = 0.0;
  for (const auto& projection : model.projections) longest = std::max(longest, projection.delay);
  return longest;
}

std::vector<bool> delay_modes(const model::Model& model, const OperatingPoint& point,
                              const std::vector<Complex>& eigenvalues) {
  std::vector<bool> result(eigenvalues.size(), false);
  const double delay = longest_delay(model);
  const bool expensive = std::any_of(model.populations.begin(), model.populations.end(), [](const auto& population) {
    return std::holds_alternative<model::GaussianNoise>(population.noise);
  });
  constexpr std::size_t most_projections = 200;
  if (delay == 0.0 || expensive || model.projections.size() > most_projections) return result;
  constexpr double last_part = 1e-4;
  Characteristic characteristic(model, point);
  for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
    const Complex value = eigenvalues[i];
    if (-value.real() * delay <= 1.0) continue;
    if (i > 0 && value.imag() != 0.0 && value == std::conj(eigenvalues[i - 1])) {
      result[i] = result[i - 1];
      continue;
    }
    const auto end = followed(model, characteristic, value, last_part);
    result[i] = end && std::abs(*end) * last_part * delay > 1.0;
  }
  // Where the two kinds come close they are told apart by chance: what leads is never left out.
  double slowest = -std::numeric_limits<double>::infinity();
  double leading = slowest;
  for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
    leading = std::max(leading, eigenvalues[i].real());
    if (!result[i]) slowest = std::max(slowest, eigenvalues[i].real());
  }
  for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
    if (eigenvalues[i].real() > slowest && (std::isfinite(slowest) || eigenvalues[i].real() == leading)) {
      result[i] = false;
    }
  }
  return result;
}

std::vector<Complex> eigenvalues(const model::Model& model, const OperatingPoint& point) {
  const Assembly assembly(model, point, 1e-10);
  auto values = values_of(assembly.matrix());
  // A contour of nodes stands for a continuum, whose discrete values depend on the nodes: they are left out, and so is
  // what lies at a node itself (the nodes of a uniform density crowd at the edges of its continuum).
  const Assembly other(model, point, 2e-6);
  if (other.matrix().rows() != assembly.matrix().rows()) {
    std::vector<Complex> continuum;
    for (std::size_t k = 0; k < assembly.systems().size(); ++k) {
      if (assembly.systems()[k].a.rows() == other.systems()[k].a.rows()) continue;
      const auto part = values_of(assembly.systems()[k].a);
      continuum.insert(continuum.end(), part.begin(), part.end());
    }
    const auto others = values_of(other.matrix());
    std::erase_if(values, [&](const Complex& value) {
      return !contains(others, value, 1e-4) || contains(continuum, value, 2e-3);
    });
  }
  const bool approximate = std::any_of(model.projections.begin(), model.projections.end(),
                                       [](const auto& projection) { return projection.delay > 0.0; }) ||
                           std::any_of(model.populations.begin(), model.populations.end(), [](const auto& population) {
                             return std::holds_alternative<model::GaussianNoise>(population.noise);
                           });
  if (approximate) values = corrected(model, point, assembly, values);
  sort(values);
  return values;
}

}  // namespace popshot::mean_field
