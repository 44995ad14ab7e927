#pragma once

#include "patterns/goal/schedule.hpp"

namespace weft {

/// Channels between two ranks at most: some transports keep something for each.
inline constexpr std::size_t kMostGoalChannels = 64;

/// Gives each message of a schedule that has been run its channel, between two ranks one for each tag; where there are
/// more tags, some share channels, such that both ends start the messages of a channel in the same order. Numbers what
/// the messages carry. Throws UsageError where no such channels are left.
void assign_channels(GoalSchedule& schedule);

}  // namespace weft
