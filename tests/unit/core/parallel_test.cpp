#include "popshot/core/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace popshot {
namespace {

TEST(ForEachParallel, RunsEveryJobOnce) {
  for (const unsigned threads : {1U, 2U, 5U}) {
    std::vector<std::atomic<int>> runs(100);
    for_each_parallel(runs.size(), {.threads = threads}, [&](std::size_t i) { ++runs[i]; });
    for (const auto& count : runs) EXPECT_EQ(count, 1);
  }
}

TEST(ForEachParallel, PassesOnAnException) {
  EXPECT_THROW(for_each_parallel(10, {.threads = 3},
                                 [](std::size_t i) {
                                   if (i == 4) throw std::runtime_error("job");
                                 }),
               std::runtime_error);
}

TEST(ForEachParallel, StartsNothingAfterAStopRequest) {
  std::stop_source source;
  std::atomic<int> runs{0};
  for_each_parallel(1000, {.threads = 2, .stop = source.get_token()}, [&](std::size_t) {
    ++runs;
    source.request_stop();
  });
  EXPECT_LE(runs, 2);
}

}  // namespace
}  // namespace popshot
