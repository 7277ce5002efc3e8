// Random numbers for noise in the neurons, many at a time: Philox 4x32-10 (Salmon et al., SC 2011) on vectors. A number
// is a function of (key, step, position) alone, with the same bits on every instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "popshot/core/random.hpp"
#include "popshot/model/model.hpp"

namespace popshot::network {

/// Numbers are made in blocks of this many positions,
inline constexpr std::size_t noise_block = 1024;
/// of tiles of four times this many: word j of counter 16 t + i belongs to position 64 t + 16 j + i.
inline constexpr std::size_t noise_lanes = 16;

/// Which noise the neurons of one group get.
struct NoiseSource {
  enum class Kind { none, cauchy, gaussian } kind = Kind::none;
  /// Factor of the standard numbers: the voltage kick of a step has the half-width (Cauchy) or standard deviation
  /// `scale`.
  double scale = 0.0;
  std::array<std::uint32_t, 2> key{};
  std::uint32_t group = 0;  ///< of neurons that share the key

  NoiseSource() = default;
  /// Noise of a population whose time step is h tau. Different streams, members and groups are independent.
  NoiseSource(const model::NeuronNoise& noise, double h, std::uint64_t seed, RandomStream stream, RandomMember member,
              std::uint32_t number_of_group);
  [[nodiscard]] bool active() const { return kind != Kind::none; }
  [[nodiscard]] NoiseSource of_group(std::uint32_t number) const {
    NoiseSource other = *this;
    other.group = number;
    return other;
  }
};

/// Standard Cauchy (tan(pi (U - 1/2)), tails right up to 2^31) or standard normal (Box-Muller, up to 6.6 sigma) numbers
/// of the positions block * noise_block + i, i = 0 .. count - 1, in a time step; count <= noise_block. `numbers` is
/// aligned and has room for noise_block, of which whole tiles are filled.
void make_noise(const NoiseSource& source, std::int64_t step, std::size_t block, std::size_t count, float* numbers);

/// The same bits by which make_noise is made, one position at a time: for tests.
[[nodiscard]] std::array<std::uint32_t, 4> noise_bits(const NoiseSource& source, std::int64_t step,
                                                      std::uint32_t counter);

}  // namespace popshot::network
