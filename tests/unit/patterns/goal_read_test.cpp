#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/goal/lanes.hpp"
#include "patterns/goal/schedule.hpp"
#include "tests/unit/patterns/goal_file.hpp"

namespace weft {
namespace {

GoalSchedule ordered(const std::string& text, int ranks, Bytes eager = 0) {
  const GoalFile file(text);
  GoalSchedule schedule = read_goal(file.path(), {.ranks = ranks, .eager = eager});
  order_goal(schedule);
  return schedule;
}

/// The sentence, without the file's folder and name.
std::string refusal(const std::string& text, int ranks = 2) {
  const GoalFile file(text);
  try {
    GoalSchedule schedule = read_goal(file.path(), {.ranks = ranks});
    order_goal(schedule);
  } catch (const UsageError& error) {
    const std::string sentence = error.what();
    EXPECT_EQ(sentence.rfind(file.path().string(), 0), 0U) << sentence;
    return sentence.substr(std::min(sentence.size(), file.path().string().size()));
  }
  return "nothing";
}

std::string ranks01(const std::string& zero, const std::string& one = "") {
  return "num_ranks 2\nrank 0 {\n" + zero + "\n}\nrank 1 {\n" + one + "\n}\n";
}

TEST(ReadGoal, TakesEveryStatement) {
  const GoalSchedule schedule = ordered(
      "// by hand\nnum_ranks 2 rank 1 {\nrecv 8b from 0 tag 3 nic 1\n}\n"
      "rank 0 { l1: calc 100 cpu 2  l2: send 8b to 1 tag 3 cpu 0 nic 0 /* two\nlines */ l2 requires l1\n l3 irequires "
      "l2\nl3: calc 5 }",
      2);
  const GoalRank& rank = schedule.ranks[0];
  ASSERT_EQ(rank.operations.size(), 3U);
  EXPECT_EQ(rank.operations[0].kind, GoalKind::calc);
  EXPECT_EQ(rank.operations[0].size, 100U);
  EXPECT_EQ(rank.operations[0].cpu, 2);
  EXPECT_EQ(rank.operations[1].kind, GoalKind::send);
  EXPECT_EQ(rank.operations[1].peer, 1);
  EXPECT_EQ(rank.operations[1].tag, 3U);
  EXPECT_EQ(rank.operations[1].line, 5U);
  EXPECT_EQ(rank.operations[2].line, 8U);
  ASSERT_EQ(rank.dependencies.size(), 2U);
  EXPECT_EQ(rank.dependencies_of(1)[0], GoalDependency(0, false));
  EXPECT_EQ(rank.dependencies_of(2)[0], GoalDependency(1, true));
  EXPECT_EQ(rank.order, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(schedule.ranks[1].operations[0].partner, 1U);
}

TEST(ReadGoal, KeepsEachRequirementOnceAndTheStronger) {
  const GoalSchedule schedule = ordered(
      "num_ranks 1\nrank 0 {\na: calc 1\nb: calc 1\nb irequires a\nb requires a\nb irequires a\nb requires a\n}\n", 1);
  ASSERT_EQ(schedule.ranks[0].dependencies.size(), 1U);
  EXPECT_FALSE(schedule.ranks[0].dependencies[0].only_start());
}

TEST(ReadGoal, NamesFileAndLineOfWhatItCannotUse) {
  EXPECT_EQ(refusal(""), ", line 1: the file ends where 'num_ranks' should be");
  EXPECT_EQ(refusal("num_ranks 3\n"), ", line 1: it is a schedule of 3 ranks, and 2 are launched: give --ranks 3");
  EXPECT_EQ(refusal("num_ranks 0\n"), ", line 1: 0 is no number of ranks: from 1 to 65536 is needed");
  EXPECT_EQ(refusal("num_ranks 2\nrank 0 {\n}\n"), ", line 4: the file ends and rank 1 is missing");
  EXPECT_EQ(refusal("num_ranks 2\nrank 0 {\nl1: calc 5"),
            ", line 3: the file ends where an operation or requirement of rank 0, or '}', should be");
  EXPECT_EQ(refusal("num_ranks 2\nrank 0 {\nl1: send 10"), ", line 3: the file ends where 'b' should be");
  EXPECT_EQ(refusal("num_ranks 2\nrank 2 {\n}"), ", line 2: 2 is no rank: from 0 to 1 is needed");
  EXPECT_EQ(refusal("num_ranks 2\nrank 0 {\n}\nrank 0 {\n}"), ", line 4: rank 0 comes a second time");
  EXPECT_EQ(refusal("num_ranks 2\n\x7f\x45LF"), ", line 2: byte 0x7f stands where 'rank' should be");
  EXPECT_EQ(refusal(std::string("num_ranks 2\nrank 0 {\n\0", 22)),
            ", line 3: byte 0x00 stands where an operation or requirement of rank 0, or '}', should be");
  EXPECT_EQ(refusal("num_ranks 2\nrank 0 {\n" + std::string(1000, 'x')),
            ", line 3: a word or number of more than 255 characters");
  EXPECT_EQ(refusal("num_ranks 2 /* so\nlong"), ", line 1: the comment has no end: */ is missing");
  EXPECT_EQ(refusal("num_ranks 2\n/ comment"), ", line 2: '/' begins no comment: // or /* does");
  EXPECT_EQ(refusal(ranks01("l1 calc 5")), ", line 3: 'calc' stands where ':', 'requires' or 'irequires' should be");
  EXPECT_EQ(refusal(ranks01("l1: wait 5")), ", line 3: 'wait' stands where 'calc', 'send' or 'recv' should be");
  EXPECT_EQ(refusal(ranks01("calc 5 tag 3")), ", line 3: a calc has no tag");
  EXPECT_EQ(refusal(ranks01("calc 5 cpu 3 cpu 3")), ", line 3: 'cpu' comes twice");
  EXPECT_EQ(refusal(ranks01("calc -5")), ", line 3: -5 is no number of ns: from 0 to 1000000000000000000 is needed");
  EXPECT_EQ(refusal(ranks01("calc 5\ncalc 1000000000000000000")),
            ", line 4: 1000000000000000000 is no number of ns: from 0 to 999999999999999995 is needed");
  EXPECT_EQ(refusal(ranks01("send 99999999999999999999999b to 1")),
            ", line 3: 99999999999999999999999 is no number of bytes: from 0 to 274877906944 is needed");
  EXPECT_EQ(refusal(ranks01("send 8b from 1")), ", line 3: 'from' stands where 'to' should be");
  EXPECT_EQ(refusal(ranks01("send 8b to 2")), ", line 3: 2 is no rank: from 0 to 1 is needed");
  EXPECT_EQ(refusal(ranks01("send 8b to 0")), ", line 3: rank 0 sends to itself: a message is between two ranks");
  EXPECT_EQ(refusal(ranks01("recv 8b from 0")),
            ", line 3: rank 0 receives from itself: a message is between two ranks");
  EXPECT_EQ(refusal(ranks01("recv 8b from -1")),
            ", line 3: -1 takes any: weft's receives name their sender and tag, so give a rank");
  EXPECT_EQ(refusal(ranks01("recv 8b from 1 tag -1")),
            ", line 3: -1 takes any: weft's receives name their sender and tag, so give a tag");
  EXPECT_EQ(refusal(ranks01("recv 8b from 1 tag 4294967295")),
            ", line 3: 4294967295 is no tag: from 0 to 4294967294 is needed");
}

TEST(ReadGoal, NamesTheLabel) {
  EXPECT_EQ(refusal(ranks01("l1: calc 5\nl1: calc 6")), ", line 4: label 'l1' comes a second time, first in line 3");
  EXPECT_EQ(refusal(ranks01("l1: calc 5\nl1 requires l9")), ", line 4: label 'l9' is not defined in rank 0");
  EXPECT_EQ(refusal(ranks01("l1: calc 5", "l2: calc 5\nl2 requires l1")),
            ", line 7: label 'l1' is not defined in rank 1");
  EXPECT_EQ(refusal(ranks01("l1: calc 5", "l1: calc 5")), "nothing");
}

TEST(OrderGoal, SaysWhyAScheduleCannotEnd) {
  EXPECT_EQ(refusal(ranks01("a: calc 5\na requires a")), ", line 3: the operation requires itself");
  EXPECT_EQ(refusal(ranks01("x: calc 1\na: calc 5\nb: calc 6\na requires b\nb irequires a\nx requires a")),
            ", line 4: the operation requires itself, through line 5");
  EXPECT_EQ(refusal(ranks01("send 8b to 1 tag 3")),
            ", line 3: rank 0 sends 1 messages of tag 3 to rank 1, which receives 0");
  EXPECT_EQ(refusal(ranks01("send 8b to 1 tag 3", "recv 8b from 0 tag 3\nrecv 8b from 0 tag 3")),
            ", line 7: rank 0 sends 1 messages of tag 3 to rank 1, which receives 2");
  EXPECT_EQ(refusal(ranks01("send 8b to 1", "recv 7b from 0")),
            ", line 6: receives 7 B, and the message that meets it, from line 3, has 8 B");
}

TEST(OrderGoal, RefusesWhatNeedsEagerSendsUnlessTheyAre) {
  const std::string both = ranks01("s: send 64b to 1\nr: recv 64b from 1\nr requires s",
                                   "s: send 64b to 0\nr: recv 64b from 0\nr requires s");
  EXPECT_EQ(
      refusal(both),
      ", line 3: never ends: the ranks wait for each other where a send ends with its receive; with --goal-eager sends "
      "up to a size end as they start");
  EXPECT_EQ(ordered(both, 2, 64).ranks[0].order.size(), 2U);
  EXPECT_THROW(ordered(both, 2, 63), UsageError);
}

TEST(OrderGoal, GivesAReceiveTheLengthOfItsMessage) {
  const GoalSchedule schedule = ordered(ranks01("send 8b to 1\nsend 3b to 1", "recv 100b from 0\nrecv 100b from 0"), 2);
  EXPECT_EQ(schedule.ranks[1].operations[0].size, 8U);
  EXPECT_EQ(schedule.ranks[1].operations[1].size, 3U);
}

TEST(OrderGoal, LetsTheCalcsOfACpuTakeTurnsAsTheyCanStart) {
  // c could start at 0, d from 10 on, e from 5 on.
  const GoalSchedule schedule = ordered(
      "num_ranks 1\nrank 0 {\na: calc 10 cpu 1\nb: calc 5 cpu 2\nc: calc 20\nd: calc 1\ne: calc 1\nd requires a\ne "
      "requires b\n}",
      1);
  EXPECT_EQ(schedule.ranks[0].order, (std::vector<std::uint32_t>{0, 1, 2, 4, 3}));
}

TEST(OrderGoal, StartsACalcWhenItsCpuIsFree) {
  // b ends at 20, after c: so e, which shares a cpu with d, comes before it.
  const GoalSchedule schedule = ordered(
      "num_ranks 1\nrank 0 {\na: calc 10\nb: calc 10\nc: calc 15 cpu 1\nd: calc 1 cpu 2\ne: calc 1 cpu 2\n"
      "d requires b\ne requires c\n}",
      1);
  EXPECT_EQ(schedule.ranks[0].order, (std::vector<std::uint32_t>{0, 2, 1, 4, 3}));
}

TEST(GoalProgram, IsOneLaneWhereTheGraphIsOne) {
  const GoalSchedule schedule =
      ordered(ranks01("s1: send 8b to 1\nr1: recv 8b from 1\ns2: send 9b to 1\nr2: recv 9b from 1\n"
                      "s2 requires s1\ns2 requires r1\nr2 requires s1\nr2 requires r1",
                      "send 8b to 0\nrecv 8b from 0\nsend 9b to 0\nrecv 9b from 0"),
              2);
  const Program program = goal_program(schedule, 0).program;
  ASSERT_EQ(program.lanes.size(), 1U);
  EXPECT_EQ(program.events, 0);
  std::vector<Action> actions;
  for (const Step& step : program.lanes[0].steps()) actions.push_back(step.action);
  EXPECT_EQ(actions,
            (std::vector<Action>{Action::send, Action::recv, Action::wait, Action::send, Action::recv, Action::wait}));
}

TEST(GoalProgram, DoesNotLetAMessageWaitForAnotherChain) {
  const GoalSchedule schedule = ordered(
      ranks01("ra: recv 8b from 1\nrb: recv 9b from 1 tag 1\nsa: send 8b to 1\nsb: send 9b to 1 tag 1\nsa requires "
              "ra\nsb requires rb",
              "sa: send 8b to 0\nrb: send 9b to 0 tag 1\nra: recv 8b from 0\nrb requires ra\nrecv 9b from 0 tag 1"),
      2);
  EXPECT_EQ(goal_program(schedule, 0).program.lanes.size(), 2U);
}

TEST(GoalProgram, NeedsNoMoreMemoryForMessagesOneAfterTheOther) {
  std::string sends, receives;
  for (int i = 0; i < 100; ++i) {
    sends += fmt::format("s{}: send 1000000b to 1\n", i);
    receives += fmt::format("r{}: recv 1000000b from 0\n", i);
    if (i == 0) continue;
    sends += fmt::format("s{} requires s{}\n", i, i - 1);
    receives += fmt::format("r{} requires r{}\n", i, i - 1);
  }
  const GoalSchedule schedule = ordered(ranks01(sends, receives), 2);
  EXPECT_LE(goal_program(schedule, 0).program.in_bytes, 1'000'000U + 100 * kGoalWindowStep);
  const GoalProgram receiver = goal_program(schedule, 1);
  EXPECT_LE(receiver.program.out_bytes, 1'000'000U + 100 * kGoalWindowStep);
  ASSERT_EQ(receiver.arrivals.size(), 100U);
  EXPECT_EQ(receiver.arrivals[0].bytes, kGoalWindowStep);
  EXPECT_EQ(receiver.arrivals[99].bytes, 1'000'000U);
}

}  // namespace
}  // namespace weft
