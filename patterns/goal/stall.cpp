#include "patterns/goal/stall.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include <fmt/format.h>

namespace weft {

namespace {

/// Messages of one sender, receiver and tag.
struct Balance {
  std::uint64_t sends = 0;
  std::uint64_t receives = 0;
  const GoalOperation* last_send = nullptr;
  const GoalOperation* last_receive = nullptr;

  const GoalOperation* surplus() const {
    return sends > receives ? last_send : sends < receives ? last_receive : nullptr;
  }
};

void refuse_unmatched(const GoalSchedule& schedule) {
  std::unordered_map<std::uint64_t, Balance> balances;
  for (std::uint32_t rank = 0; rank < schedule.ranks.size(); ++rank)
    for (const GoalOperation& operation : schedule.ranks[rank].operations) {
      if (!operation.is_message()) continue;
      Balance& balance = balances[message_key(operation, rank)];
      const bool sends = operation.kind == GoalKind::send;
      ++(sends ? balance.sends : balance.receives);
      (sends ? balance.last_send : balance.last_receive) = &operation;
    }
  const GoalOperation* first = nullptr;
  std::uint64_t key = 0;
  for (const auto& [messages, balance] : balances) {
    const GoalOperation* const surplus = balance.surplus();
    if (surplus == nullptr || (first != nullptr && first->line <= surplus->line)) continue;
    first = surplus;
    key = messages;
  }
  if (first == nullptr) return;
  const Balance& balance = balances[key];
  schedule.refuse(*first, fmt::format("rank {} sends {} messages of tag {} to rank {}, which receives {}", key >> 48U,
                                      balance.sends, first->tag, key >> 32U & UINT16_MAX, balance.receives));
}

/// Follows what keeps operations from starting, within a rank.
void refuse_cycle(const GoalSchedule& schedule, const GoalRank& rank) {
  constexpr std::uint32_t kUnseen = 0;
  std::vector<std::uint32_t> walk(rank.operations.size(), kUnseen);  // that came by
  std::vector<bool> started(rank.operations.size(), false);
  for (const std::uint32_t operation : rank.order) started[operation] = true;
  for (std::uint32_t start = 0; start < walk.size(); ++start) {
    std::uint32_t before = start;
    for (std::uint32_t at = start; !started[at] && (walk[at] == kUnseen || walk[at] == start + 1);) {
      if (walk[at] == start + 1)
        schedule.refuse(
            rank.operations[at],
            before == at ? "the operation requires itself"
                         : fmt::format("the operation requires itself, through line {}", rank.operations[before].line));
      walk[at] = start + 1;
      const std::span<const GoalDependency> on = rank.dependencies_of(at);
      const auto blocking =
          std::find_if(on.begin(), on.end(), [&](const GoalDependency& d) { return !started[d.operation()]; });
      if (blocking == on.end()) break;
      before = at;
      at = blocking->operation();
    }
  }
}

}  // namespace

void refuse_stalled(const GoalSchedule& schedule) {
  refuse_unmatched(schedule);
  for (const GoalRank& rank : schedule.ranks) refuse_cycle(schedule, rank);
  for (const GoalRank& rank : schedule.ranks)
    for (const std::uint32_t operation : rank.order)
      if (rank.ended[operation] == kNoOperation)
        schedule.refuse(
            rank.operations[operation],
            "never ends: the ranks wait for each other where a send ends with its receive; with --goal-eager "
            "sends up to a size end as they start");
  throw std::logic_error("the schedule has not stalled");
}

}  // namespace weft
