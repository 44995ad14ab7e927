#include <set>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/registry.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Point> plan(const std::string& pattern, int ranks) {
  Request request;
  request.min_bytes = 8;
  request.max_bytes = 1024;
  return patterns::registry().find(pattern).plan(request, ranks);
}

TEST(Pairs, EveryTwoRanksMeetOnceAndNobodyIsInTwoPlaces) {
  for (int ranks = 2; ranks <= 9; ++ranks) {
    const std::vector<Pairing> rounds = plan("pairs", ranks).front().pairings;
    EXPECT_EQ(rounds.size(), static_cast<std::size_t>(ranks - 1 + ranks % 2)) << ranks;
    std::set<std::pair<int, int>> met;
    for (const Pairing& round : rounds) {
      int alone = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const int partner = round[static_cast<std::size_t>(rank)];
        if (partner < 0) ++alone;
        if (partner < 0) continue;
        ASSERT_NE(partner, rank);
        ASSERT_EQ(round[static_cast<std::size_t>(partner)], rank);
        const bool again = rank < partner && !met.insert({rank, partner}).second;
        EXPECT_FALSE(again) << rank << " and " << partner;
      }
      EXPECT_EQ(alone, ranks % 2) << ranks;
    }
    EXPECT_EQ(met.size(), static_cast<std::size_t>(ranks * (ranks - 1) / 2)) << ranks;
  }
}

TEST(Pairs, LatencyOfTheSmallestAndBandwidthOfTheLargestSize) {
  const std::vector<Point> points = plan("pairs", 4);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].operation, "pingpong");
  EXPECT_EQ(points[0].bytes_per_rank, 8U);
  EXPECT_EQ(points[0].time_divisor, 2);
  EXPECT_EQ(points[1].operation, "exchange");
  EXPECT_EQ(points[1].bytes_per_rank, 1024U);
  EXPECT_EQ(points[1].build(3)->programs().size(), 3U) << "one for each round";
  EXPECT_FALSE(points[1].build(3)->keeps_pace()) << "a batch would mix the pairs";
  EXPECT_THAT(plan("pairs", 1).front().refused, HasSubstr("at least 2 ranks"));
}

TEST(Pairs, AMessageHasAByteAtLeast) {
  Request request;
  request.min_bytes = 0;
  for (const Bytes most : {Bytes{0}, Bytes{4096}}) {
    request.max_bytes = most;
    EXPECT_THROW(patterns::registry().find("pairs").plan(request, 4), UsageError) << most;
  }
  request.min_bytes = 1;
  EXPECT_EQ(patterns::registry().find("pairs").plan(request, 4).front().bytes_per_rank, 4U) << "an element";
}

TEST(Pairs, TooManyRanksAreRefusedBeforeTheyTakeMemory) {
  EXPECT_THAT(plan("pairs", 100'000).front().refused, HasSubstr("up to 1024 ranks"));
  EXPECT_EQ(plan("pairs", 1024).front().refused, "");
}

TEST(Bisection, TheFirstHalfMeetsTheSecond) {
  const std::vector<Point> points = plan("bisection", 4);
  ASSERT_EQ(points.size(), 4U) << "8, 32, 128, 512";
  EXPECT_TRUE(points[0].pairings.empty()) << "measured as a whole";
  const Program program = points[0].build(1)->programs().front();
  std::set<int> peers;
  for (const Step& step : program.lanes.front().steps())
    if (step.action == Action::send || step.action == Action::recv) peers.insert(step.peer);
  EXPECT_THAT(peers, ElementsAre(3));
}

}  // namespace
}  // namespace weft
