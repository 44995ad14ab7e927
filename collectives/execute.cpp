#include "collectives/execute.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <thread>

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

/// Runs the lanes that compute, once each time it is told to.
class Executor::ComputeThread {
 public:
  using Advance = std::function<bool(LaneState&, int)>;

  explicit ComputeThread(Executor& executor) : executor_(executor), thread_([this] { serve(); }) {}
  /// Where lanes are under way, they stay where they are: a run that failed.
  ~ComputeThread() {
    ending_.store(true, std::memory_order_relaxed);
    wake();
    thread_.join();
  }
  ComputeThread(const ComputeThread&) = delete;
  ComputeThread& operator=(const ComputeThread&) = delete;

  void start(Advance advance) {
    advance_ = std::move(advance);
    done_.store(false, std::memory_order_relaxed);
    wake();
  }
  bool done() const { return done_.load(std::memory_order_acquire); }

 private:
  void wake() {
    rounds_.fetch_add(1, std::memory_order_release);
    rounds_.notify_one();
  }

  void serve() {
    for (unsigned round = 0;; ++round) {
      rounds_.wait(round, std::memory_order_acquire);
      if (ending_.load(std::memory_order_relaxed)) return;
      run_once();
      done_.store(true, std::memory_order_release);
    }
  }

  void run_once() {
    bool ended = false;
    while (!ended && !ending_.load(std::memory_order_relaxed)) {
      bool moved = false;
      ended = true;
      for (std::size_t i = 0; i < executor_.lanes_.size(); ++i) {
        if (!executor_.is_elsewhere(i)) continue;
        LaneState& lane = executor_.lanes_[i];
        if (!lane.ended()) moved |= advance_(lane, static_cast<int>(i));
        moved |= lane.computes_until != kIdle;  // a slice was worked: who yields now would lose the core
        ended = ended && lane.ended();
      }
      if (!moved) std::this_thread::yield();
    }
  }

  Executor& executor_;
  Advance advance_;
  std::atomic<bool> ending_ = false;
  std::atomic<unsigned> rounds_ = 0;
  std::atomic<bool> done_ = true;
  std::thread thread_;
};

namespace {

bool computes(const Lane& lane) {
  return std::any_of(lane.steps().begin(), lane.steps().end(),
                     [](const Step& step) { return step.action == Action::compute; });
}

}  // namespace

Executor::Executor(const Program& program, Communicator& communicator, World& world, const ComputeOptions& compute)
    : program_(program),
      communicator_(communicator),
      world_(world),
      lanes_(program.lanes.size()),
      events_(static_cast<std::size_t>(program.events)) {
  for (const Datatype dtype : all_datatypes()) {
    reductions_.push_back({.element = size_of(dtype), .dtype = dtype, .op = program.op});
    if (!reducible(dtype)) continue;
    reductions_.back().kernel = reduce_kernel(dtype, program.op);
    reductions_.back().streaming_kernel = reduce_kernel(dtype, program.op, Stores::streaming);
    reductions_.back().fold = fold_kernel(dtype, program.op);
  }
  const bool real = compute.kind != ComputeKind::virtual_ && !communicator.virtual_time();
  for (const Lane& lane : program.lanes)
    units_.push_back(real && computes(lane) ? std::make_unique<ComputeUnit>(compute) : nullptr);
  apart_ = real && compute.progress == ProgressMode::thread;
  if (apart_) thread_ = std::make_unique<ComputeThread>(*this);
}

Executor::~Executor() = default;

bool Executor::is_elsewhere(std::size_t lane) const { return apart_ && units_[lane] != nullptr; }

bool Executor::happened(int event) const {
  return events_[static_cast<std::size_t>(event)].load(std::memory_order_acquire) != 0;
}

void Executor::prepare(const Buffers& buffers) {
  bases_[static_cast<std::size_t>(Space::in)] = buffers.in;
  bases_[static_cast<std::size_t>(Space::out)] = buffers.out;
  bases_[static_cast<std::size_t>(Space::scratch)] = buffers.scratch;
  for (std::atomic<char>& event : events_) event.store(0, std::memory_order_relaxed);
  unfinished_ = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const std::vector<Step>& steps = program_.lanes[i].steps();
    lanes_[i] = LaneState{};
    lanes_[i].next = steps.data();
    lanes_[i].end = steps.data() + steps.size();
    unfinished_ += steps.empty() || is_elsewhere(i) ? 0 : 1;
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
        tell({number, -1, index(number, call), came.at_call, clock_()});
      } else if (lane.next->action == Action::call) {
        came.at_call = came.at_step;
        executor_.enter(lane);
        continue;
      } else {
        if (!executor_.start(*lane.next, lane, number)) return moved;
        if (lane.call == nullptr)
          tell({number, -1, index(number, *lane.next), came.at_step, clock_()});
        else if (depth_ == TraceDepth::steps)
          tell({number, lane.call->peer, index(*lane.call, *lane.next), came.at_step, clock_()});
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

  void tell(const StepTime& time) {
    const std::lock_guard lock(telling_);
    sink_(time);
  }

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
  std::mutex telling_;  // the compute thread traces too
};

void Executor::run_traced(const Buffers& buffers, TraceDepth depth, const std::function<Nanoseconds()>& clock,
                          const std::function<void(const StepTime&)>& sink) {
  prepare(buffers);
  Tracer tracer(*this, depth, clock, sink);
  run_lanes([&](LaneState& lane, int number) { return tracer.advance(lane, number); });
}

template <typename Advance>
void Executor::run_lanes(Advance advance) {
  if (thread_) thread_->start(advance);
  try {
    run_own_lanes(advance);
  } catch (...) {
    thread_.reset();  // before what `advance` refers to goes
    throw;
  }
}

template <typename Advance>
void Executor::run_own_lanes(Advance& advance) {
  while (unfinished_ > 0 || (thread_ && !thread_->done())) {
    bool moved = false;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      LaneState& lane = lanes_[i];
      if (is_elsewhere(i) || lane.ended()) continue;
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
        communicator_.copy(at(step.dst_space, step.dst), at(step.src_space, step.src), step.bytes);
      return true;
    case Action::reduce:
      if (communicator_.carries_data())
        communicator_.reduce(at(step.dst_space, step.dst), at(step.src_space, step.src), step.bytes,
                             static_cast<std::size_t>(step.peer), reduction(step));
      return true;
    case Action::compute:
      return compute(step, lane, static_cast<std::size_t>(number));
    case Action::wait:
      if (lane.pending.count > 0) communicator_.progress();
      return lane.pending.count == 0;
    case Action::signal:
      events_[static_cast<std::size_t>(step.peer)].store(1, std::memory_order_release);
      return true;
    case Action::await:
      return happened(step.peer);
    case Action::native:
      communicator_.native(program_.natives[static_cast<std::size_t>(step.peer)],
                           program_.in_place ? bases_[1] : bases_[0], bases_[1]);
      return true;
    case Action::call:
      break;  // the lane is in its routine
  }
  return true;
}

bool Executor::compute(const Step& step, LaneState& lane, std::size_t number) {
  ComputeUnit* const unit = units_[number].get();
  const bool begins = lane.computes_until == kIdle;
  const auto planned = static_cast<Nanoseconds>(step.bytes);
  if (unit == nullptr) {
    const Nanoseconds now = communicator_.now();
    if (begins) lane.computes_until = now + communicator_.compute_time(planned);
    if (now < lane.computes_until) return false;
  } else {
    if (begins) {
      unit->begin(communicator_.compute_time(planned));
      lane.computes_until = kNow;
    }
    if (!apart_) working_ = true;
    if (!unit->work()) return false;
  }
  lane.computes_until = kIdle;
  return true;
}

void Executor::wait_for_progress(bool moved) {
  if (++spins_ % kSpinsPerCheck == 0) world_.check();
  if (moved) return;
  if (working_) {
    working_ = false;
    communicator_.progress();
    return;
  }
  Nanoseconds until = kForever;
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    if (!is_elsewhere(i) && lanes_[i].computes_until != kIdle) until = std::min(until, lanes_[i].computes_until);
  if (apart_) std::this_thread::yield();  // the computing thread may have no other core
  communicator_.relax(until);
  communicator_.progress();
}

}  // namespace weft
