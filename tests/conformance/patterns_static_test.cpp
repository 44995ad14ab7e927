// Every registered pattern, looked at and run without a network: for some numbers of ranks all points are planned, all
// ranks' programs built, their traffic checked, and the payload they move compared with what it must be.
#include <gtest/gtest.h>

#include "collectives/verify.hpp"
#include "core/error.hpp"
#include "patterns/registry.hpp"
#include "tests/conformance/run_programs.hpp"

namespace weft {
namespace {

Request small_request() {
  Request request;
  request.min_bytes = 1;
  request.max_bytes = 4099;
  request.factor = 16;
  request.dtypes = {Datatype::f32, Datatype::u8, Datatype::fp8};
  request.ops = {ReduceOp::sum, ReduceOp::max};
  request.algorithms = {"all"};
  request.model = "mixtral-8x22b";
  request.models_directory = WEFT_MODELS_DIRECTORY;
  request.tokens = 3;
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
      programs.push_back(mine->programs()[i]);
      pointers.push_back(&mine->programs()[i]);
      memory.emplace_back(*pointers.back());
      EXPECT_EQ(mine->wire_bytes(i), pointers.back()->sent_bytes());
      mine->fill(i, memory.back().buffers(), 7);
    }
    ASSERT_EQ(verify_traffic(programs), Findings{});
    ASSERT_TRUE(ProgramsInOneThread(pointers, memory).run());
    for (std::size_t rank = 0; rank < work.size(); ++rank)
      EXPECT_EQ(work[rank]->count_wrong(i, memory[rank].buffers(), 7), 0U) << "rank " << rank;
  }
}

class EveryPattern : public testing::TestWithParam<Pattern> {};

TEST_P(EveryPattern, MovesTheRightDataForAnyNumberOfRanks) {
  for (const int ranks : {1, 2, 3, 4, 5, 7, 8}) {
    const std::vector<Point> points = GetParam().plan(small_request(), ranks);
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
    if (!point.refused.empty() || point.algorithm == kNative || point.bytes_per_rank == 0) continue;
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

INSTANTIATE_TEST_SUITE_P(Registry, EveryPattern, testing::ValuesIn(patterns::registry().entries()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace weft
