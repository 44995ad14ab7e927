// The common clock on this machine: found to be one clock where it is, and not where a rank's is moved.
#include <algorithm>
#include <functional>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "measure/global_clock.hpp"
#include "tests/unit/measure/forwarding_communicator.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

/// Another's messages, by a clock that is so many ns ahead.
class MovedClock final : public ForwardingCommunicator {
 public:
  MovedClock(Communicator& of, Nanoseconds ahead) : ForwardingCommunicator(of), ahead_(ahead) {}
  Nanoseconds now() const override { return of().now() + ahead_; }

 private:
  Nanoseconds ahead_;
};

using SharedClockMain = std::function<void(GlobalClock&, const Timer&)>;

/// Three threads over shared memory, on hosts of these numbers; the clock of rank 2 is `ahead`.
void on_shm(const std::vector<int>& nodes, Nanoseconds ahead, TimerKind kind, const SharedClockMain& main) {
  const int ranks = static_cast<int>(nodes.size());
  const int code = worlds::registry().find("threads").launch({.ranks = ranks}, [&](World& world) {
    TransportOptions options;
    options.oversubscribed = true;
    const auto communicator = transports::registry().find("shm").create(world, options);
    MovedClock moved(*communicator, world.rank() == 2 ? ahead : 0);
    const Timer timer(moved, kind);
    GlobalClock clock(moved, world, timer, nodes);
    main(clock, timer);
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST(SharedClock, RanksOfAHostShareItsClock) {
  on_shm({0, 0, 0}, 0, TimerKind::monotonic, [](GlobalClock& clock, const Timer&) {
    EXPECT_TRUE(clock.bounds().shared);
    clock.anchor();
    EXPECT_EQ(clock.bounds().bound_ns, 0);
    EXPECT_EQ(clock.to_global(42), 42);
  });
}

/// The truth is known here: what are taken for three hosts have one clock.
TEST(SharedClock, ClocksOfHostsAgreeWithinTheBound) {
  on_shm({0, 1, 2}, 0, TimerKind::monotonic, [](GlobalClock& clock, const Timer& timer) {
    EXPECT_FALSE(clock.bounds().shared);
    for (int i = 0; i < 3; ++i) {
      const Nanoseconds now = timer.now();
      EXPECT_NEAR(static_cast<double>(clock.to_global(now) - now), 0, clock.bounds().bound_ns);
      clock.anchor();
    }
  });
}

TEST(SharedClock, IsVerifiedAndNotBelieved) {
  constexpr Nanoseconds kAhead = 1'000'000'000;
  std::mutex mutex;
  std::vector<Nanoseconds> moved_by;
  on_shm({0, 0, 0}, kAhead, TimerKind::monotonic, [&](GlobalClock& clock, const Timer& timer) {
    EXPECT_FALSE(clock.bounds().shared);
    const Nanoseconds by = timer.now() - clock.to_global(timer.now());
    const std::lock_guard lock(mutex);
    moved_by.push_back(by);
    EXPECT_LE(clock.bounds().bound_ns, 1e8);
  });
  std::sort(moved_by.begin(), moved_by.end());
  EXPECT_NEAR(static_cast<double>(moved_by[2]), static_cast<double>(kAhead), 1e7);
  EXPECT_NEAR(static_cast<double>(moved_by[0]), 0, 1e7);
}

}  // namespace
}  // namespace weft
