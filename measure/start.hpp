#pragma once

#include <cstdint>
#include <span>

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

/// Whether so many samples do not count (valid 0) that the point is none: more than 5 %.
bool too_many_late(std::span<const char> valid);

/// Starts the samples of one point together.
class Start {
 public:
  /// Begins with the barrier.
  Start(Instruments& instruments, Communicator& communicator, const ArrivalDelays& delays);

  /// From now on like this: not automatic. `window`: of round-time, the same on every rank.
  void use(StartSync sync, Nanoseconds window);
  StartSync sync() const { return sync_; }
  Nanoseconds window() const { return window_.length(); }

  /// Returns when this rank is to start; false where round-time found the start passed already, so that the sample does
  /// not count. Collective but with StartSync::none; allocates nothing.
  bool wait();

  /// Brings the ranks together, however samples start. Collective.
  void meet() { instruments_.barrier.wait(); }

 private:
  void spin_until(Nanoseconds local);

  Instruments& instruments_;
  Communicator& communicator_;
  ArrivalDelays delays_;
  StartSync sync_ = StartSync::barrier;
  StartWindow window_;
  bool late_ = false;  // this rank into the last sample
};

}  // namespace weft
