#include "measure/timer.hpp"

#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/tsc.hpp"
#include "tests/unit/transports/model_fixture.hpp"

namespace weft {
namespace {

/// A rank by itself, with this host's clock.
class Alone final : public Communicator {
 public:
  Alone() : Communicator(0, 1) {}
  Memory allocate(Bytes) override { return {}; }
  void post_send(int, int, const std::byte*, Bytes, Pending&) override {}
  void post_recv(int, int, std::byte*, Bytes, Pending&) override {}
  void progress() override {}
  void relax(Nanoseconds) override {}
};

TEST(Timer, KnowsWhatItCostsAndResolves) {
  const Alone alone;
  const Timer timer(alone);
  EXPECT_GT(timer.overhead_ns(), 0);
  EXPECT_LT(timer.overhead_ns(), 1e5);
  EXPECT_GE(timer.resolution_ns(), 1);
  EXPECT_TRUE(timer.still_calibrated());
  const Nanoseconds before = monotonic_now();
  EXPECT_GE(timer.now(), before);
}

TEST(Timer, InVirtualTimeThereIsOneClock) {
  model_test::run(1, {}, [](Communicator& communicator, World&) {
    const Timer timer(communicator, TimerKind::tsc);
    EXPECT_EQ(timer.kind(), TimerKind::monotonic);
    model_test::sleep_until(communicator, 1234);
    EXPECT_EQ(timer.now(), 1234);
    EXPECT_EQ(timer.overhead_ns(), 0);
  });
}

/// Either it runs as fast as the kernel's clock, or it is refused with a sentence.
TEST(Timer, TheTimeStampCounterIsCalibratedOrRefused) {
  const Alone alone;
  try {
    const Timer timer(alone, TimerKind::tsc);
    EXPECT_EQ(tsc::unfit(), "");
    const Nanoseconds raw = monotonic_raw_now();
    const Nanoseconds counted = timer.now();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const Nanoseconds later = timer.now();
    const Nanoseconds raw_later = monotonic_raw_now();
    EXPECT_LE(later - counted, raw_later - raw + 1'000);
    EXPECT_GE(later - counted, 50'000'000 - 1'000);
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("use monotonic"), std::string::npos);
  }
}

TEST(Timer, IsNamed) {
  EXPECT_EQ(parse_timer_kind("tsc"), TimerKind::tsc);
  EXPECT_EQ(name_of(TimerKind::monotonic), "monotonic");
  EXPECT_THROW(parse_timer_kind("tcs"), UsageError);
}

}  // namespace
}  // namespace weft
