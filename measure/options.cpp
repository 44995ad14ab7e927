#include "measure/options.hpp"

#include <algorithm>

namespace weft {

StopRule stop_rule(const MeasureOptions& options, int ranks, bool virtual_time, int programs) {
  constexpr std::size_t kMostTimes = 64'000'000;  // of all ranks, on rank 0: half a GiB
  constexpr std::size_t kMostSimulated = 1000;
  const int series = options.by_program ? programs : 1;
  constexpr std::int64_t kMostFixed = 1'000'000'000;
  StopRule rule{.iterations = static_cast<int>(std::min(std::int64_t{options.iterations} * series, kMostFixed)),
                .precision = options.precision,
                .budget = options.budget * series,
                .shortest = options.min_time,
                .fewest = options.min_samples * static_cast<std::size_t>(series)};
  if (options.all_ranks || options.by_program)
    rule.most = std::min(rule.most, kMostTimes / static_cast<std::size_t>(ranks));
  if (virtual_time) {
    rule.shortest = 0;
    rule.most = std::min(rule.most, kMostSimulated * static_cast<std::size_t>(series));
  }
  return rule;
}

}  // namespace weft
