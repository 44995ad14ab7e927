#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/transports/model_fixture.hpp"

namespace weft {
namespace {

using namespace model_test;
using testing::HasSubstr;

/// How long each of so many messages from rank 0 to rank 1 takes, started together.
std::vector<Nanoseconds> one_way_times(const TransportOptions& options, int messages, Bytes bytes) {
  std::vector<Nanoseconds> times;
  run(2, options, [&](Communicator& communicator, World& world) {
    for (int i = 0; i < messages; ++i) {
      world.barrier();
      const Nanoseconds start = truth(world);
      if (communicator.rank() == 0) {
        send(communicator, 1, bytes);
      } else {
        receive(communicator, 0, bytes);
        times.push_back(truth(world) - start);
      }
    }
  });
  return times;
}

TEST(ModelTruths, StallsAreAShareOfTheMessages) {
  TransportOptions options = without_data();
  options.model.stall_share = 0.01;
  options.model.stall_factor = 10;
  const std::vector<Nanoseconds> times = one_way_times(options, 10'000, kBytes);
  const auto stalled = std::count(times.begin(), times.end(), 10 * kAlpha + kWire);
  EXPECT_EQ(stalled + std::count(times.begin(), times.end(), kAlpha + kWire), 10'000);
  EXPECT_NEAR(static_cast<double>(stalled), 100, 50);  // five standard deviations; the seed is fixed
}

TEST(ModelTruths, OnlyTheSlowSizeIsSlow) {
  TransportOptions options = without_data();
  options.model.slow_bytes = kBytes;
  options.model.slow_factor = 1.5;
  EXPECT_EQ(one_way_times(options, 1, kBytes).front(), 3 * (kAlpha + kWire) / 2);
  EXPECT_EQ(one_way_times(options, 1, 2 * kBytes).front(), kAlpha + 2 * kWire);
}

TEST(ModelTruths, LaunchesDifferByAFactorWithMedianOne) {
  constexpr int kLaunches = 1000;
  constexpr double kVariation = 0.1;
  TransportOptions options = without_data();
  options.model.launch_cv = kVariation;
  std::vector<double> logs;
  for (options.launch = 0; options.launch < kLaunches; ++options.launch) {
    const std::vector<Nanoseconds> times = one_way_times(options, 2, kBytes);
    EXPECT_NEAR(static_cast<double>(times[0]), static_cast<double>(times[1]), 1.0);  // whole ns
    logs.push_back(std::log(static_cast<double>(times[0]) / (kAlpha + kWire)));
  }
  options.launch = 7;
  EXPECT_NEAR(std::log(static_cast<double>(one_way_times(options, 1, kBytes).front()) / (kAlpha + kWire)), logs[7],
              1e-9);
  std::sort(logs.begin(), logs.end());
  EXPECT_NEAR(logs[kLaunches / 2], 0, 5 * kVariation * std::sqrt(M_PI / 2 / kLaunches));
  double squares = 0;
  for (const double log : logs) squares += log * log;
  EXPECT_NEAR(std::sqrt(squares / kLaunches), kVariation, 5 * kVariation / std::sqrt(2.0 * kLaunches));
}

TEST(ModelTruths, LaunchesDrawTheirOwnJitter) {
  TransportOptions options = without_data();
  options.model.jitter = 0.2;
  std::set<std::vector<Nanoseconds>> series;
  for (options.launch = 0; options.launch < 4; ++options.launch) series.insert(one_way_times(options, 5, kBytes));
  EXPECT_EQ(series.size(), 4U);
}

TEST(ModelTruths, TheLateRankNoticesSignalsLateAndPayloadInTime) {
  constexpr Nanoseconds kLate = 500;
  TransportOptions options = without_data();
  options.model.late_rank = 1;
  options.model.late_by = kLate;
  EXPECT_EQ(one_way_times(options, 1, kBytes).front(), kAlpha + kWire);
  const std::vector<Nanoseconds> times = one_way_times(options, 2000, 1);
  const auto [least, most] = std::minmax_element(times.begin(), times.end());
  EXPECT_GE(*least, kAlpha);
  EXPECT_LT(*least, kAlpha + kLate / 20);
  EXPECT_LE(*most, kAlpha + kLate);
  EXPECT_GT(*most, kAlpha + kLate * 19 / 20);
  options.model.late_rank = 0;
  for (const Nanoseconds time : one_way_times(options, 10, 1)) EXPECT_EQ(time, kAlpha);
}

TEST(ModelTruths, ClocksAreOffByAFixedDrawAndRankZeroIsTheReference) {
  constexpr Nanoseconds kOffset = 1'000'000;
  TransportOptions options = without_data();
  options.model.clock_offset = kOffset;
  std::set<Nanoseconds> offsets;
  run(50, options, [&](Communicator& communicator, World& world) {
    const Nanoseconds offset = communicator.now() - truth(world);
    if (communicator.rank() == 0) {
      EXPECT_EQ(offset, kOffset);  // so that no clock is negative
    }
    EXPECT_LE(std::abs(offset - kOffset), kOffset);
    offsets.insert(offset);
    sleep_until(communicator, communicator.now() + 12'345);
    EXPECT_EQ(truth(world), 12'345);
    EXPECT_EQ(communicator.now() - truth(world), offset);
  });
  EXPECT_GT(*offsets.rbegin() - *offsets.begin(), kOffset);
}

TEST(ModelTruths, ClocksDriftAndRelaxWakesAtTheirTime) {
  constexpr double kDrift = 50e-6;
  TransportOptions options = without_data();
  options.model.clock_offset = 1000;
  options.model.clock_drift = 50;
  double fastest = 0;
  run(50, options, [&](Communicator& communicator, World& world) {
    const Nanoseconds first = communicator.now();
    for (int second = 1; second <= 3; ++second) {
      const Nanoseconds goal = first + second * Nanoseconds{1'000'000'000};
      sleep_until(communicator, goal);
      EXPECT_EQ(communicator.now(), goal);
    }
    const double drift = 3e9 / static_cast<double>(truth(world)) - 1;
    EXPECT_LE(std::abs(drift), kDrift * 1.001);
    if (communicator.rank() == 0) {
      EXPECT_EQ(drift, 0);
    }
    fastest = std::max(fastest, drift);
    EXPECT_EQ(communicator.compute_time(100), 100);
  });
  EXPECT_GT(fastest, kDrift / 2);
}

TEST(ModelTruths, SaysWhichMemberIsNoFabric) {
  FabricModel model;
  EXPECT_EQ(flaw_of(model), "");
  model.stall_share = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(flaw_of(model), HasSubstr("stalls"));
  model = {.clock_drift = 1e4};
  EXPECT_THAT(flaw_of(model), HasSubstr("clock-drift must be from 0 to 1000 ppm, not 10000"));
  model = {.late_by = -1};
  EXPECT_THAT(flaw_of(model), HasSubstr("late"));
}

}  // namespace
}  // namespace weft
