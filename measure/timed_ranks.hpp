#pragma once

#include <cstddef>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// Whose times make a sample, and whether the other ranks load the fabric meanwhile.
struct TimedRanks {
  std::vector<char> mask = {};  ///< by rank; empty: everybody's times count
  /// Above 0: the others are a load, which starts so many ns before those that are timed, and a sample counts only
  /// where all of them ran from before the first start of those until after their last end.
  Nanoseconds lead = 0;

  bool counts(std::size_t rank) const { return mask.empty() || mask[rank] != 0; }
  bool loaded() const { return lead > 0; }
};

}  // namespace weft
