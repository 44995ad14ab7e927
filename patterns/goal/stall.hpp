#pragma once

#include "patterns/goal/schedule.hpp"

namespace weft {

/// Of the messages of one sender, receiver and tag.
inline std::uint64_t message_key(const GoalOperation& operation, std::uint32_t rank) {
  const auto peer = static_cast<std::uint64_t>(operation.peer);
  const bool sends = operation.kind == GoalKind::send;
  return (sends ? rank : peer) << 48U | (sends ? peer : rank) << 32U | operation.tag;
}

/// Throws UsageError that says why a schedule that has been run could not end: a message without a partner, operations
/// that require each other, or ranks that wait for each other.
[[noreturn]] void refuse_stalled(const GoalSchedule& schedule);

}  // namespace weft
