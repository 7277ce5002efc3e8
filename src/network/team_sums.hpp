// Integers that the members of a team add up, round after round, with no more traffic between their cores than must be.
#pragma once

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace popshot::network {

/// Each member fills its own entries, then shares them; when share returns, the entries of all members can be read
/// until the next share. A barrier and a sum in one: a member's entries and the note that they are complete lie in the
/// same cache lines, which travel once to each other core.
class TeamSums {
 public:
  TeamSums(unsigned members, std::size_t entries)
      : members_(members),
        stride_((entries + 1 + line - 1) / line * line),
        storage_(hwy::AllocateAligned<std::int64_t>(stride_ * members * 2)) {
    std::fill_n(storage_.get(), stride_ * members * 2, 0);
  }

  /// The entries of a member in a round; rounds are 1, 2, 3, ...
  [[nodiscard]] std::int64_t* own(unsigned member, std::int64_t round) { return part(member, round) + 1; }

  /// Lets the others see a member's entries, and waits for theirs.
  void share(unsigned member, std::int64_t round) {
    if (members_ == 1) return;
    note(member, round).store(round, std::memory_order_release);
    for (unsigned other = 0; other < members_; ++other) {
      for (std::uint32_t spins = 0; note(other, round).load(std::memory_order_acquire) != round; ++spins) {
        constexpr std::uint32_t patience = 4096;
        if (spins > patience) std::this_thread::yield();
      }
    }
  }

  /// The sum of an entry over all members.
  [[nodiscard]] std::int64_t total(std::int64_t round, std::size_t entry) {
    std::int64_t sum = 0;
    for (unsigned member = 0; member < members_; ++member) sum += own(member, round)[entry];
    return sum;
  }

 private:
  /// Two cache lines: processors fetch lines in pairs.
  static constexpr std::size_t line = 16;

  [[nodiscard]] std::int64_t* part(unsigned member, std::int64_t round) {
    // Two sets in turn: who has shared a round may fill the next one while others still read this.
    const std::size_t set = static_cast<std::size_t>(round) % 2;
    return storage_.get() + (set * members_ + member) * stride_;
  }
  [[nodiscard]] std::atomic_ref<std::int64_t> note(unsigned member, std::int64_t round) {
    return std::atomic_ref<std::int64_t>(*part(member, round));
  }

  unsigned members_;
  std::size_t stride_;
  hwy::AlignedFreeUniquePtr<std::int64_t[]> storage_;  // NOLINT(modernize-avoid-c-arrays): Highway's aligned array
};

}  // namespace popshot::network
