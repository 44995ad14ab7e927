#include "statistics/mid_ranks.hpp"

#include <algorithm>
#include <numeric>

namespace weft {

std::vector<std::size_t> doubled_mid_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::size_t> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    // The ranks first + 1 to last: twice their mean is the sum of the two.
    for (std::size_t at = first; at < last; ++at) ranks[order[at]] = first + 1 + last;
    first = last;
  }
  return ranks;
}

}  // namespace weft
