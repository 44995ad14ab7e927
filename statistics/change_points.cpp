#include "statistics/change_points.hpp"

#include <algorithm>
#include <cmath>

#include "statistics/quantile.hpp"
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/uniform_int_distribution.hpp>

namespace weft {

namespace {

constexpr std::size_t kPermutations = 199;

struct Split {
  std::size_t at = 0;
  double energy = 0;
};

/// Sums of |x - y| within and between the two parts of a segment.
struct Distances {
  double left = 0;
  double right = 0;
  double between = 0;
};

/// The scaled energy distance of two parts of n and m values, with the exponent 1 (Matteson & James, equation 5).
double energy(const Distances& sums, double n, double m) {
  const double within = sums.left / (n * (n - 1) / 2) + sums.right / (m * (m - 1) / 2);
  return n * m / (n + m) * (2 * sums.between / (n * m) - within);
}

/// The split of a segment with the largest energy distance; energy 0 where it is too short to be split. Quadratic.
Split best_split(std::span<const double> values, std::size_t shortest) {
  Split best;
  if (values.size() < 2 * shortest) return best;
  Distances sums;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i + 1; j < values.size(); ++j) sums.right += std::abs(values[i] - values[j]);
  }
  for (std::size_t at = 1; at + shortest <= values.size(); ++at) {
    const double moved = values[at - 1];  // from the right part to the left one
    double to_left = 0;
    double to_right = 0;
    for (std::size_t i = 0; i + 1 < at; ++i) to_left += std::abs(values[i] - moved);
    for (std::size_t i = at; i < values.size(); ++i) to_right += std::abs(values[i] - moved);
    sums.left += to_left;
    sums.right -= to_right;
    sums.between += to_right - to_left;
    if (at < shortest) continue;
    const double here = energy(sums, static_cast<double>(at), static_cast<double>(values.size() - at));
    if (here > best.energy) best = {at, here};
  }
  return best;
}

void shuffle(std::span<double> values, boost::random::mt19937_64& random) {
  for (std::size_t last = values.size(); last > 1; --last) {
    std::swap(values[last - 1], values[boost::random::uniform_int_distribution<std::size_t>(0, last - 1)(random)]);
  }
}

/// One round: the best split of all segments, and how likely so large a one is where the values of each segment are
/// exchangeable. `bounds` are the segments' beginnings and the end of the series.
struct Round {
  Split split;
  double p_value = 1;
};

Round next_split(std::span<const double> series, std::span<const std::size_t> bounds, std::size_t shortest,
                 double significance, boost::random::mt19937_64& random) {
  Round round;
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
    const Split split = best_split(series.subspan(bounds[i], bounds[i + 1] - bounds[i]), shortest);
    if (split.energy > round.split.energy) round.split = {bounds[i] + split.at, split.energy};
  }
  if (round.split.energy <= 0) return round;
  std::vector<double> values(series.begin(), series.end());
  std::size_t as_large = 1;  // as it is, is one of the orders
  for (std::size_t permutation = 0; permutation < kPermutations; ++permutation) {
    double largest = 0;
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
      const std::span<double> segment = std::span(values).subspan(bounds[i], bounds[i + 1] - bounds[i]);
      shuffle(segment, random);
      largest = std::max(largest, best_split(segment, shortest).energy);
    }
    if (largest >= round.split.energy) ++as_large;
    if (static_cast<double>(as_large) > significance * static_cast<double>(kPermutations + 1)) break;  // settled
  }
  round.p_value = static_cast<double>(as_large) / static_cast<double>(kPermutations + 1);
  return round;
}

double median_between(std::span<const double> series, std::size_t first, std::size_t last) {
  return median(
      {series.begin() + static_cast<std::ptrdiff_t>(first), series.begin() + static_cast<std::ptrdiff_t>(last)});
}

}  // namespace

std::vector<ChangePoint> e_divisive(std::span<const double> series, double significance, std::size_t shortest,
                                    std::uint64_t seed) {
  shortest = std::max<std::size_t>(shortest, 2);  // a part needs a distance within
  boost::random::mt19937_64 random(seed);
  std::vector<std::size_t> bounds{0, series.size()};
  std::vector<ChangePoint> changes;
  for (;;) {
    const Round round = next_split(series, bounds, shortest, significance, random);
    if (round.split.energy <= 0 || round.p_value > significance) break;
    bounds.insert(std::upper_bound(bounds.begin(), bounds.end(), round.split.at), round.split.at);
    changes.push_back({round.split.at, 0, 0, round.p_value});
  }
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changes[i].before = median_between(series, bounds[i], bounds[i + 1]);
    changes[i].after = median_between(series, bounds[i + 1], bounds[i + 2]);
  }
  return changes;
}

}  // namespace weft
