#include "analysis/verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "statistics/quantile.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr std::array<std::string_view, 6> kMetricNames = {"median", "p95", "p99", "min", "mean", "mean_of_ranks"};
constexpr std::array<std::string_view, 8> kVerdictNames = {"wrong data",   "missing", "regressed", "incomparable",
                                                           "inconclusive", "new",     "improved",  "same"};

/// Launches of each set with which a difference of the threshold is found; 0 where that cannot be told.
std::size_t launches_needed(const PointComparison& point, const CompareRules& rules, double alpha) {
  const auto n_base = static_cast<double>(point.base.size());
  const auto n_new = static_cast<double>(point.now.size());
  std::size_t launches = std::max(point.base.size(), point.now.size());
  if (std::isfinite(point.minimum_detectable_effect)) {
    const double harmonic = 2 * n_base * n_new / (n_base + n_new);
    const double wanted = harmonic * std::pow(point.minimum_detectable_effect / rules.threshold, 2);
    constexpr double kBeyondReason = 1e6;
    if (wanted > kBeyondReason) return 0;
    launches = std::max(launches, static_cast<std::size_t>(std::ceil(wanted)));
  }
  while (smallest_p(launches, launches) > alpha) ++launches;
  return launches;
}

std::string percent(double share) { return fmt::format("{:.2g} %", share * 100); }

std::string that_many_would_do(std::size_t launches) {
  return launches == 0 ? "no number of launches within reason would do"
                       : fmt::format("{} launches of each would do", launches);
}

/// Why nothing can be said; empty where `same` can.
std::string doubt(const PointComparison& point, const CompareRules& rules, double alpha) {
  const std::size_t n_base = point.base.size();
  const std::size_t n_new = point.now.size();
  if (smallest_p(n_base, n_new) > alpha)
    return fmt::format("{} and {} launches are too few: p is {:.2g} at best where {:.2g} is needed; {}", n_base, n_new,
                       smallest_p(n_base, n_new), alpha, that_many_would_do(point.launches_needed));
  if (point.floor > rules.threshold)
    return fmt::format("the timer's resolution is {} of the time; a larger threshold would do", percent(point.floor));
  if (point.minimum_detectable_effect > rules.threshold)
    return fmt::format("less than {} would not be seen, so much do the launches vary; {}",
                       percent(point.minimum_detectable_effect), that_many_would_do(point.launches_needed));
  return {};
}

/// By how much one side may be slower than the other at most, either way.
double largest_excess(const Interval& ratio) { return std::max(ratio.high, 1 / ratio.low) - 1; }

/// Launches of each set with which the ratio's interval would end below the floor if its middle stayed; 0 where none
/// would do. It narrows with the square root of the launches.
std::size_t launches_to_exclude(const PointComparison& point) {
  const double middle = std::max(point.ratio.ratio, 1 / point.ratio.ratio) - 1;
  const double half = largest_excess(point.ratio.interval) - middle;
  if (middle >= point.floor) return 0;
  const auto launches = static_cast<double>(std::max(point.base.size(), point.now.size()));
  const double wanted = launches * std::pow(half / (point.floor - middle), 2);
  constexpr double kBeyondReason = 1e6;
  return wanted > kBeyondReason ? 0 : static_cast<std::size_t>(std::ceil(wanted));
}

}  // namespace

Metric find_metric(std::string_view name) {
  const auto* const found = std::find(kMetricNames.begin(), kMetricNames.end(), name);
  if (found == kMetricNames.end())
    throw UsageError(unknown_name("metric", name, std::vector<std::string>(kMetricNames.begin(), kMetricNames.end())));
  return static_cast<Metric>(found - kMetricNames.begin());
}

std::string_view name_of(Metric metric) { return kMetricNames.at(static_cast<std::size_t>(metric)); }

std::string_view name_of(Verdict verdict) { return kVerdictNames.at(static_cast<std::size_t>(verdict)); }

std::optional<double> value_of(const Record& record, Metric metric) {
  const std::array<double, kMetricNames.size()> values = {record.time_us_median, record.time_us_p95,
                                                          record.time_us_p99,    record.time_us_min,
                                                          record.time_us_mean,   record.time_us_mean_of_ranks};
  const double value = values.at(static_cast<std::size_t>(metric));
  return record.is_usable(value) ? std::optional(value) : std::nullopt;
}

double smallest_p(std::size_t n_a, std::size_t n_b) {
  double arrangements = 1;
  for (std::size_t i = 1; i <= n_a; ++i) arrangements *= static_cast<double>(n_b + i) / static_cast<double>(i);
  return std::min(1.0, 2 / arrangements);
}

bool is_missing(const Share& base, const Share& now, double level) {
  if (now.count == 0) return true;
  if (now.whole()) return false;
  return base.whole() || fisher_exact(base.of - base.count, base.of, now.of - now.count, now.of) <= level;
}

bool lost_more(const Share& base, const Share& now) {
  return (now.of - now.count) * base.of > (base.of - base.count) * now.of;
}

void estimate(PointComparison& point, const CompareRules& rules, double resolution_us) {
  point.base_time = median(point.base);
  point.new_time = median(point.now);
  point.ratio = hodges_lehmann_ratio(point.base, point.now, rules.confidence);
  point.p_value = mann_whitney(point.base, point.now);
  point.floor = std::max(rules.threshold, resolution_us / point.base_time);
}

void judge(PointComparison& point, const CompareRules& rules, double alpha) {
  const double variation = pooled_variation(point.base, point.now);
  point.minimum_detectable_effect = minimum_detectable_effect(variation, point.base.size(), point.now.size(), alpha);
  const Interval& interval = point.ratio.interval;
  const bool slower = point.ratio.ratio - 1 >= point.floor;
  const bool faster = 1 / point.ratio.ratio - 1 >= point.floor;  // so that exchanging the sets exchanges the verdicts
  if (point.significant && slower && interval.low > 1) {
    point.verdict = Verdict::regressed;
    return;
  }
  if (point.significant && faster && interval.high < 1) {
    point.verdict = Verdict::improved;
    return;
  }
  point.launches_needed = launches_needed(point, rules, alpha);
  point.reason = doubt(point, rules, alpha);
  // Beyond the threshold and yet not significant: there was power, but to say `same` of it would be bold.
  if (point.reason.empty() && (slower || faster))
    point.reason =
        fmt::format("the ratio is {:.3f}, but it may be chance (p {:.2g})", point.ratio.ratio, point.p_value);
  // That a difference would have been noticed does not say that there is none as large as the floor.
  if (const double most = largest_excess(interval); point.reason.empty() && most >= point.floor) {
    point.launches_needed = std::max(point.launches_needed, launches_to_exclude(point));
    point.reason = fmt::format("the ratio lies in {:.3f} to {:.3f}, where {:.3g} % is not excluded; {}", interval.low,
                               interval.high, point.floor * 100, that_many_would_do(point.launches_needed));
  }
  point.verdict = point.reason.empty() ? Verdict::same : Verdict::inconclusive;
  if (point.verdict == Verdict::same) point.launches_needed = 0;
}

double judge_together(std::span<PointComparison*> tested, const CompareRules& rules) {
  if (tested.empty()) return rules.false_discovery_rate;
  std::vector<double> p_values;
  for (const PointComparison* point : tested) p_values.push_back(point->p_value);
  const std::vector<bool> significant = benjamini_hochberg(p_values, rules.false_discovery_rate);
  const auto found = static_cast<std::size_t>(std::count(significant.begin(), significant.end(), true));
  const std::size_t next = std::min(found + 1, tested.size());
  const double alpha = rules.false_discovery_rate * static_cast<double>(next) / static_cast<double>(tested.size());
  for (std::size_t i = 0; i < tested.size(); ++i) {
    tested[i]->significant = significant[i];
    judge(*tested[i], rules, alpha);
  }
  return alpha;
}

}  // namespace weft
