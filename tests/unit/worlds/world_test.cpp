// What every world promises, in those that need no launcher.
#include <gtest/gtest.h>

#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kOneSecond = 1'000'000'000;

std::string blob_of(int rank, std::size_t length) {
  std::string blob(length, '\0');
  for (std::size_t i = 0; i < length; ++i)
    blob[i] = static_cast<char>((i * 31 + static_cast<std::size_t>(rank) * 7) & 127);
  return blob;
}

bool allgather_is_right(World& world, const std::function<std::size_t(int)>& length) {
  const auto all = world.allgather(blob_of(world.rank(), length(world.rank())));
  if (all.size() != static_cast<std::size_t>(world.ranks())) return false;
  for (int peer = 0; peer < world.ranks(); ++peer)
    if (all[static_cast<std::size_t>(peer)] != blob_of(peer, length(peer))) return false;
  return true;
}

class WorldTest : public testing::TestWithParam<std::string> {
 protected:
  int launch(int ranks, const RankMain& main, Nanoseconds timeout = 20 * kOneSecond) {
    return worlds::registry().find(GetParam()).launch({.ranks = ranks, .timeout = timeout}, main);
  }
};

TEST_P(WorldTest, EveryRankRunsOnceAndTheLargestCodeWins) {
  for (int ranks : {1, 2, 3, 8}) {
    EXPECT_EQ(launch(ranks, [ranks](World& world) { return world.ranks() == ranks ? 0 : 1; }), 0);
    EXPECT_EQ(launch(ranks, [](World& world) { return world.rank() == 0 ? 4 : 0; }), 4);
  }
}

TEST_P(WorldTest, AllgatherOfAnyLengths) {
  const int code = launch(3, [](World& world) {
    for (int turn = 0; turn < 50; ++turn)
      if (!allgather_is_right(
              world, [turn](int rank) { return static_cast<std::size_t>(rank) * static_cast<std::size_t>(turn); }))
        return 1;
    if (!allgather_is_right(world, [](int) { return std::size_t{0}; })) return 2;
    if (!allgather_is_right(world, [](int rank) { return rank == 1 ? std::size_t{1} << 20 : std::size_t{3}; }))
      return 3;
    for (std::size_t edge : {16383, 16384, 16385, 32768})
      if (!allgather_is_right(world, [edge](int rank) { return rank == 2 ? 0 : edge; })) return 4;
    world.barrier();
    return 0;
  });
  EXPECT_EQ(code, 0);
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

TEST_P(WorldTest, NonsenseIsRefused) {
  const Launcher& launcher = worlds::registry().find(GetParam());
  EXPECT_EQ(launcher.refuses({.ranks = 3}), "");
  EXPECT_NE(launcher.refuses({.ranks = -1}), "");
  EXPECT_NE(launcher.refuses({.ranks = 1'000'000}), "");
}

INSTANTIATE_TEST_SUITE_P(Worlds, WorldTest, testing::Values("threads", "local"),
                         [](const auto& world) { return world.param; });

}  // namespace
}  // namespace weft
