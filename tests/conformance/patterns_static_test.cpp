// Every registered pattern, looked at and run without a network: for some numbers of ranks all points are planned, all
// ranks' programs built, their traffic checked, and the payload they move compared with what it must be.
#include <algorithm>

#include <gtest/gtest.h>

#include "collectives/verify.hpp"
#include "core/error.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/registry.hpp"
#include "patterns/schedules/registry.hpp"
#include "tests/conformance/entry_names.hpp"
#include "tests/conformance/goal_example.hpp"
#include "tests/conformance/run_programs.hpp"

namespace weft {
namespace {

Request small_request(int ranks = 4) {
  Request request;
  request.goal = goal_example(ranks);
  request.min_bytes = 1;
  request.max_bytes = 4099;
  request.factor = 16;
  request.dtypes = {Datatype::f32, Datatype::u8, Datatype::fp8};
  request.ops = {ReduceOp::sum, ReduceOp::max};
  request.algorithms = {"all"};
  request.model = "mixtral-8x22b";
  request.models_directory = WEFT_MODELS_DIRECTORY;
  request.tokens = 3;
  request.layout = WEFT_SMALL_LAYOUT;
  request.shrink = 16384;
  request.dispatchers = dispatchers::registry().names();
  request.backward_pass = true;
  request.combine_format = TokenFormat::logfmt10;
  request.routers = {{"lognormal", 1.5, ""}};
  request.routings = 2;
  request.micro_batches = 5;
  request.forward_ns = 10;
  request.backward_ns = 20;
  return request;
}

std::string describe(const Point& point, int ranks) {
  return point.pattern + " " + point.operation + " " + point.algorithm + " " + std::string(name_of(point.dtype)) + " " +
         std::to_string(point.bytes_per_rank) + " bytes, " + std::to_string(ranks) + " ranks";
}

/// The point's work on every rank, run once for each of its programs.
void check_point(const Point& point, int ranks) {
  std::vector<std::unique_ptr<Workload>> work;
  for (int rank = 0; rank < ranks; ++rank) work.push_back(point.build(rank));
  for (std::size_t i = 0; i < work[0]->programs().size(); ++i) {
    std::vector<Program> programs;
    std::vector<const Program*> pointers;
    std::vector<RankMemory> memory;
    for (const auto& mine : work) {
      ASSERT_EQ(mine->programs().size(), work[0]->programs().size());
      programs.push_back(inlined(mine->programs()[i]));
      memory.emplace_back(programs.back());
      EXPECT_EQ(mine->wire_bytes(i), mine->programs()[i].sent_bytes());
      EXPECT_EQ(mine->wire_bytes(i), programs.back().sent_bytes());
      mine->fill(i, memory.back().buffers(), 7);
    }
    for (const Program& program : programs) pointers.push_back(&program);
    ASSERT_EQ(verify_traffic(programs), Findings{});
    ASSERT_TRUE(ProgramsInOneThread(pointers, memory).run());
    for (std::size_t rank = 0; rank < work.size(); ++rank)
      EXPECT_EQ(work[rank]->count_wrong(i, memory[rank].buffers(), 7), 0U) << "rank " << rank;
  }
}

class EveryPattern : public testing::TestWithParam<Pattern> {};

TEST_P(EveryPattern, MovesTheRightDataForAnyNumberOfRanks) {
  for (const int ranks : {1, 2, 3, 4, 5, 7, 8}) {
    const std::vector<Point> points = GetParam().plan(small_request(ranks), ranks);
    ASSERT_FALSE(points.empty());
    for (const Point& point : points) {
      SCOPED_TRACE(describe(point, ranks));
      EXPECT_EQ(point.pattern, GetParam().name);
      if (!point.refused.empty() || point.algorithm == kNative) continue;
      check_point(point, ranks);
    }
  }
}

TEST_P(EveryPattern, PlansTheSameOnEveryRankAndTellsItsPointsApart) {
  const std::vector<Point> points = GetParam().plan(small_request(), 4);
  const std::vector<Point> again = GetParam().plan(small_request(), 4);
  ASSERT_EQ(points.size(), again.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].bytes_per_rank, again[i].bytes_per_rank);
    EXPECT_EQ(points[i].notes, again[i].notes);
    for (std::size_t j = 0; j < i; ++j) {
      const bool same = points[i].operation == points[j].operation && points[i].algorithm == points[j].algorithm &&
                        points[i].dtype == points[j].dtype && points[i].op == points[j].op &&
                        points[i].bytes_per_rank == points[j].bytes_per_rank;
      EXPECT_FALSE(same) << describe(points[i], 4) << " twice";
    }
  }
}

TEST_P(EveryPattern, NoticesWrongData) {
  for (const Point& point : GetParam().plan(small_request(), 4)) {
    if (!point.refused.empty() || point.algorithm == kNative || (point.bytes_per_rank == 0 && !point.sized_by_programs))
      continue;
    std::uint64_t wrong = 0;
    for (int rank = 0; rank < 4; ++rank) {
      const std::unique_ptr<Workload> work = point.build(rank);
      RankMemory memory(work->programs()[0]);
      work->fill(0, memory.buffers(), 7);
      wrong += work->count_wrong(0, memory.buffers(), 7);
    }
    EXPECT_GT(wrong, 0U) << describe(point, 4) << ": nothing has run";
  }
}

// Of long messages a few are under way at once, and their places are used again.
TEST(Stream, MovesLongMessages) {
  for (const int ranks : {2, 3, 4})
    for (const Bytes bytes : {Bytes{64} << 10, (Bytes{64} << 10) + 1, Bytes{3} << 20, Bytes{5'000'001}}) {
      Request request = small_request(ranks);
      request.min_bytes = request.max_bytes = bytes;
      const std::vector<Point> points = patterns::registry().find("stream").plan(request, ranks);
      ASSERT_EQ(points.size(), 1U);
      ASSERT_EQ(points[0].refused, "");
      check_point(points[0], ranks);
    }
}

// Each place must hold the last message to it, and no other one.
TEST(Stream, NoticesWhatLandsElsewhere) {
  Request request = small_request(2);
  request.min_bytes = request.max_bytes = 1 << 20;
  const Point point = patterns::registry().find("stream").plan(request, 2).at(0);
  const std::unique_ptr<Workload> sender = point.build(0), receiver = point.build(1);
  Program astray = receiver->programs()[0];
  for (Lane& lane : astray.lanes) {
    std::vector<Step> steps = lane.steps();
    const auto last =
        std::find_if(steps.rbegin(), steps.rend(), [](const Step& s) { return s.action == Action::recv; });
    last->dst = steps.front().dst;
    lane = Lane(lane.name(), steps);
  }
  const std::vector<const Program*> programs = {&sender->programs()[0], &astray};
  std::vector<RankMemory> memory;
  for (const Program* program : programs) memory.emplace_back(*program);
  sender->fill(0, memory[0].buffers(), 7);
  receiver->fill(0, memory[1].buffers(), 7);
  ASSERT_TRUE(ProgramsInOneThread(programs, memory).run());
  EXPECT_GT(receiver->count_wrong(0, memory[1].buffers(), 7), 0U);
}

/// `--schedule` by its name, for some pipelines that it serves and ranks that are left over.
class EverySchedule : public testing::TestWithParam<Schedule> {};

TEST_P(EverySchedule, MovesTheRightDataForAnyPipelineThatItServes) {
  Request request = small_request();
  request.schedule = GetParam().name;
  int served = 0;
  for (const int stages : {1, 2, 3, 4, 6, 8, 9})
    for (const int micro_batches : {1, 4, 6, 12, 17, 24})
      for (const int virtual_stages : {2, 3, 5}) {
        request.stages = stages;
        request.micro_batches = micro_batches;
        request.virtual_stages = virtual_stages;
        const int ranks = stages + (stages < 4 ? stages + 1 : 0);
        const std::vector<Point> points = patterns::registry().find("pipeline").plan(request, ranks);
        ASSERT_EQ(points.size(), 1U);
        SCOPED_TRACE(describe(points[0], ranks) + ", " + std::to_string(micro_batches) + " micro-batches, " +
                     std::to_string(virtual_stages) + " virtual stages");
        if (!points[0].refused.empty()) continue;
        ++served;
        check_point(points[0], ranks);
      }
  EXPECT_GE(served, 18);
}

TEST_P(EverySchedule, ChecksEveryMessage) {
  Request request = small_request();
  request.schedule = GetParam().name;
  request.micro_batches = 8;
  constexpr std::size_t kRanks = 4;
  const Point point = patterns::registry().find("pipeline").plan(request, kRanks).at(0);
  ASSERT_EQ(point.refused, "");
  std::vector<std::unique_ptr<Workload>> work;
  std::vector<const Program*> programs;
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    work.push_back(point.build(static_cast<int>(rank)));
    programs.push_back(&work.back()->programs()[0]);
  }
  for (std::size_t sender = 0; sender < kRanks; ++sender)
    for (const Lane& lane : programs[sender]->lanes)
      for (const Step& step : lane.steps()) {
        if (step.action != Action::send) continue;
        std::vector<RankMemory> memory;
        for (std::size_t rank = 0; rank < kRanks; ++rank) {
          memory.emplace_back(*programs[rank]);
          work[rank]->fill(0, memory.back().buffers(), 7);
        }
        *memory[sender].at(step.source()) ^= std::byte{1};
        ASSERT_TRUE(ProgramsInOneThread(programs, memory).run());
        std::uint64_t wrong = 0;
        for (std::size_t rank = 0; rank < kRanks; ++rank)
          wrong += work[rank]->count_wrong(0, memory[rank].buffers(), 7);
        EXPECT_GT(wrong, 0U) << lane.name() << " of rank " << sender << " from " << step.src;
      }
}

INSTANTIATE_TEST_SUITE_P(Registry, EverySchedule, testing::ValuesIn(schedules::registry().entries()),
                         name_of_entry<Schedule>);

INSTANTIATE_TEST_SUITE_P(Registry, EveryPattern, testing::ValuesIn(patterns::registry().entries()),
                         name_of_entry<Pattern>);

}  // namespace
}  // namespace weft
