#include "results/pair_times.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "statistics/quantile.hpp"

namespace weft {

namespace {

double time_of(const Samples& samples, std::size_t sample, int first, int second) {
  const RankTimes& times = samples.ranks;
  const std::size_t row = sample * static_cast<std::size_t>(times.ranks);
  const auto start = [&](int rank) { return std::int64_t{times.start_off[row + static_cast<std::size_t>(rank)]}; };
  const auto end = [&](int rank) { return start(rank) + times.duration[row + static_cast<std::size_t>(rank)]; };
  const std::int64_t time = std::max(end(first), end(second)) - std::min(start(first), start(second));
  return static_cast<double>(time) / samples.batch;
}

PairTime summary_of(int first, int second, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto count = static_cast<double>(times.size());
  const std::optional<Interval> interval = quantile_interval(times, 0.5, count);
  return {.first = first,
          .second = second,
          .median_ns = quantile_of_sorted(times, 0.5),
          .low_ns = interval ? interval->low : 0,
          .high_ns = interval ? interval->high : 0,
          .samples = static_cast<int>(times.size())};
}

}  // namespace

std::vector<PairTime> pair_times(const Samples& samples, std::span<const std::vector<int>> partners) {
  std::vector<std::vector<std::size_t>> of_program(partners.size());
  for (std::size_t i = 0; i < samples.ranks.program.size(); ++i)
    if (samples.valid.empty() || samples.valid[i] != 0)
      of_program[static_cast<std::size_t>(samples.ranks.program[i])].push_back(i);
  std::vector<PairTime> pairs;
  for (std::size_t program = 0; program < partners.size(); ++program) {
    for (int rank = 0; rank < samples.ranks.ranks; ++rank) {
      const int partner = partners[program][static_cast<std::size_t>(rank)];
      if (partner <= rank || of_program[program].empty()) continue;
      std::vector<double> times;
      for (const std::size_t sample : of_program[program]) times.push_back(time_of(samples, sample, rank, partner));
      pairs.push_back(summary_of(rank, partner, std::move(times)));
    }
  }
  return pairs;
}

}  // namespace weft
