#include "measure/clock_map.hpp"

#include <gtest/gtest.h>

#include "measure/clock_offset.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kMapMillisecond = 1'000'000;

TEST(ClockMap, WithoutAnchorsTheClocksAreOne) {
  const ClockMap map;
  EXPECT_EQ(map.to_global(123), 123);
  EXPECT_EQ(map.to_local(123), 123);
  EXPECT_EQ(map.bound(), 0);
}

/// A clock that began at another time and loses 100 ppm.
TEST(ClockMap, FollowsTheDriftAfterTheLastAnchorAndInterpolatesBefore) {
  const auto truth = [](Nanoseconds local) { return 5'000'000'000 + local + local / 10'000; };
  ClockMap map;
  for (int i = 0; i < 6; ++i) {
    const Nanoseconds local = 10 * kMapMillisecond * i;
    map.add({.local = local, .global = truth(local), .bound_ns = 100});
  }
  EXPECT_NEAR(map.drift() * 1e6, 100, 0.01);
  EXPECT_LE(map.closure(), 1);
  for (const Nanoseconds local : {41, 45, 50, 51, 150, 1050}) {
    EXPECT_NEAR(static_cast<double>(map.to_global(local * kMapMillisecond) - truth(local * kMapMillisecond)), 0, 2)
        << local;
    EXPECT_NEAR(static_cast<double>(map.to_local(map.to_global(local * kMapMillisecond)) - local * kMapMillisecond), 0,
                1);
  }
  EXPECT_GE(map.bound(), 100);
  EXPECT_LT(map.bound(), 110);
}

TEST(ClockMap, ClosureIsHowFarTheEarlierAnchorsWereOff) {
  ClockMap map;
  for (int i = 0; i < 6; ++i) map.add({.local = kMapMillisecond * i, .global = kMapMillisecond * i, .bound_ns = 50});
  EXPECT_EQ(map.closure(), 0);
  map.add({.local = 10 * kMapMillisecond, .global = 10 * kMapMillisecond + 700, .bound_ns = 50});
  EXPECT_EQ(map.closure(), 700);
  EXPECT_EQ(map.to_global(10 * kMapMillisecond), 10 * kMapMillisecond + 700);
  EXPECT_NEAR(static_cast<double>(map.to_global(15 * kMapMillisecond / 2)), 7.5e6 + 350, 1);
  EXPECT_GT(map.bound(), 700) << "a clock that jumped is uncertain";
}

TEST(ClockMap, BeforeTheDriftIsKnownTheBoundGrowsByWhatClocksDriftAtMost) {
  ClockMap map;
  map.add({.local = 0, .global = 0, .bound_ns = 10});
  EXPECT_NEAR(map.bound_at(kMapMillisecond), 10 + 500, 1e-6);
}

TEST(OffsetInterval, IntersectsAndTakesTheMiddle) {
  OffsetInterval interval;
  interval.add(1'000, 51'500, 2'000, 0, 0);  // the offset is 49,500 to 50,500
  EXPECT_EQ(interval.width(), 1'000);
  interval.add(3'000, 53'200, 4'000, 0, 0);  // 49,200 to 50,200
  EXPECT_EQ(interval.width(), 700);
  EXPECT_TRUE(interval.contains(49'500));
  EXPECT_TRUE(interval.contains(50'200));
  EXPECT_FALSE(interval.contains(50'201));
  EXPECT_EQ(interval.middle().local, 4'000);
  EXPECT_EQ(interval.middle().global, 4'000 + 49'850);
  EXPECT_EQ(interval.middle().bound_ns, 350 + 2);
  EXPECT_FALSE(interval.contradicted());
}

TEST(OffsetInterval, AContradictionForgetsWhatWasBefore) {
  OffsetInterval interval;
  interval.add(0, 1'050, 100, 0, 0);
  interval.add(1'000, 2'000'050, 1'100, 0, 0);  // the other clock was set
  EXPECT_TRUE(interval.contradicted());
  EXPECT_EQ(interval.width(), 100);
  EXPECT_TRUE(interval.contains(1'999'000));
}

TEST(OffsetInterval, WhatIsOldIsMovedByTheDriftAndLessCertain) {
  OffsetInterval interval;
  interval.add(0, 50, 100, 1e-3, 1e-4);
  const double first = interval.width();
  interval.add(kMapMillisecond, kMapMillisecond + 50'000 + 1'000, kMapMillisecond + 100'000, 1e-3, 1e-4);
  EXPECT_NEAR(interval.width(), first + 2 * 1e-4 * 1.1e6, 1);
  EXPECT_TRUE(interval.contains(1'100)) << "1,000 ppm of 1.1 ms";
  EXPECT_FALSE(interval.contains(0));
}

}  // namespace
}  // namespace weft
