#include "patterns/routing.hpp"

#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/distinct_destinations.hpp"
#include "patterns/routing_facts.hpp"
#include "tests/unit/patterns/small_model.hpp"

namespace weft {
namespace {

using testing::ElementsAre;

Request drawn(std::uint64_t tokens, int routings = 1) {
  Request request;
  request.tokens = tokens;
  request.routings = routings;
  return request;
}

std::vector<Routing> route(const RouterOptions& router, const Model& model, const Request& request, int ranks) {
  const ExpertLayout layout{.ranks = ranks, .ranks_per_node = request.ranks_per_node, .placement = request.placement};
  return count_routings(*make_decisions(router, model, request, ranks), model, layout);
}

double fact(const std::vector<RoutingFact>& facts, const std::string& name) {
  for (const RoutingFact& fact : facts)
    if (fact.name == name) return fact.measured;
  ADD_FAILURE() << name;
  return 0;
}

TEST(DistinctDestinations, PublishedValues) {
  EXPECT_NEAR(expected_distinct(384, 6, 64), 5.81, 0.005);
  EXPECT_NEAR(expected_distinct(384, 6, 8), 4.43, 0.005);
  EXPECT_NEAR(expected_distinct(128, 8, 32), 7.36, 0.005);
  EXPECT_DOUBLE_EQ(expected_distinct(8, 8, 4), 4);
  EXPECT_DOUBLE_EQ(expected_distinct(8, 2, 1), 1);
  // 3 experts on 2 ranks: one of them is chosen, so one rank is reached; of two chosen ones a third lie together.
  EXPECT_DOUBLE_EQ(expected_distinct(3, 1, 2), 1);
  EXPECT_DOUBLE_EQ(expected_distinct(3, 2, 2), 5.0 / 3);
}

TEST(Routing, CountsEveryCopyOnceAndSpreadsExpertsEvenly) {
  const Routing routing = route({}, shape(10, 3), drawn(500), 4).at(0);
  EXPECT_EQ(std::accumulate(routing.copies.begin(), routing.copies.end(), std::uint64_t{0}), 4U * 500 * 3);
  EXPECT_EQ(routing.tokens, 2000U);
  // 3, 3, 2 and 2 experts: what ranks 0 and 1 get is what the first 6 experts get.
  for (std::size_t from = 0; from < 4; ++from) {
    std::uint64_t row = 0;
    for (std::size_t to = 0; to < 4; ++to) row += routing.copies[from * 4 + to];
    EXPECT_EQ(row, 1'500U);
  }
  const std::vector<std::uint64_t> received = routing.received();
  EXPECT_EQ(received[0] + received[1],
            std::accumulate(routing.experts.begin(), routing.experts.begin() + 6, std::uint64_t{0}));
  EXPECT_THROW(route({}, shape(8, 2), drawn(10), 9), UsageError);
}

TEST(Routing, UniformRoutingReachesAsManyRanksAndNodesAsTheFormulaSays) {
  const Model model = shape(384, 6);
  for (const int ranks : {16, 32, 12}) {  // 12: a node of 8 and one of 4
    const ExpertLayout layout{.ranks = ranks, .ranks_per_node = 8, .placement = {}};
    const std::vector<RoutingFact> facts = facts_of(route({}, model, drawn(4000), ranks).at(0), model, layout);
    for (const RoutingFact& fact : facts)
      if (fact.name.starts_with("distinct")) {
        EXPECT_NEAR(fact.measured / fact.uniform, 1, 0.005) << fact.name << " of " << ranks;
      }
  }
}

TEST(Routing, AHotRankGetsWhatWasAskedFor) {
  const Model model = shape(64, 4);
  Request request = drawn(4000, 2);
  request.seed = 3;
  const std::vector<Routing> routings = route({"one-hot", 4, ""}, model, request, 16);
  EXPECT_NEAR(max_over_mean(routings[0].received()), 4, 0.1);
  const std::vector<std::uint64_t> received = routings[1].received();
  EXPECT_EQ(std::max_element(received.begin(), received.end()) - received.begin(), (3 + 1) % 16);
  EXPECT_THROW(route({"one-hot", 15, ""}, model, request, 16), UsageError);  // an expert takes a token once
  EXPECT_THROW(route({"one-hot", 3, ""}, model, request, 2), UsageError);    // more than all tokens
}

TEST(Routing, GiniOfKnownShares) {
  const std::vector<std::uint64_t> equal = {5, 5, 5, 5};
  const std::vector<std::uint64_t> one = {0, 0, 0, 7};
  const std::vector<std::uint64_t> mixed = {3, 1};
  EXPECT_DOUBLE_EQ(gini(equal), 0);
  EXPECT_DOUBLE_EQ(gini(one), 0.75);
  EXPECT_DOUBLE_EQ(gini(mixed), 0.25);
}

TEST(Routing, FollowsABalancedPlacement) {
  const Model model = shape(64, 4);
  Request request = drawn(4000, 2);
  const RouterOptions router{"lognormal", 4, ""};
  const ExpertLayout before{.ranks = 8, .ranks_per_node = 8, .placement = {}};
  const auto contiguous = mean_facts(route(router, model, request, 8), model, before);
  for (const PlacementOptions& placement :
       {PlacementOptions{"eplb", 16, 1.1}, PlacementOptions{"incremental", 16, 1.1}}) {
    SCOPED_TRACE(describe(placement));
    request.placement = placement;
    const std::vector<Routing> routings = route(router, model, request, 8);
    const auto facts = mean_facts(routings, model, {.ranks = 8, .ranks_per_node = 8, .placement = placement});
    EXPECT_EQ(std::accumulate(routings[0].copies.begin(), routings[0].copies.end(), std::uint64_t{0}), 8U * 4000 * 4);
    EXPECT_DOUBLE_EQ(fact(facts, "rank_imbalance_contiguous"), fact(contiguous, "rank_imbalance"));
    EXPECT_LT(fact(facts, "rank_imbalance") - 1, 0.5 * (fact(contiguous, "rank_imbalance") - 1));
    EXPECT_GT(fact(facts, "expert_moves"), 0);
    EXPECT_DOUBLE_EQ(fact(facts, "expert_moves_bytes"), fact(facts, "expert_moves") * 3 * 8 * 4 * 2);
    EXPECT_EQ(routings[0].experts, route(router, model, drawn(4000, 2), 8)[0].experts);
  }
}

TEST(Routing, TooManyDrawsAreRefused) {
  EXPECT_THROW(route({}, shape(64, 4), drawn(1 << 20, 1024), 8), UsageError);
  EXPECT_THROW(route({}, shape(64, 4), drawn(0), 8), UsageError);
  EXPECT_THROW(route({"zipf", 1, ""}, shape(64, 4), drawn(8), 8), UsageError);
}

}  // namespace
}  // namespace weft
