#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// Every rank's start and end of every sample, in order of samples and within one of ranks, on the ranks' common time
/// base, counted from the first start of the point. Empty where only completions are kept.
struct RankTimes {
  int ranks = 0;
  std::vector<Nanoseconds> start;       ///< of rank 0 of each sample
  std::vector<std::int32_t> start_off;  ///< [sample * ranks + rank]: its start - that of rank 0
  std::vector<std::int32_t> duration;   ///< [sample * ranks + rank]; both saturate at 2.1 s
  std::vector<std::int32_t> program;    ///< of the workload, that the sample is of
};

/// What others did to the ranks of a point while it was timed; -1: the kernel does not say.
struct Disturbance {
  std::int64_t switches_voluntary = -1;
  std::int64_t switches_involuntary = -1;
  double steal_share = -1;  ///< of the CPU time of the ranks' hosts
};

/// The timed iterations of one point, as rank 0 has them after the ranks were merged. The vectors have an element per
/// sample, valid or not, in the order in which they ran.
struct Samples {
  std::vector<double> completion;  ///< ns per call: (max over ranks of the end - min over ranks of the start) / batch
                                   ///< on the ranks' common time base; max of the durations / batch where they did not
                                   ///< start together
  std::vector<int> slowest;        ///< the rank that ended last, or took longest
  std::vector<Nanoseconds> start_skew;  ///< last start - first start
  std::vector<char> valid;              ///< 0: a rank started late, or uncovered; empty: all are valid
  std::vector<char> uncovered;  ///< 1: ranks that were to load the fabric began later than those that are timed,
                                ///< or ended before them; empty: none were to
  RankTimes ranks;
  int batch = 1;                ///< calls per sample
  std::string sync;             ///< what started the ranks together
  std::string stop;             ///< interval, budget or iterations
  bool steady = true;           ///< whether a steady state was reached
  double clock_bound_ns = 0;    ///< of the ranks' common time base; 0: one clock
  double clock_closure_ns = 0;  ///< what the clocks were off where the anchors before and after met
  Disturbance disturbance;
  double mean_of_ranks_ns = 0;      ///< mean over iterations and ranks of each rank's own duration: OSU's figure
  double fastest_rank_mean_ns = 0;  ///< smallest over ranks of the mean over iterations of its duration: IMB's t_min
  double slowest_rank_mean_ns = 0;  ///< the largest: IMB's t_max
  double first_ns = 0;              ///< completion of the cold first call
  int warmup = 0;                   ///< iterations run and not counted, the first call included
  std::uint64_t wrong = 0;          ///< wrong elements over all ranks; meaningful where checked
  bool checked = false;
  std::string unchecked_reason;
};

}  // namespace weft
