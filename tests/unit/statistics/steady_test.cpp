#include <cmath>
#include <functional>

#include "statistics/change_points.hpp"
#include <gtest/gtest.h>

#include "tests/unit/statistics/series.hpp"

namespace weft {
namespace {

using test::Series;

/// The share of seeds whose series is found to be steady from the start.
double steady_share(std::size_t seeds, const std::function<std::vector<double>(Series&)>& series_of) {
  std::size_t steady = 0;
  for (std::size_t seed = 0; seed < seeds; ++seed) {
    Series series(seed);
    if (steady_from(series_of(series)) == 0U) ++steady;
  }
  return static_cast<double>(steady) / static_cast<double>(seeds);
}

TEST(SteadyFrom, TheStartWhereNothingChanges) {
  EXPECT_EQ(steady_from({}), 0U);
  EXPECT_EQ(steady_from(std::vector<double>{1, 2, 3}), 0U);
  EXPECT_EQ(steady_from(std::vector<double>(500, 7.0)), 0U);
  for (const std::size_t n : {30, 100, 500, 2000}) {
    EXPECT_GE(steady_share(200, [&](Series& of) { return of.log_normal(n, .02); }), .95) << n;
    EXPECT_GE(steady_share(200, [&](Series& of) { return of.log_normal(n, .5); }), .95) << n;
    EXPECT_GE(steady_share(200, [&](Series& of) { return of.autoregressive(n, .5, .02); }), .95) << n;
    EXPECT_GE(steady_share(200, [&](Series& of) { return of.autoregressive(n, .5, .5); }), .95) << n;
  }
}

TEST(SteadyFrom, StallsAreNoChange) {
  for (const double sigma : {.02, .3}) {
    EXPECT_GE(steady_share(200,
                           [&](Series& of) {
                             std::vector<double> values = of.log_normal(500, sigma);
                             for (double& value : values) value *= of.uniform() < .01 ? 10 : 1;
                             return values;
                           }),
              .95);
  }
  EXPECT_GE(steady_share(50,
                         [&](Series& of) {  // a disturbance of 15 iterations in the second half
                           std::vector<double> values = of.log_normal(500, .02);
                           for (std::size_t i = 400; i < 415; ++i) values[i] *= 3;
                           return values;
                         }),
            .95);
}

TEST(SteadyFrom, AStepThatNobodyMindsIsNone) {
  EXPECT_GE(steady_share(50,
                         [](Series& of) {
                           std::vector<double> values = of.log_normal(500, .001);
                           for (std::size_t i = 300; i < 500; ++i) values[i] *= 1.005;
                           return values;
                         }),
            1);
}

TEST(SteadyFrom, TheEndOfATransient) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<double> series = Series(seed).around_one(500, .02);
    for (std::size_t i = 0; i < 20; ++i) series[i] *= 2;
    const auto steady = steady_from(series);
    ASSERT_TRUE(steady) << seed;
    EXPECT_NEAR(static_cast<double>(*steady), 20, 2) << seed;
  }
}

TEST(SteadyFrom, TheEndOfATransientThatDecays) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<double> series = Series(seed).around_one(500, .02);
    for (std::size_t i = 0; i < 500; ++i) series[i] *= 1 + std::exp(-static_cast<double>(i) / 7);  // 5.7 % left at 20
    const auto steady = steady_from(series);
    ASSERT_TRUE(steady) << seed;
    EXPECT_NEAR(static_cast<double>(*steady), 20, 6) << seed;
  }
}

TEST(SteadyFrom, AFlipInTheFirstHalf) {
  std::vector<double> series = Series(1).around_one(500, .02);
  for (std::size_t i = 0; i < 200; ++i) series[i] *= 1.3;
  const auto steady = steady_from(series);
  ASSERT_TRUE(steady);
  EXPECT_NEAR(static_cast<double>(*steady), 200, 2);
}

/// How many of 50 seeds have no steady state.
std::size_t unsteady(const std::function<std::vector<double>(Series&)>& series_of) {
  std::size_t count = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Series series(seed);
    count += steady_from(series_of(series)) ? 0 : 1;
  }
  return count;
}

TEST(SteadyFrom, NowhereOnARamp) {
  EXPECT_GE(unsteady([](Series& of) {
              std::vector<double> values = of.around_one(500, .02);
              for (std::size_t i = 0; i < 500; ++i) values[i] *= 1 + .3 * static_cast<double>(i) / 500;
              return values;
            }),
            48U);
  std::vector<double> exact(500);
  for (std::size_t i = 0; i < 500; ++i) exact[i] = 1 + static_cast<double>(i) / 500;
  EXPECT_FALSE(steady_from(exact));
}

TEST(SteadyFrom, NowhereAfterAFlipInTheSecondHalf) {
  EXPECT_GE(unsteady([](Series& of) {
              std::vector<double> values = of.around_one(500, .02);
              for (std::size_t i = 350; i < 500; ++i) values[i] *= 1.15;
              return values;
            }),
            48U);
}

TEST(SteadyFrom, NowhereBetweenTwoModes) {
  for (const std::size_t stretch : {100, 170, 250}) {
    EXPECT_GE(unsteady([&](Series& of) {
                std::vector<double> values = of.autoregressive(1000, .3, .02);
                for (std::size_t i = 0; i < 1000; ++i) values[i] *= i / stretch % 2 == 0 ? 1 : 1.4;
                return values;
              }),
              48U)
        << stretch;
  }
}

TEST(SteadyFrom, LongSeriesAreQuick) {
  std::vector<double> series = Series(1).log_normal(50000, .1);
  EXPECT_EQ(steady_from(series), 0U);
  for (std::size_t i = 0; i < series.size(); ++i) series[i] *= i / 100 % 2 == 0 ? 1 : 1.5;
  EXPECT_FALSE(steady_from(series));
}

}  // namespace
}  // namespace weft
