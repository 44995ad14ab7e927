#include "tests/unit/measure/model_point.hpp"

namespace weft {
namespace {

using model_point::Experiment;

constexpr Nanoseconds kLate = 100'000;

std::vector<Nanoseconds> delays(const Arrival& arrival, int rank, std::uint64_t seed = 7) {
  ArrivalDelays source(arrival, rank, 5, seed);
  std::vector<Nanoseconds> all(50);
  for (Nanoseconds& delay : all) delay = source.next();
  return all;
}

TEST(Arrival, DelaysAreThoseOfThePattern) {
  EXPECT_EQ(delays({}, 3), std::vector<Nanoseconds>(50, 0));
  const Arrival one{.pattern = ArrivalPattern::one_late, .rank = 3, .duration = kLate};
  EXPECT_EQ(delays(one, 3), std::vector<Nanoseconds>(50, kLate));
  EXPECT_EQ(delays(one, 2), std::vector<Nanoseconds>(50, 0));
  const Arrival ramp{.pattern = ArrivalPattern::ramp, .rank = 0, .duration = kLate};
  EXPECT_EQ(delays(ramp, 0).front(), 0);
  EXPECT_EQ(delays(ramp, 1).front(), kLate / 4);
  EXPECT_EQ(delays(ramp, 4).front(), kLate);
}

TEST(Arrival, RandomDelaysAreSeededAndOfEachRankItsOwn) {
  const Arrival random{.pattern = ArrivalPattern::random, .rank = 0, .duration = kLate};
  EXPECT_EQ(delays(random, 1), delays(random, 1));
  EXPECT_NE(delays(random, 1), delays(random, 2));
  EXPECT_NE(delays(random, 1), delays(random, 1, 8));
  for (const Nanoseconds delay : delays(random, 1)) {
    EXPECT_GE(delay, 0);
    EXPECT_LE(delay, kLate);
  }
}

TEST(Arrival, CompletionCountsFromTheFirstStart) {
  for (const StartSync sync : {StartSync::round_time, StartSync::barrier}) {
    Experiment experiment{.count = 4000, .options = {.iterations = 10, .cache = CacheMode::hot, .sync = sync}};
    experiment.options.arrival = {.pattern = ArrivalPattern::one_late, .rank = 2, .duration = kLate};
    const Samples samples = model_point::measure(experiment);
    ASSERT_EQ(samples.completion.size(), 10U);
    // The barrier lets ranks out in turn where they came in unevenly.
    const Nanoseconds let_out = sync == StartSync::barrier ? 2 * model_point::kLatency : 0;
    for (const Nanoseconds skew : samples.start_skew) {
      EXPECT_GE(skew, kLate);
      EXPECT_LE(skew, kLate + let_out);
    }
    // A ring needs the late rank in its first round: all the others wait for it.
    for (const double time : samples.completion) {
      EXPECT_GE(time, kLate + experiment.truth() - 2 * model_point::kLatency);
      EXPECT_LE(time, kLate + experiment.truth() + let_out);
    }
    for (const char valid : samples.valid) EXPECT_EQ(valid, 1);  // late on purpose is not too late
  }
}

TEST(Arrival, IsDescribedAsItIsAskedFor) {
  EXPECT_EQ(describe({}), "together");
  EXPECT_EQ(describe({.pattern = ArrivalPattern::one_late, .rank = 3, .duration = 50}), "one-late:3:50ns");
  EXPECT_EQ(describe({.pattern = ArrivalPattern::random, .rank = 0, .duration = 50}), "random:50ns");
  EXPECT_EQ(describe({.pattern = ArrivalPattern::ramp, .rank = 0, .duration = 50}), "ramp:50ns");
}

}  // namespace
}  // namespace weft
