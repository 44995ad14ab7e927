#pragma once

#include <vector>

#include "measure/disturbance.hpp"
#include "measure/instruments.hpp"
#include "measure/merge.hpp"
#include "measure/stopping.hpp"

namespace weft {

/// The timed samples of one point: taken in chunks, between which the ranks agree whether to go on. A chunk lies
/// between two anchors of the clock, so its times are interpolated and final.
class Series {
 public:
  /// `batch`: calls per sample. `timed` outlives the series.
  Series(Instruments& instruments, Communicator& communicator, World& world, const StopRule& rule, int batch,
         const MergeRule& merging, const TimedRanks& timed);

  /// Makes room for so many samples, so that taking them allocates nothing.
  void begin(std::size_t count);
  void add(const LocalSample& sample) { mine_.push_back(sample); }
  /// Merges what was taken since begin(). Gives the number of samples to take next; 0: enough. `at_least`: what a
  /// sample will take from now on, ns. Collective.
  std::size_t end(Nanoseconds at_least);

  /// Moves the transient to the warm-up (samples.warmup counts nothing else), and completes the samples with what is
  /// known only of the whole. The result is complete on rank 0. Collective.
  Samples conclude();

 private:
  Decision decide_on_rank_0(Nanoseconds at_least) const;
  std::vector<double> valid_completions() const;
  std::size_t transient(bool& steady) const;
  void fill_totals(const std::vector<std::string>& totals);

  Instruments& instruments_;
  Communicator& communicator_;
  World& world_;
  StopRule rule_;
  MergeRule merging_;
  const TimedRanks& timed_;
  Samples samples_;                // rank 0
  std::vector<LocalSample> mine_;  // the whole point's
  std::size_t merged_ = 0;         // of them
  Nanoseconds began_ = 0;          // the chunk
  Nanoseconds elapsed_ = 0;        // in chunks
  HostCounters before_;            // the chunk
  RankDisturbance disturbance_;
  StopReason reason_ = StopReason::none;
};

}  // namespace weft
