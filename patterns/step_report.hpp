#pragma once

#include <string>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// What one dimension of parallelism did to a training step. Shares are of the step's time, means over the ranks.
struct DimensionReport {
  std::string dimension;    ///< as in docs/layouts.md
  double sent_bytes = 0;    ///< of a rank
  double busy = 0;          ///< in its collectives, or sending
  double exposed = 0;       ///< compute waited for it and did nothing
  double late = 0;          ///< its collectives waited for their last rank to come, where they are of a group
  int latest_rank = -1;     ///< that the others waited for longest; -1: nobody waited
  double latest_share = 0;  ///< of all that waiting
};

/// Where the time of a training step goes. exposed + computed + bubble is 1 but for what traced steps take themselves,
/// and without a pipeline for ranks that start late or end early.
struct StepReport {
  double step_ns = 0;        ///< as it was timed
  double split_ns = 0;       ///< the execution that was written down, of which all shares are
  double computed = 0;       ///< share of the step
  double bubble = 0;         ///< share: idle in the schedule on a fabric that takes no time
  double communicating = 0;  ///< share: busy in one lane or more, at most; the sum over the lanes bounds it from above
  double exposed = 0;        ///< share, over all dimensions
  double overlap = 0;        ///< share of the communication that compute hides: 1 - exposed / busy, where any is busy
  std::vector<DimensionReport> dimensions;

  double model_flops = 0;    ///< of the step: three times the forward pass, what is recomputed not counted
  double peak_flops_ns = 0;  ///< of all ranks, FLOP per ns
  double mfu = 0;            ///< model FLOPs utilisation
  double infinite_ns = 0;    ///< the step on a fabric that takes no time
  double infinite_mfu = 0;   ///< MFU there: what the fabric costs is the difference
  double flop_per_byte = 0;  ///< of the all-to-alls by hiding_rule(), over the time that they were busy; 0: none
  double hidden_below = 0;   ///< most_flop_per_byte()
};

}  // namespace weft
