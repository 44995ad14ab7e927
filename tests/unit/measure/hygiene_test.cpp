#include <gtest/gtest.h>

#include "core/error.hpp"
#include "measure/barrier.hpp"
#include "measure/batching.hpp"
#include "measure/cache_flush.hpp"
#include "measure/disturbance.hpp"
#include "measure/noise.hpp"

namespace weft {
namespace {

TEST(Batching, ASampleLastsAHundredTimesAsLongAsReadingTheClock) {
  EXPECT_EQ(calls_per_sample(2500, 25), 1);
  EXPECT_EQ(calls_per_sample(2499, 25), 2);
  EXPECT_EQ(calls_per_sample(300, 25), 16);  // 8 calls last 2400
  EXPECT_EQ(calls_per_sample(1, 0), 1);
  EXPECT_LE(calls_per_sample(0, 25), 1 << 16);
}

TEST(Disturbance, ReadsTheLineOfAllCpus) {
  HostCounters counters;
  parse_cpu_line("cpu  100 20 30 800 5 6 7 32 9 9", counters);
  EXPECT_EQ(counters.steal, 32);
  EXPECT_EQ(counters.ticks, 1000);
  HostCounters none;
  parse_cpu_line("cpu  100 20 30", none);
  parse_cpu_line("intr 1 2 3 4 5 6 7 8", none);
  EXPECT_EQ(none.steal, -1);
  EXPECT_EQ(none.ticks, -1);
}

TEST(Disturbance, IsWhatIsCountedBetween) {
  RankDisturbance sum;
  sum.add({.switches_voluntary = 1, .switches_involuntary = 2, .steal = 3, .ticks = 4},
          {.switches_voluntary = 11, .switches_involuntary = 3, .steal = 5, .ticks = 104});
  sum.add({.switches_voluntary = 20, .switches_involuntary = 3, .steal = -1, .ticks = 4},
          {.switches_voluntary = 21, .switches_involuntary = 3, .steal = -1, .ticks = 4});
  EXPECT_EQ(sum.switches_voluntary, 11);
  EXPECT_EQ(sum.switches_involuntary, 1);
  EXPECT_EQ(sum.steal, -1);
  EXPECT_EQ(sum.ticks, 100);
}

TEST(Noise, ProbesForAsLongAsAsked) {
  EXPECT_EQ(probe_noise(0).quanta, 0U);
  const Nanoseconds began = monotonic_now();
  const NoiseReport report = probe_noise(5'000'000);
  EXPECT_GE(monotonic_now() - began, 5'000'000);
  EXPECT_GT(report.quanta, 1U);
  EXPECT_GT(report.quantum_ns, 0);
  EXPECT_GE(report.lost_share, 0);
  EXPECT_LT(report.lost_share, 1);
}

TEST(Noise, MillionsOfQuantaAreTallied) {
  constexpr std::size_t kQuanta = 3'000'000;  // half a minute's
  NoiseTally tally(1100);
  double total = 1100;
  for (std::size_t i = 1; i < kQuanta; ++i) {
    const Nanoseconds quantum = i % 1000 == 0 ? 51'000 : 1010;
    tally.add(quantum);
    total += static_cast<double>(quantum);
  }
  const NoiseReport report = tally.report();
  EXPECT_EQ(report.quanta, kQuanta);
  EXPECT_DOUBLE_EQ(report.quantum_ns, 1010);
  EXPECT_EQ(report.largest_gap, 51'000 - 1010);
  EXPECT_NEAR(report.lost_share, 2999 * (51'000 - 1010) / total, 1e-9);
}

TEST(Noise, WhatIsLostIsJudgedByTheShortestOfAll) {
  NoiseTally tally(1500);  // the first was not the shortest
  for (const Nanoseconds quantum : {2000, 1600, 1000, 1500}) tally.add(quantum);
  const NoiseReport report = tally.report();
  EXPECT_DOUBLE_EQ(report.quantum_ns, 1000);
  // 2000 and 1600 are more than 1.5 times the shortest, 1500 twice not.
  EXPECT_DOUBLE_EQ(report.lost_share, (1000 + 600) / 7600.0);
  EXPECT_EQ(NoiseTally(50'000'000).report().quanta, 1U) << "a count for each ns would be too many";
}

TEST(CacheFlush, ReadsTwiceTheCache) {
  EXPECT_EQ(CacheFlush::footprint(1 << 20), Bytes{2} << 20);
  EXPECT_GT(CacheFlush::footprint(0), 0U);
  CacheFlush(4096).run();
  CacheFlush().run();
}

TEST(StartSyncNames, AreReadBack) {
  for (const StartSync sync :
       {StartSync::automatic, StartSync::round_time, StartSync::barrier, StartSync::native, StartSync::none})
    EXPECT_EQ(parse_start_sync(name_of(sync)), sync);
  EXPECT_THROW(parse_start_sync("barier"), UsageError);
}

}  // namespace
}  // namespace weft
