#include "collectives/program.hpp"

#include <gtest/gtest.h>

#include "collectives/registry.hpp"

namespace weft {
namespace {

TEST(Lane, RecordsNothingOverZeroBytes) {
  Lane lane("main");
  const Region empty{Space::out, 8, 0};
  lane.send(1, empty);
  lane.recv(1, empty);
  lane.recv_reduce(1, empty);
  lane.copy(empty, empty);
  lane.reduce(empty, empty);
  lane.compute(0);
  lane.wait();
  EXPECT_TRUE(lane.steps().empty());
}

TEST(Lane, WaitsOnlyForWhatIsOutstanding) {
  Lane lane("main");
  const Region region{Space::out, 0, 8};
  lane.wait();
  lane.send(1, region);
  lane.wait();
  lane.wait();
  ASSERT_EQ(lane.steps().size(), 2U);
  EXPECT_EQ(lane.steps()[0].action, Action::send);
  EXPECT_EQ(lane.steps()[0].source(), region);
  EXPECT_EQ(lane.steps()[1].action, Action::wait);
}

TEST(Lane, RefusesDifferentLengths) {
  Lane lane("main");
  const Region eight{Space::out, 0, 8};
  const Region four{Space::in, 0, 4};
  EXPECT_THROW(lane.copy(eight, four), std::logic_error);
  EXPECT_THROW(lane.reduce(eight, four), std::logic_error);
  EXPECT_THROW(lane.reduce(four, {Space::in, 0, 6}), std::logic_error);
  EXPECT_THROW(lane.reduce(four, {Space::in, 0, 0}), std::logic_error);
  EXPECT_THROW(lane.recv_reduce(1, eight, four), std::logic_error);
}

TEST(Chunks, AreEvenAndComplete) {
  const Chunks chunk(11, 4, 3);
  EXPECT_EQ(chunk[0], (Region{Space::out, 0, 16}));
  EXPECT_EQ(chunk[1], (Region{Space::out, 16, 16}));
  EXPECT_EQ(chunk[2], (Region{Space::out, 32, 12}));
  EXPECT_EQ(chunk[-1], chunk[2]);
  EXPECT_EQ(chunk[4], chunk[1]);
  EXPECT_EQ(chunk.in(Space::in, 1), (Region{Space::in, 16, 16}));
}

TEST(Chunks, AreEmptyWhereThereIsLessThanOneEach) {
  const Chunks chunk(2, 8, 5);
  EXPECT_EQ(chunk[1].bytes, 8U);
  for (const int index : {2, 3, 4}) EXPECT_EQ(chunk[index].bytes, 0U);
}

TEST(Program, CountsWhatItSends) {
  Call call;
  call.collective = Collective::all_gather;
  call.ranks = 5;
  call.count = 3;
  const Program program = build_program(collectives::find(Collective::all_gather, "ring"), call);
  EXPECT_EQ(program.sent_bytes(), 4 * 12U);
  EXPECT_EQ(program.in_bytes, 12U);
  EXPECT_EQ(program.out_bytes, 60U);
}

TEST(Program, TellsWhatItSendsToOtherNodes) {
  Program program;
  program.rank = 1;
  program.ranks = 4;
  Lane& routine = program.routines.emplace_back("routine");
  routine.send(0, {Space::in, 0, 1});
  routine.send(3, {Space::in, 0, 10});
  Lane& lane = program.lanes.emplace_back("main");
  lane.call(0);
  lane.call(0);
  lane.send(2, {Space::in, 0, 100});
  lane.recv(2, {Space::out, 0, 1000});
  EXPECT_EQ(program.sent_bytes_between({0, 0, 1, 1}), 120U);
  EXPECT_EQ(program.sent_bytes_between({5, 3, 3, 5}), 22U);
  EXPECT_EQ(program.sent_bytes_between({0, 0, 0, 0}), 0U);
  EXPECT_EQ(program.sent_bytes(), 122U);
}

TEST(Program, NativeIsOneStep) {
  Call call;
  call.collective = Collective::all_reduce;
  call.ranks = 4;
  call.count = 6;
  const Program program = build_native(call);
  ASSERT_EQ(program.lanes.size(), 1U);
  EXPECT_EQ(program.lanes[0].steps().size(), 1U);
  EXPECT_EQ(program.natives.at(0).count, 6U);
  EXPECT_EQ(least_wire_bytes(call), 36U);
}

TEST(Program, HoldsThreeGibibytes) {
  Call call;
  call.collective = Collective::all_reduce;
  call.dtype = Datatype::u8;
  call.ranks = 2;
  call.count = (std::uint64_t{3} << 30) + 1;
  EXPECT_EQ(build_program(collectives::find(Collective::all_reduce, "recursive_doubling"), call).sent_bytes(),
            call.count);
}

TEST(Algorithms, UnknownNameGetsAHint) {
  try {
    collectives::find(Collective::all_reduce, "rnig");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'ring'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace weft
