#pragma once

#include "collectives/compute.hpp"
#include "measure/arena.hpp"
#include "measure/arrival.hpp"
#include "measure/barrier.hpp"
#include "measure/stopping.hpp"
#include "measure/timed_ranks.hpp"
#include "measure/timer.hpp"

namespace weft {

/// How points are measured; the same on every rank.
struct MeasureOptions {
  int iterations = 0;  ///< valid samples; 0: as StopRule says
  int warmup = 5;      ///< iterations not counted, after the cold first call; more where the samples show a transient
  int checks = 1;      ///< how often each program's payload is checked, outside the timing; 0: never
  CacheMode cache = CacheMode::rotate;
  StartSync sync = StartSync::automatic;
  Arrival arrival = {};
  TimerKind timer = TimerKind::monotonic;
  int batch = 0;                         ///< calls per sample; 0: as many as calls_per_sample() says
  bool all_ranks = false;                ///< keep every rank's start and end, not the completions alone
  double precision = 0.02;               ///< where `iterations` is 0, see StopRule
  Nanoseconds budget = 500'000'000;      ///< likewise
  Nanoseconds min_time = 100'000'000;    ///< likewise
  std::size_t min_samples = 30;          ///< likewise; with fewer no transient is looked for
  Nanoseconds timeout = 30'000'000'000;  ///< an iteration that takes longer loses the run
  Bytes last_level_cache = 32 << 20;
  /// Each of the workload's programs by itself: every rank's times are kept, with the program that they are of, and
  /// what decides when there are enough samples is meant for each program.
  bool by_program = false;
  TimedRanks timed = {};
  ComputeOptions compute = {};  ///< what compute steps do; its cache is last_level_cache
  bool oversubscribed = false;  ///< more ranks than cores
  std::uint64_t seed = 1;       ///< of random arrivals
};

/// When a point of so many ranks and programs has enough samples. In virtual time nothing drifts, so there is no
/// shortest time, and what is simulated takes real time all the same, so there are at most 1000 of what is measured by
/// itself.
StopRule stop_rule(const MeasureOptions& options, int ranks, bool virtual_time, int programs = 1);

}  // namespace weft
