#pragma once

#include <deque>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "collectives/program.hpp"
#include "patterns/goal/schedule.hpp"

namespace weft {

/// Runs the programs of an ordered schedule step by step in an order that chance decides: which lane goes on, which
/// message arrives, which calc ends. Sends end with their receives. Operations are told apart by their kind and size,
/// so every message and calc must be of another size.
class UnluckyRun {
 public:
  struct Times {
    int start = -1;
    int end = -1;
  };

  UnluckyRun(const GoalSchedule& schedule, const std::vector<Program>& programs, unsigned seed)
      : programs_(programs), chance_(seed), times_(programs.size()), events_(programs.size()) {
    for (std::size_t rank = 0; rank < programs.size(); ++rank) {
      const GoalRank& goal = schedule.ranks[rank];
      times_[rank].resize(goal.operations.size());
      lanes_.emplace_back(programs[rank].lanes.size());
      for (std::uint32_t i = 0; i < goal.operations.size(); ++i)
        operations_[{rank, goal.operations[i].kind, goal.operations[i].size}] = i;
    }
  }

  /// Whether it comes to its end.
  bool run() {
    for (int idle = 0; idle < 20'000;) idle = act() ? 0 : idle + 1;
    for (std::size_t rank = 0; rank < lanes_.size(); ++rank)
      for (std::size_t lane = 0; lane < lanes_[rank].size(); ++lane)
        if (lanes_[rank][lane].next < programs_[rank].lanes[lane].steps().size()) return false;
    return flying_.empty();
  }

  const Times& times(std::size_t rank, std::uint32_t operation) const { return times_[rank][operation]; }
  bool wrong_lengths() const { return wrong_lengths_; }

 private:
  struct LaneState {
    std::size_t next = 0;
    int pending = 0;
    bool computes = false;
  };
  struct Post {
    std::size_t rank = 0, lane = 0;
    Bytes bytes = 0;
  };
  struct Queue {
    std::deque<Post> sends, receives;
  };

  std::size_t choose(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(chance_); }

  bool act() {
    if (!flying_.empty() && choose(3) == 0) {
      const std::size_t i = choose(flying_.size());
      for (const auto& [post, kind] :
           {std::pair(flying_[i].first, GoalKind::send), {flying_[i].second, GoalKind::recv}}) {
        --lanes_[post.rank][post.lane].pending;
        time_of(post.rank, kind, post.bytes).end = now_++;
      }
      flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    const std::size_t rank = choose(lanes_.size());
    if (lanes_[rank].empty()) return false;
    const std::size_t lane = choose(lanes_[rank].size());
    LaneState& state = lanes_[rank][lane];
    const std::vector<Step>& steps = programs_[rank].lanes[lane].steps();
    if (state.next == steps.size() || !step(rank, lane, state, steps[state.next])) return false;
    ++state.next;
    return true;
  }

  bool step(std::size_t rank, std::size_t lane, LaneState& state, const Step& step) {
    switch (step.action) {
      case Action::send:
      case Action::recv:
        post(rank, lane, step);
        ++state.pending;
        return true;
      case Action::compute:
        if (!std::exchange(state.computes, true)) {
          time_of(rank, GoalKind::calc, step.bytes).start = now_++;
          return false;
        }
        if (choose(4) != 0) return false;
        state.computes = false;
        time_of(rank, GoalKind::calc, step.bytes).end = now_++;
        return true;
      case Action::wait:
        return state.pending == 0;
      case Action::signal:
        start_with(rank, lane, state);
        return events_[rank].insert(step.peer).second;
      case Action::await:
        return events_[rank].count(step.peer) != 0;
      default:
        return false;
    }
  }

  /// The executor runs a lane until it blocks: a calc whose start is signalled starts with the signal.
  void start_with(std::size_t rank, std::size_t lane, LaneState& state) {
    const std::vector<Step>& steps = programs_[rank].lanes[lane].steps();
    if (state.next + 1 == steps.size() || steps[state.next + 1].action != Action::compute) return;
    state.computes = true;
    time_of(rank, GoalKind::calc, steps[state.next + 1].bytes).start = now_++;
  }

  void post(std::size_t rank, std::size_t lane, const Step& step) {
    const bool sends = step.action == Action::send;
    time_of(rank, sends ? GoalKind::send : GoalKind::recv, step.bytes).start = now_++;
    const auto peer = static_cast<std::size_t>(step.peer);
    Queue& queue =
        queues_[{sends ? rank : peer, sends ? peer : rank, programs_[rank].channel_of(static_cast<int>(lane))}];
    (sends ? queue.sends : queue.receives).push_back({rank, lane, step.bytes});
    if (queue.sends.empty() || queue.receives.empty()) return;
    wrong_lengths_ |= queue.sends.front().bytes != queue.receives.front().bytes;
    flying_.emplace_back(queue.sends.front(), queue.receives.front());
    queue.sends.pop_front();
    queue.receives.pop_front();
  }

  Times& time_of(std::size_t rank, GoalKind kind, Bytes size) {
    return times_[rank][operations_.at({rank, kind, size})];
  }

  const std::vector<Program>& programs_;
  std::mt19937 chance_;
  int now_ = 0;
  bool wrong_lengths_ = false;
  std::map<std::tuple<std::size_t, GoalKind, Bytes>, std::uint32_t> operations_;
  std::vector<std::vector<Times>> times_;
  std::vector<std::set<int>> events_;
  std::vector<std::vector<LaneState>> lanes_;
  std::map<std::tuple<std::size_t, std::size_t, int>, Queue> queues_;
  std::vector<std::pair<Post, Post>> flying_;
};

}  // namespace weft
