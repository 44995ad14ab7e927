// Programs of several lanes: concurrent unless ordered by signal and await.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectives/verify.hpp"

namespace weft {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Region kFirst{Space::out, 0, 64};
constexpr Region kSecond{Space::out, 64, 64};

/// Two ranks of two lanes each: "traffic" receives from the other rank, "work" computes and copies what came.
struct TwoLanes {
  explicit TwoLanes(bool signals) {
    for (int rank = 0; rank < 2; ++rank) {
      Program program;
      program.rank = rank;
      program.ranks = 2;
      program.in_bytes = 64;
      program.out_bytes = 128;
      program.events = 1;
      Lane traffic("traffic");
      traffic.send(1 - rank, {Space::in, 0, 64});
      traffic.recv(1 - rank, kFirst);
      traffic.wait();
      if (signals) traffic.signal(0);
      Lane work("work");
      work.compute(1000);
      if (signals) work.await(0);
      work.copy(kSecond, kFirst);
      program.lanes = {traffic, work};
      programs.push_back(program);
    }
  }
  std::vector<Program> programs;
};

TEST(VerifyLanes, SignalAndAwaitOrder) { EXPECT_THAT(verify_traffic(TwoLanes(true).programs), IsEmpty()); }

TEST(VerifyLanes, LanesAreOtherwiseConcurrent) {
  const Findings findings = verify_traffic(TwoLanes(false).programs);
  EXPECT_THAT(findings, Contains(HasSubstr("unsynchronised overlap")));
}

TEST(VerifyLanes, ASignalBeforeTheWaitOrdersNothing) {
  TwoLanes two(true);
  for (Program& program : two.programs) {
    Lane traffic("traffic");
    traffic.send(1 - program.rank, {Space::in, 0, 64});
    traffic.recv(1 - program.rank, kFirst);
    traffic.signal(0);
    traffic.wait();
    program.lanes[0] = traffic;
  }
  EXPECT_THAT(verify_traffic(two.programs), Contains(HasSubstr("may still be writing out[0, 64)")));
}

TEST(VerifyLanes, OrderPassesThroughAThirdLane) {
  Program program;
  program.out_bytes = 128;
  program.events = 2;
  Lane writer("writer");
  writer.copy(kFirst, kSecond);
  writer.signal(0);
  Lane messenger("messenger");
  messenger.await(0);
  messenger.signal(1);
  Lane reader("reader");
  reader.await(1);
  reader.copy(kSecond, kFirst);
  program.lanes = {reader, messenger, writer};
  EXPECT_THAT(verify_traffic(std::vector<Program>{program}), IsEmpty());
}

TEST(VerifyLanes, LanesAreChannelsOfTheirOwn) {
  TwoLanes two(true);
  std::swap(two.programs[1].lanes[0], two.programs[1].lanes[1]);
  EXPECT_THAT(verify_traffic(two.programs), Contains(HasSubstr("no send meets it")));
}

TEST(VerifyLanes, AnAwaitWithoutASignalNeverGoesOn) {
  TwoLanes two(true);
  Lane traffic("traffic");
  traffic.send(1, {Space::in, 0, 64});
  traffic.recv(1, kFirst);
  traffic.wait();
  two.programs[0].lanes[0] = traffic;
  EXPECT_THAT(verify_traffic(two.programs), Contains(HasSubstr("(await event 0): deadlock")));
}

TEST(VerifyLanes, EventsThatDoNotExistAndEventsTwice) {
  TwoLanes two(true);
  two.programs[0].lanes[0].signal(0);
  EXPECT_THAT(verify_traffic(two.programs), Contains(HasSubstr("signalled twice")));
  two.programs[0].lanes[0].signal(7);
  EXPECT_THAT(verify_traffic(two.programs), Contains(HasSubstr("no such event")));
}

/// Their traffic as a routine.
std::vector<Program> with_routines() {
  TwoLanes two(true);
  for (Program& program : two.programs) {
    const std::vector<Step> steps = program.lanes[0].steps();
    program.routines = {Lane("exchange", {steps.begin(), steps.begin() + 3})};
    program.lanes[0] = Lane("traffic");
    program.lanes[0].call(0);
    program.lanes[0].signal(0);
  }
  return two.programs;
}

TEST(VerifyLanes, ARoutineIsLookedInto) {
  std::vector<Program> programs = with_routines();
  EXPECT_THAT(verify_traffic(programs), IsEmpty());
  EXPECT_EQ(programs[0].sent_bytes(), 64U);
  EXPECT_EQ(inlined(programs[0]).lanes[0].steps(), TwoLanes(true).programs[0].lanes[0].steps());
  programs[1].lanes[0].call(0);
  EXPECT_THAT(verify_traffic(programs), testing::Not(IsEmpty()));
}

TEST(VerifyLanes, ARoutineIsOfOneLane) {
  std::vector<Program> programs = with_routines();
  programs[0].lanes[1].call(0);
  EXPECT_THAT(verify_traffic(programs), Contains(HasSubstr("which lane traffic calls too")));
}

TEST(VerifyLanes, ACallNamesARoutineThatCallsNone) {
  std::vector<Program> programs = with_routines();
  programs[0].lanes[0].call(1);
  programs[1].routines[0].call(0);
  EXPECT_THAT(verify_traffic(programs), Contains(HasSubstr("calls routine 1, the program has 1")));
  EXPECT_THAT(verify_traffic(programs), Contains(HasSubstr("does more than move, reduce and wait")));
}

}  // namespace
}  // namespace weft
