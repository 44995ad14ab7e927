#include "patterns/rank_groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Group = std::vector<std::uint32_t>;

std::vector<Group> groups(const ParallelLayout& layout, const std::string& dimension) {
  return rank_groups(layout, dimension).groups;
}

TEST(RankGroups, OfEightRanksByHand) {
  const ParallelLayout layout =
      layout_of({.ranks = 8, .per_node = 4, .tensor = 2, .context = 1, .pipeline = 2, .expert = 4, .expert_tensor = 1});
  EXPECT_THAT(groups(layout, "tp"), ElementsAre(Group{0, 1}, Group{2, 3}, Group{4, 5}, Group{6, 7}));
  EXPECT_THAT(groups(layout, "dp"), ElementsAre(Group{0, 2}, Group{1, 3}, Group{4, 6}, Group{5, 7}));
  EXPECT_THAT(groups(layout, "pp"), ElementsAre(Group{0, 4}, Group{1, 5}, Group{2, 6}, Group{3, 7}));
  // Folded: the experts of a stage lie on tensor and data ranks alike.
  EXPECT_THAT(groups(layout, "ep"), ElementsAre(Group{0, 1, 2, 3}, Group{4, 5, 6, 7}));
  EXPECT_EQ(groups(layout, "etp").size(), 8U);
  EXPECT_EQ(groups(layout, "edp").size(), 8U);
}

TEST(RankGroups, ContextAndDataShareDenseParameters) {
  const ParallelLayout layout =
      layout_of({.ranks = 8, .per_node = 8, .tensor = 2, .context = 2, .pipeline = 1, .expert = 2, .expert_tensor = 1});
  EXPECT_THAT(groups(layout, "cp"), ElementsAre(Group{0, 2}, Group{1, 3}, Group{4, 6}, Group{5, 7}));
  EXPECT_THAT(groups(layout, "dp"), ElementsAre(Group{0, 4}, Group{1, 5}, Group{2, 6}, Group{3, 7}));
  EXPECT_THAT(groups(layout, "dp-cp"), ElementsAre(Group{0, 2, 4, 6}, Group{1, 3, 5, 7}));
  EXPECT_THAT(groups(layout, "ep"), ElementsAre(Group{0, 1}, Group{2, 3}, Group{4, 5}, Group{6, 7}));
  EXPECT_THAT(groups(layout, "edp"), ElementsAre(Group{0, 2, 4, 6}, Group{1, 3, 5, 7}));
}

TEST(RankGroups, ExpertTensorRanksTakeTheTensorRanksPlace) {
  const ParallelLayout layout =
      layout_of({.ranks = 8, .per_node = 4, .tensor = 4, .context = 1, .pipeline = 1, .expert = 2, .expert_tensor = 2});
  EXPECT_THAT(groups(layout, "etp"), ElementsAre(Group{0, 1}, Group{2, 3}, Group{4, 5}, Group{6, 7}));
  EXPECT_THAT(groups(layout, "ep"), ElementsAre(Group{0, 2}, Group{1, 3}, Group{4, 6}, Group{5, 7}));
  EXPECT_THAT(groups(layout, "edp"), ElementsAre(Group{0, 4}, Group{1, 5}, Group{2, 6}, Group{3, 7}));
}

TEST(RankGroups, TheOrderSaysWhichDimensionIsFastest) {
  const Degrees degrees{
      .ranks = 8, .per_node = 2, .tensor = 2, .context = 1, .pipeline = 2, .expert = 2, .expert_tensor = 1};
  const ParallelLayout by_data = layout_of(degrees, "dp-ep-tp-cp-pp");
  EXPECT_THAT(groups(by_data, "dp"), ElementsAre(Group{0, 1}, Group{2, 3}, Group{4, 5}, Group{6, 7}));
  EXPECT_THAT(groups(by_data, "tp"), ElementsAre(Group{0, 2}, Group{1, 3}, Group{4, 6}, Group{5, 7}));
  EXPECT_THAT(groups(by_data, "ep"), ElementsAre(Group{0, 2}, Group{1, 3}, Group{4, 6}, Group{5, 7}));
  const ParallelLayout by_stage = layout_of(degrees, "pp-tp-cp-dp");
  EXPECT_THAT(groups(by_stage, "pp"), ElementsAre(Group{0, 1}, Group{2, 3}, Group{4, 5}, Group{6, 7}));
  EXPECT_THAT(groups(by_stage, "tp"), ElementsAre(Group{0, 2}, Group{1, 3}, Group{4, 6}, Group{5, 7}));
  EXPECT_THAT(groups(layout_of(degrees, "tp-cp-dp-pp"), "ep"), groups(layout_of(degrees), "ep"));
}

TEST(RankGroups, EveryRankIsInOneGroupOfEachDimension) {
  const Degrees all[] = {{24, 4, 2, 3, 2, 6, 1}, {64, 8, 4, 2, 4, 8, 2}, {48, 6, 1, 1, 3, 16, 1}};
  for (const Degrees& degrees : all)
    for (const std::string order : {"tp-cp-ep-dp-pp", "dp-cp-ep-tp-pp", "cp-ep-tp-dp-pp"}) {
      const ParallelLayout layout = layout_of(degrees, order);
      for (const std::string& dimension : group_dimensions()) {
        const std::vector<Group> found = groups(layout, dimension);
        std::vector<int> times(layout.ranks);
        for (const Group& group : found) {
          EXPECT_EQ(group.size(), found.front().size()) << dimension << " " << order;
          for (const std::uint32_t rank : group) ++times[rank];
        }
        EXPECT_THAT(times, testing::Each(1)) << dimension << " " << order;
      }
    }
}

TEST(RankGroups, SpanNodes) {
  const ParallelLayout layout = layout_of(
      {.ranks = 12, .per_node = 4, .tensor = 1, .context = 1, .pipeline = 2, .expert = 6, .expert_tensor = 1});
  const RankGroups experts = rank_groups(layout, "ep");  // 0…5 and 6…11 on nodes of four
  const NodeSpan span = node_span(experts, 4);
  EXPECT_EQ(span.fewest, 2U);
  EXPECT_EQ(span.most, 2U);
  EXPECT_EQ(span.crossing, 2U);
  EXPECT_FALSE(lies_evenly(experts, 4));
  EXPECT_TRUE(lies_evenly(experts, 3));
  EXPECT_TRUE(lies_evenly(experts, 6));
  EXPECT_EQ(node_span(experts, 6).crossing, 0U);
  EXPECT_EQ(node_span(rank_groups(layout, "tp"), 4).crossing, 0U);
  const RankGroups uneven{.dimension = "ep", .groups = {{0, 1}, {3, 4}}};
  EXPECT_EQ(node_span(uneven, 4).fewest, 1U);
  EXPECT_EQ(node_span(uneven, 4).crossing, 1U);
  EXPECT_FALSE(lies_evenly(uneven, 4));
}

TEST(RankGroups, OrdersThatAreNone) {
  const auto refusal = [](const std::string& order) -> std::string {
    try {
      check_order(layout_of({8, 4, 2, 1, 2, 2, 1}, order));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal("tp-cp-dp-pp"), "accepted");
  EXPECT_EQ(refusal("pp-tp-cp-ep-dp"), "accepted");
  for (const std::string order :
       {"", "tp", "tp-cp-dp", "tp-tp-cp-dp-pp", "tp-cp-dp-xp", "tp-cp-ep-ep-dp-pp", "tp-cp-dp-pp-"})
    EXPECT_THAT(refusal(order), HasSubstr("test.json: \"order\" is " + order + ": tp, cp, dp and pp once each"));
  EXPECT_THAT(refusal("tp-pp-cp-dp"),
              HasSubstr("would change the stage every 2 ranks for attention and every 1 for experts: put pp last"));
}

}  // namespace
}  // namespace weft
