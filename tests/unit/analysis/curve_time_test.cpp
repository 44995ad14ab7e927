#include "analysis/curve_time.hpp"

#include <gtest/gtest.h>

#include "tests/unit/analysis/curves.hpp"

namespace weft {
namespace {

Curve curve_through(const std::vector<std::pair<Bytes, double>>& points) {
  Curve curve{"all_gather", "all_gather", "ring", "mpi", 4, "u8", "", false, {}};
  for (const auto& [bytes, us] : points) curve.points.push_back({bytes, us, {us, us}, false});
  return curve;
}

void expect_time(const TimeOfSize& time, double latency_us, double transfer_us, CurvePlace place) {
  EXPECT_NEAR(time.latency_us, latency_us, 1e-9);
  EXPECT_NEAR(time.transfer_us, transfer_us, 1e-9);
  EXPECT_EQ(time.place, place);
}

TEST(TimeOfSize, IsExactWhereTheCurveIsHockneys) {
  const Curve curve = curve_of("all_reduce", hockney(2, 50));  // 1 KiB to 1 MiB
  for (const double bytes : {1024.0, 1536.0, 2048.0, 700'000.0, 1048576.0})
    expect_time(time_of_size(curve, bytes), 2, bytes / 50e3, CurvePlace::within);
  expect_time(time_of_size(curve, 100), 2, 100 / 50e3, CurvePlace::below);
  expect_time(time_of_size(curve, 1e9), 2, 1e9 / 50e3, CurvePlace::beyond);
}

TEST(TimeOfSize, FollowsTheStraightPiecesOfACurve) {
  // To 1000 bytes 1 us and 1 GB/s, from there on 10 GB/s.
  const Curve curve = curve_through({{500, 1.5}, {1000, 2}, {11'000, 3}});
  expect_time(time_of_size(curve, 750), 1, 0.75, CurvePlace::within);
  expect_time(time_of_size(curve, 6000), 1.9, 0.6, CurvePlace::within);
  expect_time(time_of_size(curve, 21'000), 1.9, 2.1, CurvePlace::beyond);
}

TEST(TimeOfSize, OfOneSizeIsABoundBelowAndInProportionBeyond) {
  const Curve curve = curve_through({{0, 7}, {1000, 4}});  // a call of nothing tells nothing
  expect_time(time_of_size(curve, 500), 2, 2, CurvePlace::below);
  expect_time(time_of_size(curve, 1000), 0, 4, CurvePlace::within);
  expect_time(time_of_size(curve, 3000), 0, 12, CurvePlace::beyond);
}

TEST(TimeOfSize, IsNeverNegative) {
  const Curve steep = curve_through({{1000, 1}, {2000, 10}});  // its line is below zero at 500
  expect_time(time_of_size(steep, 500), 0, 0.5, CurvePlace::below);
  expect_time(time_of_size(steep, 1500), 0, 5.5, CurvePlace::within);
  const Curve falling = curve_through({{1000, 10}, {2000, 8}});
  expect_time(time_of_size(falling, 1500), 9, 0, CurvePlace::within);
  expect_time(time_of_size(falling, 4000), 0, 16, CurvePlace::beyond);
}

}  // namespace
}  // namespace weft
