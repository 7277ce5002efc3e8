// The neurons of a population as the kernels step them, and the voltages that they start from. Shared by the network
// and by the mesoscopic ensemble.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel.hpp"
#include "noise_numbers.hpp"
#include "popshot/core/random.hpp"
#include "popshot/core/riccati.hpp"
#include "popshot/mean_field/population.hpp"
#include "popshot/mean_field/stationary.hpp"
#include "popshot/model/model.hpp"

namespace popshot::network {

/// Neurons in double precision, as DoubleView has them.
struct DoubleNeurons {
  std::vector<double> voltage, c, b, e, half_turns, angle, last_angle, tangent;
  double h = 0.0;  ///< time step in units of tau

  void add(double v, double constant_input);
  void resize(std::size_t count);
  /// Changes the constant input of neuron i.
  void set_input(std::size_t i, double constant_input);
  void reserve(std::size_t count);
  /// The neurons begin <= i < end as the kernel takes them.
  [[nodiscard]] DoubleView view(std::size_t begin, std::size_t end);
  [[nodiscard]] std::size_t size() const { return voltage.size(); }
};

/// What steps a neuron, by its constant input: in single precision for small a, with the coefficients of neighbours
/// from a line or one of its own; for any a that single precision allows; or double precision.
enum class Path : std::uint8_t { lined, near, single, double_ };
inline constexpr std::size_t paths = 4;
/// Populations of as many neurons as this lie beyond the caches of a core: coefficients on lines spare them traffic.
inline constexpr std::int64_t least_lined = 1 << 18;

struct Free {
  void operator()(float* memory) const { std::free(memory); }  // NOLINT(cppcoreguidelines-no-malloc)
};
/// Numbers that begin with a page. Where the same element of two such arrays lies at the same place of its page, caches
/// serve both faster than elsewhere.
using PageArray = std::unique_ptr<float[], Free>;  // NOLINT(modernize-avoid-c-arrays)
/// Room for that many numbers, not yet touched; empty if there is no memory.
[[nodiscard]] PageArray page_array(std::size_t count);

/// Neurons by the path that steps them: single precision where the kernel allows it, else double.
struct Neurons {
  PageArray y;
  PageArray a;              ///< a[i - lined] belongs to y[i]
  std::vector<Line> lines;  ///< lines[i / kernel_group] belongs to y[i], i < lined
  std::size_t singles = 0;
  std::size_t lined = 0;  ///< the first of the singles, whose coefficients lie on lines; a multiple of kernel_group
  std::size_t near = 0;   ///< the first of the singles, lined ones included, that have small a
  DoubleNeurons doubles;
  double h = 0.0;     ///< time step in units of tau
  NoiseSource noise;  ///< singles are its group + 0, doubles its group + 1

  Neurons() = default;
  /// Room for `capacity` neurons. Throws InputError, naming the population, if there is no memory.
  Neurons(std::size_t capacity, double step, model::Precision precision, const std::string& population_name);

  /// The path of a neuron with constant input eta; not lined.
  [[nodiscard]] Path path(double eta) const;
  [[nodiscard]] bool fits_single(double eta) const { return path(eta) != Path::double_; }
  /// The line of a kernel_group of neurons with these constant inputs, if all are near and their coefficients lie on
  /// one but for about one rounding. theory.md (13b).
  [[nodiscard]] std::optional<Line> line(std::span<const double, kernel_group> eta) const;
  /// Makes room for that many neurons of each path, to be set by start_* and in `lines`; singles come in the order of
  /// the paths.
  void resize(const std::array<std::size_t, paths>& counts);
  /// Sets neuron i of the singles (but for a line) or doubles. May be called for different neurons from different
  /// threads.
  void start_single(std::size_t i, double eta, double voltage);
  void start_double(std::size_t i, double eta, double voltage);
  /// Adds a neuron with constant input eta (constant current included).
  void add(double eta, double voltage) { fits_single(eta) ? add_single(eta, voltage) : add_double(eta, voltage); }
  void add_single(double eta, double voltage);
  void add_double(double eta, double voltage) { doubles.add(voltage, eta); }
  /// Changes the constant input of neuron i of the singles, not lined, or doubles; its voltage stays.
  void set_single(std::size_t i, double eta);
  void set_double(std::size_t i, double eta) { doubles.set_input(i, eta); }

  /// One kick and one drift of all; returns their spikes. `step` is the number of the time step, on which noise
  /// depends. theory.md (6)-(8).
  SpikeSums advance(double kick, std::int64_t step);
  /// The singles begin <= i < end as the kernel takes them; begin is a multiple of kernel_group, and so is end if there
  /// are singles beyond it.
  [[nodiscard]] SingleView view_of_singles(std::size_t begin, std::size_t end) const;
  /// The same of a part of the singles or doubles, begin <= i < end.
  SpikeSums advance_singles(std::size_t begin, std::size_t end, double kick, std::int64_t step);
  SpikeSums advance_doubles(std::size_t begin, std::size_t end, double kick, std::int64_t step);
};

/// The scale of the noise in the neurons at a step that begins with the common kick `kick`, which goes with it. h in
/// units of tau. theory.md (6b).
[[nodiscard]] inline double noise_scale(const NoiseSource& noise, double kick, double h) {
  return noise.scale * constant_current_kick_slope(h * kick);
}

/// One kick and one drift of a part of neurons in double precision; returns their spikes.
SpikeSums advance(DoubleNeurons& neurons, std::size_t begin, std::size_t end, double kick, const NoiseSource& noise,
                  std::int64_t step);

/// The numbers of the positions begin <= i < end, block by block: part(first, last, numbers), in which numbers[i -
/// first] belongs to position i.
template <class Part>
void for_noise_blocks(const NoiseSource& noise, std::int64_t step, std::size_t begin, std::size_t end, Part&& part) {
  alignas(64) std::array<float, noise_block> numbers;  // as wide as any vector
  for (std::size_t block = begin / noise_block; block * noise_block < end; ++block) {
    const std::size_t first = std::max(begin, block * noise_block);
    const std::size_t last = std::min(end, (block + 1) * noise_block);
    make_noise(noise, step, block, last - block * noise_block, numbers.data());
    part(first, last, numbers.data() + (first - block * noise_block));
  }
}

/// The rate at which population k fires at the start.
[[nodiscard]] double start_rate(const model::Model& model, const mean_field::OperatingPoint& point, std::size_t k);

/// The voltages that the neurons of population k start from, as simulation.start says. theory.md (14). What all neurons
/// share is computed once. The model must outlive it.
class StartVoltage {
 public:
  StartVoltage(const model::Model& model, std::size_t k, std::uint64_t trial, const mean_field::OperatingPoint& point,
               RandomStream stream = RandomStream::start);
  /// Of neuron j with heterogeneity eta (constant current not included). May be called from several threads.
  [[nodiscard]] double operator()(std::int64_t j, double eta) const;

 private:
  std::uint64_t seed_;
  RandomStream stream_;
  RandomMember member_;
  double input_;  ///< at the operating point
  mean_field::SingleNeuron neuron_;
  bool alike_ = false;  ///< all neurons from one Lorentzian density of voltages, with this center and half-width
  double center_ = 0.0;
  double half_width_ = 0.0;
};

}  // namespace popshot::network
