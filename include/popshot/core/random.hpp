// Counter-based random numbers (Philox 4x64-10; Salmon et al., SC 2011): a number is a function of
// (seed, stream, member, entity), so that results never depend on threads or on the order of drawing.
#pragma once

#include <Random123/philox.h>

#include <array>
#include <cstdint>

namespace popshot {

/// Every use of random numbers in Popshot has its own stream, listed here and nowhere else.
enum class RandomStream : std::uint64_t {
  heterogeneity = 1,   ///< eta of a neuron: entity = neuron
  start = 2,           ///< initial voltage of a neuron: entity = neuron
  ensemble = 3,        ///< sign and place of a representative neuron: entity = neuron
  ensemble_start = 4,  ///< initial voltage of a representative neuron: entity = neuron
  noise = 5,           ///< Gaussian noise of the mesoscopic level: entity = number of the draw
  neuron_noise = 6,    ///< noise of the neurons: entity = time step and neuron
  ensemble_noise = 7,  ///< noise of the representative neurons: entity = time step and neuron
  stimulus = 8,        ///< random stimuli (member: trial, stimulus): entity = number of the draw
  resampling = 9,      ///< exchanged labels of trials (member: draw, kind): entity = place
};

/// The member of an ensemble that a number belongs to: which trial, which population.
struct RandomMember {
  std::uint64_t trial = 0;
  std::uint64_t population = 0;
};

/// Four uniform numbers in the open interval (0, 1), with 53 bits each.
[[nodiscard]] inline std::array<double, 4> uniform_numbers(std::uint64_t seed, RandomStream stream, RandomMember member,
                                                           std::uint64_t entity) {
  const r123::Philox4x64 generator;
  const r123::Philox4x64::ctr_type counter{{entity, member.population, member.trial, 0}};
  const r123::Philox4x64::key_type key{{seed, static_cast<std::uint64_t>(stream)}};
  const auto bits = generator(counter, key);
  std::array<double, 4> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = (static_cast<double>(bits[i] >> 11) + 0.5) * 0x1.0p-53;
  }
  return numbers;
}

/// One uniform number in (0, 1): the first of uniform_numbers.
[[nodiscard]] inline double uniform_number(std::uint64_t seed, RandomStream stream, RandomMember member,
                                           std::uint64_t entity) {
  return uniform_numbers(seed, stream, member, entity)[0];
}

}  // namespace popshot
