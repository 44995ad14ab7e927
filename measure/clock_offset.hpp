#pragma once

#include "measure/clock_map.hpp"
#include "measure/timer.hpp"
#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

/// The offset of another clock to one's own, known to lie in an interval. Ping at t1 on one's own clock, answered at s
/// on the other, back at t2: the offset is at least s - t2 and at most s - t1, however long either way took; several
/// such intervals are intersected. Cristian 1989, "Probabilistic clock synchronization"; Marzullo & Owicki 1983.
class OffsetInterval {
 public:
  /// Takes in a ping, later than those before. The clocks' rates differ by `drift`, right within `uncertainty`, so what
  /// was known before is moved on and widened. Where clocks behave otherwise and nothing would remain, what was known
  /// before is forgotten.
  void add(Nanoseconds sent, Nanoseconds answered, Nanoseconds returned, double drift, double uncertainty);

  Nanoseconds at() const { return at_; }  ///< on one's own clock: for when it holds
  double width() const { return high_ - low_; }
  bool contains(Nanoseconds offset) const;
  bool contradicted() const { return contradicted_; }  ///< whether something had to be forgotten
  ClockAnchor middle() const;  ///< the bound is half the width, and what rounding to whole ns adds

 private:
  Nanoseconds base_ = 0;  ///< low and high are counted from it, so that doubles keep their ns
  Nanoseconds at_ = 0;
  double low_ = 0;
  double high_ = 0;
  bool empty_ = true;
  bool contradicted_ = false;
};

/// Ping-pongs between two ranks that compare their clocks: one follows, the other leads. Nothing but sends and receives
/// of 16 bytes on channel 0.
class ClockPings {
 public:
  /// Collective: allocates.
  ClockPings(Communicator& communicator, World& world, const Timer& timer);

  /// Where the leader's common clock stands to this rank's own: pings until the interval gets no narrower. `map` tells
  /// this rank's drift. To the interval's half-width the anchor adds the bound of the leader's own clock.
  ClockAnchor follow(int leader, const ClockMap& map);
  /// Answers a follower, until it has enough, with the common clock as `map` has it.
  void lead(int follower, const ClockMap& map);
  /// Whether the other's own clock may be this rank's; the other calls `lead` with no map.
  bool same_clock(int leader);

  void wait_until(Nanoseconds local);

 private:
  struct Beat;
  OffsetInterval ping(int leader, const ClockMap& map, double& leaders_bound);
  void finish(const Pending& pending);

  Communicator& communicator_;
  World& world_;
  const Timer& timer_;
  Memory memory_;
  Beat* out_;
  Beat* in_;
  unsigned spins_ = 0;
};

}  // namespace weft
