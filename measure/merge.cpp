#include "measure/merge.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

namespace weft {

namespace {

// Iterations merged per exchange: bounds the memory of worlds with a thousand ranks in one process.
constexpr std::size_t kPerExchange = 64;

struct Interval {
  Nanoseconds start;
  Nanoseconds end;
};

std::string pack(const LocalTimes& times, std::size_t first, std::size_t count) {
  std::string blob(count * sizeof(Interval), '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const Interval interval{times.start[first + i], times.end[first + i]};
    std::memcpy(blob.data() + i * sizeof(Interval), &interval, sizeof(Interval));
  }
  return blob;
}

// Merges iteration `index` of the exchanged blobs and adds each rank's duration to its sum.
void merge_one(const std::vector<std::string>& blobs, std::size_t index, bool one_clock, Samples& samples,
               std::vector<double>& durations) {
  Nanoseconds first_start = std::numeric_limits<Nanoseconds>::max();
  Nanoseconds latest = std::numeric_limits<Nanoseconds>::min();
  int slowest = 0;
  for (std::size_t rank = 0; rank < blobs.size(); ++rank) {
    Interval interval{};
    std::memcpy(&interval, blobs[rank].data() + index * sizeof(Interval), sizeof(Interval));
    const Nanoseconds mark = one_clock ? interval.end : interval.end - interval.start;
    if (mark > latest) {
      latest = mark;
      slowest = static_cast<int>(rank);
    }
    first_start = std::min(first_start, interval.start);
    durations[rank] += static_cast<double>(interval.end - interval.start);
  }
  samples.completion.push_back(static_cast<double>(one_clock ? latest - first_start : latest));
  samples.slowest.push_back(slowest);
}

}  // namespace

void merge_times(World& world, const LocalTimes& mine, bool one_clock, Samples& samples) {
  std::vector<double> durations(static_cast<std::size_t>(world.ranks()));
  for (std::size_t first = 0; first < mine.start.size(); first += kPerExchange) {
    const std::size_t count = std::min(kPerExchange, mine.start.size() - first);
    const std::vector<std::string> blobs = world.allgather(pack(mine, first, count));
    if (world.rank() != 0) continue;
    for (std::size_t i = 0; i < count; ++i) merge_one(blobs, i, one_clock, samples, durations);
  }
  if (mine.start.empty()) return;
  for (double& duration : durations) duration /= static_cast<double>(mine.start.size());
  const auto [fastest, slowest] = std::minmax_element(durations.begin(), durations.end());
  samples.fastest_rank_mean_ns = *fastest;
  samples.slowest_rank_mean_ns = *slowest;
  samples.mean_of_ranks_ns = std::accumulate(durations.begin(), durations.end(), 0.0) / world.ranks();
}

}  // namespace weft
