#include "measure/start.hpp"

#include <algorithm>

namespace weft {

StartSync choose_start(StartSync asked, const StartFacts& facts) {
  constexpr double kTolerance = 0.05;
  if (asked != StartSync::automatic) return asked;
  const bool good = facts.clock_bound_ns <= kTolerance * facts.operation_ns;
  return good && !facts.oversubscribed ? StartSync::round_time : StartSync::barrier;
}

bool too_many_late(std::span<const char> valid) {
  constexpr double kMostShare = 0.05;
  const auto late = std::count(valid.begin(), valid.end(), char{0});
  return static_cast<double>(late) > kMostShare * static_cast<double>(valid.size());
}

Start::Start(Instruments& instruments, Communicator& communicator, const ArrivalDelays& delays)
    : instruments_(instruments), communicator_(communicator), delays_(delays) {}

void Start::use(StartSync sync, Nanoseconds window) {
  sync_ = sync;
  window_ = StartWindow(window);
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
  spin_until(start + delays_.next());
  return !late_;
}

// Progress and relax: other ranks' messages move on, and virtual time passes.
void Start::spin_until(Nanoseconds local) {
  while (instruments_.timer.now() < local) {
    communicator_.progress();
    communicator_.relax(local);
  }
}

}  // namespace weft
