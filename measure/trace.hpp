#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectives/execute.hpp"
#include "measure/global_clock.hpp"
#include "worlds/world.hpp"

namespace weft {

/// A step as it ran, on the common clock.
struct TracedStep {
  Action action = Action::wait;
  std::int32_t lane = 0;
  std::int32_t routine = -1;  ///< that the step is of; -1: it is the lane's own
  std::int32_t peer = -1;     ///< as in Step
  Bytes bytes = 0;            ///< as in Step
  Nanoseconds start = 0;
  Nanoseconds end = 0;
  std::int32_t channel = 0;  ///< of the lane's messages
};

/// One execution of a point by all ranks, step by step.
struct Trace {
  struct Rank {
    std::vector<std::string> lanes;     ///< their names
    std::vector<std::string> routines;  ///< theirs
    std::vector<TracedStep> steps;      ///< in the order in which they ended
  };
  std::vector<Rank> ranks;
  std::string left_out;  ///< not empty: why there is none
};

/// Steps of all ranks of one point that are traced at most: bounds the memory of rank 0.
inline constexpr std::uint64_t kMostTracedSteps = 2'000'000;

/// Brings to rank 0 what the ranks wrote down of `program`. Collective.
Trace merge_trace(World& world, const GlobalClock& clock, const Program& program, const std::vector<StepTime>& log);

}  // namespace weft
