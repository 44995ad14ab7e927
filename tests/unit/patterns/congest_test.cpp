#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "patterns/registry.hpp"

namespace weft {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Point> plan_congest(int ranks, const Request& request = {}) {
  return patterns::registry().find("congest").plan(request, ranks);
}

std::set<int> all_of(const CongestRanks& ranks) {
  std::set<int> all(ranks.victims.begin(), ranks.victims.end());
  all.insert(ranks.aggressors.begin(), ranks.aggressors.end());
  return all;
}

TEST(CongestRanks, AreDisjointAndAllTheRanks) {
  for (int count = kFewestCongestRanks; count <= 50; ++count)
    for (const double share : {0.0001, 0.2, 0.5, 1.0}) {
      const CongestRanks ranks = split_ranks(Nodes(static_cast<std::size_t>(count), 0), share, 1);
      const auto all = static_cast<std::size_t>(count);
      EXPECT_EQ(ranks.victims.size() + ranks.aggressors.size(), all);
      EXPECT_EQ(all_of(ranks).size(), all);
      EXPECT_GE(ranks.victims.size(), 2U);
      EXPECT_GE(ranks.aggressors.size(), 2U);
    }
  EXPECT_EQ(split_ranks(Nodes(50, 0), 0.2, 1).victims.size(), 10U);
}

TEST(CongestRanks, FollowFromTheSeed) {
  const Nodes nodes(40, 0);
  EXPECT_EQ(split_ranks(nodes, 0.2, 1).victims, split_ranks(nodes, 0.2, 1).victims);
  EXPECT_NE(split_ranks(nodes, 0.2, 1).victims, split_ranks(nodes, 0.2, 2).victims);
}

TEST(CongestRanks, AreSpreadOverTheNodes) {
  Nodes nodes;
  for (int rank = 0; rank < 32; ++rank) nodes.push_back(rank / 8);
  const CongestRanks ranks = split_ranks(nodes, 0.25, 3);
  std::vector<int> victims_of_node(4, 0);
  for (const int victim : ranks.victims) ++victims_of_node[static_cast<std::size_t>(victim / 8)];
  EXPECT_THAT(victims_of_node, Each(2));
  for (std::size_t i = 0; i + 1 < ranks.victims.size(); i += 2)
    EXPECT_NE(ranks.victims[i] / 8, ranks.victims[i + 1] / 8) << "a pair talks over the network";
}

TEST(CongestRanks, TheRootSharesANodeWithAVictim) {
  const Nodes nodes = {0, 1, 2, 2, 2, 2, 2, 2};  // two ranks are alone on their nodes
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const CongestRanks ranks = split_ranks(nodes, 0.375, seed);
    std::set<int> shared;
    for (const int victim : ranks.victims) shared.insert(nodes[static_cast<std::size_t>(victim)]);
    EXPECT_TRUE(shared.contains(nodes[static_cast<std::size_t>(ranks.aggressors.front())])) << seed;
  }
}

TEST(Aggression, EveryMessageIsAnswered) {
  EXPECT_THAT(aggression_matrix("all_to_all", 3, 9), ElementsAre(0, 9, 9, 9, 0, 9, 9, 9, 0));
  EXPECT_THAT(aggression_matrix("incast", 3, 9), ElementsAre(0, 1, 1, 9, 0, 0, 9, 0, 0));
  EXPECT_THAT(aggression_matrix("broadcast", 3, 9), ElementsAre(0, 9, 9, 1, 0, 0, 1, 0, 0));
}

TEST(Congest, EveryVictimAloneAndBesideEveryAggression) {
  Request request;
  request.max_bytes = 4096;
  const std::vector<Point> points = plan_congest(5, request);
  ASSERT_EQ(points.size(), 12U);
  for (const Point& point : points) {
    EXPECT_EQ(point.build_loaded == nullptr, point.algorithm == "alone");
    EXPECT_EQ(point.bytes_per_rank, point.operation == "exchange" ? 4096U : 8U);
    EXPECT_EQ(point.refused, "");
  }
  EXPECT_EQ(points.front().time_divisor, 2);
}

TEST(Congest, RoundsAreTheAggressorsOnly) {
  const Point point = plan_congest(5)[1];
  ASSERT_EQ(point.algorithm, "all_to_all");
  for (int rank = 0; rank < 5; ++rank) {
    const Program program = point.build_loaded(rank, 7)->programs().front();
    const bool victim = std::count(point.beside->victims.begin(), point.beside->victims.end(), rank) > 0;
    EXPECT_EQ(program.lanes.front().steps().size(), victim ? 1U : 7U);
  }
}

TEST(Congest, OnNodesTheRanksAreDealtAnew) {
  const auto nodes = std::make_shared<const Nodes>(Nodes{0, 0, 0, 0, 1, 1, 1, 1});
  for (const Point& point : plan_congest(8)) {
    const Point placed = point.on_nodes(nodes);
    ASSERT_EQ(placed.beside->victims.size(), 2U);
    EXPECT_NE(placed.beside->victims[0] / 4, placed.beside->victims[1] / 4);
    EXPECT_EQ(placed.algorithm, point.algorithm);
  }
}

TEST(Congest, RefusesInASentence) {
  for (const Point& point : plan_congest(3)) EXPECT_THAT(point.refused, HasSubstr("at least 4 ranks"));
  EXPECT_THAT(plan_congest(1).front().refused, HasSubstr("there is 1"));
  EXPECT_THAT(plan_congest(100'000).front().refused, HasSubstr("up to 1024 ranks"));
  Request request;
  request.in_place = true;
  EXPECT_THAT(plan_congest(4, request).front().refused, HasSubstr("--in-place"));
  request = {};
  request.algorithms = {"ring"};
  EXPECT_THAT(plan_congest(4, request).front().refused, HasSubstr("--algorithm"));
  request = {};
  request.dtypes = {Datatype::fp8};
  std::vector<std::string> refused;
  for (const Point& point : plan_congest(4, request))
    if (!point.refused.empty()) refused.push_back(point.operation);
  EXPECT_EQ(refused.size(), 4U);
  EXPECT_THAT(refused, Each("all_reduce"));
}

}  // namespace
}  // namespace weft
