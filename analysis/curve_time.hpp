#pragma once

#include "analysis/curves.hpp"

namespace weft {

/// Where a size lies among those that a curve was measured at.
enum class CurvePlace : std::uint8_t { within, below, beyond };

/// What a curve says of the time of a size.
struct TimeOfSize {
  double latency_us = 0;   ///< the straight piece's time of nothing, from 0 to the time
  double transfer_us = 0;  ///< the rest: bytes over the piece's bandwidth
  CurvePlace place = CurvePlace::within;

  double us() const { return latency_us + transfer_us; }
};

/// The time of so many bytes_per_rank. Between two measured sizes by a straight line, which is exact where T = a + b m.
/// Beyond the largest by the straight line through the last two; where there are not two, or the larger was the faster,
/// in proportion to the bytes. Below the smallest by the line through the first two, no less than in proportion; where
/// there are not two, the smallest's time, which is a bound. The curve has a point of more than 0 bytes.
TimeOfSize time_of_size(const Curve& curve, double bytes);

}  // namespace weft
