#pragma once

#include <span>

namespace weft {

/// How many independent samples a series is worth: n / (1 + 2 sum rho_k), the sum cut off where Geyer's (1992) initial
/// positive sequence ends. Between 1 and n; n where the series is constant or shorter than 4. Robust against outliers:
/// the correlations are those of the ranks of the values (Spearman), as the median is what it serves. O(n log n).
double effective_sample_size(std::span<const double> series);

}  // namespace weft
