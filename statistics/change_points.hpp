#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft {

/// Where a series of iterations becomes steady: the length of the transient at its beginning (0: steady from the
/// start), found as the change point of the level, tested by ranks so that single outliers do not matter. Nothing where
/// the second half of the series still changes its level by more than `tolerance` (a fraction): no steady state.
/// Deterministic.
std::optional<std::size_t> steady_from(std::span<const double> series, double tolerance = 0.05);

struct ChangePoint {
  std::size_t index = 0;  ///< the first value of the new level
  double before = 0;      ///< median of the segment before
  double after = 0;       ///< median of the segment after
  double p_value = 1;     ///< of the permutation test
};

/// E-divisive change points (Matteson & James 2014): repeatedly the split with the largest energy distance, kept where
/// a permutation test finds it significant. In the order of the series. `shortest`: the fewest values of a segment.
std::vector<ChangePoint> e_divisive(std::span<const double> series, double significance = 0.05,
                                    std::size_t shortest = 3, std::uint64_t seed = 1);

}  // namespace weft
