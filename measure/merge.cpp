#include "measure/merge.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

namespace weft {

namespace {

// Of all ranks in one exchange: bounds the memory where a thousand ranks share a process.
constexpr std::size_t kSamplesPerExchange = 1 << 16;

/// A sample of one rank on the common clock, as it travels.
struct GlobalSample {
  Nanoseconds start;
  Nanoseconds end;
  Nanoseconds late;
};

std::string pack(const GlobalClock& clock, const std::vector<LocalSample>& samples, std::size_t first,
                 std::size_t count) {
  std::string blob(count * sizeof(GlobalSample), '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const LocalSample& local = samples[first + i];
    const GlobalSample global{clock.to_global(local.start), clock.to_global(local.end), local.late ? 1 : 0};
    std::memcpy(blob.data() + i * sizeof(GlobalSample), &global, sizeof(GlobalSample));
  }
  return blob;
}

GlobalSample unpack(const std::string& blob, std::size_t index) {
  GlobalSample sample{};
  std::memcpy(&sample, blob.data() + index * sizeof(GlobalSample), sizeof(GlobalSample));
  return sample;
}

std::int32_t saturated(Nanoseconds value) {
  using Limits = std::numeric_limits<std::int32_t>;
  return static_cast<std::int32_t>(std::clamp<Nanoseconds>(value, Limits::min(), Limits::max()));
}

void keep_times(const std::vector<std::string>& blobs, std::size_t index, RankTimes& ranks) {
  ranks.ranks = static_cast<int>(blobs.size());
  const Nanoseconds start = unpack(blobs.front(), index).start;
  ranks.start.push_back(start);
  for (const std::string& blob : blobs) {
    const GlobalSample sample = unpack(blob, index);
    ranks.start_off.push_back(saturated(sample.start - start));
    ranks.duration.push_back(saturated(sample.end - sample.start));
  }
}

/// Where the stays of some ranks begin and end.
struct Stays {
  Nanoseconds first_start = std::numeric_limits<Nanoseconds>::max();
  Nanoseconds last_start = std::numeric_limits<Nanoseconds>::min();
  Nanoseconds first_end = std::numeric_limits<Nanoseconds>::max();
  Nanoseconds last_end = std::numeric_limits<Nanoseconds>::min();
  Nanoseconds longest = std::numeric_limits<Nanoseconds>::min();
  int last = 0;     // the rank that ended last
  int slowest = 0;  // the rank that stayed longest

  void add(int rank, const GlobalSample& sample) {
    if (sample.end > last_end) last = rank;
    if (sample.end - sample.start > longest) {
      longest = sample.end - sample.start;
      slowest = rank;
    }
    first_start = std::min(first_start, sample.start);
    last_start = std::max(last_start, sample.start);
    first_end = std::min(first_end, sample.end);
    last_end = std::max(last_end, sample.end);
  }
  /// Whether all of these ranks ran from before the first start of the others until after their last end.
  bool cover(const Stays& others) const { return last_start <= others.first_start && first_end >= others.last_end; }
};

void merge_one(const std::vector<std::string>& blobs, std::size_t index, bool common_start, const TimedRanks& timed,
               Samples& samples) {
  Stays measured;
  Stays load;
  bool late = false;
  for (std::size_t rank = 0; rank < blobs.size(); ++rank) {
    const GlobalSample sample = unpack(blobs[rank], index);
    (timed.counts(rank) ? measured : load).add(static_cast<int>(rank), sample);
    late = late || sample.late != 0;
  }
  const bool uncovered = timed.loaded() && !load.cover(measured);
  const Nanoseconds taken = common_start ? measured.last_end - measured.first_start : measured.longest;
  samples.completion.push_back(static_cast<double>(taken) / samples.batch);
  samples.slowest.push_back(common_start ? measured.last : measured.slowest);
  samples.start_skew.push_back(measured.last_start - measured.first_start);
  samples.valid.push_back(late || uncovered ? 0 : 1);
  if (timed.loaded()) samples.uncovered.push_back(uncovered ? 1 : 0);
}

template <typename Value>
void drop(std::vector<Value>& values, std::size_t count) {
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(std::min(count, values.size())));
}

}  // namespace

void merge_samples(World& world, const GlobalClock& clock, const std::vector<LocalSample>& mine, std::size_t first,
                   const MergeRule& rule, Samples& samples, const TimedRanks& timed) {
  const std::size_t per_exchange =
      std::max<std::size_t>(1, kSamplesPerExchange / static_cast<std::size_t>(world.ranks()));
  for (; first < mine.size(); first += per_exchange) {
    const std::size_t count = std::min(per_exchange, mine.size() - first);
    const std::vector<std::string> blobs = world.gather(pack(clock, mine, first, count));
    if (world.rank() != 0) continue;
    for (std::size_t i = 0; i < count; ++i) {
      merge_one(blobs, i, rule.common_start, timed, samples);
      if (!rule.keep_ranks) continue;
      keep_times(blobs, i, samples.ranks);
      samples.ranks.program.push_back(mine[first + i].program);
    }
  }
}

void drop_leading(Samples& samples, std::size_t count) {
  drop(samples.completion, count);
  drop(samples.slowest, count);
  drop(samples.start_skew, count);
  drop(samples.valid, count);
  drop(samples.uncovered, count);
  drop(samples.ranks.start, count);
  drop(samples.ranks.program, count);
  drop(samples.ranks.start_off, count * static_cast<std::size_t>(samples.ranks.ranks));
  drop(samples.ranks.duration, count * static_cast<std::size_t>(samples.ranks.ranks));
}

void count_from_first_start(RankTimes& ranks) {
  if (ranks.start.empty()) return;
  const std::int32_t earliest = *std::min_element(ranks.start_off.begin(), ranks.start_off.begin() + ranks.ranks);
  const Nanoseconds first = ranks.start.front() + earliest;
  for (Nanoseconds& start : ranks.start) start -= first;
}

}  // namespace weft
