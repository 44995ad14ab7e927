#include "measure/load.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "statistics/quantile.hpp"

namespace weft {

namespace {

/// One sample: what those took that are timed, and the longest of the others. Who only sends may be a round ahead.
struct LoadedSample {
  double timed_ns = 0;
  double load_ns = 0;
};

LoadedSample loaded_sample(const RankTimes& times, std::size_t sample, const TimedRanks& timed) {
  using Limits = std::numeric_limits<std::int64_t>;
  const auto ranks = static_cast<std::size_t>(times.ranks);
  std::int64_t first = Limits::max();
  std::int64_t last = Limits::min();
  std::int64_t longest = 0;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    const std::int64_t start = times.start_off[sample * ranks + rank];
    const std::int64_t duration = times.duration[sample * ranks + rank];
    if (timed.counts(rank)) {
      first = std::min(first, start);
      last = std::max(last, start + duration);
    } else {
      longest = std::max(longest, duration);
    }
  }
  return {.timed_ns = static_cast<double>(last - first), .load_ns = static_cast<double>(longest)};
}

}  // namespace

Load load_needed(const Samples& samples, const TimedRanks& timed, const Load& tried) {
  constexpr double kMargin = 2;
  constexpr double kMostOperations = 0.9;  // one that is stuck must not make all samples as long as it
  std::vector<double> operations;
  std::vector<double> rounds;
  for (std::size_t sample = 0; sample < samples.completion.size(); ++sample) {
    const LoadedSample taken = loaded_sample(samples.ranks, sample, timed);
    operations.push_back(taken.timed_ns);
    rounds.push_back(taken.load_ns / tried.rounds);
  }
  const double round = std::max(1.0, median(std::move(rounds)));
  const double lead = std::max(static_cast<double>(kLeastLead), round);
  const double most = quantile(std::move(operations), kMostOperations);
  const double needed = std::min(1 + std::ceil(kMargin * (lead + most) / round), double{kMostLoadRounds});
  return {.rounds = std::max(tried.rounds, static_cast<int>(needed)),
          .lead = std::max(tried.lead, static_cast<Nanoseconds>(lead))};
}

}  // namespace weft
