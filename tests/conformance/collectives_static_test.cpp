// Every registered algorithm, looked at without a network: traffic, result and wire bytes for 1 to 17 ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectives/execute.hpp"
#include "collectives/two_level.hpp"
#include "collectives/verify.hpp"
#include "core/error.hpp"
#include "tests/conformance/calls.hpp"

namespace weft {
namespace {

using testing::HasSubstr;

/// A transport that offers nothing, so that programs are lowered for it.
class Bare : public Communicator {
 public:
  Bare() : Communicator(0, 1) {}
  Memory allocate(Bytes) override { return nullptr; }
  void post_send(int, int, const std::byte*, Bytes, Pending&) override {}
  void post_recv(int, int, std::byte*, Bytes, Pending&) override {}
  void progress() override {}
  void relax(Nanoseconds) override {}
};

class EveryAlgorithm : public testing::TestWithParam<Algorithm> {};

TEST_P(EveryAlgorithm, IsRightForAnyNumberOfRanks) {
  const Algorithm& algorithm = GetParam();
  for (int ranks = 1; ranks <= 17; ++ranks)
    for (const std::uint64_t count : {0, 1, 7, 16, 251})
      for (const Call& call : variants(algorithm, ranks, count, Datatype::f32)) {
        if (!algorithm.refuses(call).empty()) continue;
        EXPECT_EQ(verify_collective(algorithm, call), Findings{}) << describe(algorithm, call);
      }
}

TEST_P(EveryAlgorithm, IsRightWhereTheTransportDoesNotReduce) {
  const Algorithm& algorithm = GetParam();
  const Bare transport;
  for (const int ranks : {1, 2, 3, 4, 5, 7, 8, 13})
    for (Call call : variants(algorithm, ranks, 33, Datatype::f32)) {
      if (!algorithm.refuses(call).empty()) continue;
      std::vector<Program> programs;
      for (call.rank = 0; call.rank < ranks; ++call.rank)
        programs.push_back(lower(build_program(algorithm, call), transport));
      call.rank = 0;
      EXPECT_EQ(verify_programs(algorithm, call, programs), Findings{}) << describe(algorithm, call);
      for (const Program& program : programs)
        for (const Step& step : program.lanes[0].steps()) EXPECT_NE(step.action, Action::recv_reduce);
    }
}

TEST_P(EveryAlgorithm, HasAFormulaNoLessThanTheLeast) {
  const Algorithm& algorithm = GetParam();
  for (const int ranks : {1, 2, 3, 8, 17})
    for (Call call : variants(algorithm, ranks, 1024, Datatype::f32)) {
      if (!algorithm.refuses(call).empty()) continue;
      Bytes sent = 0;
      Bytes least = 0;
      for (call.rank = 0; call.rank < ranks; ++call.rank) {
        sent += algorithm.wire_bytes(call);
        least += least_wire_bytes(call);
      }
      EXPECT_GE(sent, least) << describe(algorithm, call);
    }
}

TEST(TwoLevelAlgorithms, RefuseNodesThatTheyCannotServe) {
  int number = 0;
  for (const Algorithm& algorithm : collectives::registry().entries()) {
    if (!algorithm.by_node) continue;
    ++number;
    Call call = variants(algorithm.collective, 6, 7, Datatype::f32).front();
    EXPECT_THAT(algorithm.refuses(call), HasSubstr("on one node"));
    for (const auto& [nodes, why] : {std::pair(Nodes{0, 0, 0, 0, 0, 0}, "on one node"),
                                     {Nodes{0, 1, 2, 3, 4, 5}, "one rank"},
                                     {Nodes{0, 0, 0, 0, 1, 1}, "from 2 to 4"}}) {
      call.nodes = std::make_shared<const Nodes>(nodes);
      EXPECT_THAT(algorithm.refuses(call), HasSubstr(why)) << algorithm.key();
      EXPECT_THROW(build_program(algorithm, call), UsageError) << algorithm.key();
    }
    call.nodes = std::make_shared<const Nodes>(Nodes{7, 3, 3, 7, 3, 7});
    EXPECT_EQ(verify_collective(algorithm, call), Findings{}) << describe(algorithm, call);
  }
  EXPECT_EQ(number, 5);
}

/// What all ranks send to other nodes.
Bytes sent_between(const Algorithm& algorithm, Call call) {
  Bytes sum = 0;
  for (call.rank = 0; call.rank < call.ranks; ++call.rank)
    sum += build_program(algorithm, call).sent_bytes_between(*call.nodes);
  return sum;
}

// The formulas of docs/algorithms.md: blocks of all ranks together that leave their node.
TEST(TwoLevelAlgorithms, SendBetweenNodesWhatTheFormulaSays) {
  constexpr int kRanks = 12;
  for (const int nodes : {2, 3, 4, 6})
    for (const auto& [collective, blocks] : {std::pair(Collective::all_reduce, 2 * (nodes - 1)),
                                             {Collective::reduce_scatter, (nodes - 1) * kRanks},
                                             {Collective::all_gather, (nodes - 1) * kRanks},
                                             {Collective::all_to_all, (nodes - 1) * kRanks / nodes * kRanks}}) {
      Call call = variants(collective, kRanks, 144, Datatype::f32).front();
      call.nodes = collectives::nodes_in_order(kRanks, kRanks / nodes);
      EXPECT_EQ(sent_between(collectives::find(collective, "two_level"), call),
                static_cast<Bytes>(blocks) * call.block())
          << name_of(collective) << " on " << nodes << " nodes";
    }
}

TEST(Algorithms, EveryCollectiveHasOne) {
  for (const Collective collective : all_collectives())
    EXPECT_FALSE(collectives::algorithms_of(collective).empty()) << name_of(collective);
}

INSTANTIATE_TEST_SUITE_P(Static, EveryAlgorithm, testing::ValuesIn(collectives::registry().entries()),
                         [](const auto& test) { return test_name(test.param.key()); });

}  // namespace
}  // namespace weft
