#pragma once

#include <cstddef>
#include <vector>

#include "measure/global_clock.hpp"
#include "measure/timed_ranks.hpp"
#include "results/samples.hpp"
#include "worlds/world.hpp"

namespace weft {

/// One rank's part in one sample, on its own clock.
struct LocalSample {
  Nanoseconds start = 0;
  Nanoseconds end = 0;
  bool late = false;         ///< the common start had passed when the rank wanted to wait for it
  std::int32_t program = 0;  ///< of the workload; the same on every rank; the first of a batch

  Nanoseconds duration() const { return end - start; }
};

/// How samples become one, the same on every rank.
struct MergeRule {
  bool keep_ranks = false;   ///< the times of all ranks, not the completions alone
  bool common_start = true;  ///< what starts a sample starts all its ranks together
};

/// Merges the ranks' samples from `first` on, and appends them on rank 0 to completion, slowest, start_skew, valid,
/// where there is a load to uncovered, and where the rule says so to the times of all ranks. Collective; every rank has
/// equally many samples. A completion is (max over the timed ranks of the end - min over them of the start) /
/// samples.batch on the ranks' common clock, which the caller has anchored before and after. Without a common start a
/// rank may begin its next sample while others are still at the last, so that this would count time twice: it is the
/// longest of the timed ranks' own durations / samples.batch. The exchanges are bounded whatever the number of ranks
/// and samples.
void merge_samples(World& world, const GlobalClock& clock, const std::vector<LocalSample>& mine, std::size_t first,
                   const MergeRule& rule, Samples& samples, const TimedRanks& timed = {});

/// Takes the first `count` samples out of the vectors: they belong to the warm-up.
void drop_leading(Samples& samples, std::size_t count);

/// Counts all times from the first start of the first sample.
void count_from_first_start(RankTimes& ranks);

}  // namespace weft
