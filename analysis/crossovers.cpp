#include <algorithm>
#include <cmath>

#include "analysis/side_by_side.hpp"

namespace weft {

namespace {

/// By how much the first of two columns is slower at a size.
struct Lag {
  const SideRow* row = nullptr;
  double us = 0;
  bool decided = false;  ///< beyond the intervals
};

std::vector<Lag> lags_of(const std::vector<const SideRow*>& rows, std::size_t first, std::size_t second) {
  std::vector<Lag> lags;
  for (const SideRow* row : rows) {
    const std::optional<SideCell>& one = row->cells[first];
    const std::optional<SideCell>& other = row->cells[second];
    if (one && other) lags.push_back({row, one->time_us - other->time_us, one->apart_from(*other)});
  }
  return lags;
}

Bytes size_of(const Lag& lag) { return lag.row->point.bytes_per_rank; }

/// Between two decided sizes of opposite order: where the medians' straight lines meet.
Crossover between(std::vector<Lag>::const_iterator from, std::vector<Lag>::const_iterator to) {
  const auto below = std::adjacent_find(from, to + 1, [&](const Lag& a, const Lag& b) {
    return std::signbit(a.us) == std::signbit(from->us) && (b.us == 0 || std::signbit(b.us) != std::signbit(from->us));
  });
  const Lag& left = *below;
  const Lag& right = *(below + 1);
  const auto width = static_cast<double>(size_of(right) - size_of(left));
  return {.point = left.row->point,
          .bytes = static_cast<double>(size_of(left)) + width * left.us / (left.us - right.us),
          .from = size_of(left),
          .to = size_of(right)};
}

}  // namespace

std::vector<Crossover> crossovers_of(const std::vector<const SideRow*>& rows, std::size_t columns) {
  std::vector<Crossover> crossovers;
  for (std::size_t first = 0; first < columns; ++first)
    for (std::size_t second = first + 1; second < columns; ++second) {
      const std::vector<Lag> lags = lags_of(rows, first, second);
      auto last = lags.end();
      for (auto lag = lags.begin(); lag != lags.end(); ++lag) {
        if (!lag->decided) continue;
        if (last != lags.end() && std::signbit(last->us) != std::signbit(lag->us)) {
          crossovers.push_back(between(last, lag));
          crossovers.back().below = last->us < 0 ? first : second;
          crossovers.back().above = last->us < 0 ? second : first;
        }
        last = lag;
      }
    }
  return crossovers;
}

}  // namespace weft
