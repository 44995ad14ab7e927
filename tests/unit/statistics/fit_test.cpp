#include "statistics/fit.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/statistics/series.hpp"

namespace weft {
namespace {

/// 8 B to 64 MiB, doubling.
std::vector<double> sizes() {
  std::vector<double> x;
  for (int power = 3; power <= 26; ++power) x.push_back(std::exp2(power));
  return x;
}

/// intercept + slope x, with this relative noise.
std::vector<double> times(const std::vector<double>& x, double intercept, double slope, double noise,
                          std::uint64_t seed) {
  test::Series series(seed);
  std::vector<double> y;
  for (const double size : x) y.push_back((intercept + slope * size) * std::exp(noise * series.normal()));
  return y;
}

TEST(FitLine, RecoversLatencyAndBandwidth) {
  const std::vector<double> x = sizes();
  const LineSegment exact = fit_line(x, times(x, 1500, .08, 0, 0));
  EXPECT_NEAR(exact.intercept, 1500, 1e-6);
  EXPECT_NEAR(exact.slope, .08, 1e-12);
  EXPECT_EQ(exact.first, 0U);
  EXPECT_EQ(exact.last, x.size());
  std::size_t close = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const LineSegment line = fit_line(x, times(x, 1500, .08, .02, seed));
    close += std::abs(line.intercept / 1500 - 1) <= .02 && std::abs(line.slope / .08 - 1) <= .02 ? 1 : 0;
  }
  EXPECT_GE(close, 390U);
}

TEST(FitSegments, OneForStraightData) {
  const std::vector<double> x = sizes();
  std::size_t single = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    single += fit_segments(x, times(x, 1500, .08, .02, seed)).size() == 1 ? 1 : 0;
  }
  EXPECT_GE(single, 380U);
  EXPECT_EQ(fit_segments(x, times(x, 1500, .08, 0, 0)).size(), 1U);
}

TEST(FitSegments, FindsTheSwitchFromEagerToRendezvous) {
  const std::vector<double> x = sizes();
  std::size_t found = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<double> y = times(x, 1500, .3, .02, seed);
    const std::vector<double> rendezvous = times(x, 6000, .08, .02, seed + 1000);
    for (std::size_t i = 11; i < x.size(); ++i) y[i] = rendezvous[i];  // from 16 KiB on
    const auto segments = fit_segments(x, y);
    found += segments.size() == 2 && segments[1].first == 11 ? 1 : 0;
    if (segments.size() != 2) continue;
    EXPECT_EQ(segments[0].last, segments[1].first);
    EXPECT_NEAR(segments[0].intercept, 1500, 1500 * .04) << seed;
    EXPECT_NEAR(segments[1].slope, .08, .08 * .04) << seed;
  }
  EXPECT_GE(found, 190U);
}

TEST(FitSegments, HasNoNegativeSlopeOrIntercept) {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6};
  const auto falling = fit_segments(x, std::vector<double>{6, 5.5, 5, 4.5, 4, 3.5}, 0);
  ASSERT_EQ(falling.size(), 1U);
  EXPECT_EQ(falling[0].slope, 0);
  EXPECT_GT(falling[0].intercept, 3.5);
  const auto steep = fit_segments(x, std::vector<double>{.1, 1, 2, 3, 4, 5}, 0);
  ASSERT_EQ(steep.size(), 1U);
  EXPECT_GE(steep[0].intercept, 0);
  EXPECT_GE(steep[0].slope, 0);
}

TEST(FitSegments, TakesFewPoints) {
  EXPECT_TRUE(fit_segments({}, {}).empty());
  const auto one = fit_segments(std::vector<double>{8}, std::vector<double>{3});
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].intercept, 3);
  EXPECT_EQ(one[0].slope, 0);
}

}  // namespace
}  // namespace weft
