#include "patterns/goal/placement.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "patterns/goal/channels.hpp"

namespace weft {

namespace {

constexpr std::uint32_t kNoLane = kNoOperation;
constexpr std::uint32_t kNoGroup = kNoOperation;

bool same(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool same(std::span<const GoalDependency> a, std::span<const GoalDependency> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

GoalPlacement::GoalPlacement(const GoalRank& rank)
    : rank_(rank),
      group_of_(rank.operations.size(), kNoGroup),
      start_events_(rank.operations.size(), -1),
      after_(rank.operations.size(), kNoOperation),
      last_group_(kMostGoalChannels, kNoGroup) {
  list_successors();
  for (std::uint32_t position = 0; position < rank.order.size(); ++position) place(rank.order[position], position);
  sort_lanes();
}

void GoalPlacement::sort_lanes() {
  std::vector<std::uint32_t> sorted(lanes_.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  const auto key = [&](std::uint32_t lane) { return std::tuple(!lanes_[lane].calculates, lanes_[lane].tag, lane); };
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  std::vector<GoalLane> lanes;
  std::vector<std::uint32_t> number(lanes_.size());
  for (const std::uint32_t lane : sorted) {
    number[lane] = static_cast<std::uint32_t>(lanes.size());
    lanes.push_back(lanes_[lane]);
  }
  lanes_ = std::move(lanes);
  for (GoalGroup& group : groups_) group.lane = number[group.lane];
}

void GoalPlacement::list_successors() {
  first_successor_.assign(rank_.operations.size() + 1, 0);
  for (const GoalDependency& dependency : rank_.dependencies)
    if (!dependency.only_start()) ++first_successor_[dependency.operation() + 1];
  for (std::size_t i = 1; i < first_successor_.size(); ++i) first_successor_[i] += first_successor_[i - 1];
  successors_.resize(first_successor_.back());
  std::vector<std::uint32_t> next(first_successor_.begin(), first_successor_.end() - 1);
  for (std::uint32_t operation = 0; operation < rank_.operations.size(); ++operation)
    for (const GoalDependency& dependency : rank_.dependencies_of(operation))
      if (!dependency.only_start()) successors_[next[dependency.operation()]++] = operation;
}

std::span<const std::uint32_t> GoalPlacement::successors_of(std::uint32_t operation) const {
  const std::uint32_t first = first_successor_[operation];
  return std::span(successors_).subspan(first, first_successor_[operation + 1] - first);
}

void GoalPlacement::place(std::uint32_t operation, std::uint32_t position) {
  const GoalOperation& placed = rank_.operations[operation];
  if (!join_group(operation)) {
    const std::uint32_t lane = find_lane(operation, position);
    group_of_[operation] = static_cast<std::uint32_t>(groups_.size());
    groups_.push_back({.lane = lane, .leader = operation, .ended = rank_.ended[operation]});
    lanes_[lane].last = group_of_[operation];
    await_requirements(operation);
  }
  if (!placed.is_message()) return;
  GoalLane& lane = lanes_[lane_of(operation)];
  if (lane.channel == GoalLane::kNoChannel) lane.tag = placed.tag;
  lane.channel = placed.channel;
  last_group_[placed.channel] = group_of_[operation];
  keep_channel_order(operation);
}

/// With the messages before it in its channel, where nothing tells them apart.
bool GoalPlacement::join_group(std::uint32_t operation) {
  const GoalOperation& joining = rank_.operations[operation];
  if (!joining.is_message()) return false;
  const std::uint32_t last = last_group_[joining.channel];
  if (last == kNoGroup) return false;
  GoalGroup& group = groups_[last];
  if (lanes_[group.lane].last != last || !same(rank_.dependencies_of(operation), rank_.dependencies_of(group.leader)) ||
      !same(successors_of(operation), successors_of(group.leader)))
    return false;
  group_of_[operation] = last;
  group.ended = std::max(group.ended, rank_.ended[operation]);
  return true;
}

std::uint32_t GoalPlacement::find_lane(std::uint32_t operation, std::uint32_t position) {
  const GoalOperation& wanted = rank_.operations[operation];
  if (!wanted.is_message() && !wanted.is_join()) {
    const auto [found, is_new] = lane_of_cpu_.try_emplace(wanted.cpu, 0);
    if (is_new) found->second = new_lane({.tag = wanted.cpu, .calculates = true});
    return found->second;
  }
  std::uint32_t lane = lane_to_follow(wanted, operation);
  if (lane == kNoLane && lanes_.size() >= kMostLanes) lane = lane_to_reuse(wanted, position);
  return lane == kNoLane ? new_lane({}) : lane;
}

/// Of the lanes that end with what the operation requires, that for which the fewest others wait, since they will have
/// to begin a lane.
std::uint32_t GoalPlacement::lane_to_follow(const GoalOperation& operation, std::uint32_t number) const {
  std::uint32_t best = kNoLane;
  std::size_t rivals = 0;
  for (const GoalDependency& dependency : rank_.dependencies_of(number)) {
    const std::uint32_t group = group_of_[dependency.operation()];
    const std::uint32_t lane = groups_[group].lane;
    if (dependency.only_start() || lanes_[lane].last != group || !serves(lanes_[lane], operation)) continue;
    const std::size_t others = successors_of(dependency.operation()).size();
    if (best != kNoLane && rivals <= others) continue;
    best = lane;
    rivals = others;
  }
  return best;
}

std::uint32_t GoalPlacement::lane_to_reuse(const GoalOperation& operation, std::uint32_t position) {
  for (std::size_t tried = 0; tried < kTriedLanes; ++tried) {
    const std::size_t lane = next_tried_++ % lanes_.size();
    if (serves(lanes_[lane], operation) && groups_[lanes_[lane].last].ended <= position)
      return static_cast<std::uint32_t>(lane);
  }
  return kNoLane;
}

std::uint32_t GoalPlacement::new_lane(const GoalLane& lane) {
  lanes_.push_back(lane);
  return static_cast<std::uint32_t>(lanes_.size() - 1);
}

bool GoalPlacement::serves(const GoalLane& lane, const GoalOperation& operation) const {
  if (lane.calculates) return false;
  return operation.is_join() || lane.channel == GoalLane::kNoChannel || lane.channel == operation.channel;
}

void GoalPlacement::await_requirements(std::uint32_t operation) {
  for (const GoalDependency& dependency : rank_.dependencies_of(operation)) {
    if (lane_of(dependency.operation()) == lane_of(operation)) continue;  // it stands before it
    if (dependency.only_start())
      await_start(dependency.operation());
    else if (GoalGroup& group = groups_[group_of_[dependency.operation()]]; group.event < 0)
      group.event = events_++;
  }
}

void GoalPlacement::await_start(std::uint32_t operation) {
  if (start_events_[operation] < 0) start_events_[operation] = events_++;
}

/// Messages of a channel match in order, so both ends must start them in that order.
void GoalPlacement::keep_channel_order(std::uint32_t operation) {
  const GoalOperation& message = rank_.operations[operation];
  const std::uint64_t direction = message.kind == GoalKind::send ? 1 : 0;
  const std::uint64_t key =
      static_cast<std::uint64_t>(message.peer) << 16U | static_cast<std::uint64_t>(message.channel) << 1U | direction;
  const auto [found, is_first] = last_post_.try_emplace(key, operation);
  const std::uint32_t before = found->second;
  found->second = operation;
  if (is_first || lane_of(before) == lane_of(operation)) return;
  const std::span<const GoalDependency> on = rank_.dependencies_of(operation);
  if (std::any_of(on.begin(), on.end(), [&](const GoalDependency& d) { return d.operation() == before; })) return;
  after_[operation] = before;
  await_start(before);
}

}  // namespace weft
