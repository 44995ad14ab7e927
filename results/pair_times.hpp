#pragma once

#include <span>
#include <vector>

#include "results/samples.hpp"

namespace weft {

/// What two ranks took for a call of theirs.
struct PairTime {
  int first = 0;
  int second = 0;  ///< the higher rank
  double median_ns = 0;
  double low_ns = 0, high_ns = 0;  ///< 95 % interval of the median; 0: too few samples
  int samples = 0;
};

/// Of every pair that has a valid sample: from the start of its first rank to the end of its last, on the ranks' common
/// time base, a call of a batch. `partners`: of each program, each rank's partner, -1: it has none. The samples have
/// every rank's times.
std::vector<PairTime> pair_times(const Samples& samples, std::span<const std::vector<int>> partners);

}  // namespace weft
