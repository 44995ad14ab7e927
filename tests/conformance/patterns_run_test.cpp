// Every registered pattern, executed by every rank with its payload checked: in virtual time, and over shared memory.
#include <atomic>

#include <gtest/gtest.h>

#include "collectives/execute.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/pipeline_workload.hpp"
#include "patterns/registry.hpp"
#include "patterns/schedules/registry.hpp"
#include "patterns/timeline.hpp"
#include "tests/conformance/entry_names.hpp"
#include "tests/conformance/goal_example.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kAlpha = 2'000;  ///< latency of the default fabric

Request small_request() {
  Request request;
  request.min_bytes = 8;
  request.max_bytes = 4096;
  request.factor = 8;
  request.model = "mixtral-8x22b";
  request.models_directory = WEFT_MODELS_DIRECTORY;
  request.tokens = 3;
  request.layout = WEFT_SMALL_LAYOUT;
  request.shrink = 16384;
  request.dispatchers = dispatchers::registry().names();
  request.backward_pass = true;
  request.routings = 2;
  request.micro_batches = 5;
  return request;
}

Request with_goal(Request request, int ranks) {
  request.goal = goal_example(ranks);
  return request;
}

/// Runs the point twice with other payload; wrong elements over all ranks, and the virtual time of the first run.
struct Outcome {
  std::uint64_t wrong = 0;
  Nanoseconds end = 0;
};

Outcome run(const Point& point, int ranks, const std::string& transport, const FabricModel& fabric = {}) {
  std::atomic<std::uint64_t> wrong = 0;
  std::atomic<Nanoseconds> end = 0;
  LaunchOptions launch;
  launch.ranks = ranks;
  const Transport& chosen = transports::registry().find(transport);
  const std::string where = chosen.needs_world.empty() ? "threads" : chosen.needs_world;
  const int code = worlds::registry().find(where).launch(launch, [&](World& world) {
    const auto communicator = chosen.create(world, {.oversubscribed = true, .model = fabric});
    const std::unique_ptr<Workload> work = point.build(world.rank());
    for (std::size_t i = 0; i < work->programs().size(); ++i) {
      const Program program = lower(work->programs()[i], *communicator);
      const Memory in = communicator->allocate(program.in_bytes);
      const Memory out = communicator->allocate(program.out_bytes);
      const Memory scratch = communicator->allocate(program.scratch_bytes);
      const Buffers buffers{.in = in.get(), .out = out.get(), .scratch = scratch.get()};
      Executor executor(program, *communicator, world);
      for (const std::uint64_t salt : {1U, 2U}) {
        work->fill(i, buffers, salt);
        world.barrier();
        const Nanoseconds start = communicator->now();
        executor.run(buffers);
        end = std::max(end.load(), communicator->now() - start);
        wrong += work->count_wrong(i, buffers, salt);
      }
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
  return {wrong, end};
}

class EveryPatternRuns : public testing::TestWithParam<Pattern> {
 protected:
  static void run_all(const std::string& transport, std::initializer_list<int> worlds, const Request& request) {
    for (const int ranks : worlds)
      for (const Point& point : GetParam().plan(with_goal(request, ranks), ranks)) {
        if (!point.refused.empty()) continue;
        EXPECT_EQ(run(point, ranks, transport).wrong, 0U)
            << point.operation << " " << point.algorithm << " on " << ranks;
      }
  }
};

TEST_P(EveryPatternRuns, InVirtualTimeWithTheRightData) { run_all("model", {1, 2, 3, 4, 5, 7, 8}, small_request()); }

TEST_P(EveryPatternRuns, OverSharedMemoryWithTheRightData) {
  Request request = small_request();
  request.forward_ns = request.backward_ns = 20'000;  // real time here
  run_all("shm", {1, 2, 3, 4}, request);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPatternRuns, testing::ValuesIn(patterns::registry().entries()),
                         name_of_entry<Pattern>);

class EveryScheduleRuns : public testing::TestWithParam<Schedule> {
 protected:
  /// One point of this schedule; every one serves 2 x ranks micro-batches on an even number of ranks.
  static Point point_of(Request& request, int ranks) {
    request.schedule = GetParam().name;
    request.micro_batches = 2 * ranks;
    Point point = patterns::registry().find("pipeline").plan(request, ranks).at(0);
    EXPECT_EQ(point.refused, "");
    return point;
  }
};

TEST_P(EveryScheduleRuns, WithTheRightData) {
  Request request = small_request();
  for (const int ranks : {2, 4, 6, 8}) EXPECT_EQ(run(point_of(request, ranks), ranks, "model").wrong, 0U) << ranks;
  request.forward_ns = request.backward_ns = 20'000;  // real time here
  for (const int ranks : {2, 4}) EXPECT_EQ(run(point_of(request, ranks), ranks, "shm").wrong, 0U) << ranks;
}

TEST_P(EveryScheduleRuns, InTheTimeOfItsTimeline) {
  Request request = small_request();
  for (const int ranks : {2, 4, 8}) {
    const Outcome outcome = run(point_of(request, ranks), ranks, "model");
    const auto drawn = static_cast<double>(length(timeline(GetParam(), pipeline_shape(request, ranks), kAlpha)));
    // What the timeline leaves out is the time of the bytes: 36 KiB a message, well below a per cent of a pass.
    EXPECT_GE(static_cast<double>(outcome.end), drawn) << ranks;
    EXPECT_LT(static_cast<double>(outcome.end), 1.005 * drawn) << ranks;
  }
}

TEST_P(EveryScheduleRuns, WithTheBubbleOfItsFormulaOnAFreeFabric) {
  const FabricModel free{.latency = 0, .bandwidth = 1e9, .overhead = 0};
  Request request = small_request();
  for (const int ranks : {2, 4, 8}) {
    const Point point = point_of(request, ranks);
    const Outcome outcome = run(point, ranks, "model", free);
    EXPECT_NEAR(static_cast<double>(outcome.end) - point.busy_ns, GetParam().bubble_ns(pipeline_shape(request, ranks)),
                1000)
        << ranks;
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryScheduleRuns, testing::ValuesIn(schedules::registry().entries()),
                         name_of_entry<Schedule>);

}  // namespace
}  // namespace weft
