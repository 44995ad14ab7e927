#include "measure/noise.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

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

NoiseReport probe_noise(Nanoseconds duration) {
  NoiseReport report;
  if (duration <= 0) return report;
  std::uint64_t state = 1;
  constexpr std::size_t kMostQuanta = 1'000'000;
  std::vector<Nanoseconds> quanta;
  quanta.reserve(std::min(kMostQuanta, static_cast<std::size_t>(duration) / 1000 + 1));
  work(state);
  const Nanoseconds began = monotonic_now();
  for (Nanoseconds now = began; now - began < duration && quanta.size() < quanta.capacity();) {
    work(state);
    const Nanoseconds then = now;
    now = monotonic_now();
    quanta.push_back(now - then);
  }
  const auto [shortest, longest] = std::minmax_element(quanta.begin(), quanta.end());
  double total = 0;
  double lost = 0;
  for (const Nanoseconds quantum : quanta) {
    total += static_cast<double>(quantum);
    if (static_cast<double>(quantum) > kDisturbed * static_cast<double>(*shortest))
      lost += static_cast<double>(quantum - *shortest);
  }
  report.quanta = quanta.size();
  report.quantum_ns = static_cast<double>(*shortest);
  report.lost_share = lost / total;
  report.largest_gap = *longest - *shortest;
  return report;
}

}  // namespace weft
