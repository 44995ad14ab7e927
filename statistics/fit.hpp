#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace weft {

/// T = intercept + slope * x over the points [first, last).
struct LineSegment {
  std::size_t first = 0;
  std::size_t last = 0;
  double intercept = 0;
  double slope = 0;
};

/// Least squares with weights 1 / y^2: all sizes count alike by relative error. At least two different x. y positive.
LineSegment fit_line(std::span<const double> x, std::span<const double> y);

/// Up to `most_breaks` breaks between straight pieces, chosen by dynamic programming and the Bayesian information
/// criterion (Bai & Perron 2003): protocol switches of a transport. x ascending; each piece has at least `shortest`
/// points. Slopes and intercepts are not negative.
std::vector<LineSegment> fit_segments(std::span<const double> x, std::span<const double> y, std::size_t most_breaks = 4,
                                      std::size_t shortest = 3);

}  // namespace weft
