// What every world promises, in those that need no launcher.
#include <gtest/gtest.h>

#include "tests/conformance/world_cases.hpp"
#include "tests/unit/worlds/env_launch.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kOneSecond = 1'000'000'000;

class WorldTest : public testing::TestWithParam<std::string> {
 protected:
  int launch(int ranks, const RankMain& main, Nanoseconds timeout = 20 * kOneSecond) {
    const LaunchOptions options{.ranks = ranks, .timeout = timeout};
    if (GetParam() == "env") return launch_by_environment(options, main);
    return worlds::registry().find(GetParam()).launch(options, main);
  }
};

TEST_P(WorldTest, EveryRankRunsOnceAndTheLargestCodeWins) {
  for (int ranks : {1, 2, 3, 8}) {
    EXPECT_EQ(launch(ranks, [ranks](World& world) { return world.ranks() == ranks ? 0 : 1; }), 0);
    EXPECT_EQ(launch(ranks, [](World& world) { return world.rank() == 0 ? 4 : 0; }), 4);
  }
}

TEST_P(WorldTest, AllgatherOfAnyLengths) {
  for (int ranks : {2, 3, 8}) EXPECT_EQ(launch(ranks, check_allgather), 0) << ranks << " ranks";
}

TEST_P(WorldTest, AbortReachesEveryRankAndNamesTheCulprit) {
  testing::internal::CaptureStderr();
  const int code = launch(4, [](World& world) {
    if (world.rank() == 2) {
      world.abort("the disk is full");
      return 0;
    }
    try {
      world.barrier();
      return 40;
    } catch (const RankLost& lost) {
      return lost.rank == 2 && std::string(lost.what()).find("the disk is full") != std::string::npos ? 0 : 41;
    }
  });
  EXPECT_EQ(code, 5);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: rank 2 gave up: the disk is full\n");
}

TEST_P(WorldTest, AnExceptionIsSaidOnceWhoeverThrowsIt) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(launch(3, [](World&) -> int { throw UsageError("no such model"); }), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: no such model\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(launch(3,
                   [](World& world) -> int {
                     if (world.rank() == 1) throw TransportError("the link is down");
                     world.barrier();
                     return 0;
                   }),
            5);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: the link is down\n");
}

TEST_P(WorldTest, ADeadlineEndsAWait) {
  testing::internal::CaptureStderr();
  const Nanoseconds start = monotonic_now();
  const int code = launch(2, [](World& world) {
    world.set_deadline(kOneSecond / 5, "waiting for rank 1");
    if (world.rank() == 1) {
      world.set_deadline(0, "");
      while (true) world.check();
    }
    try {
      world.barrier();
      return 40;
    } catch (const TimedOut&) {
      throw;
    }
  });
  EXPECT_EQ(code, 5);
  EXPECT_LT(monotonic_now() - start, 3 * kOneSecond);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: rank 0 timed out: waiting for rank 1\n");
}

TEST_P(WorldTest, ARankThatLeavesIsNotWaitedFor) {
  const int code = launch(3, [](World& world) {
    if (world.rank() == 1) return 0;
    try {
      world.barrier();
      return 40;
    } catch (const RankLost& lost) {
      return lost.rank == 1 ? 3 : 41;
    }
  });
  EXPECT_EQ(code, 3);
}

TEST(Worlds, NonsenseIsRefused) {
  for (const char* const name : {"threads", "local"}) {
    const Launcher& launcher = worlds::registry().find(name);
    EXPECT_EQ(launcher.refuses({.ranks = 3}), "");
    EXPECT_NE(launcher.refuses({.ranks = -1}), "");
    EXPECT_NE(launcher.refuses({.ranks = 1'000'000}), "");
  }
}

/// Those of this build that can be launched from here: ranks of mpi are mpirun's, those of fibers know of no real time.
std::vector<std::string> worlds_here() {
  std::vector<std::string> names = worlds::registry().names();
  std::erase_if(names, [](const std::string& name) { return name == "mpi" || name == "fibers"; });
  return names;
}

INSTANTIATE_TEST_SUITE_P(Worlds, WorldTest, testing::ValuesIn(worlds_here()),
                         [](const auto& world) { return world.param; });

}  // namespace
}  // namespace weft
