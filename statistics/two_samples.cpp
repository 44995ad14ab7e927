#include "statistics/two_samples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "statistics/mid_ranks.hpp"
#include <boost/math/distributions/hypergeometric.hpp>
#include <boost/math/distributions/normal.hpp>

namespace weft {

namespace {

constexpr std::size_t kMostExact = 40;  // values altogether
constexpr double kEfficiency = .955;    // asymptotic, of Mann & Whitney's test beside the t test: 3 / pi
constexpr double kPower = .95;

double normal_quantile(double p) { return boost::math::quantile(boost::math::normal(), p); }
double normal_upper_tail(double z) { return boost::math::cdf(boost::math::complement(boost::math::normal(), z)); }

/// How many subsets of `chosen` of these whole numbers have each sum. As doubles: up to 40 numbers they are exact.
std::vector<double> subsets_by_sum(std::span<const std::size_t> numbers, std::size_t chosen) {
  const std::size_t total = std::accumulate(numbers.begin(), numbers.end(), std::size_t{0});
  std::vector<std::vector<double>> ways(chosen + 1, std::vector<double>(total + 1, 0));
  ways[0][0] = 1;
  for (const std::size_t number : numbers) {
    for (std::size_t size = chosen; size > 0; --size) {
      for (std::size_t sum = total; sum + 1 > number; --sum) ways[size][sum] += ways[size - 1][sum - number];
    }
  }
  return ways[chosen];
}

double exact_p_value(std::span<const std::size_t> ranks, std::size_t first, std::size_t sum, std::size_t expected) {
  const auto distance = [&](std::size_t of) { return of > expected ? of - expected : expected - of; };
  const std::vector<double> ways = subsets_by_sum(ranks, first);
  double all = 0;
  double as_far = 0;
  for (std::size_t at = 0; at < ways.size(); ++at) {
    all += ways[at];
    if (distance(at) >= distance(sum)) as_far += ways[at];
  }
  return as_far / all;
}

/// Sum of t^3 - t over the groups of t equal values.
double tie_term(std::vector<std::size_t> ranks) {
  std::sort(ranks.begin(), ranks.end());
  double term = 0;
  for (auto first = ranks.begin(); first != ranks.end();) {
    const auto last = std::upper_bound(first, ranks.end(), *first);
    const auto t = static_cast<double>(last - first);
    term += t * t * t - t;
    first = last;
  }
  return term;
}

/// How many of the smallest differences lie outside of Moses' interval on either side; 0: the samples are too small.
std::size_t outside(std::size_t n_a, std::size_t n_b, double alpha) {
  if (n_a + n_b <= kMostExact) {
    std::vector<std::size_t> ranks(n_a + n_b);
    std::iota(ranks.begin(), ranks.end(), std::size_t{1});
    const std::vector<double> ways = subsets_by_sum(ranks, n_a);
    const double all = std::accumulate(ways.begin(), ways.end(), 0.0);
    std::size_t u = 0;  // the statistic, from the smallest rank sum on
    double below = 0;
    for (;; ++u) {
      below += ways[n_a * (n_a + 1) / 2 + u];
      if (below > alpha / 2 * all) return u;
    }
  }
  const double pairs = static_cast<double>(n_a) * static_cast<double>(n_b);
  const double deviation = std::sqrt(pairs * static_cast<double>(n_a + n_b + 1) / 12);
  return static_cast<std::size_t>(std::max(0.0, std::floor(pairs / 2 - normal_quantile(1 - alpha / 2) * deviation)));
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Sum of the squares of the values' relative deviations from their mean.
double relative_squares(std::span<const double> values) {
  if (values.empty()) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value / mean - 1) * (value / mean - 1);
  return sum;
}

}  // namespace

double mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return 1;
  std::vector<double> values(a.begin(), a.end());
  values.insert(values.end(), b.begin(), b.end());
  const std::vector<std::size_t> ranks = doubled_mid_ranks(values);
  const std::size_t n = values.size();
  const auto end_of_a = ranks.begin() + static_cast<std::ptrdiff_t>(a.size());
  const std::size_t sum = std::accumulate(ranks.begin(), end_of_a, std::size_t{0});
  const std::size_t expected = a.size() * (n + 1);
  if (n <= kMostExact) return exact_p_value(ranks, a.size(), sum, expected);

  const double distance = std::abs(static_cast<double>(sum) - static_cast<double>(expected)) / 2;
  const auto count = static_cast<double>(n);
  const double pairs = static_cast<double>(a.size()) * static_cast<double>(b.size());
  const double variance = pairs / 12 * (count + 1 - tie_term(ranks) / (count * (count - 1)));
  if (variance <= 0) return 1;
  return std::min(1.0, 2 * normal_upper_tail(std::max(0.0, distance - .5) / std::sqrt(variance)));
}

RatioEstimate hodges_lehmann_ratio(std::span<const double> a, std::span<const double> b, double confidence) {
  RatioEstimate estimate{1, {0, std::numeric_limits<double>::infinity()}};
  if (a.empty() || b.empty()) return estimate;
  std::vector<double> ratios;
  ratios.reserve(a.size() * b.size());
  for (const double from : a) {
    for (const double to : b) ratios.push_back(std::log(to / from));
  }
  std::sort(ratios.begin(), ratios.end());
  estimate.ratio = std::exp(quantile_of_sorted(ratios, .5));
  const std::size_t cut = outside(a.size(), b.size(), 1 - confidence);
  if (cut > 0) estimate.interval = {std::exp(ratios[cut - 1]), std::exp(ratios[ratios.size() - cut])};
  return estimate;
}

std::vector<bool> benjamini_hochberg(std::span<const double> p_values, double q) {
  std::vector<double> sorted(p_values.begin(), p_values.end());
  std::sort(sorted.begin(), sorted.end());
  double limit = -1;  // the largest p-value that lies below its line
  for (std::size_t at = 0; at < sorted.size(); ++at) {
    if (sorted[at] <= q * static_cast<double>(at + 1) / static_cast<double>(sorted.size())) limit = sorted[at];
  }
  std::vector<bool> significant;
  for (const double p : p_values) significant.push_back(p <= limit);
  return significant;
}

double minimum_detectable_effect(double coefficient_of_variation, std::size_t n_a, std::size_t n_b, double alpha) {
  if (std::min(n_a, n_b) < 2) return std::numeric_limits<double>::infinity();
  const double inverse = 1 / static_cast<double>(n_a) + 1 / static_cast<double>(n_b);  // 2 / the harmonic mean
  return (normal_quantile(1 - alpha / 2) + normal_quantile(kPower)) * coefficient_of_variation *
         std::sqrt(inverse / kEfficiency);
}

double fisher_exact(std::size_t events_a, std::size_t n_a, std::size_t events_b, std::size_t n_b) {
  if (events_b == 0) return 1;
  const boost::math::hypergeometric_distribution<double> in_b(
      static_cast<unsigned>(events_a + events_b), static_cast<unsigned>(n_b), static_cast<unsigned>(n_a + n_b));
  // Fewer than this many events cannot be outside of b.
  const std::size_t fewest = events_a + events_b > n_a ? events_a + events_b - n_a : 0;
  return events_b <= fewest ? 1 : boost::math::cdf(boost::math::complement(in_b, events_b - 1));
}

double pooled_variation(std::span<const double> a, std::span<const double> b) {
  const std::size_t freedom = std::max<std::size_t>(a.size(), 1) + std::max<std::size_t>(b.size(), 1) - 2;
  if (freedom == 0) return 0;
  return std::sqrt((relative_squares(a) + relative_squares(b)) / static_cast<double>(freedom));
}

}  // namespace weft
