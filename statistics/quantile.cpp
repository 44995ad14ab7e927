#include "statistics/quantile.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>

namespace weft {

namespace {

/// Two order statistics, counted from 1 as the literature does.
struct OrderStatistics {
  double low = 0;
  double high = 0;
};

/// Up to this variance of the number of values below the quantile the binomial distribution is used, beyond it the
/// normal one: 200 values for the median, 5,050 for p99.
constexpr double kExactVariance = 50;

/// Order statistics of n independent values that miss the q-quantile with alpha / 2 at most on either side. Where the
/// exact distribution is skewed, and leaves something of alpha, the end in the tail moves inwards, or else the other.
/// They may lie outside of 1 to n.
OrderStatistics order_statistics(double n, double q, double alpha) {
  const double variance = n * q * (1 - q);
  if (variance > kExactVariance) {
    const double reach = boost::math::quantile(boost::math::normal(), 1 - alpha / 2) * std::sqrt(variance);
    return {std::floor(n * q - reach), 1 + std::ceil(n * q + reach)};
  }
  using boost::math::policies::discrete_quantile;
  using boost::math::policies::integer_round_up;
  using Upward = boost::math::policies::policy<discrete_quantile<integer_round_up>>;
  // How many of the values lie below the quantile. The quantile is below the l-th value where fewer than l do.
  const boost::math::binomial_distribution<double, Upward> below(n, q);
  const OrderStatistics equal{boost::math::quantile(below, alpha / 2), 1 + boost::math::quantile(below, 1 - alpha / 2)};
  if (q == .5 || equal.low < 1 || equal.high > n) return equal;
  const auto sure = [&](OrderStatistics of) {
    return boost::math::cdf(below, of.high - 1) - boost::math::cdf(below, of.low - 1) >= 1 - alpha;
  };
  const OrderStatistics lower{equal.low, equal.high - 1};
  const OrderStatistics higher{equal.low + 1, equal.high};
  const OrderStatistics& in_the_tail = q > .5 ? lower : higher;
  const OrderStatistics& in_the_body = q > .5 ? higher : lower;
  if (sure(in_the_tail)) return in_the_tail;
  return sure(in_the_body) ? in_the_body : equal;
}

}  // namespace

double quantile_of_sorted(std::span<const double> sorted, double q) {
  if (sorted.empty()) return 0;
  const double at = std::clamp(q, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(at));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return quantile_of_sorted(values, q);
}

double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

std::size_t samples_for_percentile(double q, double alpha) {
  return static_cast<std::size_t>(std::ceil(std::log(alpha / 2) / std::log(std::max(q, 1 - q))));
}

std::optional<Interval> quantile_interval(std::span<const double> sorted, double q, double effective,
                                          double confidence) {
  if (sorted.empty() || q <= 0 || q >= 1) return std::nullopt;
  const auto n = static_cast<double>(sorted.size());
  const double independent = std::floor(std::clamp(effective, 1.0, n));
  const OrderStatistics of = order_statistics(independent, q, 1 - confidence);
  if (of.low < 1 || of.high > independent) return std::nullopt;
  // The k-th of m independent values lies on average at k / (m + 1) of the distribution; outwards to one that we have.
  const double scale = (n + 1) / (independent + 1);
  const double low = std::max(1.0, std::floor(of.low * scale));
  const double high = std::min(n, std::ceil(of.high * scale));
  return Interval{sorted[static_cast<std::size_t>(low) - 1], sorted[static_cast<std::size_t>(high) - 1]};
}

}  // namespace weft
