// Where a series becomes steady: its levels by binary segmentation (Scott & Knott 1974) with the cumulative sums of the
// ranks, weighted as Mann & Whitney's statistic is, so that a short transient weighs as much as a step in the middle
// (Pettitt 1979 has little power at the ends). What short autocorrelation there is, is estimated within short blocks:
// over a whole series a change of level would look like autocorrelation, and hide itself.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "statistics/change_points.hpp"
#include "statistics/mid_ranks.hpp"
#include "statistics/quantile.hpp"

namespace weft {

namespace {

constexpr std::size_t kFewest = 10;  // shorter series are taken as they are
constexpr double kExcursion = .05;  // a shorter part of the series that returns to the level is a disturbance, no level

/// A part [first, last) of the series without a further change.
struct Level {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// Autocorrelation at lag 1 of one block about its own straight line; a block without noise has none.
double correlation_within(std::span<const double> block) {
  const auto n = static_cast<double>(block.size());
  double mean = 0;
  double slope = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    mean += block[i] / n;
    slope += block[i] * (static_cast<double>(i) - (n - 1) / 2);
  }
  slope /= n * (n * n - 1) / 12;
  double square = 0;
  double product = 0;
  double before = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const double rest = block[i] - mean - slope * (static_cast<double>(i) - (n - 1) / 2);
    square += rest * rest;
    product += rest * before;
    before = rest;
  }
  return square > 0 ? product / square : 0;
}

/// By what factor short autocorrelation widens the variance of a mean: (1 + phi) / (1 - phi), phi being the typical
/// correlation of neighbours within blocks, which few changes of level touch. Taking a line off n values biases their
/// correlation by about -(2 + 4 phi) / n.
double inflation(std::span<const double> ranks) {
  const std::size_t length = std::clamp<std::size_t>(ranks.size() / 10, 10, 25);
  std::vector<double> correlations;
  for (std::size_t first = 0; first + length <= ranks.size(); first += length) {
    correlations.push_back(correlation_within(ranks.subspan(first, length)));
  }
  const auto n = static_cast<double>(length);
  const double phi = std::clamp((median(std::move(correlations)) * n + 2) / (n - 4), 0.0, .9);
  return (1 + phi) / (1 - phi);
}

/// The most significant change of level within a part, or its end where none is significant.
std::size_t split_of(std::span<const double> ranks, Level part, double widened) {
  const auto values = ranks.subspan(part.first, part.last - part.first);
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean);
  const double variance = square / (n - 1) * widened;
  // The largest of n standard normal values is about sqrt(2 ln n).
  const double bound = std::sqrt(2 * std::log(static_cast<double>(ranks.size()))) + .75;
  double largest = bound * bound * variance;
  std::size_t at = part.last;
  double sum = 0;
  for (std::size_t k = 1; k < values.size(); ++k) {
    sum += values[k - 1] - mean;
    const double size = sum * sum * n / (static_cast<double>(k) * static_cast<double>(values.size() - k));
    if (size > largest) {
      largest = size;
      at = part.first + k;
    }
  }
  return at;
}

/// The levels of the series in its order. Parts shorter than a fiftieth are not divided further, which bounds the work.
std::vector<Level> levels_of(std::span<const double> series) {
  const std::vector<std::size_t> doubled = doubled_mid_ranks(series);
  const std::vector<double> ranks(doubled.begin(), doubled.end());
  const double widened = inflation(ranks);
  const std::size_t shortest = std::max(kFewest, series.size() / 50);
  std::vector<Level> levels;
  std::vector<Level> open{{0, series.size()}};
  while (!open.empty()) {
    const Level part = open.back();
    open.pop_back();
    const std::size_t split = part.last - part.first < shortest ? part.last : split_of(ranks, part, widened);
    if (split == part.last) {
      levels.push_back(part);
    } else {
      open.push_back({split, part.last});
      open.push_back({part.first, split});
    }
  }
  return levels;
}

double median_of(std::span<const double> series, std::size_t first, std::size_t last) {
  return median(
      {series.begin() + static_cast<std::ptrdiff_t>(first), series.begin() + static_cast<std::ptrdiff_t>(last)});
}

bool within(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::min(std::abs(a), std::abs(b));
}

/// Ranks place the end of a transient that decays too late, where it drowns in the noise. Back from there while the
/// running median of five stays within the tolerance of the level.
std::size_t earlier(std::span<const double> series, std::size_t start, double level, double tolerance) {
  while (start > 2 && within(median_of(series, start - 3, start + 2), level, tolerance)) --start;
  return start;
}

}  // namespace

std::optional<std::size_t> steady_from(std::span<const double> series, double tolerance) {
  const std::size_t n = series.size();
  if (n < kFewest) return 0;
  const std::size_t half = n / 2;
  const auto long_enough = [&](std::size_t first, std::size_t last) {
    return first < last && static_cast<double>(last - first) >= kExcursion * static_cast<double>(n);
  };
  const std::vector<Level> levels = levels_of(series);
  std::optional<double> lowest;  // of the levels of the second half
  std::optional<double> highest;
  std::optional<double> final;
  std::size_t start = n;
  for (auto part = levels.rbegin(); part != levels.rend(); ++part) {
    const double here = median_of(series, part->first, part->last);
    if (long_enough(std::max(part->first, half), part->last)) {
      final = final.value_or(here);
      lowest = std::min(here, lowest.value_or(here));
      highest = std::max(here, highest.value_or(here));
      if (!within(*lowest, *highest, tolerance)) return std::nullopt;
    }
    const bool same = final && within(here, *final, tolerance);
    if (same) start = part->first;
    if (!same && long_enough(part->first, part->last)) break;
  }
  if (start > half) return std::nullopt;
  return start == 0 ? 0 : earlier(series, start, *final, tolerance);
}

}  // namespace weft
