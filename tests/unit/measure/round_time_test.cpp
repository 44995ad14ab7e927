#include <algorithm>

#include "tests/unit/measure/model_point.hpp"

namespace weft {
namespace {

using model_point::Experiment;
using model_point::kLatency;

Experiment jittery(StartSync sync, double sigma) {
  return {.ranks = 6,
          .fabric = {.latency = kLatency, .bandwidth = 1.0, .jitter = sigma},
          .options = {.iterations = 200, .checks = 0, .cache = CacheMode::hot, .sync = sync}};
}

TEST(RoundTime, EveryRankHearsOfTheLastToBeReady) {
  for (const int ranks : {1, 2, 3, 5, 8, 13}) {
    for (int late = 0; late < ranks; ++late) {
      model_point::on_model(ranks, {}, [&](Communicator& communicator, World& world) {
        RoundTime round_time(communicator, world);
        for (Nanoseconds round = 1; round < 4; ++round) {
          const bool mine = world.rank() == late;
          const RoundTime::Vote vote =
              round_time.exchange({.ready = round * (mine ? 1000 : world.rank()), .late = mine && round == 2 ? 1 : 0});
          EXPECT_EQ(vote.ready, round * 1000);
          EXPECT_EQ(vote.late, round == 2 ? 1 : 0);
        }
      });
    }
  }
}

TEST(RoundTime, StartsAllRanksAtOneInstant) {
  const Samples samples = model_point::measure(jittery(StartSync::round_time, 0.2));
  for (const Nanoseconds skew : samples.start_skew) EXPECT_EQ(skew, 0);
  for (const char valid : samples.valid) EXPECT_EQ(valid, 1);
  // Which the barrier does not: its last messages arrive at different times.
  const Samples barrier = model_point::measure(jittery(StartSync::barrier, 0.2));
  EXPECT_GT(*std::max_element(barrier.start_skew.begin(), barrier.start_skew.end()), 0);
}

TEST(RoundTime, ALateStartMakesASampleInvalidAndTheWindowWider) {
  const Samples samples = model_point::measure(jittery(StartSync::round_time, 1.2));
  const auto invalid = std::count(samples.valid.begin(), samples.valid.end(), char{0});
  EXPECT_GT(invalid, 0);
  EXPECT_LT(invalid, 20);  // of 200: it would be more and more if the window stayed as it was
  EXPECT_EQ(static_cast<std::ptrdiff_t>(samples.valid.size()) - invalid, 200);  // and they are replaced
  for (std::size_t i = 0; i < samples.valid.size(); ++i)
    EXPECT_EQ(samples.valid[i] == 0, samples.start_skew[i] > 0) << i;
}

TEST(RoundTime, WindowWidensWhereMoreThanTwoPercentAreLate) {
  StartWindow window(1000);
  for (int i = 0; i < 49; ++i) window.started(false);
  window.started(true);  // 1 of 50
  EXPECT_EQ(window.length(), 1000);
  window.started(true);
  EXPECT_EQ(window.length(), 4000);
  for (int i = 0; i < 100; ++i) window.started(true);
  EXPECT_EQ(window.length(), StartWindow::kMost);
}

TEST(RoundTime, AWindowBeyondATickTellsOfACrowdedMachine) {
  StartWindow window(1000);
  EXPECT_FALSE(window.crowded());
  while (window.length() <= StartWindow::kTick) window.started(true);
  EXPECT_TRUE(window.crowded());
  StartWindow slow_fabric(2 * StartWindow::kTick);  // which is no sign of it
  slow_fabric.started(false);
  EXPECT_FALSE(slow_fabric.crowded());
}

TEST(RoundTime, GivesWayToTheBarrierWhereItsWindowOutgrowsATick) {
  // A message in 25 is late by 30 ms, as where its rank must wait for a core.
  Experiment crowded = jittery(StartSync::automatic, 0);
  crowded.ranks = 2;
  crowded.fabric.stall_share = 0.04;
  crowded.fabric.stall_factor = 30'000;
  const Samples samples = model_point::measure(crowded);
  EXPECT_EQ(samples.sync, "barrier");
  EXPECT_GE(samples.completion.size(), 200U);
}

TEST(RoundTime, IsChosenWhereClocksAndCoresAllow) {
  EXPECT_EQ(choose_start(StartSync::automatic, {}), StartSync::round_time);
  EXPECT_EQ(choose_start(StartSync::automatic, {.clock_bound_ns = 50, .operation_ns = 1000}), StartSync::round_time);
  EXPECT_EQ(choose_start(StartSync::automatic, {.clock_bound_ns = 51, .operation_ns = 1000}), StartSync::barrier);
  EXPECT_EQ(choose_start(StartSync::automatic, {.oversubscribed = true}), StartSync::barrier);
  EXPECT_EQ(choose_start(StartSync::round_time, {.oversubscribed = true}), StartSync::round_time);
}

}  // namespace
}  // namespace weft
