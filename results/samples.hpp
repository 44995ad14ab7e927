#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// The timed iterations of one point, as rank 0 has them after the ranks were merged.
struct Samples {
  std::vector<Nanoseconds> completion;  ///< per iteration: max over ranks of the end - min over ranks of the start (one
                                        ///< host), else max of the durations
  std::vector<int> slowest;             ///< per iteration: the rank that ended last
  double mean_of_ranks_ns = 0;          ///< mean over iterations and ranks of each rank's own duration: OSU's figure
  double fastest_rank_mean_ns = 0;  ///< smallest over ranks of the mean over iterations of its duration: IMB's t_min
  double slowest_rank_mean_ns = 0;  ///< the largest: IMB's t_max
  Nanoseconds first_ns = 0;         ///< completion of the cold first call
  int warmup = 0;                   ///< iterations run and not counted, the first call included
  std::uint64_t wrong = 0;          ///< wrong elements over all ranks; meaningful where checked
  bool checked = false;
  std::string unchecked_reason;
};

/// Quantile of a sample by linear interpolation between order statistics (Hyndman & Fan 1996, type 7). Empty: 0.
double quantile(std::vector<Nanoseconds> values, double q);

}  // namespace weft
