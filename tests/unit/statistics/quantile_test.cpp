#include "statistics/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/unit/statistics/series.hpp"

namespace weft {
namespace {

/// 1, 2, ..., n: what stands at an order statistic is its number.
std::vector<double> one_to(std::size_t n) {
  std::vector<double> values(n);
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

/// How likely the q-quantile lies between the order statistics low and high of n independent values: the sum of the
/// binomial probabilities from low to high - 1, added up here.
double true_coverage(std::size_t n, double q, double low, double high) {
  const auto of = static_cast<double>(n);
  double sum = 0;
  for (auto below = static_cast<std::size_t>(low); below < static_cast<std::size_t>(high); ++below) {
    const auto k = static_cast<double>(below);
    sum += std::exp(std::lgamma(of + 1) - std::lgamma(k + 1) - std::lgamma(of - k + 1) + k * std::log(q) +
                    (of - k) * std::log(1 - q));
  }
  return sum;
}

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> values = one_to(5);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, .25), 2);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, .9), 4.6);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, 1), 5);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(one_to(1001), .99), 991);
  EXPECT_DOUBLE_EQ(quantile_of_sorted({}, .5), 0);
  EXPECT_DOUBLE_EQ(quantile({5, 1, 4, 2, 3}, .75), 4);
  EXPECT_DOUBLE_EQ(median({9, 1, 2, 4}), 3);
}

TEST(Quantile, SamplesThatAPercentileNeeds) {
  EXPECT_EQ(samples_for_percentile(.5), 6U);
  EXPECT_EQ(samples_for_percentile(.95), 72U);
  EXPECT_EQ(samples_for_percentile(.99), 368U);
  EXPECT_EQ(samples_for_percentile(.999), 3688U);
}

TEST(QuantileInterval, ExistsFromAsManySamplesOnAsThePercentileNeeds) {
  for (const double q : {.5, .95, .99, .999}) {
    const std::size_t fewest = samples_for_percentile(q);
    EXPECT_TRUE(quantile_interval(one_to(fewest), q, 1e9)) << q;
    EXPECT_FALSE(quantile_interval(one_to(fewest - 1), q, 1e9)) << q;
    EXPECT_FALSE(quantile_interval(one_to(fewest), q, static_cast<double>(fewest) - 1)) << q;
  }
  EXPECT_FALSE(quantile_interval({}, .5, 1));
  EXPECT_FALSE(quantile_interval(one_to(100), 0, 100));
  EXPECT_FALSE(quantile_interval(one_to(100), 1, 100));
}

TEST(QuantileInterval, ExactOrderStatisticsOfTheMedian) {
  // Le Boudec's table A.1: the tightest of at least 95 %.
  const std::vector<std::vector<double>> table = {{6, 1, 6},    {9, 2, 8},    {12, 3, 10},   {20, 6, 15},
                                                  {30, 10, 21}, {50, 18, 33}, {100, 40, 61}, {200, 86, 115}};
  for (const auto& row : table) {
    const auto interval = quantile_interval(one_to(static_cast<std::size_t>(row[0])), .5, row[0]);
    ASSERT_TRUE(interval);
    EXPECT_EQ(interval->low, row[1]) << row[0];
    EXPECT_EQ(interval->high, row[2]) << row[0];
  }
}

TEST(QuantileInterval, NormalOrderStatisticsOfTheMedian) {
  const auto interval = quantile_interval(one_to(1000), .5, 1000);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->low, 469);   // floor((1000 - 1.96 sqrt 1000) / 2)
  EXPECT_EQ(interval->high, 532);  // 1 + ceil((1000 + 1.96 sqrt 1000) / 2)
}

TEST(QuantileInterval, IsNeverLessSureThanAskedAndNoWiderThanNeeded) {
  for (const double q : {.05, .5, .9, .95, .99}) {
    for (std::size_t n = 6; n < 500; n += 1 + n / 10) {
      const auto interval = quantile_interval(one_to(n), q, static_cast<double>(n));
      if (!interval || static_cast<double>(n) * q * (1 - q) > 50) continue;
      EXPECT_GE(true_coverage(n, q, interval->low, interval->high), .95) << n << ' ' << q;
      // One order statistic less at both ends is not enough; at one end it is neither, but the median's are symmetric.
      EXPECT_LT(true_coverage(n, q, interval->low + 1, interval->high - 1), .95) << n << ' ' << q;
      if (q == .5) continue;
      EXPECT_LT(true_coverage(n, q, interval->low + 1, interval->high), .95) << n << ' ' << q;
      EXPECT_LT(true_coverage(n, q, interval->low, interval->high - 1), .95) << n << ' ' << q;
    }
  }
}

TEST(QuantileInterval, FewerIndependentSamplesWidenItOutwards) {
  // 100 independent ones: order statistics 40 and 61 of 100, at 40 / 101 and 61 / 101 of 1,000 values.
  const auto interval = quantile_interval(one_to(1000), .5, 100.9);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->low, std::floor(40.0 / 101 * 1001));
  EXPECT_EQ(interval->high, std::ceil(61.0 / 101 * 1001));
}

/// The share of seeds in which the interval of a log-normal sample covers the true quantile.
double coverage(double q, double z, std::size_t n, std::size_t seeds) {
  std::size_t covered = 0;
  for (std::size_t seed = 0; seed < seeds; ++seed) {
    std::vector<double> values = test::Series(seed).log_normal(n, .3);
    std::sort(values.begin(), values.end());
    const auto interval = quantile_interval(values, q, static_cast<double>(n));
    const double truth = std::exp(.3 * z);
    covered += interval && interval->low <= truth && truth <= interval->high ? 1 : 0;
  }
  return static_cast<double>(covered) / static_cast<double>(seeds);
}

TEST(QuantileInterval, CoversTheTruthOfLogNormalSamples) {
  for (const std::size_t n : {30, 100, 500, 2000}) {
    const double covered = coverage(.5, 0, n, 1500);
    EXPECT_GE(covered, .93) << n;
    EXPECT_LE(covered, .98) << n;
  }
  for (const std::size_t n : {368, 500, 1000, 2000}) {
    const double covered = coverage(.99, 2.3263478740, n, 1000);
    EXPECT_GE(covered, .93) << n;
    EXPECT_LE(covered, .98) << n;
  }
}

}  // namespace
}  // namespace weft
