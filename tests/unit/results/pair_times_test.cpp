#include "results/pair_times.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

/// Four ranks in two rounds: 0 with 1 and 2 with 3, then 0 with 2 and 1 with 3.
const std::vector<std::vector<int>> kPartners = {{1, 0, 3, 2}, {2, 3, 0, 1}};

/// One sample: each rank's start after rank 0's, and how long it takes.
void add(Samples& samples, int program, const std::vector<std::int32_t>& start_off,
         const std::vector<std::int32_t>& duration, bool valid = true) {
  samples.completion.push_back(0);
  samples.valid.push_back(valid ? 1 : 0);
  samples.ranks.ranks = static_cast<int>(duration.size());
  samples.ranks.program.push_back(program);
  samples.ranks.start.push_back(1000);
  samples.ranks.start_off.insert(samples.ranks.start_off.end(), start_off.begin(), start_off.end());
  samples.ranks.duration.insert(samples.ranks.duration.end(), duration.begin(), duration.end());
}

TEST(PairTimes, FromTheFirstStartToTheLastEndOfTheTwo) {
  Samples samples;
  add(samples, 0, {0, 5, 0, 0}, {10, 20, 30, 40});
  const std::vector<PairTime> pairs = pair_times(samples, kPartners);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[0].first, 0);
  EXPECT_EQ(pairs[0].second, 1);
  EXPECT_EQ(pairs[0].median_ns, 25) << "rank 1 starts 5 later and takes 20";
  EXPECT_EQ(pairs[1].median_ns, 40);
  EXPECT_EQ(pairs[0].low_ns, 0) << "no interval from one sample";
}

TEST(PairTimes, OfABatchACall) {
  Samples samples;
  samples.batch = 4;
  add(samples, 0, {0, 0, 0, 0}, {80, 100, 40, 40});
  EXPECT_EQ(pair_times(samples, kPartners)[0].median_ns, 25);
}

TEST(PairTimes, OfEachRoundItsOwnSamplesAndOfValidOnesOnly) {
  Samples samples;
  for (int i = 0; i < 9; ++i) {
    add(samples, 0, {0, 0, 0, 0}, {10, 10, 30, 30});
    add(samples, 1, {0, 0, 0, 0}, {50 + i, 70, 50 + i, 70});
  }
  add(samples, 1, {0, 0, 0, 0}, {9000, 9000, 9000, 9000}, false);
  const std::vector<PairTime> pairs = pair_times(samples, kPartners);
  ASSERT_EQ(pairs.size(), 4U);
  EXPECT_EQ(pairs[2].first, 0);
  EXPECT_EQ(pairs[2].second, 2);
  EXPECT_EQ(pairs[2].samples, 9);
  EXPECT_EQ(pairs[2].median_ns, 54);
  EXPECT_GT(pairs[2].low_ns, 50);
  EXPECT_LT(pairs[2].high_ns, 58);
  EXPECT_EQ(pairs[3].median_ns, 70);
}

}  // namespace
}  // namespace weft
