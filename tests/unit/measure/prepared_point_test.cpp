#include <algorithm>

#include "core/error.hpp"
#include "tests/unit/measure/model_point.hpp"
#include "tests/unit/transports/forwarding_world.hpp"

namespace weft {
namespace {

using model_point::Experiment;
using model_point::kLatency;

const MeasureOptions kTwenty = {.iterations = 20, .warmup = 3, .cache = CacheMode::hot};

TEST(PreparedPoint, MeasuresTheTruthOfASimulatedFabric) {
  for (const StartSync sync : {StartSync::automatic, StartSync::round_time, StartSync::barrier, StartSync::none}) {
    Experiment experiment{.count = 4000, .options = kTwenty};
    experiment.options.sync = sync;
    const Samples samples = model_point::measure(experiment);
    ASSERT_EQ(samples.completion.size(), 20U);
    // 4 ranks leave the 2-round start barrier together.
    for (const double time : samples.completion) EXPECT_EQ(time, experiment.truth()) << name_of(sync);
    EXPECT_EQ(samples.first_ns, experiment.truth());
    EXPECT_EQ(samples.warmup, 4);
    EXPECT_EQ(samples.wrong, 0U);
    EXPECT_TRUE(samples.checked);
    EXPECT_EQ(samples.stop, "iterations");
    EXPECT_EQ(samples.sync, sync == StartSync::automatic ? "round-time" : name_of(sync));
    EXPECT_EQ(samples.mean_of_ranks_ns, experiment.truth());
    EXPECT_EQ(samples.disturbance.switches_voluntary, -1);
  }
}

TEST(PreparedPoint, FindsWrongData) {
  const Samples samples = model_point::measure({.ranks = 3, .count = 100, .options = kTwenty, .spoilt_rank = 1});
  EXPECT_GT(samples.wrong, 0U);
}

TEST(PreparedPoint, ARankWithoutMemoryLeavesTheOthersInStep) {
  model_point::on_model(2, {}, [](Communicator& communicator, World& world) {
    const std::uint64_t count = world.rank() == 1 ? std::uint64_t{1} << 55 : 8;
    const model_point::CallWorkload workload(
        {.collective = Collective::all_reduce, .rank = world.rank(), .ranks = 2, .count = count}, "ring");
    std::string problem;
    try {
      PreparedPoint(workload, communicator, world, kTwenty);
    } catch (const TransportError& error) {
      problem = error.what();
    }
    const std::vector<std::string> problems = world.allgather(problem);
    EXPECT_EQ(problems.front(), "");
    EXPECT_EQ(problems.back().find("no memory for"), 0U) << problems.back();
  });
}

class CountsFills : public model_point::CallWorkload {
 public:
  using CallWorkload::CallWorkload;
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override {
    ++fills_;
    CallWorkload::fill(program, buffers, salt);
  }
  int fills() const { return fills_; }

 private:
  mutable int fills_ = 0;
};

TEST(PreparedPoint, PayloadOfASimulatedFabricIsMovedOnlyWhereItIsChecked) {
  model_point::on_model(2, {}, [](Communicator& communicator, World& world) {
    const CountsFills workload({.collective = Collective::all_reduce, .rank = world.rank(), .ranks = 2, .count = 100},
                               "ring");
    MeasureOptions options = kTwenty;
    options.checks = 3;
    Instruments instruments(communicator, world, options.sync, TimerKind::monotonic, {0, 0});
    const Samples samples = PreparedPoint(workload, communicator, world, options).measure(instruments);
    EXPECT_EQ(workload.fills(), 3);
    EXPECT_TRUE(communicator.carries_data()) << "for the point after it";
    if (world.rank() > 0) return;
    EXPECT_TRUE(samples.checked);
    EXPECT_EQ(samples.wrong, 0U);
  });
}

class BreaksOffBeforeTheFirstCall : public ForwardingWorld {
 public:
  using ForwardingWorld::ForwardingWorld;
  void set_deadline(Nanoseconds, const char*) override { throw TimedOut("in a test"); }
};

TEST(PreparedPoint, PayloadIsMovedAgainAfterAPointThatBrokeOff) {
  model_point::on_model(2, {}, [](Communicator& communicator, World& world) {
    const model_point::CallWorkload workload(
        {.collective = Collective::all_reduce, .rank = world.rank(), .ranks = 2, .count = 100}, "ring");
    BreaksOffBeforeTheFirstCall broken(world);
    Instruments instruments(communicator, world, kTwenty.sync, TimerKind::monotonic, {0, 0});
    PreparedPoint point(workload, communicator, broken, kTwenty);
    EXPECT_THROW(point.measure(instruments), TimedOut);
    EXPECT_TRUE(communicator.carries_data());
  });
}

TEST(PreparedPoint, BudgetEndsWhatDoesNotSettle) {
  Experiment experiment{.ranks = 2, .fabric = {.latency = kLatency, .bandwidth = 1.0, .jitter = 1.0}};
  experiment.options.checks = 0;
  experiment.options.budget = 200 * kLatency;
  const Samples samples = model_point::measure(experiment);
  EXPECT_GE(samples.completion.size(), kLeastIterations);
  EXPECT_LE(samples.completion.size(), 100U);  // 200 us over 2 rounds of 1 us and more
  EXPECT_EQ(samples.stop, "budget");
  EXPECT_FALSE(samples.checked);
  EXPECT_EQ(samples.unchecked_reason, "-c 0");
}

TEST(PreparedPoint, StopsAtTheFewestSamplesWhereNothingVaries) {
  Experiment experiment;
  const Samples samples = model_point::measure(experiment);
  EXPECT_EQ(samples.completion.size(), StopRule().fewest);
  EXPECT_EQ(samples.stop, "interval");
  EXPECT_TRUE(samples.steady);
}

TEST(PreparedPoint, KeepsTheTimesOfAllRanks) {
  Experiment experiment{.options = kTwenty};
  experiment.options.all_ranks = true;
  experiment.options.arrival = {.pattern = ArrivalPattern::ramp, .rank = 0, .duration = 300};
  const Samples samples = model_point::measure(experiment);
  ASSERT_EQ(samples.ranks.ranks, 4);
  ASSERT_EQ(samples.ranks.start.size(), 20U);
  ASSERT_EQ(samples.ranks.duration.size(), 80U);
  EXPECT_EQ(samples.ranks.start.front(), 0);
  for (std::size_t i = 0; i < 80; ++i) EXPECT_EQ(samples.ranks.start_off[i], static_cast<int>(i % 4) * 100);
}

TEST(PreparedPoint, CallsOfASampleShareItsTime) {
  Experiment experiment{.count = 4000, .options = kTwenty};
  experiment.options.batch = 8;
  const Samples samples = model_point::measure(experiment);
  EXPECT_EQ(samples.batch, 8);
  EXPECT_EQ(samples.warmup, 4);
  for (const double time : samples.completion) EXPECT_EQ(time, experiment.truth());
  EXPECT_EQ(samples.mean_of_ranks_ns, experiment.truth());
  experiment.options.arrival = {.pattern = ArrivalPattern::one_late, .rank = 0, .duration = 300};
  EXPECT_EQ(model_point::measure(experiment).batch, 1) << "each call is delayed";
  experiment.options.arrival = {};
  experiment.keeps_pace = false;
  EXPECT_EQ(model_point::measure(experiment).batch, 1);
}

TEST(PreparedPoint, AThousandRanksKeepAllTheirTimes) {
  Experiment experiment{.ranks = 1024,
                        .algorithm = "recursive_doubling",
                        .options = {.iterations = 5, .warmup = 0, .checks = 0, .cache = CacheMode::hot}};
  experiment.options.all_ranks = true;
  const Samples samples = model_point::measure(experiment);
  EXPECT_EQ(samples.ranks.duration.size(), 5U * 1024);
  EXPECT_EQ(*std::max_element(samples.ranks.duration.begin(), samples.ranks.duration.end()),
            10 * (model_point::kLatency + 4));
}

}  // namespace
}  // namespace weft
