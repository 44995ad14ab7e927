// What keeps a sample from counting, and what taking samples costs beside the operation.
#include <algorithm>
#include <limits>
#include <tuple>

#include "results/summary.hpp"
#include "tests/allocations.hpp"
#include "tests/unit/measure/forwarding_communicator.hpp"
#include "tests/unit/measure/model_point.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kLost = 50'000;

/// A rank that loses its core in every tenth wait for a time.
class LosesItsCore final : public ForwardingCommunicator {
 public:
  explicit LosesItsCore(Communicator& of) : ForwardingCommunicator(of) {}
  void relax(Nanoseconds until) override {
    const bool waits_for_a_time = until != std::numeric_limits<Nanoseconds>::max();
    if (waits_for_a_time && rank() == 1 && ++waits_ % 10 == 0) until += kLost;
    of().relax(until);
  }

 private:
  int waits_ = 0;
};

Call all_reduce_of(const World& world) {
  return {.collective = Collective::all_reduce, .rank = world.rank(), .ranks = world.ranks(), .count = 1000};
}

TEST(Start, ARankThatLosesItsCoreWhileItWaitsStartsLate) {
  MeasureOptions options{.iterations = 100, .checks = 0, .cache = CacheMode::hot, .sync = StartSync::round_time};
  model_point::on_model(
      2, {.latency = model_point::kLatency, .bandwidth = 1.0}, [&](Communicator& model, World& world) {
        LosesItsCore communicator(model);
        const model_point::CallWorkload workload(all_reduce_of(world), "ring");
        Instruments instruments(communicator, world, options.sync, TimerKind::monotonic, {0, 0});
        PreparedPoint point(workload, communicator, world, options);
        const Samples samples = point.measure(instruments);
        if (world.rank() != 0) return;
        const auto late = static_cast<std::size_t>(std::count(samples.valid.begin(), samples.valid.end(), char{0}));
        EXPECT_GE(late, 9U);
        EXPECT_EQ(samples.valid.size() - late, 100U);
        for (std::size_t i = 0; i < samples.valid.size(); ++i)
          EXPECT_EQ(samples.valid[i] == 0, samples.start_skew[i] >= kLost) << i;
      });
}

TEST(Start, OneOrTwoLateSamplesOfAFewAreNoFailure) {
  EXPECT_FALSE(too_many_late(1, 13));
  EXPECT_FALSE(too_many_late(2, 13));
  EXPECT_TRUE(too_many_late(3, 13));
  EXPECT_FALSE(too_many_late(50, 1000));
  EXPECT_TRUE(too_many_late(51, 1000));
}

/// Allocations of the first rank's whole measurement; over `model` those of all ranks, which share a thread.
std::size_t allocations_of(const char* world_name, const char* transport, const MeasureOptions& options) {
  std::size_t allocated = 0;
  worlds::registry().find(world_name).launch({.ranks = 2}, [&](World& world) {
    TransportOptions opened;
    opened.oversubscribed = options.oversubscribed;
    const auto communicator = transports::registry().find(transport).create(world, opened);
    const model_point::CallWorkload workload(all_reduce_of(world), "ring");
    Instruments instruments(*communicator, world, options.sync, TimerKind::monotonic, {0, 0});
    PreparedPoint point(workload, *communicator, world, options);
    const std::size_t before = allocations();
    point.measure(instruments);
    if (world.rank() == 0) allocated = allocations() - before;
    return 0;
  });
  return allocated;
}

// Beside vectors that double. Round-time over `model`, where no start is late on a busy machine and none is replaced.
TEST(Start, NothingIsAllocatedPerSample) {
  constexpr std::size_t kDoubling = 200;
  for (const CacheMode cache : {CacheMode::hot, CacheMode::rotate})
    for (const auto& [sync, world, transport] : {std::tuple(StartSync::round_time, "fibers", "model"),
                                                 {StartSync::barrier, "threads", "shm"},
                                                 {StartSync::none, "threads", "shm"}}) {
      MeasureOptions options{.iterations = 20, .checks = 0, .cache = cache, .sync = sync, .oversubscribed = true};
      const std::size_t few = allocations_of(world, transport, options);
      options.iterations = 20 + 3 * kDoubling;
      EXPECT_LT(allocations_of(world, transport, options), few + kDoubling) << name_of(sync) << ", " << name_of(cache);
    }
}

}  // namespace
}  // namespace weft
