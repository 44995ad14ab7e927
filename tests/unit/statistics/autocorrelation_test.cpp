#include "statistics/autocorrelation.hpp"

#include <algorithm>
#include <numeric>

#include "statistics/quantile.hpp"
#include <gtest/gtest.h>

#include "tests/unit/statistics/series.hpp"

namespace weft {
namespace {

TEST(EffectiveSampleSize, OfSeriesWithoutCorrelationIsTheirLength) {
  EXPECT_EQ(effective_sample_size({}), 0);
  EXPECT_EQ(effective_sample_size(std::vector<double>{1, 2, 3}), 3);
  EXPECT_EQ(effective_sample_size(std::vector<double>(100, 7.0)), 100);
  std::vector<double> alternating(100);  // worth more than its length for the mean, but never counted so
  for (std::size_t i = 0; i < alternating.size(); ++i) alternating[i] = i % 2 == 0 ? 1 : 2;
  EXPECT_EQ(effective_sample_size(alternating), 100);
  EXPECT_GT(effective_sample_size(test::Series(1).log_normal(2000, .3)), 1600);
}

TEST(EffectiveSampleSize, OfAnAutoregressiveSeriesIsTheTheorys) {
  // n (1 - phi) / (1 + phi), for the ranks a little more.
  for (const double phi : {.3, .5, .8}) {
    std::vector<double> sizes;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      sizes.push_back(effective_sample_size(test::Series(seed).autoregressive(2000, phi, .2)));
    }
    const double expected = 2000 * (1 - phi) / (1 + phi);
    EXPECT_NEAR(median(sizes), expected, .12 * expected) << phi;
  }
}

TEST(EffectiveSampleSize, OutliersDoNotHideTheCorrelation) {
  std::vector<double> series = test::Series(3).autoregressive(2000, .8, .2);
  for (std::size_t i = 50; i < series.size(); i += 100) series[i] *= 1000;
  EXPECT_LT(effective_sample_size(series), 400);
}

TEST(EffectiveSampleSize, OfALongSeriesWithALongCorrelation) {
  std::vector<double> series = test::Series(4).log_normal(100000, .01);
  for (std::size_t i = 0; i < series.size(); ++i) series[i] *= i / 5000 % 2 == 0 ? 1 : 2;
  const double size = effective_sample_size(series);
  EXPECT_GE(size, 1);
  EXPECT_LT(size, 60);
  std::vector<double> ramp(100000);
  std::iota(ramp.begin(), ramp.end(), 1.0);
  EXPECT_LT(effective_sample_size(ramp), 10);
}

TEST(EffectiveSampleSize, CorrectsTheIntervalOfTheMedian) {
  const auto coverage = [](double phi, bool corrected) {
    constexpr std::size_t kSeeds = 800;
    constexpr std::size_t kSamples = 300;
    std::size_t covered = 0;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      std::vector<double> series = test::Series(seed).autoregressive(kSamples, phi, .2);
      const double size = corrected ? effective_sample_size(series) : static_cast<double>(kSamples);
      std::sort(series.begin(), series.end());
      const auto interval = quantile_interval(series, .5, size);
      covered += interval && interval->low <= 1 && 1 <= interval->high ? 1 : 0;
    }
    return static_cast<double>(covered) / kSeeds;
  };
  for (const double phi : {0.0, .3, .5, .8}) {
    EXPECT_GE(coverage(phi, true), .93) << phi;
    EXPECT_LE(coverage(phi, true), .985) << phi;
  }
  EXPECT_LT(coverage(.8, false), .7);
}

}  // namespace
}  // namespace weft
