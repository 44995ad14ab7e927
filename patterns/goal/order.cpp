// The schedule run once, on a fabric without delay, to find an order in which it can run on any.
#include <algorithm>
#include <deque>
#include <map>
#include <queue>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "patterns/goal/channels.hpp"
#include "patterns/goal/schedule.hpp"
#include "patterns/goal/stall.hpp"

namespace weft {

namespace {

struct Cpu {
  bool busy = false;
  std::deque<std::uint32_t> waiting;  ///< calcs, in the order in which they could start
};

/// One rank while it runs.
struct RankState {
  std::vector<std::uint32_t> first;        ///< of each operation's successors, and one more
  std::vector<GoalDependency> successors;  ///< who requires it, and what of it
  std::vector<std::uint32_t> missing;      ///< requirements that are not met yet
  std::map<std::uint16_t, Cpu> cpus;
};

RankState reversed(const GoalRank& rank) {
  RankState state;
  state.first.assign(rank.operations.size() + 1, 0);
  for (const GoalDependency& dependency : rank.dependencies) ++state.first[dependency.operation() + 1];
  for (std::size_t i = 1; i < state.first.size(); ++i) state.first[i] += state.first[i - 1];
  state.successors.assign(rank.dependencies.size(), {0, false});
  std::vector<std::uint32_t> next(state.first.begin(), state.first.end() - 1);
  for (std::uint32_t operation = 0; operation < rank.operations.size(); ++operation) {
    for (const GoalDependency& dependency : rank.dependencies_of(operation))
      state.successors[next[dependency.operation()]++] = {operation, dependency.only_start()};
    state.missing.push_back(static_cast<std::uint32_t>(rank.dependencies_of(operation).size()));
  }
  return state;
}

class GoalRun {
 public:
  explicit GoalRun(GoalSchedule& schedule) : schedule_(schedule) {
    for (GoalRank& rank : schedule.ranks) {
      states_.push_back(reversed(rank));
      rank.order.reserve(rank.operations.size());
      rank.ended.assign(rank.operations.size(), kNoOperation);
    }
  }

  /// Whether all has ended.
  bool run() {
    for (std::uint32_t rank = 0; rank < states_.size(); ++rank)
      for (std::uint32_t operation = 0; operation < states_[rank].missing.size(); ++operation) {
        if (states_[rank].missing[operation] == 0) ready_.push_back({rank, operation});
        ++unfinished_;
      }
    while (true) {
      for (; !ready_.empty(); ready_.pop_front()) take(ready_.front());
      if (calcs_.empty()) return unfinished_ == 0;
      const Calc done = calcs_.top();
      calcs_.pop();
      now_ = done.end;
      end_calc(done.place);
    }
  }

 private:
  struct Place {
    std::uint32_t rank;
    std::uint32_t operation;
  };
  struct Calc {
    std::uint64_t end;
    std::uint64_t number;  ///< in the order of their starts
    Place place;
    bool operator>(const Calc& other) const { return std::tie(end, number) > std::tie(other.end, other.number); }
  };
  /// Started messages of one sender, receiver and tag that have no partner: all sends or all receives. Each one's
  /// `partner` is the next.
  struct Waiting {
    std::uint32_t head;
    std::uint32_t tail;
    bool sends;
  };

  GoalOperation& at(const Place& place) { return schedule_.ranks[place.rank].operations[place.operation]; }

  void take(Place place) {
    const GoalOperation& operation = at(place);
    if (operation.is_message() || operation.is_join()) return start(place);
    Cpu& cpu = states_[place.rank].cpus[operation.cpu];
    if (cpu.busy) {
      cpu.waiting.push_back(place.operation);
      return;
    }
    cpu.busy = true;
    start(place);
    calcs_.push({now_ + operation.size, started_++, place});
  }

  void end_calc(Place place) {
    end(place);
    Cpu& cpu = states_[place.rank].cpus[at(place).cpu];
    cpu.busy = false;
    if (cpu.waiting.empty()) return;
    ready_.push_back({place.rank, cpu.waiting.front()});
    cpu.waiting.pop_front();
  }

  void start(Place place) {
    schedule_.ranks[place.rank].order.push_back(place.operation);
    release(place, true);
    if (at(place).is_message()) meet(place);
    if (at(place).is_join()) end(place);
  }

  void end(Place place) {
    GoalRank& rank = schedule_.ranks[place.rank];
    rank.ended[place.operation] = static_cast<std::uint32_t>(rank.order.size());
    --unfinished_;
    release(place, false);
  }

  void release(Place place, bool started) {
    RankState& state = states_[place.rank];
    for (std::uint32_t i = state.first[place.operation]; i < state.first[place.operation + 1]; ++i) {
      const GoalDependency& successor = state.successors[i];
      if (successor.only_start() == started && --state.missing[successor.operation()] == 0)
        ready_.push_back({place.rank, successor.operation()});
    }
  }

  void meet(Place place) {
    const GoalOperation& operation = at(place);
    const bool sends = operation.kind == GoalKind::send;
    const auto peer = static_cast<std::uint32_t>(operation.peer);
    const auto [found, is_new] =
        waiting_.try_emplace(message_key(operation, place.rank), Waiting{place.operation, place.operation, sends});
    if (is_new) return;
    Waiting& waiting = found->second;
    if (waiting.sends == sends) {
      at({place.rank, waiting.tail}).partner = place.operation;
      waiting.tail = place.operation;
      return;
    }
    const Place other{peer, waiting.head};
    if (waiting.head == waiting.tail)
      waiting_.erase(found);
    else
      waiting.head = at(other).partner;
    if (sends)
      match(place, other);
    else
      match(other, place);
  }

  void match(Place send, Place receive) {
    GoalOperation& from = at(send);
    GoalOperation& into = at(receive);
    if (into.size < from.size)
      schedule_.refuse(into, fmt::format("receives {} B, and the message that meets it, from line {}, has {} B",
                                         into.size, from.line, from.size));
    into.size = from.size;
    from.partner = receive.operation;
    into.partner = send.operation;
    end(send);
    end(receive);
  }

  GoalSchedule& schedule_;
  std::vector<RankState> states_;
  std::deque<Place> ready_;
  std::priority_queue<Calc, std::vector<Calc>, std::greater<>> calcs_;
  std::unordered_map<std::uint64_t, Waiting> waiting_;
  std::uint64_t now_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t unfinished_ = 0;
};

}  // namespace

void order_goal(GoalSchedule& schedule) {
  if (!GoalRun(schedule).run()) refuse_stalled(schedule);
  assign_channels(schedule);
}

}  // namespace weft
