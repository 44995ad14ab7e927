#pragma once

#include <memory>
#include <vector>

#include "measure/clock_map.hpp"
#include "measure/clock_offset.hpp"
#include "measure/timer.hpp"
#include "worlds/world.hpp"

namespace weft {

/// How good a common clock is, worst over the ranks; the same on every rank.
struct ClockBounds {
  bool shared = true;   ///< one clock, which needs no synchronisation: the rest is 0
  double bound_ns = 0;  ///< every rank's to_global() is right within this: between the last two anchors, and 100 ms on
  double closure_ns = 0;  ///< the last anchor as the earlier ones foretold it, less what was measured
  double drift_ppm = 0;   ///< against rank 0's clock
};

/// Rank 0's clock as everybody's, over sends and receives alone. In each of ceil(log2 n) rounds of a binomial tree the
/// ranks that have the common clock give it to as many others (HCA3: Hunold & Carpen-Amarie 2018, "Hierarchical clock
/// synchronization in MPI"); bounds add up along the tree. Ranks of one host share the kernel's monotonic clock, so
/// only one rank of each takes part; that they do is verified. Timers that each rank calibrates by itself, and
/// simulated clocks that differ, are synchronised rank by rank.
class GlobalClock {
 public:
  /// `nodes` holds the number of each rank's host (Topology::nodes). Collective: takes some anchors over a second,
  /// where the clock is not shared. The deadline is the caller's. Throws what the communicator throws, RankLost and
  /// TimedOut.
  GlobalClock(Communicator& communicator, World& world, const Timer& timer, std::vector<int> nodes);

  /// Measures the offsets once more, and with them the drift better. Collective; free where the clock is shared.
  void anchor();

  /// Between this rank's timer and the common clock: interpolated between the last two anchors, and by the drift after
  /// them. Not collective.
  Nanoseconds to_global(Nanoseconds local) const { return map_.to_global(local); }
  Nanoseconds to_local(Nanoseconds global) const { return map_.to_local(global); }

  ClockBounds bounds() const { return bounds_; }

 private:
  bool hosts_share_clocks();
  void choose_leaders(bool share);

  Communicator& communicator_;
  World& world_;
  const Timer& timer_;
  std::vector<int> nodes_;
  ClockPings pings_;
  std::vector<int> leaders_;  ///< the ranks of the tree, rank 0 first
  int leader_ = 0;            ///< whose clock this rank reads
  ClockMap map_;
  ClockBounds bounds_;
};

}  // namespace weft
