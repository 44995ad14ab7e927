// Every dispatcher, without a network: for worlds of several nodes the programs of all ranks are checked, run, and
// every token is compared with what it must be, at its experts and when it has come back.
#include <algorithm>

#include <gtest/gtest.h>

#include "collectives/verify.hpp"
#include "patterns/dispatch_workload.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/route_by_token.hpp"
#include "tests/conformance/run_programs.hpp"

namespace weft {
namespace {

struct Nodes {
  int ranks;
  int per_node;
};

constexpr Nodes kWorlds[] = {{1, 1}, {2, 1}, {2, 2}, {3, 1}, {4, 2}, {6, 3}, {6, 2}, {8, 4}, {8, 8}, {8, 1}};

Model small_model() {
  Model model;
  model.name = "small";
  model.hidden = 24;
  model.layers = 1;
  model.experts = 12;
  model.top_k = 3;
  model.expert_intermediate = 8;
  return model;
}

Exchange exchange_of(const Model& model, Nodes world, std::uint64_t tokens, Bytes token_bytes,
                     const PlacementOptions& placement = {}) {
  Request request;
  request.tokens = tokens;
  request.routings = 1;
  const auto decisions = make_decisions({.kind = "lognormal", .value = 1.7, .file = {}}, model, request, world.ranks);
  const ExpertLayout layout{.ranks = world.ranks, .ranks_per_node = world.per_node, .placement = placement};
  return {.routing = route_by_token(*decisions, model, layout).front(),
          .ranks_per_node = world.per_node,
          .token_bytes = token_bytes};
}

class EveryDispatcher : public testing::TestWithParam<TokenDispatcher> {};

/// Wrong elements over all ranks; `run` false: nothing is moved.
std::uint64_t wrong_after(const TokenDispatcher& dispatcher, const Exchange& exchange, DispatchDirection direction,
                          bool run) {
  std::vector<std::unique_ptr<DispatchWorkload>> work;
  std::vector<Program> programs;
  std::vector<const Program*> pointers;
  std::vector<RankMemory> memory;
  for (int rank = 0; rank < exchange.ranks(); ++rank) {
    work.push_back(std::make_unique<DispatchWorkload>(dispatcher, std::vector{exchange}, direction, rank));
    programs.push_back(work.back()->programs().front());
    pointers.push_back(&work.back()->programs().front());
    memory.emplace_back(programs.back());
    EXPECT_EQ(work.back()->wire_bytes(0), programs.back().sent_bytes()) << "rank " << rank;
    work.back()->fill(0, memory.back().buffers(), 7);
  }
  EXPECT_EQ(verify_traffic(programs), Findings{});
  EXPECT_TRUE(!run || ProgramsInOneThread(pointers, memory).run());
  std::uint64_t wrong = 0;
  for (std::size_t rank = 0; rank < work.size(); ++rank) wrong += work[rank]->count_wrong(0, memory[rank].buffers(), 7);
  return wrong;
}

TEST_P(EveryDispatcher, BringsEveryTokenToItsExpertsAndBack) {
  for (const Nodes world : kWorlds)
    for (const bool notify : {true, false})
      for (const DispatchDirection direction : {DispatchDirection::dispatch, DispatchDirection::combine}) {
        SCOPED_TRACE(testing::Message() << world.ranks << " ranks, " << world.per_node << " a node");
        Exchange exchange = exchange_of(small_model(), world, 5, direction == DispatchDirection::dispatch ? 28 : 48);
        exchange.notify = notify;
        ASSERT_EQ(GetParam().refuses(exchange), "");
        EXPECT_EQ(wrong_after(GetParam(), exchange, direction, true), 0U);
        EXPECT_GT(wrong_after(GetParam(), exchange, direction, false), 0U);
      }
}

TEST_P(EveryDispatcher, NamesEveryCopyThatArrives) {
  const Exchange exchange = exchange_of(small_model(), {6, 3}, 5, 28);
  std::uint64_t served = 0;  // (token, expert) pairs
  for (int rank = 0; rank < 6; ++rank)
    for (const ArrivingCopy& arrival : GetParam().arrivals(exchange, rank))
      for (const TokenRouting::Copy& copy : exchange.routing->copies(arrival.source, arrival.token))
        served += copy.rank == rank && (arrival.expert < 0 || arrival.expert == copy.expert) ? 1 : 0;
  EXPECT_EQ(served, 6U * 5 * 3);
}

TEST_P(EveryDispatcher, FollowsAnyPlacement) {
  for (const PlacementOptions& placement : {PlacementOptions{"eplb", 6, 1.1}, PlacementOptions{"incremental", 6, 1.1}})
    for (const Nodes world : {Nodes{2, 1}, Nodes{6, 3}, Nodes{6, 1}, Nodes{9, 3}})
      for (const DispatchDirection direction : {DispatchDirection::dispatch, DispatchDirection::combine}) {
        SCOPED_TRACE(testing::Message() << describe(placement) << " on " << world.ranks << " ranks");
        const Bytes bytes = direction == DispatchDirection::dispatch ? 28 : 48;
        const Exchange exchange = exchange_of(small_model(), world, 5, bytes, placement);
        if (placement.kind == "eplb") {
          EXPECT_EQ(exchange.routing->experts(), 18);
        }
        EXPECT_EQ(wrong_after(GetParam(), exchange, direction, true), 0U);
        EXPECT_GT(wrong_after(GetParam(), exchange, direction, false), 0U);
      }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryDispatcher, testing::ValuesIn(dispatchers::registry().entries()),
                         [](const auto& entry) {
                           std::string name = entry.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ByNode, RefusesABrokenNode) {
  for (const char* const name : {"hierarchical", "node_all_gather"})
    EXPECT_EQ(dispatchers::registry().find(name).refuses(exchange_of(small_model(), {6, 4}, 1, 28)),
              "6 ranks are no whole number of nodes with 4 ranks each");
}

/// The formula of docs/layouts.md: N - 1 copies of every token leave for other nodes, whatever the router chose.
TEST(NodeAllGather, SendsEveryTokenToEveryOtherNode) {
  const TokenDispatcher& dispatcher = dispatchers::registry().find("node_all_gather");
  const Exchange exchange = exchange_of(small_model(), {6, 1}, 5, 28);
  for (int rank = 0; rank < 6; ++rank) {
    EXPECT_EQ(dispatcher.dispatch_bytes(exchange, rank), 5U * (6 - 1) * 28);
    EXPECT_EQ(dispatcher.combine_bytes(exchange, rank), 5U * (6 - 1) * 28);
  }
}

}  // namespace
}  // namespace weft
