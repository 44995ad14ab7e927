// The common clock against the truth that the simulated fabric knows: rank 0's clock is the virtual time, moved by
// the largest offset.
#include "measure/global_clock.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/transports/model_fixture.hpp"

namespace weft {
namespace {

using model_test::sleep_until;
using model_test::truth;

constexpr Nanoseconds kOffset = 1'000'000;
constexpr Nanoseconds kMs = 1'000'000;

TransportOptions drifting(std::uint64_t seed, double jitter) {
  TransportOptions options;
  options.seed = seed;
  options.carry_data = false;  // times are carried all the same
  options.model.jitter = jitter;
  options.model.clock_offset = kOffset;
  options.model.clock_drift = 50;
  return options;
}

using ClockMain = std::function<void(GlobalClock&, Communicator&, World&)>;

void with_clock(int ranks, const TransportOptions& options, const ClockMain& main) {
  model_test::run(ranks, options, [&](Communicator& communicator, World& world) {
    const Timer timer(communicator);
    GlobalClock clock(communicator, world, timer, std::vector<int>(static_cast<std::size_t>(ranks), 0));
    main(clock, communicator, world);
  });
}

double error_now(const GlobalClock& clock, const Communicator& communicator, World& world) {
  return std::abs(static_cast<double>(clock.to_global(communicator.now()) - (truth(world) + kOffset)));
}

/// The worst error over the ranks, as a share of the bound, right after the anchors and `later` ns after them.
std::vector<double> shares_of_bound(int ranks, const TransportOptions& options, const std::vector<Nanoseconds>& later) {
  std::vector<double> worst(later.size());
  with_clock(ranks, options, [&](GlobalClock& clock, Communicator& communicator, World& world) {
    const Nanoseconds start = communicator.now();
    EXPECT_FALSE(clock.bounds().shared);
    for (std::size_t i = 0; i < later.size(); ++i) {
      sleep_until(communicator, start + later[i]);
      worst[i] = std::max(worst[i], error_now(clock, communicator, world) / clock.bounds().bound_ns);
    }
  });
  return worst;
}

TEST(GlobalClock, IsRightWithinItsBoundFor99PercentOfTheSeeds) {
  constexpr int kSeeds = 300;
  int within = 0;
  int halves = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    TransportOptions options = drifting(seed, 0.1 * static_cast<double>(seed % 10));
    if (seed % 3 == 0) {
      options.model.stall_share = 0.05;
      options.model.stall_factor = 10;
    }
    const std::vector<double> shares = shares_of_bound(4, options, {0, kMs, 10 * kMs, 100 * kMs});
    const double worst = *std::max_element(shares.begin(), shares.end());
    within += worst <= 1 ? 1 : 0;
    halves += worst > 0.05 ? 1 : 0;
  }
  EXPECT_GE(within, kSeeds * 99 / 100);
  EXPECT_GT(halves, kSeeds / 2) << "a bound that no error comes near says nothing";
}

TEST(GlobalClock, TheBoundIsAboutTheOneWayTime) {
  with_clock(2, drifting(1, 0), [](GlobalClock& clock, Communicator&, World&) {
    EXPECT_GE(clock.bounds().bound_ns, 2'000);
    EXPECT_LT(clock.bounds().bound_ns, 2'200);
    EXPECT_LT(clock.bounds().closure_ns, 50);
    EXPECT_GT(clock.bounds().drift_ppm, 1);
    EXPECT_LE(clock.bounds().drift_ppm, 50.1);
  });
}

/// Without the correction 50 ppm of 100 ms would be 5,000 ns.
TEST(GlobalClock, DriftIsCorrected) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    with_clock(3, drifting(seed, 0), [](GlobalClock& clock, Communicator& communicator, World& world) {
      sleep_until(communicator, communicator.now() + 100 * kMs);
      EXPECT_LT(error_now(clock, communicator, world), 100);
    });
}

TEST(GlobalClock, AnchorsBeforeAndAfterAreInterpolated) {
  with_clock(4, drifting(5, 0.3), [](GlobalClock& clock, Communicator& communicator, World& world) {
    clock.anchor();
    const Nanoseconds start = communicator.now();
    std::vector<Nanoseconds> local;
    std::vector<Nanoseconds> true_time;
    for (Nanoseconds i = 1; i <= 20; ++i) {
      sleep_until(communicator, start + i * 25 * kMs);
      local.push_back(communicator.now());
      true_time.push_back(truth(world) + kOffset);
    }
    clock.anchor();
    for (std::size_t i = 0; i < local.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(clock.to_global(local[i]) - true_time[i]), 0, clock.bounds().bound_ns);
      EXPECT_NEAR(static_cast<double>(clock.to_local(clock.to_global(local[i])) - local[i]), 0, 1);
    }
  });
}

TEST(GlobalClock, SixtyFourRanksAreATree) {
  std::vector<ClockBounds> bounds;
  with_clock(64, drifting(9, 0.3), [&](GlobalClock& clock, Communicator& communicator, World& world) {
    EXPECT_LE(error_now(clock, communicator, world), clock.bounds().bound_ns);
    bounds.push_back(clock.bounds());
  });
  ASSERT_EQ(bounds.size(), 64U);
  for (const ClockBounds& of : bounds) EXPECT_EQ(of.bound_ns, bounds.front().bound_ns) << "all ranks know the worst";
  EXPECT_LT(bounds.front().bound_ns, 6 * 3'000) << "six levels";
}

TEST(GlobalClock, OneRankOfAHostTakesPartAndTheOthersReadItsClock) {
  TransportOptions options;
  std::vector<Nanoseconds> ends(6);
  model_test::run(6, options, [&](Communicator& communicator, World& world) {
    const Timer timer(communicator);
    GlobalClock clock(communicator, world, timer, {0, 0, 1, 1, 2, 2});
    EXPECT_FALSE(clock.bounds().shared);
    EXPECT_LE(std::abs(static_cast<double>(clock.to_global(communicator.now()) - truth(world))), 3);
    EXPECT_GT(clock.bounds().bound_ns, 2'000);
    EXPECT_LT(clock.bounds().bound_ns, 2 * 2'200) << "two rounds for three hosts";
  });
}

TEST(GlobalClock, OneClockCostsNothing) {
  with_clock(5, {}, [](GlobalClock& clock, Communicator& communicator, World& world) {
    clock.anchor();
    EXPECT_EQ(truth(world), 0);
    EXPECT_TRUE(clock.bounds().shared);
    EXPECT_EQ(clock.bounds().bound_ns, 0);
    EXPECT_EQ(clock.to_global(communicator.now()), communicator.now());
  });
}

}  // namespace
}  // namespace weft
