// Programs that name their lanes' channels.
#include <gtest/gtest.h>

#include "collectives/verify.hpp"

namespace weft {
namespace {

/// Two lanes of each rank on one channel: rank 0 sends from both, rank 1 receives into both.
std::vector<Program> shared_channel(bool sends_ordered, bool receives_ordered) {
  std::vector<Program> programs(2);
  for (int rank = 0; rank < 2; ++rank) {
    Program& program = programs[static_cast<std::size_t>(rank)];
    program.rank = rank;
    program.ranks = 2;
    program.in_bytes = program.out_bytes = 24;
    program.events = 1;
    program.channels = {7, 7};
    const bool ordered = rank == 0 ? sends_ordered : receives_ordered;
    for (const Bytes bytes : {8U, 16U}) {
      Lane lane("lane");
      if (ordered && bytes == 16) lane.await(0);
      if (rank == 0)
        lane.send(1, {Space::in, 0, bytes});
      else
        lane.recv(0, {Space::out, bytes == 8 ? Bytes{16} : Bytes{0}, bytes});
      if (ordered && bytes == 8) lane.signal(0);
      lane.wait();
      program.lanes.push_back(std::move(lane));
    }
  }
  return programs;
}

TEST(Channels, AreSharedByLanesThatOrderTheirMessages) {
  EXPECT_EQ(verify_traffic(shared_channel(true, true)), Findings{});
}

TEST(Channels, LeaveNothingToTheOrderInWhichLanesAreServed) {
  for (const bool sends_ordered : {true, false}) {
    const Findings findings = verify_traffic(shared_channel(sends_ordered, !sends_ordered));
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_NE(findings[0].find(sends_ordered ? "rank 1, lane lane, step 0" : "rank 0, lane lane, step 0"),
              std::string::npos);
    EXPECT_NE(findings[0].find("shares its channel, unordered, with"), std::string::npos) << findings[0];
  }
}

TEST(Channels, AreAsManyAsLanesAndSmallNumbers) {
  std::vector<Program> programs = shared_channel(true, true);
  programs[0].channels = {7};
  EXPECT_EQ(verify_traffic(programs), Findings{"rank 0 names 1 channels for 2 lanes"});
  programs[0].channels = {7, 65536};
  EXPECT_EQ(verify_traffic(programs), Findings{"rank 0: channel 65536 is none of 0 to 65535"});
}

TEST(Channels, MeetAcrossLanesOfOtherNumbers) {
  std::vector<Program> programs = shared_channel(true, true);
  programs[1].lanes.insert(programs[1].lanes.begin(), Lane("empty"));
  programs[1].channels = {0, 7, 7};
  EXPECT_EQ(verify_traffic(programs), Findings{});
  programs[1].channels.clear();
  EXPECT_FALSE(verify_traffic(programs).empty());
}

}  // namespace
}  // namespace weft
