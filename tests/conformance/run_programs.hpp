#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "collectives/workload.hpp"
#include "core/kernels.hpp"

namespace weft {

/// Memory of one rank for one program.
struct RankMemory {
  explicit RankMemory(const Program& program)
      : in(program.in_bytes), out(program.out_bytes), scratch(program.scratch_bytes) {}
  Buffers buffers() { return {in.data(), out.data(), scratch.data()}; }
  std::byte* at(Region region) {
    return (region.space == Space::in ? in : region.space == Space::out ? out : scratch).data() + region.offset;
  }
  std::vector<std::byte> in, out, scratch;
};

/// Runs the inlined programs of all ranks in this thread, lane by lane in turn; messages lie in queues. False: stuck.
class ProgramsInOneThread {
 public:
  ProgramsInOneThread(const std::vector<const Program*>& programs, std::vector<RankMemory>& memory)
      : programs_(programs), memory_(memory), events_(programs.size()) {
    for (const Program* program : programs_) positions_.emplace_back(program->lanes.size());
  }

  bool run() {
    bool moved = true;
    while (moved) {
      moved = false;
      bool all_done = true;
      for (std::size_t rank = 0; rank < programs_.size(); ++rank)
        for (std::size_t lane = 0; lane < programs_[rank]->lanes.size(); ++lane) {
          const std::vector<Step>& steps = programs_[rank]->lanes[lane].steps();
          std::size_t& next = positions_[rank][lane].next;
          while (next < steps.size() && start(rank, lane, steps[next])) {
            ++next;
            moved = true;
          }
          all_done = all_done && next == steps.size() && positions_[rank][lane].receives.empty();
        }
      if (all_done) return true;
    }
    return false;
  }

 private:
  /// A posted receive, and which message of its channel is its own.
  struct Receive {
    Step step;
    std::size_t message = 0;
  };
  struct Position {
    std::size_t next = 0;
    std::deque<Receive> receives;  ///< posted and not complete
  };
  /// Of one direction between two ranks.
  struct Channel {
    std::deque<std::vector<std::byte>> messages;
    std::size_t receives = 0;  ///< posted
  };

  bool start(std::size_t rank, std::size_t lane, const Step& step) {
    RankMemory& memory = memory_[rank];
    Position& position = positions_[rank][lane];
    switch (step.action) {
      case Action::send:
        channel(rank, static_cast<std::size_t>(step.peer), rank, lane)
            .messages.emplace_back(memory.at(step.source()), memory.at(step.source()) + step.bytes);
        return true;
      case Action::recv:
      case Action::recv_reduce:
        position.receives.push_back({step, channel(static_cast<std::size_t>(step.peer), rank, rank, lane).receives++});
        return true;
      case Action::copy:
        std::memmove(memory.at(step.destination()), memory.at(step.source()), step.bytes);
        return true;
      case Action::reduce:
        fold_kernel(type_of(rank, step), programs_[rank]->op)(memory.at(step.destination()), memory.at(step.source()),
                                                              step.bytes / size_of(type_of(rank, step)),
                                                              static_cast<std::size_t>(step.peer));
        return true;
      case Action::wait:
        return complete(rank, lane, position);
      case Action::signal:
        events_[rank].insert(step.peer);
        return true;
      case Action::await:
        return events_[rank].count(step.peer) != 0;
      case Action::compute:
        return true;
      case Action::native:
      case Action::call:
        return false;
    }
    return false;
  }

  bool complete(std::size_t rank, std::size_t lane, Position& position) {
    while (!position.receives.empty()) {
      const auto [step, number] = position.receives.front();
      std::deque<std::vector<std::byte>>& messages =
          channel(static_cast<std::size_t>(step.peer), rank, rank, lane).messages;
      if (number >= messages.size() || messages[number].size() != step.bytes) return false;
      RankMemory& memory = memory_[rank];
      if (step.action == Action::recv && step.bytes > 0)
        std::memcpy(memory.at(step.destination()), messages[number].data(), step.bytes);
      else if (step.action == Action::recv_reduce)
        combine(rank, memory.at(step.destination()), memory.at(step.source()), messages[number].data(), step);
      messages[number].clear();
      position.receives.pop_front();
    }
    return true;
  }

  void combine(std::size_t rank, std::byte* into, const std::byte* a, const std::byte* b, const Step& step) {
    const Datatype dtype = type_of(rank, step);
    reduce_kernel(dtype, programs_[rank]->op)(into, a, b, step.bytes / size_of(dtype));
  }

  Datatype type_of(std::size_t rank, const Step& step) const { return step.dtype.value_or(programs_[rank]->dtype); }

  Channel& channel(std::size_t from, std::size_t to, std::size_t poster, std::size_t lane) {
    return channels_[{from, to, programs_[poster]->channel_of(static_cast<int>(lane))}];
  }

  const std::vector<const Program*>& programs_;
  std::vector<RankMemory>& memory_;
  std::vector<std::vector<Position>> positions_;
  std::vector<std::set<int>> events_;
  std::map<std::tuple<std::size_t, std::size_t, int>, Channel> channels_;
};

}  // namespace weft
