#include <gtest/gtest.h>

#include "patterns/goal/workload.hpp"
#include "tests/conformance/goal_example.hpp"
#include "tests/conformance/run_programs.hpp"
#include "tests/unit/patterns/goal_file.hpp"

namespace weft {
namespace {

constexpr std::uint64_t kSalt = 7;

/// The example on some ranks, run once in this thread.
class GoalPayload : public testing::Test {
 protected:
  static constexpr int kRanks = 3;

  GoalPayload() {
    const GoalFile file(goal_example_text(kRanks));
    schedule_ = read_goal(file.path(), {.ranks = kRanks});
    order_goal(schedule_);
    for (int rank = 0; rank < kRanks; ++rank) {
      work_.push_back(std::make_unique<GoalWorkload>(schedule_, rank));
      programs_.push_back(&work_.back()->programs()[0]);
    }
  }

  /// Wrong elements of all ranks; `damage` may change the memory before.
  template <typename Damage>
  std::uint64_t wrong_after(Damage damage) const {
    std::vector<RankMemory> memory;
    for (std::size_t rank = 0; rank < work_.size(); ++rank) {
      memory.emplace_back(*programs_[rank]);
      work_[rank]->fill(0, memory.back().buffers(), kSalt);
    }
    damage(memory);
    EXPECT_TRUE(ProgramsInOneThread(programs_, memory).run());
    std::uint64_t wrong = 0;
    for (std::size_t rank = 0; rank < work_.size(); ++rank)
      wrong += work_[rank]->count_wrong(0, memory[rank].buffers(), kSalt);
    return wrong;
  }

  GoalSchedule schedule_;
  std::vector<std::unique_ptr<GoalWorkload>> work_;
  std::vector<const Program*> programs_;
};

TEST_F(GoalPayload, IsRightAsItIs) {
  EXPECT_EQ(wrong_after([](auto&) {}), 0U);
}

TEST_F(GoalPayload, IsWrongWhereAnyMessageIs) {
  int messages = 0;
  for (std::size_t rank = 0; rank < programs_.size(); ++rank)
    for (const Lane& lane : programs_[rank]->lanes)
      for (const Step& step : lane.steps()) {
        if (step.action != Action::send || step.bytes == 0) continue;
        ++messages;
        EXPECT_GT(
            wrong_after([&](std::vector<RankMemory>& memory) { *memory[rank].at(step.source()) ^= std::byte{1}; }), 0U)
            << "rank " << rank << " sends " << step.bytes;
      }
  EXPECT_EQ(messages, 4 * kRanks);
}

TEST_F(GoalPayload, TellsMessagesOfOneLengthApart) {
  const GoalFile file(
      "num_ranks 2\nrank 0 {\nsend 40b to 1\nsend 40b to 1\n}\nrank 1 {\nrecv 40b from 0\nrecv 40b from 0\n}\n");
  GoalSchedule schedule = read_goal(file.path(), {.ranks = 2});
  order_goal(schedule);
  const GoalWorkload sender(schedule, 0);
  const GoalWorkload receiver(schedule, 1);
  std::vector<RankMemory> memory = {RankMemory(sender.programs()[0]), RankMemory(receiver.programs()[0])};
  sender.fill(0, memory[0].buffers(), kSalt);
  receiver.fill(0, memory[1].buffers(), kSalt);
  ASSERT_TRUE(ProgramsInOneThread({&sender.programs()[0], &receiver.programs()[0]}, memory).run());
  EXPECT_EQ(receiver.count_wrong(0, memory[1].buffers(), kSalt), 0U);
  std::swap_ranges(memory[1].out.begin(), memory[1].out.begin() + 40, memory[1].out.begin() + 64);
  EXPECT_GT(receiver.count_wrong(0, memory[1].buffers(), kSalt), 0U);
}

}  // namespace
}  // namespace weft
