#include "analysis/measured_fabric.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/analysis/result_sets.hpp"

namespace weft {
namespace {

using testing::HasSubstr;

struct Line {
  std::string operation;
  int ranks = 4;
  double latency_us = 0;
  double gbps = 1;
  std::string algorithm = "ring";
  std::string transport = "mpi";
};

void add_line(ResultSet& set, const Line& line) {
  Run& run = set.launches.front().run;
  const bool tokens = line.operation == "dispatch";
  for (Bytes bytes = 1 << 10; bytes <= 1 << 20; bytes *= 4) {
    Record record = all_reduce_record(bytes);
    record.operation = line.operation;
    record.pattern = tokens ? "moe" : line.operation == "pingpong" ? "send_recv" : line.operation;
    record.notes = tokens ? "dispatcher=flat;model=m" : "";
    record.algorithm = line.algorithm;
    record.transport = line.transport;
    record.ranks = line.ranks;
    record.point = static_cast<int>(run.records.size());
    record.iterations = 10;
    record.status = "ok";
    record.time_us_median = line.latency_us + static_cast<double>(bytes) / (1e3 * line.gbps);
    run.records.push_back(record);
  }
}

/// One launch; `hosts` as run.json has them.
ResultSet set_of(const std::vector<Line>& lines, const std::vector<std::string>& hosts) {
  ResultSet set{"RUN", {}, {}, {}, {}};
  Run run;
  run.info = {{"topology", nlohmann::json::array()}, {"configuration", nlohmann::json::object()}};
  for (const std::string& host : hosts) run.info["topology"].push_back({{"host", host}});
  set.launches.push_back({run});
  for (const Line& line : lines) add_line(set, line);
  return set;
}

double us(const MeasuredFabric& fabric, const WantedCall& call) { return fabric.time_of(call).value().time.us(); }

TEST(MeasuredFabric, APairOfRanksByItselfIsNotThePointToPointCurve) {
  ResultSet set = set_of({{.operation = "pingpong", .ranks = 4, .latency_us = 1, .gbps = 20}}, {});
  for (Record& record : set.launches.front().run.records) record.pattern = "pairs";
  EXPECT_THROW(MeasuredFabric({set}, ""), UsageError);
}

TEST(MeasuredFabric, FindsTheTimeOfAsManyBytesOnTheWire) {
  const MeasuredFabric fabric({set_of({{.operation = "all_gather", .ranks = 4, .latency_us = 2, .gbps = 10},
                                       {.operation = "all_reduce", .ranks = 4, .latency_us = 0, .gbps = 5},
                                       {.operation = "pingpong", .ranks = 4, .latency_us = 1, .gbps = 20}},
                                      {})},
                              "");
  EXPECT_EQ(fabric.transport(), "mpi");
  // 30,000 bytes leave a rank of 4 where 40,000 are gathered, or 20,000 are reduced.
  EXPECT_NEAR(us(fabric, {.collective = Collective::all_gather, .wire = 30'000, .ranks = 64}), 2 + 4, 1e-9);
  EXPECT_NEAR(us(fabric, {.collective = Collective::all_reduce, .wire = 30'000, .ranks = 4}), 20'000 / 5e3, 1e-9);
  EXPECT_NEAR(us(fabric, {.collective = Collective::send_recv, .wire = 30'000, .ranks = 2}), 1 + 1.5, 1e-9);
  EXPECT_FALSE(fabric.time_of({.collective = Collective::all_to_all, .wire = 30'000, .ranks = 4}));
}

TEST(MeasuredFabric, TakesTheNearestGroupThenTheFastestWay) {
  const MeasuredFabric fabric({set_of({{.operation = "all_to_all", .ranks = 4, .gbps = 1},
                                       {.operation = "all_to_all", .ranks = 64, .gbps = 2},
                                       {.operation = "all_to_all", .ranks = 64, .gbps = 4, .algorithm = "bruck"}},
                                      {})},
                              "mpi");
  const auto curve_for = [&](double ranks) {
    const CallTime time = fabric.time_of({.collective = Collective::all_to_all, .wire = 1e4, .ranks = ranks}).value();
    return std::pair(time.curve->curve.ranks, time.curve->curve.algorithm);
  };
  EXPECT_EQ(curve_for(2), std::pair(4, std::string("ring")));
  EXPECT_EQ(curve_for(15), std::pair(4, std::string("ring")));
  EXPECT_EQ(curve_for(17), std::pair(64, std::string("bruck")));
}

TEST(MeasuredFabric, TellsInsideANodeFromBetweenNodes) {
  const Line slow{.operation = "all_gather", .ranks = 8, .gbps = 1};
  const Line fast{.operation = "all_gather", .ranks = 2, .gbps = 9};
  const Line message{.operation = "pingpong", .ranks = 8, .gbps = 3};
  const MeasuredFabric fabric(
      {set_of({slow, message}, {"a", "a", "b", "b", "c", "c", "d", "d"}), set_of({fast}, {"a", "a"})}, "");
  const auto time = [&](bool between) {
    return fabric.time_of({.collective = Collective::all_gather, .wire = 1e4, .ranks = 4, .between_nodes = between})
        .value();
  };
  EXPECT_EQ(time(true).curve->curve.ranks, 8);
  EXPECT_EQ(time(false).curve->curve.ranks, 2);
  const CallTime pair =
      fabric.time_of({.collective = Collective::send_recv, .wire = 1e4, .ranks = 2, .between_nodes = true}).value();
  EXPECT_EQ(pair.curve->between_nodes, false) << "ranks 0 and 1 are neighbours";
}

TEST(MeasuredFabric, KnowsThatAOneLevelModelHasNoNodes) {
  ResultSet set = set_of({{.operation = "all_gather", .transport = "model"}}, {"a", "a", "a", "a"});
  EXPECT_EQ(MeasuredFabric({set}, "").curves().front().between_nodes, std::nullopt);
  set.launches.front().run.info["configuration"]["fabric"]["ranks_per_node"] = 4;
  EXPECT_EQ(MeasuredFabric({set}, "").curves().front().between_nodes, false);
}

TEST(MeasuredFabric, TakesDispatchesForTokens) {
  const MeasuredFabric fabric(
      {set_of({{.operation = "all_to_all", .ranks = 4, .gbps = 1}, {.operation = "dispatch", .ranks = 4, .gbps = 2}},
              {})},
      "");
  WantedCall call{.collective = Collective::all_to_all, .wire = 1e5, .ranks = 4, .tokens = true};
  EXPECT_NEAR(us(fabric, call), 50, 1e-9);
  call.wire = 1e8;  // beyond what was dispatched
  EXPECT_NEAR(us(fabric, call), 1e8 / 0.75 / 1e3, 1e-3);
  call = {.collective = Collective::all_to_all, .wire = 1e5, .ranks = 4, .tokens = false};
  EXPECT_NEAR(us(fabric, call), 1e5 / 0.75 / 1e3, 1e-6);
}

TEST(MeasuredFabric, SaysWhatItCannotUse) {
  EXPECT_THAT(message_of<UsageError>([] { MeasuredFabric({set_of({}, {})}, ""); }),
              HasSubstr("RUN: holds no measured point"));
  const ResultSet both = set_of({{.operation = "all_gather"}, {.operation = "all_gather", .transport = "shm"}}, {});
  EXPECT_THAT(message_of<UsageError>([&] { MeasuredFabric({both}, ""); }),
              HasSubstr("RUN: was measured over mpi, shm: choose one with --transport"));
  EXPECT_THAT(message_of<UsageError>([&] { MeasuredFabric({both}, "tcp"); }),
              HasSubstr("--transport: RUN was measured over mpi, shm, not tcp"));
  EXPECT_EQ(MeasuredFabric({both}, "shm").curves().size(), 1U);
}

}  // namespace
}  // namespace weft
