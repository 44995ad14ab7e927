#include "measure/start.hpp"

#include <algorithm>

namespace weft {

namespace {

constexpr double kTolerance = 0.05;  // of the operation
constexpr Nanoseconds kPoll = 1000;  // polling a transport once, in which nobody looks at the clock, takes less

}  // namespace

StartSync choose_start(StartSync asked, const StartFacts& facts) {
  if (asked != StartSync::automatic) return asked;
  const bool good = facts.clock_bound_ns <= kTolerance * facts.operation_ns;
  return good && !facts.oversubscribed ? StartSync::round_time : StartSync::barrier;
}

Start::Start(Instruments& instruments, Communicator& communicator, const ArrivalDelays& delays)
    : instruments_(instruments), communicator_(communicator), delays_(delays) {}

void Start::use(StartSync sync, Nanoseconds window, double sample_ns) {
  sync_ = sync;
  window_ = StartWindow(window);
  tolerance_ = std::max(kPoll, static_cast<Nanoseconds>(kTolerance * sample_ns));
  late_ = false;
}

bool Start::wait() {
  const Timer& timer = instruments_.timer;
  if (sync_ == StartSync::none) return true;
  if (sync_ != StartSync::round_time) {
    instruments_.barrier.wait();
    if (const Nanoseconds delay = delays_.next(); delay > 0) spin_until(timer.now() + delay);
    return true;
  }
  const GlobalClock& clock = instruments_.clock;
  const RoundTime::Vote all =
      instruments_.round_time.exchange({.ready = clock.to_global(timer.now()), .late = late_ ? 1 : 0});
  window_.started(all.late != 0);
  const Nanoseconds start = clock.to_local(all.ready + window_.length());
  late_ = timer.now() > start;
  const Nanoseconds mine = start + delays_.next();
  return spin_until(mine) <= mine + tolerance_ && !late_;
}

// Progress and relax: other ranks' messages move on, and virtual time passes. Returns the time with which it ended.
Nanoseconds Start::spin_until(Nanoseconds local) {
  Nanoseconds now = instruments_.timer.now();
  for (; now < local; now = instruments_.timer.now()) {
    communicator_.progress();
    communicator_.relax(local);
  }
  return now;
}

}  // namespace weft
