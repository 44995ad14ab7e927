#include "measure/noise.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace weft {

namespace {

constexpr int kRoundsPerQuantum = 4096;  // some 10 us: far above reading the clock, far below a time slice
constexpr double kDisturbed = 1.5;

// A chain that no compiler and no core can shorten.
void work(std::uint64_t& state) {
  for (int round = 0; round < kRoundsPerQuantum; ++round) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    asm volatile("" : "+r"(state));
  }
}

}  // namespace

NoiseTally::NoiseTally(Nanoseconds first) : shortest_(std::max<Nanoseconds>(first, 1)) {
  constexpr Nanoseconds kMostCounts = 1'500'000;
  const auto undisturbed = static_cast<Nanoseconds>(kDisturbed * static_cast<double>(shortest_));
  bin_ = 1 + undisturbed / kMostCounts;
  counts_.assign(static_cast<std::size_t>(undisturbed / bin_) + 1, 0);
  add(shortest_);
}

void NoiseTally::add(Nanoseconds quantum) {
  shortest_ = std::min(shortest_, quantum);
  longest_ = std::max(longest_, quantum);
  ++quanta_;
  total_ += static_cast<double>(quantum);
  const auto at = static_cast<std::size_t>(quantum / bin_);
  if (at < counts_.size()) {
    ++counts_[at];
  } else {
    ++long_;
    long_total_ += static_cast<double>(quantum);
  }
}

NoiseReport NoiseTally::report() const {
  const auto shortest = static_cast<double>(shortest_);
  double lost = long_total_ - static_cast<double>(long_) * shortest;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const double quantum = static_cast<double>(i) * static_cast<double>(bin_);
    if (quantum > kDisturbed * shortest) lost += static_cast<double>(counts_[i]) * (quantum - shortest);
  }
  return {.quanta = quanta_, .quantum_ns = shortest, .lost_share = lost / total_, .largest_gap = longest_ - shortest_};
}

NoiseReport probe_noise(Nanoseconds duration) {
  if (duration <= 0) return {};
  std::uint64_t state = 1;
  work(state);
  Nanoseconds now = monotonic_now();
  const Nanoseconds end = now + duration;
  const auto quantum = [&] {
    work(state);
    const Nanoseconds then = std::exchange(now, monotonic_now());
    return now - then;
  };
  // Of the first few one at least is not disturbed much.
  constexpr std::size_t kFirst = 16;
  std::vector<Nanoseconds> first;
  first.reserve(kFirst);
  do first.push_back(quantum());
  while (first.size() < kFirst && now < end);
  std::iter_swap(first.begin(), std::min_element(first.begin(), first.end()));
  NoiseTally tally(first.front());
  for (std::size_t i = 1; i < first.size(); ++i) tally.add(first[i]);
  now = monotonic_now();  // the tally's memory is in no quantum
  while (now < end) tally.add(quantum());
  return tally.report();
}

}  // namespace weft
