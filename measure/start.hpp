#pragma once

#include <cstdint>

#include "measure/arrival.hpp"
#include "measure/barrier.hpp"
#include "measure/instruments.hpp"
#include "measure/round_time.hpp"

namespace weft {

/// What the choice of the start depends on; the same on every rank.
struct StartFacts {
  bool oversubscribed = false;  ///< more ranks than cores: a rank that spins keeps another from getting ready
  double clock_bound_ns = 0;    ///< of the common time base
  double operation_ns = 0;      ///< what one call takes
};

/// What starts the ranks where nothing else is asked for: round-time where each rank has a core and the time base is
/// good to 5 % of the operation, else the barrier. Anything but StartSync::automatic stays what it is.
StartSync choose_start(StartSync asked, const StartFacts& facts);

/// Starts the samples of one point together.
class Start {
 public:
  /// Begins with the barrier.
  Start(Instruments& instruments, Communicator& communicator, const ArrivalDelays& delays);

  /// From now on like this: not automatic. `window`: of round-time, the same on every rank; `sample_ns`: what a sample
  /// takes, as far as that is known.
  void use(StartSync sync, Nanoseconds window, double sample_ns);
  StartSync sync() const { return sync_; }
  Nanoseconds window() const { return window_.length(); }  ///< the same on every rank
  bool crowded() const { return window_.crowded(); }       ///< likewise

  /// Returns when this rank is to start; false where round-time made it start late, so that the sample does not count:
  /// it heard of the start when that had passed, or came back from waiting more than 5 % of a sample, and more than
  /// 1 us, after it (it had lost its core meanwhile). Collective but with StartSync::none; allocates nothing.
  bool wait();

  /// Brings the ranks together, however samples start. Collective.
  void meet() { instruments_.barrier.wait(); }

 private:
  Nanoseconds spin_until(Nanoseconds local);

  Instruments& instruments_;
  Communicator& communicator_;
  ArrivalDelays delays_;
  StartSync sync_ = StartSync::barrier;
  StartWindow window_;
  Nanoseconds tolerance_ = 0;  // of the start
  bool late_ = false;          // this rank heard of the last start too late: a wider window would have helped
};

}  // namespace weft
