#include "collectives/execute.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace weft {

namespace {

constexpr Nanoseconds kForever = std::numeric_limits<Nanoseconds>::max();
constexpr unsigned kSpinsPerCheck = 1024;

}  // namespace

const Step& step_of(const Program& program, const StepTime& time) {
  const bool own = time.routine < 0;
  const Lane& lane = (own ? program.lanes : program.routines)[static_cast<std::size_t>(own ? time.lane : time.routine)];
  return lane.steps()[static_cast<std::size_t>(time.step)];
}

Executor::Executor(const Program& program, Communicator& communicator, World& world)
    : program_(program),
      communicator_(communicator),
      world_(world),
      lanes_(program.lanes.size()),
      events_(static_cast<std::size_t>(program.events)) {
  for (const Datatype dtype : all_datatypes()) {
    reductions_.push_back({.element = size_of(dtype)});
    if (!reducible(dtype)) continue;
    reductions_.back().kernel = reduce_kernel(dtype, program.op);
    reductions_.back().streaming_kernel = reduce_kernel(dtype, program.op, Stores::streaming);
  }
}

void Executor::prepare(const Buffers& buffers) {
  bases_[static_cast<std::size_t>(Space::in)] = buffers.in;
  bases_[static_cast<std::size_t>(Space::out)] = buffers.out;
  bases_[static_cast<std::size_t>(Space::scratch)] = buffers.scratch;
  std::fill(events_.begin(), events_.end(), char{0});
  unfinished_ = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const std::vector<Step>& steps = program_.lanes[i].steps();
    lanes_[i] = LaneState{};
    lanes_[i].next = steps.data();
    lanes_[i].end = steps.data() + steps.size();
    unfinished_ += steps.empty() ? 0 : 1;
  }
}

void Executor::run() {
  run_lanes([this](LaneState& lane, int number) { return advance(lane, number); });
}

/// Runs lanes as advance() does, and reads the clock before and after each step.
class Executor::Tracer {
 public:
  Tracer(Executor& executor, TraceDepth depth, const std::function<Nanoseconds()>& clock,
         const std::function<void(const StepTime&)>& sink)
      : executor_(executor), depth_(depth), clock_(clock), sink_(sink), came_(executor.lanes_.size()) {}

  bool advance(LaneState& lane, int number) {
    Arrival& came = came_[static_cast<std::size_t>(number)];
    for (bool moved = false;; moved = true) {
      if (came.at_step == kIdle && !lane.ended()) came.at_step = clock_();
      if (lane.next == lane.end) {
        if (lane.call == nullptr) return moved;
        const Step& call = *lane.call;
        leave(lane);
        sink_({number, -1, index(number, call), came.at_call, clock_()});
      } else if (lane.next->action == Action::call) {
        came.at_call = came.at_step;
        executor_.enter(lane);
        continue;
      } else {
        if (!executor_.start(*lane.next, lane, number)) return moved;
        if (lane.call == nullptr)
          sink_({number, -1, index(number, *lane.next), came.at_step, clock_()});
        else if (depth_ == TraceDepth::steps)
          sink_({number, lane.call->peer, index(*lane.call, *lane.next), came.at_step, clock_()});
        ++lane.next;
      }
      came.at_step = kIdle;
    }
  }

 private:
  /// When the lane came to the step at which it is, and to the call.
  struct Arrival {
    Nanoseconds at_step = kIdle;
    Nanoseconds at_call = kIdle;
  };

  std::int32_t index(int lane, const Step& step) const {
    return static_cast<std::int32_t>(&step - executor_.program_.lanes[static_cast<std::size_t>(lane)].steps().data());
  }
  std::int32_t index(const Step& call, const Step& step) const {
    return static_cast<std::int32_t>(&step -
                                     executor_.program_.routines[static_cast<std::size_t>(call.peer)].steps().data());
  }

  Executor& executor_;
  TraceDepth depth_;
  const std::function<Nanoseconds()>& clock_;
  const std::function<void(const StepTime&)>& sink_;
  std::vector<Arrival> came_;
};

void Executor::run_traced(const Buffers& buffers, TraceDepth depth, const std::function<Nanoseconds()>& clock,
                          const std::function<void(const StepTime&)>& sink) {
  prepare(buffers);
  Tracer tracer(*this, depth, clock, sink);
  run_lanes([&](LaneState& lane, int number) { return tracer.advance(lane, number); });
}

template <typename Advance>
void Executor::run_lanes(Advance advance) {
  while (unfinished_ > 0) {
    bool moved = false;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      LaneState& lane = lanes_[i];
      if (lane.ended()) continue;
      moved |= advance(lane, static_cast<int>(i));
      if (lane.ended()) --unfinished_;
    }
    if (unfinished_ > 0) wait_for_progress(moved);
  }
}

bool Executor::advance(LaneState& lane, int number) {
  for (bool moved = false;; moved = true) {
    while (lane.next != lane.end && lane.next->action != Action::call) {
      if (!start(*lane.next, lane, number)) return moved;
      ++lane.next;
      moved = true;
    }
    if (lane.next != lane.end)
      enter(lane);
    else if (lane.call != nullptr)
      leave(lane);
    else
      return moved;
  }
}

void Executor::enter(LaneState& lane) const {
  const std::vector<Step>& steps = program_.routines[static_cast<std::size_t>(lane.next->peer)].steps();
  lane.call = lane.next;
  lane.call_end = lane.end;
  lane.next = steps.data();
  lane.end = steps.data() + steps.size();
}

void Executor::leave(LaneState& lane) {
  lane.next = lane.call + 1;
  lane.end = lane.call_end;
  lane.call = nullptr;
}

bool Executor::start(const Step& step, LaneState& lane, int number) {
  const int channel = program_.channel_of(number);
  switch (step.action) {
    case Action::send:
      communicator_.post_send(step.peer, channel, at(step.src_space, step.src), step.bytes, lane.pending);
      return true;
    case Action::recv:
      communicator_.post_recv(step.peer, channel, at(step.dst_space, step.dst), step.bytes, lane.pending);
      return true;
    case Action::recv_reduce:
      communicator_.post_recv_reduce(step.peer, channel, at(step.dst_space, step.dst), at(step.src_space, step.src),
                                     step.bytes, reduction(step), lane.pending);
      return true;
    case Action::copy:
      if (communicator_.carries_data())
        std::memmove(at(step.dst_space, step.dst), at(step.src_space, step.src), step.bytes);
      return true;
    case Action::reduce:
      if (communicator_.carries_data())
        reduction(step).kernel(at(step.dst_space, step.dst), at(step.dst_space, step.dst), at(step.src_space, step.src),
                               step.bytes / reduction(step).element);
      return true;
    case Action::compute: {
      const Nanoseconds now = communicator_.now();
      if (lane.computes_until == kIdle)
        lane.computes_until = now + communicator_.compute_time(static_cast<Nanoseconds>(step.bytes));
      if (now < lane.computes_until) return false;
      lane.computes_until = kIdle;
      return true;
    }
    case Action::wait:
      if (lane.pending.count > 0) communicator_.progress();
      return lane.pending.count == 0;
    case Action::signal:
      events_[static_cast<std::size_t>(step.peer)] = 1;
      return true;
    case Action::await:
      return events_[static_cast<std::size_t>(step.peer)] != 0;
    case Action::native:
      communicator_.native(program_.natives[static_cast<std::size_t>(step.peer)],
                           program_.in_place ? bases_[1] : bases_[0], bases_[1]);
      return true;
    case Action::call:
      break;  // the lane is in its routine
  }
  return true;
}

void Executor::wait_for_progress(bool moved) {
  if (++spins_ % kSpinsPerCheck == 0) world_.check();
  if (moved) return;
  Nanoseconds until = kForever;
  for (const LaneState& lane : lanes_)
    if (lane.computes_until != kIdle) until = std::min(until, lane.computes_until);
  communicator_.relax(until);
  communicator_.progress();
}

}  // namespace weft
