#include "measure/merge.hpp"

#include <mutex>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

Samples merged(const std::vector<LocalTimes>& ranks, bool one_clock) {
  Samples samples;
  const LaunchOptions options{.ranks = static_cast<int>(ranks.size())};
  worlds::registry().find("threads").launch(options, [&](World& world) {
    Samples mine;
    merge_times(world, ranks[static_cast<std::size_t>(world.rank())], one_clock, mine);
    if (world.rank() == 0) samples = mine;
    return 0;
  });
  return samples;
}

TEST(Merge, CompletionRunsFromTheFirstStartToTheLastEnd) {
  const Samples samples =
      merged({{.start = {100, 1000}, .end = {150, 1100}}, {.start = {90, 1005}, .end = {140, 1200}}}, true);
  EXPECT_EQ(samples.completion, (std::vector<double>{60, 200}));
  EXPECT_EQ(samples.slowest, (std::vector<int>{0, 1}));
  EXPECT_DOUBLE_EQ(samples.mean_of_ranks_ns, (50 + 100 + 50 + 195) / 4.0);
}

TEST(Merge, DifferentClocksLeaveTheLongestDuration) {
  const Samples samples = merged({{.start = {100}, .end = {150}}, {.start = {900'000}, .end = {900'070}}}, false);
  EXPECT_EQ(samples.completion, (std::vector<double>{70}));
  EXPECT_EQ(samples.slowest, (std::vector<int>{1}));
}

TEST(Merge, MoreIterationsThanOneExchangeHolds) {
  LocalTimes times;
  for (Nanoseconds i = 0; i < 1000; ++i) {
    times.start.push_back(i * 100);
    times.end.push_back(i * 100 + i);
  }
  const Samples samples = merged({times, times, times}, true);
  ASSERT_EQ(samples.completion.size(), 1000U);
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_EQ(samples.completion[i], static_cast<double>(i));
}

}  // namespace
}  // namespace weft
