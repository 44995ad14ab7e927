#include "measure/options.hpp"

#include <algorithm>

namespace weft {

StopRule stop_rule(const MeasureOptions& options, int ranks, bool virtual_time) {
  constexpr std::size_t kMostTimes = 64'000'000;  // of all ranks, on rank 0: half a GiB
  constexpr std::size_t kMostSimulated = 1000;
  StopRule rule{.iterations = options.iterations,
                .precision = options.precision,
                .budget = options.budget,
                .shortest = options.min_time};
  if (options.all_ranks) rule.most = std::min(rule.most, kMostTimes / static_cast<std::size_t>(ranks));
  if (virtual_time) {
    rule.shortest = 0;
    rule.most = std::min(rule.most, kMostSimulated);
  }
  return rule;
}

}  // namespace weft
