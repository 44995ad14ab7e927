// What keeps a sample from counting, and what taking samples costs beside the operation.
#include <algorithm>
#include <limits>

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

/// Allocations of the first rank's whole measurement.
std::size_t allocations_of(int iterations, StartSync sync, CacheMode cache) {
  std::size_t allocated = 0;
  MeasureOptions options{.iterations = iterations, .checks = 0, .cache = cache, .sync = sync, .oversubscribed = true};
  worlds::registry().find("threads").launch({.ranks = 2}, [&](World& world) {
    TransportOptions transport;
    transport.oversubscribed = true;
    const auto communicator = transports::registry().find("shm").create(world, transport);
    const model_point::CallWorkload workload(all_reduce_of(world), "ring");
    Instruments instruments(*communicator, world, sync, TimerKind::monotonic, {0, 0});
    PreparedPoint point(workload, *communicator, world, options);
    const std::size_t before = allocations();
    point.measure(instruments);
    if (world.rank() == 0) allocated = allocations() - before;
    return 0;
  });
  return allocated;
}

TEST(Start, NothingIsAllocatedPerSample) {
  for (const StartSync sync : {StartSync::round_time, StartSync::barrier, StartSync::none})
    for (const CacheMode cache : {CacheMode::hot, CacheMode::rotate}) {
      const std::size_t few = allocations_of(20, sync, cache);
      const std::size_t many = allocations_of(520, sync, cache);
      EXPECT_LT(many, few + 200) << name_of(sync) << ", " << name_of(cache);  // vectors that double, and chunks
    }
}

}  // namespace
}  // namespace weft
