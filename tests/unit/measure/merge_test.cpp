#include "measure/merge.hpp"

#include <gtest/gtest.h>

#include "tests/unit/measure/model_point.hpp"

namespace weft {
namespace {

Samples merged(const std::vector<std::vector<LocalSample>>& ranks, int batch = 1, const MergeRule& rule = {},
               const TimedRanks& timed = {}) {
  Samples samples;
  const auto count = static_cast<int>(ranks.size());
  model_point::on_model(count, {}, [&](Communicator& communicator, World& world) {
    const Timer timer(communicator);
    const auto nodes = std::vector<int>(ranks.size(), 0);
    const GlobalClock clock(communicator, world, timer, nodes);
    Samples mine;
    mine.batch = batch;
    merge_samples(world, clock, ranks[static_cast<std::size_t>(world.rank())], 0, rule, mine, timed);
    if (world.rank() == 0) samples = mine;
  });
  return samples;
}

TEST(Merge, CompletionRunsFromTheFirstStartToTheLastEnd) {
  const Samples samples = merged({{{100, 150}, {1000, 1100}}, {{90, 140}, {1005, 1200}}});
  EXPECT_EQ(samples.completion, (std::vector<double>{60, 200}));
  EXPECT_EQ(samples.slowest, (std::vector<int>{0, 1}));
  EXPECT_EQ(samples.start_skew, (std::vector<Nanoseconds>{10, 5}));
  EXPECT_EQ(samples.valid, (std::vector<char>{1, 1}));
}

TEST(Merge, WithoutACommonStartASampleIsItsLongestStay) {
  // Rank 1 goes on to its next sample while rank 0 is still at the last.
  const Samples samples = merged({{{100, 150}, {160, 205}}, {{90, 130}, {135, 190}}}, 1, {.common_start = false});
  EXPECT_EQ(samples.completion, (std::vector<double>{50, 55}));
  EXPECT_EQ(samples.slowest, (std::vector<int>{0, 1}));
}

TEST(Merge, WithoutACommonStartOnlyATimedRankIsTheSlowest) {
  const TimedRanks timed{.mask = {0, 1, 1}};
  const Samples samples = merged({{{0, 900}}, {{100, 100}}, {{100, 100}}}, 1, {.common_start = false}, timed);
  EXPECT_EQ(samples.completion, (std::vector<double>{0}));
  EXPECT_EQ(samples.slowest, (std::vector<int>{1})) << "virtual time may take none";
}

TEST(Merge, OneLateRankMakesTheSampleInvalid) {
  const Samples samples = merged({{{100, 150, false}, {200, 250, false}}, {{100, 150, false}, {220, 250, true}}});
  EXPECT_EQ(samples.valid, (std::vector<char>{1, 0}));
}

TEST(Merge, OnlyTheTimedRanksMakeASample) {
  const TimedRanks timed{.mask = {1, 0, 1}};
  const Samples samples = merged({{{100, 150}}, {{0, 900}}, {{110, 170}}}, 1, {}, timed);
  EXPECT_EQ(samples.completion, (std::vector<double>{70}));
  EXPECT_EQ(samples.slowest, (std::vector<int>{2}));
  EXPECT_EQ(samples.start_skew, (std::vector<Nanoseconds>{10}));
  EXPECT_TRUE(samples.uncovered.empty()) << "the others are no load";
}

TEST(Merge, ALoadRunsFromBeforeTheFirstStartUntilAfterTheLastEnd) {
  const TimedRanks timed{.mask = {1, 1, 0, 0}, .lead = 50};
  const Samples samples = merged({{{100, 150}, {100, 150}, {100, 150}},
                                  {{110, 170}, {110, 170}, {110, 170}},
                                  {{50, 200}, {101, 200}, {50, 200}},
                                  {{50, 170}, {50, 200}, {50, 169}}},
                                 1, {}, timed);
  EXPECT_EQ(samples.uncovered, (std::vector<char>{0, 1, 1})) << "one began too late, one ended too early";
  EXPECT_EQ(samples.valid, (std::vector<char>{1, 0, 0}));
  EXPECT_EQ(samples.completion, (std::vector<double>{70, 70, 70}));
}

TEST(Merge, TheCallsOfASampleShareItsTime) {
  EXPECT_EQ(merged({{{0, 100}}, {{0, 90}}}, 8).completion, (std::vector<double>{12.5}));
}

TEST(Merge, MoreSamplesThanOneExchangeHolds) {
  std::vector<LocalSample> mine;
  for (Nanoseconds i = 0; i < 50'000; ++i) mine.push_back({i * 100, i * 100 + i, false});
  const Samples samples = merged({mine, mine, mine});
  ASSERT_EQ(samples.completion.size(), mine.size());
  for (std::size_t i = 0; i < mine.size(); ++i) ASSERT_EQ(samples.completion[i], static_cast<double>(i));
}

TEST(Merge, TimesOfAllRanksCountFromTheFirstStart) {
  Samples samples = merged({{{100, 150}, {1000, 1100}, {2000, 2001}}, {{90, 140}, {1005, 1200}, {1990, 1999}}}, 1,
                           {.keep_ranks = true});
  EXPECT_EQ(samples.ranks.start_off, (std::vector<std::int32_t>{0, -10, 0, 5, 0, -10}));
  EXPECT_EQ(samples.ranks.duration, (std::vector<std::int32_t>{50, 50, 100, 195, 1, 9}));
  drop_leading(samples, 1);
  count_from_first_start(samples.ranks);
  EXPECT_EQ(samples.ranks.start, (std::vector<Nanoseconds>{0, 1000}));
  EXPECT_EQ(samples.ranks.start_off, (std::vector<std::int32_t>{0, 5, 0, -10}));
  EXPECT_EQ(samples.completion, (std::vector<double>{200, 11}));
}

TEST(Merge, TimesBeyondTwoSecondsSaturate) {
  const Samples samples = merged({{{0, 5'000'000'000}}, {{-5'000'000'000, 0}}}, 1, {.keep_ranks = true});
  EXPECT_EQ(samples.ranks.duration.front(), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(samples.ranks.start_off.back(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(samples.completion.front(), 1e10);
}

}  // namespace
}  // namespace weft
