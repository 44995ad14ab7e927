#include "patterns/goal/lanes.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "patterns/goal/placement.hpp"

namespace weft {

namespace {

/// A place in `out` for one message at a time.
struct Slot {
  Bytes at = 0;
  Bytes bytes = 0;
  std::uint32_t uses = 0;
  std::size_t last = 0;  ///< arrival
};

struct WrittenLane {
  std::vector<Step> steps;
  std::vector<std::size_t> slots;
  std::size_t receives = 0;  ///< since the last wait
  bool open = false;         ///< its last group has started, and nothing has waited for it
};

class GoalProgramWriter {
 public:
  explicit GoalProgramWriter(const GoalRank& rank)
      : rank_(rank),
        placement_(rank),
        lanes_(placement_.lanes().size()),
        awaited_by_(placement_.groups().size(), kNoOperation) {}

  GoalProgram write() {
    for (const std::uint32_t operation : rank_.order) add(operation);
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) close(placement_.lanes()[lane].last);
    place_arrivals();
    written_.program.events = placement_.events();
    name_lanes();
    return std::move(written_);
  }

 private:
  void add(std::uint32_t operation) {
    const GoalOperation& added = rank_.operations[operation];
    const GoalGroup& group = placement_.group(operation);
    WrittenLane& lane = lanes_[group.lane];
    if (group.leader == operation) {
      if (lane.open) close(lane_group_[group.lane]);
      await_requirements(operation, group.lane);
      lane_group_[group.lane] = placement_.group_of(operation);
    }
    if (placement_.after(operation) != kNoOperation)
      add_event(lane, Action::await, placement_.start_event(placement_.after(operation)));
    if (!added.is_message()) {
      add_event(lane, Action::signal, placement_.start_event(operation));
      if (!added.is_join()) lane.steps.push_back({.action = Action::compute, .bytes = added.size});
      add_event(lane, Action::signal, group.event);
      return;
    }
    if (added.kind == GoalKind::send)
      send(added, lane);
    else
      receive(added, lane);
    lane.open = true;
    add_event(lane, Action::signal, placement_.start_event(operation));
  }

  void await_requirements(std::uint32_t operation, std::uint32_t lane) {
    for (const GoalDependency& dependency : rank_.dependencies_of(operation)) {
      const std::uint32_t on = dependency.operation();
      const std::uint32_t group = placement_.group_of(on);
      if (placement_.lane_of(on) == lane) continue;
      if (dependency.only_start())
        add_event(lanes_[lane], Action::await, placement_.start_event(on));
      else if (std::exchange(awaited_by_[group], operation) != operation)
        add_event(lanes_[lane], Action::await, placement_.groups()[group].event);
    }
  }

  /// Waits for the group, where its lane has not.
  void close(std::uint32_t group) {
    const GoalGroup& closed = placement_.groups()[group];
    WrittenLane& lane = lanes_[closed.lane];
    if (!lane.open || lane_group_[closed.lane] != group) return;
    lane.steps.push_back({.action = Action::wait});
    lane.open = false;
    lane.receives = 0;
    add_event(lane, Action::signal, closed.event);
  }

  static void add_event(WrittenLane& lane, Action action, int event) {
    if (event >= 0) lane.steps.push_back({.action = action, .peer = event});
  }

  void send(const GoalOperation& message, WrittenLane& lane) {
    const Bytes from = kGoalWindowStep * message.window;
    lane.steps.push_back(
        {.action = Action::send, .src_space = Space::in, .peer = message.peer, .src = from, .bytes = message.size});
    written_.program.in_bytes = std::max(written_.program.in_bytes, from + message.size);
  }

  /// Until all slots have their places, the step's source is the slot's number.
  void receive(const GoalOperation& message, WrittenLane& lane) {
    if (lane.receives == lane.slots.size()) {
      lane.slots.push_back(slots_.size());
      slots_.emplace_back();
    }
    const std::size_t number = lane.slots[lane.receives++];
    Slot& slot = slots_[number];
    if (slot.uses > 0) {
      GoalArrival& before = written_.arrivals[slot.last];
      before.bytes = std::min(before.bytes, kGoalWindowStep);
    }
    const Bytes into = kGoalWindowStep * slot.uses++;
    slot.bytes = std::max(slot.bytes, into + message.size);
    slot.last = written_.arrivals.size();
    written_.arrivals.push_back({.at = into, .bytes = message.size, .from = message.peer, .window = message.window});
    slot_of_arrival_.push_back(number);
    lane.steps.push_back({.action = Action::recv,
                          .dst_space = Space::out,
                          .peer = message.peer,
                          .dst = into,
                          .src = number,
                          .bytes = message.size});
  }

  void place_arrivals() {
    Bytes& end = written_.program.out_bytes;
    for (Slot& slot : slots_) {
      slot.at = end;
      end += (slot.bytes + kGoalWindowStep - 1) / kGoalWindowStep * kGoalWindowStep;
    }
    for (WrittenLane& lane : lanes_)
      for (Step& step : lane.steps)
        if (step.action == Action::recv) step.dst += slots_[std::exchange(step.src, 0)].at;
    for (std::size_t i = 0; i < written_.arrivals.size(); ++i)
      written_.arrivals[i].at += slots_[slot_of_arrival_[i]].at;
  }

  /// A lane without messages needs no channel.
  void name_lanes() {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const GoalLane& placed = placement_.lanes()[i];
      const bool messages = placed.channel != GoalLane::kNoChannel;
      written_.program.channels.push_back(messages ? placed.channel : 0);
      const std::string name = placed.calculates ? fmt::format("cpu {}", placed.tag)
                               : messages        ? fmt::format("tag {}, lane {}", placed.tag, i)
                                                 : fmt::format("joins, lane {}", i);
      written_.program.lanes.emplace_back(name, std::move(lanes_[i].steps));
    }
  }

  const GoalRank& rank_;
  GoalPlacement placement_;
  std::vector<WrittenLane> lanes_;
  std::vector<std::uint32_t> lane_group_ = std::vector<std::uint32_t>(lanes_.size(), 0);  ///< the last that was written
  std::vector<std::uint32_t> awaited_by_;  ///< of each group, the operation that did so last
  std::vector<Slot> slots_;
  std::vector<std::size_t> slot_of_arrival_;
  GoalProgram written_;
};

}  // namespace

GoalProgram goal_program(const GoalSchedule& schedule, int rank) {
  GoalProgram written = GoalProgramWriter(schedule.ranks[static_cast<std::size_t>(rank)]).write();
  written.program.rank = rank;
  written.program.ranks = static_cast<int>(schedule.ranks.size());
  return written;
}

}  // namespace weft
