#include "worlds/fibers.hpp"

#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

int launch(int ranks, const RankMain& main) {
  LaunchOptions options;
  options.ranks = ranks;
  return worlds::registry().find("fibers").launch(options, main);
}

Scheduler& scheduler_of(World& world) { return dynamic_cast<FiberWorld&>(world).scheduler(); }

/// Something to block on that nobody speaks of.
struct Nothing final : Waiter {
  std::string waits_for(int) const override { return "nothing"; }
};

TEST(Fibers, GatherBlobsOfDifferentLengthInRankOrder) {
  for (const int ranks : {1, 2, 3, 7}) {
    const int code = launch(ranks, [&](World& world) {
      for (int round = 0; round < 3; ++round) {
        const std::string mine(static_cast<std::size_t>(world.rank() + round), 'x');
        const std::vector<std::string> all = world.allgather(mine);
        EXPECT_EQ(all.size(), static_cast<std::size_t>(ranks));
        for (int rank = 0; rank < ranks; ++rank)
          EXPECT_EQ(all[static_cast<std::size_t>(rank)].size(), static_cast<std::size_t>(rank + round));
      }
      return 0;
    });
    EXPECT_EQ(code, 0);
  }
}

TEST(Fibers, LargestExitCodeWins) {
  EXPECT_EQ(launch(4, [](World& world) { return world.rank() == 2 ? 4 : 0; }), 4);
}

TEST(Fibers, RefuseRankCountsBeyondTheMappings) {
  LaunchOptions options;
  options.ranks = 1 << 20;
  EXPECT_THAT(worlds::registry().find("fibers").refuses(options), HasSubstr("8192"));
  EXPECT_THROW(launch(-1, [](World&) { return 0; }), UsageError);
}

TEST(Fibers, RunInOrderOfTimeAndThenOfRank) {
  std::vector<int> order;
  launch(3, [&](World& world) {
    const Picoseconds naps[] = {30, 10, 10};
    scheduler_of(world).sleep_until(naps[world.rank()]);
    order.push_back(world.rank());
    scheduler_of(world).sleep_until(40);
    order.push_back(10 + world.rank());
    return 0;
  });
  EXPECT_THAT(order, ElementsAre(1, 2, 0, 10, 11, 12));
}

TEST(Fibers, BarrierSetsAllClocksToTheLatest) {
  launch(4, [](World& world) {
    Scheduler& scheduler = scheduler_of(world);
    scheduler.sleep_until(Picoseconds{100} * (world.rank() + 1));
    if (world.rank() == 1) scheduler.advance(1, 1000);
    world.barrier();
    EXPECT_EQ(scheduler.now(world.rank()), 1200);
    return 0;
  });
}

TEST(Fibers, WakeResumesAtTheEarlierTimeOnlyWhoWaitsOnTheSame) {
  Nothing here;
  Nothing elsewhere;
  launch(2, [&](World& world) {
    Scheduler& scheduler = scheduler_of(world);
    if (world.rank() == 0) {
      scheduler.block(1000, here);
      EXPECT_EQ(scheduler.now(0), 300);
      scheduler.block(1000, here);
      EXPECT_EQ(scheduler.now(0), 1000);
    } else {
      scheduler.sleep_until(200);
      scheduler.wake(0, here, 300);
      scheduler.wake(0, here, 500);
      scheduler.sleep_until(400);
      scheduler.wake(0, elsewhere, 600);
    }
    return 0;
  });
}

TEST(Fibers, EventsComeBeforeRanksAndCanBeTakenBack) {
  struct Source final : EventSource {
    void happen(void* event) override { seen.push_back(*static_cast<int*>(event)); }
    std::vector<int> seen;
  };
  Source kept;
  Source cancelled;
  int numbers[] = {1, 2, 3};
  launch(1, [&](World& world) {
    Scheduler& scheduler = scheduler_of(world);
    scheduler.schedule(20, kept, &numbers[1]);
    scheduler.schedule(10, kept, &numbers[0]);
    scheduler.schedule(20, kept, &numbers[2]);
    scheduler.schedule(15, cancelled, &numbers[2]);
    scheduler.cancel(cancelled);
    scheduler.sleep_until(10);
    EXPECT_THAT(kept.seen, ElementsAre(1));
    scheduler.sleep_until(20);
    EXPECT_THAT(kept.seen, ElementsAre(1, 2, 3));
    return 0;
  });
  EXPECT_TRUE(cancelled.seen.empty());
}

TEST(Fibers, RankThatThrowsEndsTheOthersAndIsNamedOnce) {
  std::vector<int> culprits;
  testing::internal::CaptureStderr();
  const int code = launch(3, [&](World& world) {
    if (world.rank() == 1) throw TransportError("the cable is cut");
    try {
      world.barrier();
    } catch (const RankLost& lost) {
      culprits.push_back(lost.rank);
      EXPECT_THAT(lost.what(), HasSubstr("the cable is cut"));
      throw;
    }
    return 0;
  });
  EXPECT_EQ(code, static_cast<int>(ExitCode::failed));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: the cable is cut\n");
  EXPECT_THAT(culprits, ElementsAre(1, 1));
}

TEST(Fibers, AbortReachesCheckOnEveryRank) {
  testing::internal::CaptureStderr();
  const int code = launch(3, [](World& world) {
    if (world.rank() == 2) world.abort("enough");
    EXPECT_THROW(
        {
          scheduler_of(world).sleep_until(10);
          world.check();
        },
        RankLost);
    return 0;
  });
  EXPECT_EQ(code, static_cast<int>(ExitCode::failed));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: rank 2 gave up: enough\n");
}

TEST(Fibers, DeadlockIsASentenceOnEveryBlockedRankAndCanBeSurvived) {
  int deadlocks = 0;
  const int code = launch(6, [&](World& world) {
    if (world.rank() == 5) return 0;
    try {
      world.barrier();
    } catch (const TransportError& error) {
      ++deadlocks;
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr("deadlock"),
                        HasSubstr("rank 0 waits for an allgather or barrier of the control plane that 1 of 6"),
                        HasSubstr("and 1 more ranks wait")));
    }
    return 0;
  });
  EXPECT_EQ(deadlocks, 5);
  EXPECT_EQ(code, 0);
}

TEST(Fibers, DeadlinePassesInRealTime) {
  launch(1, [](World& world) {
    world.set_deadline(1, "testing");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_THROW(world.check(), TimedOut);
    world.set_deadline(0, "");
    EXPECT_NO_THROW(world.check());
    return 0;
  });
}

/// Each rank waits inside a catch block while the others throw and catch: every one must find its own exception again.
TEST(Fibers, ExceptionsStayWithTheirRank) {
  const int code = launch(5, [](World& world) {
    for (int round = 0; round < 3; ++round) {
      const std::string mine = "rank " + std::to_string(world.rank());
      try {
        throw std::runtime_error(mine);
      } catch (const std::runtime_error&) {
        world.barrier();
        scheduler_of(world).sleep_until(scheduler_of(world).now(world.rank()) + (world.rank() * 7) % 5);
        try {
          std::rethrow_exception(std::current_exception());
        } catch (const std::runtime_error& again) {
          EXPECT_EQ(again.what(), mine);
        }
        world.barrier();
      }
      EXPECT_EQ(std::current_exception(), nullptr);
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST(Fibers, FourThousandRanksMeet) {
  int met = 0;
  EXPECT_EQ(launch(4096,
                   [&](World& world) {
                     world.barrier();
                     world.barrier();
                     ++met;
                     return 0;
                   }),
            0);
  EXPECT_EQ(met, 4096);
}

}  // namespace
}  // namespace weft
