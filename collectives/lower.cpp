#include <algorithm>

#include "collectives/execute.hpp"

namespace weft {

namespace {

constexpr Bytes kAlignment = 64;

/// A reduction that waits for its bytes: into = into op from.
struct Postponed {
  Region into;
  Region from;
  std::optional<Datatype> dtype;
};

/// Copies one lane's steps, with recv_reduce taken apart.
class LaneLowering {
 public:
  LaneLowering(const Lane& lane, Bytes scratch) : source_(lane), lowered_(lane.name()), first_(scratch) {}

  Lane lower() {
    next_ = highest_ = first_;
    for (const Step& step : source_.steps()) append(step);
    finish_wait();
    return std::move(lowered_);
  }

  Bytes scratch_end() const { return highest_; }

 private:
  void append(const Step& step) {
    switch (step.action) {
      case Action::send:
        return lowered_.send(step.peer, step.source());
      case Action::recv:
        return lowered_.recv(step.peer, step.destination());
      case Action::recv_reduce:
        return take_apart(step);
      case Action::copy:
        return lowered_.copy(step.destination(), step.source());
      case Action::reduce:
        return lowered_.reduce(step.destination(), step.source(), step.dtype);
      case Action::compute:
        return lowered_.compute(static_cast<Nanoseconds>(step.bytes));
      case Action::wait:
        return finish_wait();
      case Action::signal:
        return lowered_.signal(step.peer);
      case Action::await:
        return lowered_.await(step.peer);
      case Action::native:
        return lowered_.native(step.peer);
      case Action::call:
        return lowered_.call(step.peer);
    }
  }

  void take_apart(const Step& step) {
    const Region into = step.destination();
    const Region with = step.source();
    if (into != with) {
      // The bytes may land where the result goes: the operations are commutative.
      lowered_.recv(step.peer, into);
      postponed_.push_back({into, with, step.dtype});
      return;
    }
    const Region landing{Space::scratch, next_, step.bytes};
    next_ = (next_ + step.bytes + kAlignment - 1) / kAlignment * kAlignment;
    highest_ = std::max(highest_, next_);
    lowered_.recv(step.peer, landing);
    postponed_.push_back({into, landing, step.dtype});
  }

  void finish_wait() {
    lowered_.wait();
    for (const Postponed& reduction : postponed_) lowered_.reduce(reduction.into, reduction.from, reduction.dtype);
    postponed_.clear();
    next_ = first_;
  }

  const Lane& source_;
  Lane lowered_;
  std::vector<Postponed> postponed_;
  Bytes first_;
  Bytes next_ = 0;
  Bytes highest_ = 0;
};

}  // namespace

Program lower(const Program& program, const Communicator& communicator) {
  Program lowered = program;
  if (communicator.offers_recv_reduce()) return lowered;
  Bytes scratch = (program.scratch_bytes + kAlignment - 1) / kAlignment * kAlignment;
  for (std::vector<Lane>* const lanes : {&lowered.lanes, &lowered.routines})
    for (Lane& lane : *lanes) {
      LaneLowering lowering(lane, scratch);
      lane = lowering.lower();
      scratch = lowering.scratch_end();
    }
  lowered.scratch_bytes = std::max(program.scratch_bytes, scratch);
  return lowered;
}

}  // namespace weft
