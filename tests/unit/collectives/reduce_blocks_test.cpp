#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectives/execute.hpp"
#include "collectives/registry.hpp"
#include "tests/conformance/run_programs.hpp"
#include "tests/unit/collectives/loopback.hpp"

namespace weft {
namespace {

constexpr std::uint16_t kOne = 0x3f80, k256 = 0x4380, k260 = 0x4382;  // in bf16, which has no 257

/// out = in + 4 blocks of scratch, one step.
Program reduction_of_blocks() {
  Program program;
  program.dtype = Datatype::bf16;
  program.in_bytes = 5 * sizeof kOne;
  program.out_bytes = sizeof kOne;
  Lane lane("work");
  lane.copy({Space::out, 0, sizeof kOne}, {Space::in, 0, sizeof kOne});
  lane.reduce({Space::out, 0, sizeof kOne}, {Space::in, sizeof kOne, 4 * sizeof kOne});
  program.lanes = {lane};
  return program;
}

TEST(ReduceBlocks, IsOneStepWithAsManyBlocksAsThereAre) {
  const Program program = reduction_of_blocks();
  const Step& step = program.lanes[0].steps().at(1);
  EXPECT_EQ(step.peer, 4);
  EXPECT_EQ(step.destination().bytes, 2U);
  EXPECT_EQ(step.source(), (Region{Space::in, 2, 8}));
}

TEST(ReduceBlocks, TheExecutorRoundsOnce) {
  const Program program = reduction_of_blocks();
  std::uint16_t values[] = {k256, kOne, kOne, kOne, kOne};
  std::uint16_t result = 0;
  Loopback communicator;
  AloneWorld world;
  Executor(program, communicator, world)
      .run({reinterpret_cast<std::byte*>(values), reinterpret_cast<std::byte*>(&result), nullptr});
  EXPECT_EQ(result, k260);
}

/// The sums of 256 and four ones, each from another rank.
std::vector<std::uint16_t> sums(const char* algorithm) {
  constexpr int kRanks = 5;
  std::vector<Program> programs;
  for (int rank = 0; rank < kRanks; ++rank)
    programs.push_back(build_program(collectives::find(Collective::reduce_scatter, algorithm),
                                     {.collective = Collective::reduce_scatter,
                                      .rank = rank,
                                      .ranks = kRanks,
                                      .count = 1,
                                      .dtype = Datatype::bf16}));
  std::vector<RankMemory> memory(programs.begin(), programs.end());
  std::vector<const Program*> pointers;
  for (int rank = 0; rank < kRanks; ++rank) {
    auto* input = reinterpret_cast<std::uint16_t*>(memory[static_cast<std::size_t>(rank)].in.data());
    std::fill_n(input, kRanks, rank == 0 ? k256 : kOne);
    pointers.push_back(&programs[static_cast<std::size_t>(rank)]);
  }
  EXPECT_TRUE(ProgramsInOneThread(pointers, memory).run());
  std::vector<std::uint16_t> results;
  for (RankMemory& of : memory) results.push_back(*reinterpret_cast<std::uint16_t*>(of.out.data()));
  return results;
}

TEST(ReduceBlocks, AnAllToAllAndALocalSumRoundOnceWhereARingRoundsAtEachRank) {
  EXPECT_THAT(sums("alltoall"), ::testing::Each(k260));
  EXPECT_THAT(sums("ring"), ::testing::Contains(k256));
}

}  // namespace
}  // namespace weft
