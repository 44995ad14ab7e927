#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "collectives/account.hpp"
#include "collectives/staging.hpp"
#include "collectives/workload.hpp"
#include "measure/arena.hpp"
#include "measure/cache_flush.hpp"
#include "measure/instruments.hpp"
#include "measure/merge.hpp"
#include "measure/merge_accounts.hpp"
#include "measure/options.hpp"
#include "measure/start.hpp"
#include "measure/trace.hpp"
#include "results/samples.hpp"
#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

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

  /// Measures the point: the cold first call, warm-up, timed samples that start together, payload checks. Collective.
  /// The samples are complete on rank 0. Throws TransportError, RankLost, TimedOut.
  Samples measure(Instruments& instruments);

  /// Runs the first program once more and writes down when each step ran, after measuring. Complete on rank 0. Where
  /// there are more than kMostTracedSteps in all, nothing is traced and Trace::left_out says so. Collective; throws as
  /// measure().
  Trace trace(Instruments& instruments);

  /// Runs the first program once more, after measuring, and adds up what its lanes did. Complete on rank 0. Collective;
  /// throws as measure().
  std::vector<RankAccount> account(Instruments& instruments);

 private:
  /// What the warm-up showed, ns; the same on every rank.
  struct Warm {
    double call = 0;
    double sample = 0;    ///< from sample to sample, with the start and what is done to the caches
    double overhead = 0;  ///< of reading the clock
    double clock_bound = 0;
  };

  bool is_timed() const;    ///< this rank
  Arrival arrival() const;  ///< of this rank
  /// As the samples start now, one call each.
  Warm warm_up(Instruments& instruments, Start& start, const LocalSample& cold);
  Nanoseconds warm_window(Instruments& instruments) const;
  double per_sample(const Warm& warm) const;
  void choose_batch(const Warm& warm);
  int batch() const { return static_cast<int>(batch_.size()); }
  void use_what_warmed(const Warm& warm, Start& start);
  void run_once_traced(Instruments& instruments, TraceDepth depth, const std::function<void(const StepTime&)>& sink);
  Samples take_samples(Instruments& instruments, Start& start);  // all but their check
  Samples take_series(Instruments& instruments, Start& start, double sample_ns);
  LocalSample run_sample(Start& start, const Timer& timer);
  void prepare_caches(std::size_t call, Start& start);
  void check(Start& start, Samples& samples);
  void fill_all_slots();
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt);
  std::size_t program_of(std::size_t call) const { return call % programs_.size(); }

  const Workload& workload_;
  Communicator& communicator_;
  World& world_;
  MeasureOptions options_;
  std::vector<Program> programs_;  // lowered
  std::deque<Executor> executors_;
  Nanoseconds patience_;  // for one sample: the time-out, and the compute that it emulates
  Arena arena_;
  Staging staging_;
  CacheFlush flush_;
  Bytes bytes_ = 0;  // of the buffers
  struct BatchCall {
    Executor* executor;
    Buffers buffers;
  };

  std::vector<BatchCall> batch_ = std::vector<BatchCall>(1);  // the calls of the sample that is taken
  int warmup_calls_ = 0;
  std::size_t calls_ = 0;  // so far
};

}  // namespace weft
