#include <cmath>
#include <functional>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/algorithms.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/registry.hpp"
#include "patterns/sweep.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Point> plan(const std::string& pattern, const Request& request, int ranks) {
  return patterns::registry().find(pattern).plan(request, ranks);
}

Request sized(Bytes min, Bytes max, double factor) {
  Request request;
  request.min_bytes = min;
  request.max_bytes = max;
  request.factor = factor;
  request.models_directory = WEFT_MODELS_DIRECTORY;
  return request;
}

std::vector<Bytes> sizes_of(const std::vector<Point>& points) {
  std::vector<Bytes> sizes;
  for (const Point& point : points) sizes.push_back(point.bytes_per_rank);
  return sizes;
}

TEST(Sweep, SizesGrowByTheFactorUpToTheEnd) {
  EXPECT_THAT(sweep_sizes(8, 128, 4), ElementsAre(8, 32, 128));
  EXPECT_THAT(sweep_sizes(0, 5, 2), ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(sweep_sizes(8, 8, 2), ElementsAre(8));
  EXPECT_THAT(sweep_sizes(2, 9, 1.5), ElementsAre(2, 3, 5, 8));
  EXPECT_THROW(sweep_sizes(8, 4, 2), UsageError);
  EXPECT_THROW(sweep_sizes(8, 64, 1), UsageError);
  EXPECT_THROW(sweep_sizes(8, 64, std::nan("")), UsageError);
}

TEST(Sweep, BytesAreWholeBlocksForEachRankAndMeasuredOnce) {
  // 3 ranks of f32: a block for each is 12 bytes.
  EXPECT_THAT(sizes_of(plan("all_to_all", sized(4, 64, 2), 3)), ElementsAre(12, 24, 60));
  EXPECT_THAT(sizes_of(plan("all_reduce", sized(1, 9, 1.5), 3)), ElementsAre(4, 8));
  EXPECT_THAT(sizes_of(plan("all_reduce", sized(0, 4, 4), 3)), ElementsAre(0, 4));
  EXPECT_EQ(plan("all_to_all", sized(12, 12, 2), 3)[0].bytes_per_peer, 4U);
  for (const char* pattern : {"all_reduce", "all_gather", "reduce_scatter"})
    EXPECT_EQ(plan(pattern, sized(12, 12, 2), 3)[0].bytes_per_peer, 12U) << pattern;
  EXPECT_THROW(plan("all_gather", sized(8, 8, 2), 3), UsageError);
}

TEST(Sweep, BusBandwidthFactors) {
  const Request request = sized(64, 64, 2);
  EXPECT_DOUBLE_EQ(plan("all_reduce", request, 4)[0].busbw_factor, 1.5);
  for (const char* pattern : {"reduce_scatter", "all_gather", "all_to_all"})
    EXPECT_DOUBLE_EQ(plan(pattern, request, 4)[0].busbw_factor, 0.75);
  EXPECT_DOUBLE_EQ(plan("broadcast", request, 4)[0].busbw_factor, 1);
}

TEST(Sweep, WithoutANameOneAlgorithmIsChosen) {
  for (const Pattern& pattern : patterns::registry().entries()) {
    if (pattern.collectives.empty()) continue;
    for (const Point& point : pattern.plan(sized(64, 64, 2), 4)) {
      EXPECT_TRUE(point.automatic) << pattern.name;
      EXPECT_TRUE(point.build_as) << pattern.name;
      EXPECT_NE(point.algorithm, kNative) << pattern.name;
      EXPECT_EQ(point.build_as(nullptr, 1, nullptr)->programs()[0].natives.size(), 1U);
    }
  }
}

TEST(Sweep, TheChosenAlgorithmIsTheOneOfLeastCost) {
  struct Case {
    int ranks;
    Bytes bytes;
    const char* algorithm;
  };
  // With L = kLatencyBytes and g = kReducedByte. Two ranks: L + (1 + g) s against 2 L + (1 + g/2) s, equal at s = 2
  // L/g. Four: 2 (L + s + g s) against 4 L + 1.5 s + 3/4 g s, at 3.71 L. Three: 3 (L + s) + 2 g s against the ring's 4
  // L + 4/3 s + 2/3 g s, at 0.585 L. Twelve: 5 (L + s) + 4 g s against 8 L + 3.75 s + 15/8 g s at 2.28 L, and that
  // against 22 L + 11/6 s + 11/12 g s at 7.19 L.
  for (const Case& one :
       {Case{2, 4, "recursive_doubling"}, Case{2, (1 << 20) - 64, "recursive_doubling"}, Case{2, 1 << 20, "ring"},
        Case{4, 59 << 10, "recursive_doubling"}, Case{4, 60 << 10, "rabenseifner"}, Case{3, 9580, "recursive_doubling"},
        Case{3, 9600, "ring"}, Case{12, 36 << 10, "recursive_doubling"}, Case{12, 37 << 10, "rabenseifner"},
        Case{12, 115 << 10, "rabenseifner"}, Case{12, 117 << 10, "ring"}})
    EXPECT_EQ(plan("all_reduce", sized(one.bytes, one.bytes, 2), one.ranks)[0].algorithm, one.algorithm)
        << one.ranks << " " << one.bytes;
  // In place two ranks put down what arrives: L + (1 + 2 g) s, equal to the ring's at s = 2/3 L/g.
  for (const auto& [bytes, algorithm] :
       {std::pair{Bytes{341 << 10}, "recursive_doubling"}, {Bytes{342 << 10}, "ring"}}) {
    Request request = sized(bytes, bytes, 2);
    request.in_place = true;
    EXPECT_EQ(plan("all_reduce", request, 2)[0].algorithm, algorithm);
  }
  EXPECT_EQ(plan("all_gather", sized(64, 64, 2), 4)[0].algorithm, "ring");
}

TEST(Sweep, AlgorithmsStandSideBySideAtEachSize) {
  Request request = sized(64, 128, 2);
  request.algorithms = {"native", "ring"};
  const std::vector<Point> points = plan("all_reduce", request, 4);
  EXPECT_THAT(sizes_of(points), ElementsAre(64, 64, 128, 128));
  EXPECT_EQ(points[0].algorithm, "native");
  EXPECT_EQ(points[1].algorithm, "ring");
}

TEST(Sweep, WhatCannotBeIsOnePointWithASentence) {
  Request request = sized(64, 1024, 2);
  request.dtypes = {Datatype::fp8};
  const std::vector<Point> reduced = plan("all_reduce", request, 4);
  ASSERT_EQ(reduced.size(), 1U);
  EXPECT_THAT(reduced[0].refused, HasSubstr("fp8 cannot be reduced"));
  request.in_place = true;
  EXPECT_THAT(plan("broadcast", request, 4)[0].refused, HasSubstr("no in-place form"));
  request.in_place = false;
  request.algorithms = {"ring"};
  const std::vector<Point> absent = plan("broadcast", request, 4);
  ASSERT_EQ(absent.size(), 1U);
  EXPECT_THAT(absent[0].refused, HasSubstr("broadcast has no algorithm 'ring'"));
  EXPECT_THAT(plan("send_recv", sized(64, 64, 2), 1)[0].refused, HasSubstr("at least 2 ranks"));
}

TEST(Algorithms, ByNodeWaitForTheNodes) {
  const auto two = std::make_shared<const Nodes>(Nodes{0, 0, 1, 1});
  Request request = sized(64, 64, 2);
  request.tokens = 20;
  request.routings = 2;
  for (const char* pattern : {"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "moe"})
    for (const char* named : {"two_level", "all"}) {
      request.algorithms = {named};
      int found = 0;
      for (const Point& point : plan(pattern, request, 4)) {
        EXPECT_EQ(point.on_nodes != nullptr, point.algorithm == "two_level") << pattern;
        if (!point.on_nodes) continue;
        ++found;
        EXPECT_THAT(point.refused, HasSubstr("on one node")) << pattern;
        EXPECT_THAT(point.on_nodes(std::make_shared<const Nodes>(Nodes{0, 0, 0, 1})).refused, HasSubstr("from 1 to 3"));
        const Point placed = point.on_nodes(two);
        EXPECT_EQ(placed.refused, "") << pattern;
        EXPECT_EQ(placed.bytes_per_rank, point.bytes_per_rank) << pattern;
        const Program program = placed.build(1)->programs().at(0);
        EXPECT_GT(program.sent_bytes_between(*two), 0U) << pattern;
      }
      EXPECT_EQ(found, std::string(pattern) == "moe" ? 2 : 1) << pattern;
    }
}

TEST(Algorithms, ANameMustBelongToOneOfThePatterns) {
  const std::vector<const Pattern*> selected = {&patterns::registry().find("all_reduce"),
                                                &patterns::registry().find("all_to_all")};
  Request request;
  request.algorithms = {"ring", "native", "all", "pairwise"};
  EXPECT_NO_THROW(validate_algorithms(request, selected));
  request.algorithms = {"rign"};
  try {
    validate_algorithms(request, selected);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'ring'?"));
  }
}

TEST(SendRecv, APingPongCountsHalfItsRoundTrip) {
  const std::vector<Point> points = plan("send_recv", sized(64, 64, 2), 2);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].operation, "pingpong");
  EXPECT_DOUBLE_EQ(points[0].time_divisor, 2);
  EXPECT_EQ(points[1].operation, "exchange");
  EXPECT_DOUBLE_EQ(points[1].time_divisor, 1);
}

TEST(Stream, IsRefusedWhereItMeansNothing) {
  EXPECT_THAT(plan("stream", sized(64, 64, 2), 1)[0].refused, HasSubstr("at least 2 ranks"));
  Request request = sized(0, 64, 2);
  EXPECT_EQ(plan("stream", request, 3).front().bytes_per_rank, 1U);
  EXPECT_THAT(plan("stream", request, 3).front().timed, testing::ElementsAre(0, 1)) << "the last one is idle";
  request.in_place = true;
  EXPECT_THAT(plan("stream", request, 2)[0].refused, HasSubstr("no in-place form"));
  request.in_place = false;
  request.algorithms = {"ring"};
  EXPECT_THAT(plan("stream", request, 2)[0].refused, HasSubstr("no algorithms"));
  EXPECT_THROW(plan("stream", sized(0, 0, 2), 2), UsageError);
}

/// The points of one algorithm by their operation.
std::map<std::string, Point> by_operation(const std::vector<Point>& points, const std::string& algorithm) {
  std::map<std::string, Point> found;
  for (const Point& point : points)
    if (point.algorithm == algorithm) {
      EXPECT_TRUE(found.emplace(point.operation, point).second) << point.operation;
    }
  return found;
}

TEST(Moe, GradientsTakeTheSameWaysWithTheRoutingKnown) {
  Request request = sized(8, 8, 2);
  request.tokens = 20;
  request.routings = 1;
  request.backward_pass = true;
  request.dispatchers = dispatchers::registry().names();
  const std::vector<Point> points = plan("moe", request, 4);
  struct Wanted {
    std::string algorithm, dispatch, backward;
    Bytes counts;  ///< that the busiest rank sends forward only
  };
  // DeepEP's metadata: 8 of source and 8 for each of 6 experts are 64, the source alone 16; 96 experts on each rank.
  for (const Wanted& wanted : {Wanted{"flat", "7392", "7392", 0}, Wanted{"node_all_gather", "7392", "7392", 0},
                               Wanted{"low_latency", "7408", "7408", Bytes{3} * 96 * 4},
                               Wanted{"hierarchical", "7456", "7408", Bytes{3} * (1 + 96 + 1) * 4}}) {
    std::map<std::string, Point> of = by_operation(points, wanted.algorithm);
    ASSERT_EQ(of.size(), 4U) << wanted.algorithm;
    EXPECT_EQ(of["dispatch"].notes.at("bytes_per_token"), wanted.dispatch);
    EXPECT_EQ(of["dispatch_backward"].notes.at("bytes_per_token"), wanted.backward);
    EXPECT_EQ(of["combine_backward"].bytes_per_rank, of["combine"].bytes_per_rank);
    const Bytes copies = of["dispatch_backward"].bytes_per_rank / std::stoul(wanted.backward);
    EXPECT_EQ(of["dispatch_backward"].bytes_per_rank, copies * std::stoul(wanted.backward));
    EXPECT_EQ(of["dispatch"].bytes_per_rank, copies * std::stoul(wanted.dispatch) + wanted.counts) << wanted.algorithm;
  }
  request.forward_pass = false;
  for (const Point& point : plan("moe", request, 4)) EXPECT_THAT(point.operation, testing::EndsWith("_backward"));
}

TEST(Moe, FormatsAreSizes) {
  Request request = sized(8, 8, 2);
  request.tokens = 20;
  request.routings = 1;
  request.dispatchers = {"flat"};
  request.algorithms = {"linear"};
  const std::vector<Point> usual = plan("moe", request, 4);
  request.dispatch_format = TokenFormat::bf16;
  request.combine_format = TokenFormat::logfmt10;
  const std::vector<Point> others = plan("moe", request, 4);
  for (const std::string algorithm : {"linear", "flat"}) {
    std::map<std::string, Point> before = by_operation(usual, algorithm);
    std::map<std::string, Point> after = by_operation(others, algorithm);
    EXPECT_EQ(after["dispatch"].bytes_per_rank, before["dispatch"].bytes_per_rank / 7392 * 14'336);
    EXPECT_EQ(after["combine"].bytes_per_rank, before["combine"].bytes_per_rank / 14'336 * 9184);
    EXPECT_EQ(after["combine"].notes.at("format"), "logfmt10");
    EXPECT_EQ(after["combine"].dtype, Datatype::u8);
    EXPECT_EQ(after["dispatch"].dtype, Datatype::bf16);
  }
}

TEST(Moe, BytesFollowTheFormulas) {
  Request request = sized(8, 8, 2);
  request.tokens = 100;
  const std::vector<Point> points = plan("moe", request, 4);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].notes.at("bytes_per_token"), "7392");   // 7168 + 56 x 4
  EXPECT_EQ(points[1].notes.at("bytes_per_token"), "14336");  // 2 x 7168
  // Without skew a rank keeps a quarter of what it sends, and logical bytes are at least tokens x top-k.
  EXPECT_GE(points[0].logical_bytes, 100U * 6 * 7392);
  EXPECT_NEAR(static_cast<double>(points[0].bytes_per_peer), 100.0 * 6 * 7392 / 4, 1);
  EXPECT_LT(points[0].bytes_per_rank, points[0].logical_bytes);
  EXPECT_GE(points[0].imbalance, 1);
  const TrafficMatrix& out = *points[0].call.matrix;
  const TrafficMatrix& back = *points[1].call.matrix;
  for (std::size_t from = 0; from < 4; ++from)
    for (std::size_t to = 0; to < 4; ++to) EXPECT_EQ(out[from * 4 + to] / 7392, back[to * 4 + from] / 14336);
  request.model = "gpt-oss-120b";
  EXPECT_EQ(plan("moe", request, 4)[0].notes.at("bytes_per_token"), "2972");  // 2880 + 23 x 4: 22 blocks and a half
}

TEST(Moe, RefusesMoreRanksThanExpertsAndBadNumbers) {
  Request request = sized(8, 8, 2);
  request.model = "mixtral-8x22b";
  EXPECT_THAT(plan("moe", request, 9)[0].refused, HasSubstr("mixtral-8x22b has 8 experts"));
  request.tokens = 0;
  EXPECT_THROW(plan("moe", request, 2), UsageError);
  request.tokens = 8;
  request.routings = 0;
  EXPECT_THROW(plan("moe", request, 2), UsageError);
}

TEST(Pipeline, CarriesAllResidualStreams) {
  Request request = sized(8, 8, 2);
  const std::vector<Point> points = plan("pipeline", request, 8);
  EXPECT_EQ(points[0].notes.at("message_bytes"), std::to_string(224 << 20));
  EXPECT_DOUBLE_EQ(points[0].bubble_formula, 7.0 / 15);
  EXPECT_DOUBLE_EQ(points[0].busy_ns, 24e6);
  request.stages = 4;
  EXPECT_EQ(plan("pipeline", request, 8)[0].notes.at("pipelines"), "2");
}

TEST(Pipeline, MeasuresTheSchedulesThatServeIt) {
  Request request = sized(8, 8, 2);
  const auto names = [&](int ranks) {
    std::vector<std::string> all;
    for (const Point& point : plan("pipeline", request, ranks)) all.push_back(point.algorithm);
    return all;
  };
  EXPECT_THAT(names(4), ElementsAre("gpipe", "1f1b", "interleaved", "zb-h1", "dualpipe", "dualpipev"));
  EXPECT_THAT(names(3), ElementsAre("gpipe", "1f1b", "zb-h1", "dualpipev"));
  request.schedule = "dualpipe";
  EXPECT_THAT(plan("pipeline", request, 3)[0].refused, HasSubstr("even number of devices"));
  EXPECT_EQ(plan("pipeline", request, 4)[0].refused, "");
  request.schedule = "interleaved";
  request.virtual_stages = 64;
  request.micro_batches = 2000;
  EXPECT_THAT(plan("pipeline", request, 4)[0].refused, HasSubstr("at most 1562"));
}

TEST(Pipeline, CountsWhatADeviceSendsAndHolds) {
  Request request = sized(8, 8, 2);
  request.tokens = 1;
  request.virtual_stages = 3;
  const Bytes message = Bytes{2} * 7168 * 4;
  const auto find = [&](const std::string& name) {
    request.schedule = name;
    return plan("pipeline", request, 4)[0];
  };
  EXPECT_EQ(find("1f1b").bytes_per_rank, 16 * message);
  EXPECT_EQ(find("1f1b").bytes_per_peer, 8 * message);
  EXPECT_EQ(find("interleaved").bytes_per_rank, 48 * message);
  EXPECT_EQ(find("dualpipe").bytes_per_rank, 16 * message);
  EXPECT_EQ(find("dualpipe").bytes_per_peer, 8 * message);
  EXPECT_EQ(find("dualpipev").bytes_per_rank, 32 * message);
  EXPECT_EQ(find("dualpipe").notes.at("parameters"), "2x");
  EXPECT_EQ(find("dualpipe").notes.at("activations"), "5");
  EXPECT_EQ(find("dualpipev").notes.at("parameters"), "1x");
  EXPECT_EQ(find("dualpipev").notes.at("activations"), "4.5");
  EXPECT_EQ(find("interleaved").notes.at("activations"), "5");
  EXPECT_EQ(find("interleaved").notes.at("virtual_stages"), "3");
}

TEST(Pipeline, RefusesBadNumbers) {
  const auto refused = [](const std::function<void(Request&)>& change) {
    Request request = sized(8, 8, 2);
    change(request);
    EXPECT_THROW(plan("pipeline", request, 8), UsageError);
  };
  refused([](Request& request) { request.stages = 9; });
  refused([](Request& request) { request.schedule = "1f1"; });
  refused([](Request& request) { request.virtual_stages = 0; });
  refused([](Request& request) { request.virtual_stages = 65; });
  refused([](Request& request) { request.weight_ns = 2'000'001; });
  refused([](Request& request) { request.weight_ns = -1; });
}

}  // namespace
}  // namespace weft
