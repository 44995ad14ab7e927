#include <gtest/gtest.h>

#include "collectives/payload.hpp"
#include "collectives/registry.hpp"
#include "measure/measure.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kLatency = 1000;

/// One ring all-reduce, whose result can be spoilt on purpose.
class RingWorkload : public Workload {
 public:
  RingWorkload(Call call, bool spoilt)
      : call_(std::move(call)),
        spoilt_(spoilt),
        programs_{build_program(collectives::find(Collective::all_reduce, "ring"), call_)} {}

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t, const Buffers& buffers, std::uint64_t salt) const override {
    fill_payload(call_, buffers, spoilt_ ? salt + 1 : salt);
  }
  std::uint64_t count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const override {
    return weft::count_wrong(call_, buffers, salt);
  }
  Bytes wire_bytes(std::size_t) const override { return programs_.front().sent_bytes(); }

 private:
  Call call_;
  bool spoilt_;
  std::vector<Program> programs_;
};

Samples measure_ring(int ranks, std::uint64_t count, MeasureOptions options, int spoilt_rank = -1) {
  Samples samples;
  const int code = worlds::registry().find("fibers").launch({.ranks = ranks}, [&](World& world) {
    TransportOptions transport_options;
    transport_options.model = {.latency = kLatency, .bandwidth = 1.0, .jitter = 0, .skew = 0, .overhead = 0};
    const auto communicator = transports::registry().find("model").create(world, transport_options);
    const Call call{.collective = Collective::all_reduce, .rank = world.rank(), .ranks = ranks, .count = count};
    const RingWorkload workload(call, world.rank() == spoilt_rank);
    StartBarrier barrier(*communicator, world);
    PreparedPoint point(workload, *communicator, world, options);
    const Samples mine = point.measure(barrier);
    if (world.rank() == 0) samples = mine;
    return 0;
  });
  EXPECT_EQ(code, 0);
  return samples;
}

TEST(PreparedPoint, MeasuresTheTruthOfASimulatedFabric) {
  const Samples samples = measure_ring(4, 4000, {.iterations = 20, .warmup = 3, .cache = CacheMode::hot});
  ASSERT_EQ(samples.completion.size(), 20U);
  // 2(n-1) rounds of latency + chunk / bandwidth; 4 ranks leave the 2-round start barrier together.
  const Nanoseconds truth = 6 * (kLatency + 4000 * 4 / 4);
  for (const double time : samples.completion) EXPECT_EQ(time, truth);
  EXPECT_EQ(samples.first_ns, truth);
  EXPECT_EQ(samples.warmup, 4);
  EXPECT_EQ(samples.wrong, 0U);
  EXPECT_TRUE(samples.checked);
}

TEST(PreparedPoint, FindsWrongData) {
  const Samples samples = measure_ring(3, 100, {.iterations = 2, .warmup = 1, .cache = CacheMode::hot}, 1);
  EXPECT_GT(samples.wrong, 0U);
}

TEST(PreparedPoint, BudgetDecidesTheIterations) {
  const MeasureOptions options{.warmup = 1, .checks = 0, .cache = CacheMode::hot, .budget = 50 * kLatency};
  const Samples samples = measure_ring(2, 1, options);
  EXPECT_GE(samples.completion.size(), 24U);  // 50 us over 2 rounds of 1 us and 4 ns
  EXPECT_LE(samples.completion.size(), 25U);
  EXPECT_FALSE(samples.checked);
  EXPECT_EQ(samples.unchecked_reason, "-c 0");
}

}  // namespace
}  // namespace weft
