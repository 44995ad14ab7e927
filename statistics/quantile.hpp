#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace weft {

/// A two-sided confidence interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Quantile of sorted values by linear interpolation between order statistics (Hyndman & Fan 1996, type 7). Empty: 0.
double quantile_of_sorted(std::span<const double> sorted, double q);

/// The same of values in any order.
double quantile(std::vector<double> values, double q);
double median(std::vector<double> values);

/// The fewest independent samples with which the q-quantile of a distribution is likely (1 - alpha) to be exceeded by
/// one at least: ln(alpha / 2) / ln(q), rounded up: 72, 368 and 3,688 for p95, p99 and p99.9. Below it a percentile is
/// not printed.
std::size_t samples_for_percentile(double q, double alpha = 0.05);

/// Distribution-free interval of the q-quantile by order statistics, exact binomial for few samples and its normal
/// approximation for many: for the median the order statistics floor((n - z sqrt n) / 2) and 1 + ceil((n + z sqrt n) /
/// 2) (Le Boudec 2010, section 2.2). `effective` is the number of independent samples that the values are worth (at
/// most sorted.size(), see autocorrelation.hpp): the interval is that of so many, at the same positions between 0
/// and 1. Nothing where there are too few for the confidence (6 for the median at 95 %).
std::optional<Interval> quantile_interval(std::span<const double> sorted, double q, double effective,
                                          double confidence = 0.95);

}  // namespace weft
