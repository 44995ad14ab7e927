#pragma once

#include "collectives/workload.hpp"
#include "measure/arena.hpp"
#include "measure/barrier.hpp"
#include "measure/merge.hpp"
#include "results/samples.hpp"
#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

/// How points are measured; the same on every rank.
struct MeasureOptions {
  int iterations = 0;  ///< 0: as many as fit into the budget, between kLeastIterations and kMostIterations
  int warmup = 5;      ///< iterations not counted, after the cold first call
  int checks = 1;      ///< how often each program's payload is checked, outside the timing; 0: never
  CacheMode cache = CacheMode::rotate;
  StartSync sync = StartSync::barrier;
  Nanoseconds budget = 500'000'000;      ///< of timed iterations per point, where `iterations` is 0
  Nanoseconds timeout = 30'000'000'000;  ///< an iteration that takes longer loses the run
  Bytes last_level_cache = 32 << 20;
  bool one_clock = true;  ///< all ranks read the same clock
};

inline constexpr int kLeastIterations = 10;
inline constexpr int kMostIterations = 1000;

/// What is added to the time-out before a rank's buffers of so many bytes are allocated, filled or checked: nothing up
/// to 1 GiB, beyond it a second for each 64 MiB (first touch, and payload written by one thread of a busy machine).
Nanoseconds time_to_touch(Bytes bytes);

/// One point made ready on this rank: lowered programs, executors and memory.
class PreparedPoint {
 public:
  /// Collective. Throws TransportError where there is no memory; then every rank must give the point up.
  PreparedPoint(const Workload& workload, Communicator& communicator, World& world, const MeasureOptions& options);

  /// Memory of the point on this rank, without making it: what the caller compares with what the host has.
  static Bytes memory_needed(const Workload& workload, const Communicator& communicator, const MeasureOptions& options);

  /// Measures the point: the cold first call, warm-up, timed iterations each after a start barrier, payload checks.
  /// Collective. The samples are complete on rank 0. Throws TransportError, RankLost, TimedOut.
  Samples measure(StartBarrier& barrier);

 private:
  Nanoseconds run_once(StartBarrier& barrier, std::size_t iteration, LocalTimes* times);
  int agree_iterations(Nanoseconds one);
  void check(StartBarrier& barrier, Samples& samples);
  void fill_all_slots();
  std::size_t program_of(std::size_t iteration) const { return iteration % programs_.size(); }

  const Workload& workload_;
  Communicator& communicator_;
  World& world_;
  MeasureOptions options_;
  std::vector<Program> programs_;  // lowered
  std::vector<Executor> executors_;
  Nanoseconds patience_;  // for one iteration: the time-out, and the compute that it emulates
  Arena arena_;
  Bytes bytes_ = 0;  // of the buffers
};

}  // namespace weft
