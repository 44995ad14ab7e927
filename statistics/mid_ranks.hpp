#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace weft {

/// Twice the rank of each value among all of them, counted from 1; equal values share the mean of their ranks, and
/// twice that is a whole number. O(n log n).
std::vector<std::size_t> doubled_mid_ranks(std::span<const double> values);

}  // namespace weft
