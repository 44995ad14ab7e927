#pragma once

#include <vector>

#include "collectives/program.hpp"
#include "patterns/goal/schedule.hpp"

namespace weft {

/// What a receive leaves in `out`, after the whole program has run.
struct GoalArrival {
  Bytes at = 0;
  Bytes bytes = 0;  ///< that no later message has overwritten
  int from = 0;
  std::uint32_t window = 0;  ///< of the sender's payload
};

/// One rank of an ordered schedule.
struct GoalProgram {
  Program program;
  std::vector<GoalArrival> arrivals;
};

/// How far the windows are apart that messages carry, and the arrivals that lie in one place.
inline constexpr Bytes kGoalWindowStep = 64;

/// Writes the rank's program: every requirement holds in whatever order messages come, and where the order of the
/// schedule is kept nothing deadlocks. Sends read windows of `in`. What a lane receives at once has places of its own;
/// what it receives later, when that is complete, goes to the same places kGoalWindowStep further, so the beginning of
/// every message stays. A calc of 0 ns is no step, it only joins.
GoalProgram goal_program(const GoalSchedule& schedule, int rank);

}  // namespace weft
