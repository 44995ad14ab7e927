#include "collectives/execute.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace weft {

namespace {

constexpr Nanoseconds kForever = std::numeric_limits<Nanoseconds>::max();
constexpr unsigned kSpinsPerCheck = 1024;

}  // namespace

Executor::Executor(const Program& program, Communicator& communicator, World& world)
    : program_(program),
      communicator_(communicator),
      world_(world),
      lanes_(program.lanes.size()),
      events_(static_cast<std::size_t>(program.events)) {
  reduction_.element = size_of(program.dtype);
  if (reducible(program.dtype)) {
    reduction_.kernel = reduce_kernel(program.dtype, program.op);
    reduction_.streaming_kernel = reduce_kernel(program.dtype, program.op, Stores::streaming);
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
    lanes_[i] = {.next = steps.data(), .end = steps.data() + steps.size(), .pending = {}, .computes_until = kIdle};
    unfinished_ += steps.empty() ? 0 : 1;
  }
}

void Executor::run() {
  run_lanes([this](LaneState& lane, int channel) { return advance(lane, channel); });
}

void Executor::run_traced(const Buffers& buffers, const std::function<Nanoseconds()>& clock,
                          std::vector<StepTime>& log) {
  prepare(buffers);
  std::vector<Nanoseconds> came(lanes_.size(), kIdle);  // to the step at which the lane is
  run_lanes([&](LaneState& lane, int channel) {
    const Step* const before = lane.next;
    const Step* const first = program_.lanes[static_cast<std::size_t>(channel)].steps().data();
    for (Nanoseconds& since = came[static_cast<std::size_t>(channel)]; lane.next != lane.end; ++lane.next) {
      if (since == kIdle) since = clock();
      if (!start(*lane.next, lane, channel)) break;
      log.push_back({channel, static_cast<std::int32_t>(lane.next - first), since, clock()});
      since = kIdle;
    }
    return lane.next != before;
  });
}

template <typename Advance>
void Executor::run_lanes(Advance advance) {
  while (unfinished_ > 0) {
    bool moved = false;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      LaneState& lane = lanes_[i];
      if (lane.next == lane.end) continue;
      moved |= advance(lane, static_cast<int>(i));
      if (lane.next == lane.end) --unfinished_;
    }
    if (unfinished_ > 0) wait_for_progress(moved);
  }
}

bool Executor::advance(LaneState& lane, int channel) {
  const Step* const before = lane.next;
  while (lane.next != lane.end && start(*lane.next, lane, channel)) ++lane.next;
  return lane.next != before;
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
                                     step.bytes, reduction_, lane.pending);
      return true;
    case Action::copy:
      if (communicator_.carries_data())
        std::memmove(at(step.dst_space, step.dst), at(step.src_space, step.src), step.bytes);
      return true;
    case Action::reduce:
      if (communicator_.carries_data())
        reduction_.kernel(at(step.dst_space, step.dst), at(step.dst_space, step.dst), at(step.src_space, step.src),
                          step.bytes / reduction_.element);
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
