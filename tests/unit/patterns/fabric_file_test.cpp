#include "patterns/fabric_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "patterns/json_file.hpp"
#include "tests/unit/core/temporary_folder.hpp"

namespace weft {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

const std::string kFabrics = WEFT_FABRICS_DIRECTORY;

struct PublishedFabric {
  std::string name;
  Nanoseconds latency;
  double bandwidth;
  int ranks_per_node;
  Nanoseconds node_latency;
  double node_bandwidth;
  double peak_tflops;
};

TEST(FabricFile, PublishedOnesHaveTheTabledFigures) {
  const PublishedFabric table[] = {{"h800", 3700, 40, 8, 3330, 160, 989},
                                   {"h100", 3700, 50, 8, 3330, 450, 989},
                                   {"ascend-a3", 5600, 25, 768, 1200, 196, 376}};
  EXPECT_EQ(json_names_in(kFabrics).size(), std::size(table));
  for (const PublishedFabric& row : table) {
    const NamedFabric fabric = load_fabric(row.name, kFabrics);
    EXPECT_EQ(fabric.name, row.name);
    EXPECT_EQ(fabric.model.latency, row.latency) << row.name;
    EXPECT_EQ(fabric.model.bandwidth, row.bandwidth) << row.name;
    EXPECT_EQ(fabric.model.ranks_per_node, row.ranks_per_node) << row.name;
    EXPECT_EQ(fabric.model.node_latency, row.node_latency) << row.name;
    EXPECT_EQ(fabric.model.node_bandwidth, row.node_bandwidth) << row.name;
    EXPECT_EQ(fabric.peak_tflops, row.peak_tflops) << row.name;
    EXPECT_EQ(flaw_of(fabric.model), "") << row.name;
    EXPECT_FALSE(fabric.source.empty()) << row.name;
  }
}

json good_fabric() {
  return {{"latency_ns", 1000},
          {"bandwidth_gbps", 12.5},
          {"source", "a test"},
          {"assumptions", json::array({"latency_ns: a guess"})}};
}

TEST(FabricFile, OfOneLevelHasNoNodes) {
  const TemporaryFolder folder;
  write_file(folder / "flat.json", good_fabric().dump());
  const NamedFabric fabric = load_fabric((folder / "flat.json").string(), kFabrics);
  EXPECT_EQ(fabric.name, "flat");
  EXPECT_EQ(fabric.model.latency, 1000);
  EXPECT_EQ(fabric.model.bandwidth, 12.5);
  EXPECT_EQ(fabric.model.ranks_per_node, 0);
  EXPECT_FALSE(fabric.peak_tflops);
  EXPECT_THAT(fabric.assumptions, testing::ElementsAre("latency_ns: a guess"));
}

TEST(FabricFile, SaysWhichMemberIsWrong) {
  struct Case {
    json change;
    std::string says;
  };
  const Case cases[] = {
      {{{"latency_ns", nullptr}}, "lacks \"latency_ns\""},
      {{{"source", nullptr}}, "lacks \"source\""},
      {{{"assumptions", nullptr}}, "lacks \"assumptions\""},
      {{{"latency_ns", -1}}, "\"latency_ns\" is -1: a whole number from 0 to 1000000000 is needed"},
      {{{"latency_ns", 1.5}}, "\"latency_ns\" is 1.5"},
      {{{"bandwidth_gbps", 0}}, "\"bandwidth_gbps\" is 0: a number from 0.001"},
      {{{"bandwidth_gbps", "50"}}, "\"bandwidth_gbps\" is \"50\""},
      {{{"bandwith_gbps", 50}}, "unknown member 'bandwith_gbps': did you mean 'bandwidth_gbps'"},
      {{{"ranks_per_node", 8}}, "lacks \"node_latency_ns\""},
      {{{"node_bandwidth_gbps", 100}}, "lacks \"ranks_per_node\""},
      {{{"ranks_per_node", 0}, {"node_latency_ns", 1}, {"node_bandwidth_gbps", 1}}, "\"ranks_per_node\" is 0"},
      {{{"peak_tflops", 0}}, "\"peak_tflops\" is 0"},
      {{{"source", ""}}, "\"source\" is \"\""},
      {{{"source", "two\nlines"}}, "a text of one line"},
      {{{"assumptions", "none"}}, "a list of texts"},
      {{{"assumptions", json::array({"latency: a guess"})}}, "a text \"MEMBER: why\""},
      {{{"assumptions", json::array({"peak_tflops: a guess"})}}, "a text \"MEMBER: why\""},
  };
  const TemporaryFolder folder;
  const auto path = folder / "bad.json";
  for (const Case& each : cases) {
    json object = good_fabric();
    object.merge_patch(each.change);  // null takes a member away
    write_file(path, object.dump());
    EXPECT_THAT(message_of<UsageError>([&] { load_fabric(path.string(), kFabrics); }),
                AllOf(HasSubstr(path.string()), HasSubstr(each.says)));
  }
  write_file(path, good_fabric().dump().substr(0, 30));
  EXPECT_THAT(message_of<UsageError>([&] { load_fabric(path.string(), kFabrics); }), HasSubstr("ends too soon"));
  EXPECT_THAT(message_of<UsageError>([&] { load_fabric("h8000", kFabrics); }),
              HasSubstr("unknown fabric 'h8000': did you mean 'h800'"));
}

}  // namespace
}  // namespace weft
