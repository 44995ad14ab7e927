#include "patterns/goal/workload.hpp"

#include <cstring>

#include "collectives/payload_stream.hpp"
#include "collectives/summands.hpp"

namespace weft {

namespace {

constexpr int kGoalPoison = 0xA5;

std::uint64_t payload_key(std::uint64_t salt, int sender) {
  return mix(salt + mix(static_cast<std::uint64_t>(sender)));
}

}  // namespace

GoalWorkload::GoalWorkload(const GoalSchedule& schedule, int rank) {
  GoalProgram written = goal_program(schedule, rank);
  programs_.push_back(std::move(written.program));
  arrivals_ = std::move(written.arrivals);
  for (const GoalOperation& operation : schedule.ranks[static_cast<std::size_t>(rank)].operations)
    if (operation.kind == GoalKind::send) wire_bytes_ += operation.size;
}

void GoalWorkload::fill(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  const Program& program = programs_.front();
  if (program.out_bytes > 0) std::memset(buffers.out, kGoalPoison, program.out_bytes);
  PayloadStream(payload_key(salt, program.rank)).fill(buffers.in, program.in_bytes);
}

std::uint64_t GoalWorkload::count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  std::uint64_t wrong = 0;
  for (const GoalArrival& arrival : arrivals_) {
    const PayloadStream sent(payload_key(salt, arrival.from) + kGoalWindowStep * arrival.window);
    wrong += sent.count_wrong(buffers.out + arrival.at, arrival.bytes, 1);
  }
  return wrong;
}

}  // namespace weft
