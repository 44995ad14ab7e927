#include "patterns/handover.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "patterns/schedules/registry.hpp"
#include "tests/unit/patterns/served_shapes.hpp"

namespace weft {
namespace {

std::vector<Handover> handovers(const char* schedule, const PipelineShape& shape) {
  return handovers_of(schedules::registry().find(schedule).paths(shape));
}

TEST(Handover, NoDeviceHasTwoOfOneLane) {
  for (const Schedule& schedule : schedules::registry().entries())
    for (const PipelineShape& shape : served_shapes(schedule)) {
      std::set<std::pair<int, int>> ends;
      for (const Handover& handover : handovers_of(schedule.paths(shape))) {
        EXPECT_EQ(handover.lane > 0, handover.is_message()) << schedule.name << " " << describe(shape);
        if (!handover.is_message()) continue;
        EXPECT_TRUE(ends.insert({handover.from.device, handover.lane}).second) << schedule.name << describe(shape);
        EXPECT_TRUE(ends.insert({handover.to.device, handover.lane}).second) << schedule.name << describe(shape);
      }
    }
}

TEST(Handover, AStageHasFourLanesWhereItHasTwoNeighbours) {
  int most = 0;
  for (const Handover& handover : handovers("1f1b", {.devices = 7, .micro_batches = 1}))
    most = std::max(most, handover.lane);
  EXPECT_EQ(most, 4);
}

TEST(Handover, InterleavedWrapsAroundAndTheVTurnsOnTheLastDevice) {
  int wraps = 0;
  for (const Handover& handover : handovers("interleaved", {.devices = 4, .micro_batches = 4, .virtual_stages = 3})) {
    if (handover.flow != Flow::activations || handover.from.device != 3) continue;
    EXPECT_EQ(handover.to, (Seat{0, handover.from.chunk + 1}));
    ++wraps;
  }
  EXPECT_EQ(wraps, 2);
  const std::vector<Handover> turn = handovers("dualpipev", {.devices = 4, .micro_batches = 8});
  EXPECT_EQ(std::count_if(turn.begin(), turn.end(), [](const Handover& handover) { return !handover.is_message(); }),
            2);
}

TEST(Handover, BothDirectionsOfDualPipeMeetAtEachPairOfNeighbours) {
  const std::vector<Handover> both = handovers("dualpipe", {.devices = 4, .micro_batches = 8});
  for (int device = 0; device < 3; ++device)
    for (const Flow flow : {Flow::activations, Flow::gradients})
      for (const bool up : {true, false}) {
        const int from = up ? device : device + 1;
        const int to = up ? device + 1 : device;
        EXPECT_EQ(std::count_if(both.begin(), both.end(),
                                [&](const Handover& handover) {
                                  return handover.flow == flow && handover.from.device == from &&
                                         handover.to.device == to;
                                }),
                  1);
      }
}

}  // namespace
}  // namespace weft
