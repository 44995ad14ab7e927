#pragma once

#include "imports/registry.hpp"

namespace weft {

/// The largest buffer of a rank that a log may tell of, B: 1 PiB.
inline constexpr Bytes kLargestBuffer = Bytes{1} << 50;

/// size x ranks, or what is above kLargestBuffer where that does not fit.
Bytes whole_of_blocks(Bytes size, int ranks);

/// refuse_log of a row that no benchmark can have measured: a buffer above kLargestBuffer, a fastest rank slower than
/// the slowest or than the mean, a time beyond a year, more than 100 TB/s between ranks, or a time of 0.00 for more
/// than 64 B. A peer prints us with two decimals, so that 0.00 of a tiny message is a time below 0.005 us; of a larger
/// one it is none.
void expect_possible(const Log& log, const ImportedPoint& point);

}  // namespace weft
