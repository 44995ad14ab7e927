// Every registered algorithm, looked at without a network: traffic, result and wire bytes for 1 to 17 ranks.
#include <gtest/gtest.h>

#include "collectives/execute.hpp"
#include "collectives/verify.hpp"
#include "tests/conformance/calls.hpp"

namespace weft {
namespace {

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
      for (const Call& call : variants(algorithm.collective, ranks, count, Datatype::f32)) {
        if (!algorithm.refuses(call).empty()) continue;
        EXPECT_EQ(verify_collective(algorithm, call), Findings{}) << describe(algorithm, call);
      }
}

TEST_P(EveryAlgorithm, IsRightWhereTheTransportDoesNotReduce) {
  const Algorithm& algorithm = GetParam();
  const Bare transport;
  for (const int ranks : {1, 2, 3, 4, 5, 7, 8, 13})
    for (Call call : variants(algorithm.collective, ranks, 33, Datatype::f32)) {
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
    for (Call call : variants(algorithm.collective, ranks, 1024, Datatype::f32)) {
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

TEST(Algorithms, EveryCollectiveHasOne) {
  for (const Collective collective : all_collectives())
    EXPECT_FALSE(collectives::algorithms_of(collective).empty()) << name_of(collective);
}

INSTANTIATE_TEST_SUITE_P(Static, EveryAlgorithm, testing::ValuesIn(collectives::registry().entries()),
                         [](const auto& test) { return test_name(test.param.key()); });

}  // namespace
}  // namespace weft
