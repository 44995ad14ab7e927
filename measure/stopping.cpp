#include "measure/stopping.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "statistics/autocorrelation.hpp"
#include "statistics/quantile.hpp"

#include "measure/clock_map.hpp"

namespace weft {

namespace {

constexpr std::array<std::string_view, 4> kReasonNames = {"", "interval", "budget", "iterations"};

std::size_t rounded_up(double count, std::size_t most) {
  return count < static_cast<double>(most) ? static_cast<std::size_t>(std::ceil(std::max(count, 0.0))) : most;
}

Decision decide_fixed(const StopRule& rule, const Taken& taken) {
  const auto wanted = static_cast<std::size_t>(rule.iterations);
  if (taken.valid.size() >= wanted || taken.all >= 2 * wanted + kLeastIterations)
    return {.reason = StopReason::iterations, .next = 0};
  return {.reason = StopReason::none, .next = wanted - taken.valid.size()};
}

// The interval narrows with the square root of the samples.
std::size_t still_wanted(const StopRule& rule, const Taken& taken, double half_width, double per_sample) {
  const std::size_t n = taken.valid.size();
  std::size_t wanted = n < rule.fewest ? rule.fewest - n : 0;
  if (taken.elapsed < rule.shortest && per_sample > 0)
    wanted = std::max(wanted, rounded_up(static_cast<double>(rule.shortest - taken.elapsed) / per_sample, rule.most));
  if (half_width > rule.precision && n > 0) {
    const double factor = half_width / rule.precision;
    wanted = std::max(wanted, rounded_up(static_cast<double>(n) * (std::min(factor * factor, 2.0) - 1), rule.most));
  }
  return std::max({wanted, taken.all / 4, std::size_t{1}});
}

}  // namespace

std::string_view name_of(StopReason reason) { return kReasonNames[static_cast<std::size_t>(reason)]; }

std::size_t samples_between_anchors(double per_sample) {
  const double most = static_cast<double>(kClockHorizon) / std::max(per_sample, 1.0);
  return std::max<std::size_t>(1, static_cast<std::size_t>(most));
}

std::size_t first_chunk(const StopRule& rule, Nanoseconds per_sample) {
  if (rule.iterations > 0) return static_cast<std::size_t>(rule.iterations);
  const auto one = static_cast<std::size_t>(std::max<Nanoseconds>(per_sample, 1));
  const std::size_t wanted = std::max(rule.fewest, static_cast<std::size_t>(rule.shortest) / one);
  const std::size_t affordable = std::max(kLeastIterations, static_cast<std::size_t>(rule.budget) / one);
  return std::min({wanted, affordable, rule.most});
}

Decision decide(const StopRule& rule, const Taken& taken) {
  if (rule.iterations > 0) return decide_fixed(rule, taken);
  const double half_width = relative_half_width(taken.valid);
  if (taken.valid.size() >= rule.fewest && taken.elapsed >= rule.shortest && half_width <= rule.precision)
    return {.reason = StopReason::interval, .next = 0};
  const double so_far = taken.all > 0 ? static_cast<double>(taken.elapsed) / static_cast<double>(taken.all) : 0;
  const double per_sample = std::max(so_far, static_cast<double>(taken.at_least));
  const double left = static_cast<double>(rule.budget - taken.elapsed);
  std::size_t affordable = per_sample > 0 ? static_cast<std::size_t>(std::max(left / per_sample, 0.0)) : rule.most;
  if (taken.all < kLeastIterations) affordable = std::max(affordable, kLeastIterations - taken.all);
  affordable = std::min(affordable, rule.most - std::min(rule.most, taken.all));
  if (affordable == 0) return {.reason = StopReason::budget, .next = 0};
  return {.reason = StopReason::none, .next = std::min(still_wanted(rule, taken, half_width, per_sample), affordable)};
}

double relative_half_width(std::span<const double> series) {
  constexpr double kUnknown = std::numeric_limits<double>::infinity();
  if (series.empty()) return kUnknown;
  std::vector<double> sorted(series.begin(), series.end());
  std::sort(sorted.begin(), sorted.end());
  const double middle = quantile_of_sorted(sorted, 0.5);
  const std::optional<Interval> interval = quantile_interval(sorted, 0.5, effective_sample_size(series));
  if (!interval || middle <= 0) return kUnknown;
  return (interval->high - interval->low) / 2 / middle;
}

}  // namespace weft
