#include "statistics/two_samples.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/unit/statistics/series.hpp"

namespace weft {
namespace {

// R: fisher.test(matrix(c(b, m - b, a, n - a), 2), alternative = "greater")$p.value
TEST(FisherExact, IsTheTailOfTheHypergeometric) {
  EXPECT_NEAR(fisher_exact(1, 10, 6, 10), 0.02863777, 1e-8);
  EXPECT_NEAR(fisher_exact(1, 10, 5, 10), 0.07043343, 1e-8);
  EXPECT_NEAR(fisher_exact(0, 10, 2, 10), 0.23684211, 1e-8);
  EXPECT_EQ(fisher_exact(3, 10, 0, 10), 1);
  EXPECT_EQ(fisher_exact(10, 10, 4, 10) > 0.99, true);
  EXPECT_EQ(fisher_exact(10, 10, 10, 10), 1);
}

std::vector<double> run_of(double first, std::size_t n) {
  std::vector<double> values(n);
  std::iota(values.begin(), values.end(), first);
  return values;
}

/// Mann & Whitney's U of a against b, ties counted half, doubled.
int doubled_u(const std::vector<double>& a, const std::vector<double>& b) {
  int u = 0;
  for (const double x : a) {
    for (const double y : b) u += x > y ? 2 : (x == y ? 1 : 0);
  }
  return u;
}

/// The p-value by going through all ways to divide the values.
double enumerated(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  const int middle = static_cast<int>(a.size() * b.size());
  const int distance = std::abs(doubled_u(a, b) - middle);
  int ways = 0;
  int as_far = 0;
  for (unsigned subset = 0; subset < 1U << all.size(); ++subset) {
    if (static_cast<std::size_t>(std::popcount(subset)) != a.size()) continue;
    std::vector<double> in;
    std::vector<double> out;
    for (std::size_t i = 0; i < all.size(); ++i) ((subset >> i & 1U) != 0 ? in : out).push_back(all[i]);
    ++ways;
    if (std::abs(doubled_u(in, out) - middle) >= distance) ++as_far;
  }
  return static_cast<double>(as_far) / ways;
}

TEST(MannWhitney, TheSmallestPValues) {
  EXPECT_NEAR(mann_whitney(run_of(1, 5), run_of(6, 5)), .00794, .00001);
  EXPECT_NEAR(mann_whitney(run_of(1, 6), run_of(7, 6)), .00216, .00001);
  EXPECT_NEAR(mann_whitney(run_of(9, 8), run_of(1, 8)), .000155, .000001);
  EXPECT_NEAR(mann_whitney(run_of(1, 10), run_of(11, 10)), .0000108, .0000001);
  EXPECT_EQ(mann_whitney({}, run_of(1, 3)), 1);
  EXPECT_EQ(mann_whitney(std::vector<double>(6, 2.0), std::vector<double>(6, 2.0)), 1);
}

TEST(MannWhitney, EqualsTheEnumerationAlsoWithTies) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    test::Series series(seed);
    const std::size_t n_a = 1 + seed % 6;
    const std::size_t n_b = 1 + seed / 6 % 6;
    std::vector<double> a = series.log_normal(n_a, 1);
    std::vector<double> b = series.log_normal(n_b, 1);
    if (seed % 2 == 0) {  // ties
      for (double& value : a) value = std::round(2 * value);
      for (double& value : b) value = std::round(2 * value) + 1;
    }
    EXPECT_NEAR(mann_whitney(a, b), enumerated(a, b), 1e-12) << seed;
    EXPECT_NEAR(mann_whitney(a, b), mann_whitney(b, a), 1e-12) << seed;
  }
}

TEST(MannWhitney, TheNormalApproximationTakesOver) {
  std::vector<double> a = run_of(1, 20);
  std::vector<double> b = run_of(7.5, 20);
  const double exact = mann_whitney(a, b);
  b.push_back(17.25);  // in the middle of both: little changes
  EXPECT_NEAR(mann_whitney(a, b), exact, .3 * exact);
  EXPECT_EQ(mann_whitney(std::vector<double>(30, 2.0), std::vector<double>(30, 2.0)), 1);
  EXPECT_LT(mann_whitney(run_of(1, 30), run_of(31, 30)), 1e-9);
}

TEST(MannWhitney, FalseAlarmsAreAsRareAsTold) {
  std::size_t alarms = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    test::Series series(seed);
    alarms += mann_whitney(series.log_normal(8, .02), series.log_normal(8, .02)) <= .05 ? 1 : 0;
  }
  EXPECT_LE(alarms, 70U);
  EXPECT_GE(alarms, 30U);
}

TEST(HodgesLehmann, TheRatioAndItsInterval) {
  std::vector<double> a = {1, 2, 4};
  std::vector<double> b = {2, 4, 8};
  const RatioEstimate few = hodges_lehmann_ratio(a, b);
  EXPECT_NEAR(few.ratio, 2, 1e-12);
  EXPECT_EQ(few.interval.low, 0);
  EXPECT_EQ(few.interval.high, std::numeric_limits<double>::infinity());

  // 10 and 10 at 95 %: the critical value is 23, so the 24th smallest and largest of the 100 ratios.
  a.resize(10);
  b.resize(10);
  for (std::size_t i = 0; i < 10; ++i) {
    a[i] = std::exp(.001 * static_cast<double>(i * i));
    b[i] = 1.1 * std::exp(.0013 * static_cast<double>(i * i + i));
  }
  std::vector<double> ratios;
  for (const double x : a) {
    for (const double y : b) ratios.push_back(y / x);
  }
  std::sort(ratios.begin(), ratios.end());
  const RatioEstimate estimate = hodges_lehmann_ratio(a, b);
  EXPECT_NEAR(estimate.ratio, std::sqrt(ratios[49] * ratios[50]), 1e-12);
  EXPECT_NEAR(estimate.interval.low, ratios[23], 1e-12);
  EXPECT_NEAR(estimate.interval.high, ratios[76], 1e-12);
  EXPECT_EQ(hodges_lehmann_ratio({}, b).ratio, 1);
}

TEST(HodgesLehmann, TheIntervalCoversTheTruth) {
  for (const std::size_t n : {6, 10, 25}) {  // 25: by the normal approximation
    std::size_t covered = 0;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      test::Series series(seed);
      const std::vector<double> a = series.log_normal(n, .05);
      std::vector<double> b = series.log_normal(n, .05);
      for (double& value : b) value *= 1.25;
      const Interval interval = hodges_lehmann_ratio(a, b).interval;
      covered += interval.low <= 1.25 && 1.25 <= interval.high ? 1 : 0;
    }
    EXPECT_GE(covered, 465U) << n;
    EXPECT_LE(covered, 495U) << n;
  }
}

TEST(BenjaminiHochberg, TheStepUpRule) {
  // Benjamini & Hochberg's own example: four of fifteen.
  const std::vector<double> p = {.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344,
                                 .0459, .3240, .4262, .5719, .6528, .7590, 1.0};
  const std::vector<bool> significant = benjamini_hochberg(p);
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_EQ(significant[i], i < 4) << i;
  // Step up: the largest below its line takes those before it along, in whatever order they stand.
  EXPECT_EQ(benjamini_hochberg(std::vector<double>{.049, .04, .9, .03}, .07),
            (std::vector<bool>{true, true, false, true}));
  EXPECT_TRUE(benjamini_hochberg({}).empty());
}

TEST(BenjaminiHochberg, HundredPointsOfNoiseRaiseNoAlarm) {
  std::size_t alarms = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    test::Series series(seed);
    std::vector<double> p(100);
    for (double& value : p) value = series.uniform();
    const std::vector<bool> significant = benjamini_hochberg(p);
    alarms += std::count(significant.begin(), significant.end(), true) > 0 ? 1 : 0;
  }
  EXPECT_LE(alarms, 20U);  // 5 % of 200 are 10; uncorrected nearly all
}

TEST(MinimumDetectableEffect, OfTenLaunches) {
  EXPECT_NEAR(minimum_detectable_effect(.02, 10, 10, .05), .033, .0001);
  EXPECT_NEAR(minimum_detectable_effect(.02, 5, 20, .05), minimum_detectable_effect(.02, 8, 8, .05), 1e-12);
  EXPECT_EQ(minimum_detectable_effect(.02, 1, 10, .05), std::numeric_limits<double>::infinity());
}

TEST(PooledVariation, AboutEachSamplesOwnMean) {
  const std::vector<double> a = {9, 10, 11};
  const std::vector<double> b = {180, 200, 220};
  EXPECT_NEAR(pooled_variation(a, b), .1, 1e-12);
  EXPECT_NEAR(pooled_variation(a, {}), .1, 1e-12);
  EXPECT_EQ(pooled_variation({}, {}), 0);
}

}  // namespace
}  // namespace weft
