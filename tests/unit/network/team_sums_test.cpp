// The sums of a team against what they must be, with members that take turns in being late.
#include "network/team_sums.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "popshot/core/parallel.hpp"

namespace popshot::network {
namespace {

TEST(TeamSums, AreThoseOfAllMembersInEveryRound) {
  for (const unsigned members : {1U, 2U, 5U}) {
    constexpr std::size_t entries = 40;
    TeamSums sums(members, entries);
    std::atomic<int> wrong = 0;
    run_team(members, [&](unsigned member) {
      for (std::int64_t round = 1; round <= 2000; ++round) {
        std::int64_t* own = sums.own(member, round);
        for (std::size_t i = 0; i < entries; ++i) own[i] = round * static_cast<std::int64_t>(i + member);
        if (round % members == member && round % 100 < 5) std::this_thread::yield();
        sums.share(member, round);
        for (std::size_t i = 0; i < entries; ++i) {
          const auto expected = round * static_cast<std::int64_t>(members * i + members * (members - 1) / 2);
          if (sums.total(round, i) != expected) ++wrong;
        }
      }
    });
    EXPECT_EQ(wrong, 0) << members;
  }
}

TEST(TeamSums, KeepATeamInStep) {
  constexpr unsigned members = 4;
  constexpr int rounds = 2000;
  TeamSums sums(members, 0);
  std::vector<int> at(members, 0);
  std::atomic<int> out_of_step{0};
  run_team(members, [&](unsigned member) {
    std::int64_t meeting = 0;
    for (int round = 0; round < rounds; ++round) {
      ++at[member];
      sums.share(member, ++meeting);
      for (const int other : at) {
        if (other != round + 1) ++out_of_step;
      }
      sums.share(member, ++meeting);
    }
  });
  EXPECT_EQ(out_of_step, 0);
}

}  // namespace
}  // namespace popshot::network
