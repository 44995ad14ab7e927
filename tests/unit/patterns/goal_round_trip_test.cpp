// What weft exports and imports again sends the same bytes, and takes the same time on the model transport.
#include <atomic>
#include <sstream>

#include <gtest/gtest.h>

#include "collectives/execute.hpp"
#include "collectives/verify.hpp"
#include "core/error.hpp"
#include "patterns/goal/writer.hpp"
#include "patterns/registry.hpp"
#include "patterns/schedules/registry.hpp"
#include "tests/unit/patterns/goal_file.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

Request goal_request() {
  Request request;
  request.min_bytes = request.max_bytes = 40'000;
  request.algorithms = {"all"};
  request.model = "mixtral-8x22b";
  request.models_directory = WEFT_MODELS_DIRECTORY;
  request.tokens = 16;
  request.dispatchers = {"flat", "hierarchical", "low_latency", "node_all_gather"};
  request.ranks_per_node = 2;
  request.routings = 1;
  request.micro_batches = 16;
  return request;
}

/// When each rank ends in virtual time.
std::vector<Nanoseconds> run_on_model(const Point& point, int ranks, const FabricModel& fabric) {
  std::vector<Nanoseconds> ends(static_cast<std::size_t>(ranks));
  LaunchOptions launch;
  launch.ranks = ranks;
  worlds::registry().find("fibers").launch(launch, [&](World& world) {
    const auto communicator =
        transports::registry().find("model").create(world, {.oversubscribed = true, .model = fabric});
    const std::unique_ptr<Workload> work = point.build(world.rank());
    const Program program = lower(work->programs()[0], *communicator);
    const Memory in = communicator->allocate(program.in_bytes);
    const Memory out = communicator->allocate(program.out_bytes);
    const Memory scratch = communicator->allocate(program.scratch_bytes);
    const Buffers buffers{.in = in.get(), .out = out.get(), .scratch = scratch.get()};
    Executor executor(program, *communicator, world);
    work->fill(0, buffers, 3);
    world.barrier();
    const Nanoseconds start = communicator->now();
    executor.run(buffers);
    ends[static_cast<std::size_t>(world.rank())] = communicator->now() - start;
    EXPECT_EQ(work->count_wrong(0, buffers, 3), 0U);
    return 0;
  });
  return ends;
}

std::string exported(const Point& point, int ranks) {
  std::ostringstream text;
  GoalWriter writer(text, ranks);
  for (int rank = 0; rank < ranks; ++rank) writer.write(point.build(rank)->programs()[0]);
  return text.str();
}

Point imported(const std::string& text, int ranks) {
  const GoalFile file(text);
  Request request;
  request.goal = file.path().string();
  return patterns::registry().find("goal").plan(request, ranks).at(0);
}

class ExportedAndImported : public testing::TestWithParam<std::string> {};

TEST_P(ExportedAndImported, IsTheSameTraffic) {
  const FabricModel slow{.latency = 1'700, .bandwidth = 3, .overhead = 90};
  int points = 0;
  for (const int ranks : {2, 4, 5, 8})
    for (const Point& point : patterns::registry().find(GetParam()).plan(goal_request(), ranks)) {
      if (!point.refused.empty() || point.algorithm == kNative) continue;
      SCOPED_TRACE(point.operation + " " + point.algorithm + " on " + std::to_string(ranks));
      const std::string text = exported(point, ranks);
      const Point again = imported(text, ranks);
      std::vector<Program> programs;
      for (int rank = 0; rank < ranks; ++rank) {
        const std::unique_ptr<Workload> before = point.build(rank);
        const std::unique_ptr<Workload> after = again.build(rank);
        EXPECT_EQ(before->programs()[0].sent_bytes(), after->programs()[0].sent_bytes());
        EXPECT_EQ(after->programs()[0].sent_bytes(), after->wire_bytes(0));
        programs.push_back(after->programs()[0]);
      }
      EXPECT_EQ(verify_traffic(programs), Findings{});
      EXPECT_EQ(run_on_model(point, ranks, {}), run_on_model(again, ranks, {}));
      EXPECT_EQ(run_on_model(point, ranks, slow), run_on_model(again, ranks, slow));
      EXPECT_EQ(run_on_model(again, ranks, {}), run_on_model(imported(exported(again, ranks), ranks), ranks, {}));
      ++points;
    }
  EXPECT_GT(points, 3);
}

INSTANTIATE_TEST_SUITE_P(Patterns, ExportedAndImported,
                         testing::Values("all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast",
                                         "send_recv", "barrier", "moe", "pipeline"),
                         [](const auto& tested) { return tested.param; });

TEST(GoalWriter, WritesLanesWaitsAndEvents) {
  Program program;
  program.ranks = 2;
  program.in_bytes = program.out_bytes = 64;
  program.events = 1;
  Lane first("first");
  first.send(1, {Space::in, 0, 8});
  first.recv(1, {Space::out, 0, 8});
  first.wait();
  first.copy({Space::out, 16, 8}, {Space::out, 0, 8});
  first.signal(0);
  first.send(1, {Space::in, 0, 16});
  first.wait();
  Lane second("second");
  second.await(0);
  second.compute(500);
  second.recv(1, {Space::out, 32, 8});
  second.wait();
  program.lanes = {first, second};
  std::ostringstream text;
  GoalWriter(text, 2).write(program);
  EXPECT_EQ(text.str(),
            "num_ranks 2\n\nrank 0 {\n"
            "l1: send 8b to 1 tag 0\n"
            "l2: recv 8b from 1 tag 0\n"
            "l3: send 16b to 1 tag 0\nl3 requires l1\nl3 requires l2\n"
            "l4: calc 500 cpu 1\nl4 requires l1\nl4 requires l2\n"
            "l5: recv 8b from 1 tag 1\nl5 requires l4\n"
            "}\n");
}

TEST(GoalWriter, RequiresAfterAWaitWhatTheLaneHasDoneBesides) {
  Program program;
  program.ranks = 2;
  program.in_bytes = 8;
  Lane lane("lane");
  lane.send(1, {Space::in, 0, 8});
  lane.compute(9);
  lane.wait();
  lane.send(1, {Space::in, 0, 8});
  lane.wait();
  program.lanes = {lane};
  std::ostringstream text;
  GoalWriter(text, 2).write(program);
  EXPECT_EQ(text.str(),
            "num_ranks 2\n\nrank 0 {\nl1: send 8b to 1 tag 0\nl2: calc 9 cpu 1\nl3: send 8b to 1 tag 0\n"
            "l3 requires l1\nl3 requires l2\n}\n");
}

TEST(GoalWriter, PutsAllOnOneCpuWhereAsked) {
  Program program;
  Lane lane("lane");
  lane.compute(5);
  program.lanes = {lane, lane};
  std::ostringstream apart, together;
  GoalWriter(apart, 1).write(program);
  GoalWriter(together, 1, GoalCpus::one).write(program);
  EXPECT_EQ(apart.str(), "num_ranks 1\n\nrank 0 {\nl1: calc 5 cpu 1\nl2: calc 5 cpu 2\n}\n");
  EXPECT_EQ(together.str(), "num_ranks 1\n\nrank 0 {\nl1: calc 5\nl2: calc 5\n}\n");
}

TEST(GoalWriter, JoinsWhatManyRequire) {
  Program program;
  program.ranks = 4;
  program.in_bytes = 8;
  Lane lane("lane");
  for (const int peer : {1, 2, 3}) lane.send(peer, {Space::in, 0, 8});
  lane.wait();
  lane.send(1, {Space::in, 0, 8});
  lane.wait();
  program.lanes = {lane};
  std::ostringstream text;
  GoalWriter(text, 4).write(program);
  EXPECT_NE(text.str().find(
                "l4: calc 0\nl4 requires l1\nl4 requires l2\nl4 requires l3\nl5: send 8b to 1 tag 0\nl5 requires l4\n"),
            std::string::npos)
      << text.str();
}

TEST(GoalWriter, RefusesATransportsOwnCollective) {
  Program program;
  Lane lane("lane");
  lane.native(0);
  program.lanes = {lane};
  std::ostringstream text;
  EXPECT_THROW(GoalWriter(text, 1).write(program), UsageError);
}

}  // namespace
}  // namespace weft
