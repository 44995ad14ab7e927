#include "patterns/placement.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/router.hpp"
#include "tests/unit/patterns/small_model.hpp"

namespace weft {
namespace {

using testing::ElementsAre;

double max_over_mean_of(const std::vector<double>& loads) {
  return *std::max_element(loads.begin(), loads.end()) * static_cast<double>(loads.size()) /
         std::accumulate(loads.begin(), loads.end(), 0.0);
}

std::vector<double> skewed_loads(const Model& model, const char* kind, double ratio, std::uint64_t seed) {
  const std::vector<std::uint64_t> counts = Router(model, {kind, ratio, ""}, seed, 0).count(20'000, 0);
  return {counts.begin(), counts.end()};
}

/// Every slot but free ones holds an expert there is, each expert has a slot, and every rank as many slots.
void expect_whole(const Placement& placement, std::uint64_t experts) {
  ASSERT_EQ(placement.expert_of_slot.size(), placement.ranks * placement.slots);
  std::vector<int> replicas(experts);
  for (const std::uint32_t expert : placement.expert_of_slot) {
    if (expert == Placement::kFree) continue;
    ASSERT_LT(expert, experts);
    ++replicas[expert];
  }
  EXPECT_GE(*std::min_element(replicas.begin(), replicas.end()), 1);
}

// The example of EPLB's README: two layers of 12 experts in 4 groups, 16 replicas on 8 GPUs of 2 nodes.
TEST(Eplb, GivesThePublishedExample) {
  const BalancerShape shape{.groups = 4, .nodes = 2, .ranks = 8, .slots = 2};
  const std::vector<double> first = {90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86};
  const std::vector<double> second = {20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27};
  EXPECT_THAT(place_eplb(first, shape).expert_of_slot, ElementsAre(5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1));
  EXPECT_THAT(place_eplb(second, shape).expert_of_slot, ElementsAre(7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1));
}

TEST(Eplb, OfGroupsThatTheNodesDoNotDivideBalancesOverAllRanks) {
  // 3 groups on 2 nodes: the busiest of 6 experts may have its replicas on any rank.
  const std::vector<double> loads = {12, 1, 1, 1, 1, 2};
  const Placement placement = place_eplb(loads, {.groups = 3, .nodes = 2, .ranks = 4, .slots = 2});
  expect_whole(placement, 6);
  EXPECT_EQ(ranks_of_experts(placement, 6)[0].size(), 3U);
  EXPECT_THAT(rank_loads(placement, loads), ElementsAre(5, 5, 5, 3));
}

TEST(Balancers, BringTheBusiestRankDown) {
  for (const char* kind : {"lognormal", "powerlaw"})
    for (const std::uint64_t ranks : {4U, 8U, 16U})
      for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const Model model = shape(64, 4, 8, 8);
        const std::vector<double> loads = skewed_loads(model, kind, 4, seed);
        const double before = max_over_mean_of(rank_loads(place_contiguous(64, ranks, 64 / ranks), loads));
        for (const PlacementOptions& options :
             {PlacementOptions{"eplb", 16, 1.1}, PlacementOptions{"incremental", 16, 1.1}}) {
          SCOPED_TRACE(describe(options) + " " + kind + " on " + std::to_string(ranks));
          const Placement placement = place(options, model, loads, ranks, 4);
          expect_whole(placement, 64);
          EXPECT_EQ(placement.slots, 80 / ranks);
          const double after = max_over_mean_of(rank_loads(placement, loads));
          EXPECT_LE(after, before);
          // The incremental one stops where it is good enough.
          EXPECT_LE(after, std::max(options.kind == "eplb" ? 1 : options.target, 1 + 0.5 * (before - 1)));
        }
      }
}

TEST(Incremental, NeverMakesItWorseWhateverTheLoads) {
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> loads(24);
    for (double& load : loads) load = static_cast<double>(random() % (1U << (random() % 12)));
    if (std::accumulate(loads.begin(), loads.end(), 0.0) == 0) continue;
    const Placement before = place_contiguous(24, 8, 3 + random() % 2);
    const Placement after = place_incremental(loads, before, 1.02);
    expect_whole(after, 24);
    EXPECT_LE(max_over_mean_of(rank_loads(after, loads)), max_over_mean_of(rank_loads(before, loads)) + 1e-9);
  }
}

TEST(Incremental, DoesNothingWhereNothingIsWrongAndLittleWhereLittleIs) {
  std::vector<double> loads(8, 10);
  const Placement before = place_contiguous(8, 4, 3);
  EXPECT_EQ(place_incremental(loads, before, 1.05).expert_of_slot, before.expert_of_slot);
  loads[0] = 20;  // 30, 20, 20, 20: a replica of expert 1 elsewhere makes it 25, 25, 20, 20
  const Placement after = place_incremental(loads, before, 1.2);
  EXPECT_EQ(expert_moves(before, after), 1U);
  EXPECT_DOUBLE_EQ(max_over_mean_of(rank_loads(after, loads)), 25 / 22.5);
}

TEST(Placement, CountsTheExpertsThatAreSent) {
  const Placement before = place_contiguous(4, 2, 3);  // 0 1 -, 2 3 -
  Placement after = before;
  EXPECT_EQ(expert_moves(before, after), 0U);
  after.expert_of_slot = {1, 0, 2, 0, 3, 3};  // rank 0 gets 2, rank 1 gets 0; a second 3 is copied on the rank
  after.expert_of_slot[3] = 2;
  after.expert_of_slot[4] = 3;
  after.expert_of_slot[5] = 0;
  EXPECT_EQ(expert_moves(before, after), 2U);
  EXPECT_EQ(expert_bytes(shape(4, 1)), 3U * 8 * 4 * 2);
}

TEST(Placement, SlotsThatCannotBeDealtEvenlyAreRefused) {
  const std::vector<double> loads(64, 1);
  EXPECT_THROW(place({"eplb", 3, 1.1}, shape(64, 4), loads, 8, 8), UsageError);
  EXPECT_THROW(place({"eplbb", 8, 1.1}, shape(64, 4), loads, 8, 8), UsageError);
  EXPECT_NO_THROW(place({"contiguous", 0, 1.1}, shape(64, 4), {}, 7, 8));
}

}  // namespace
}  // namespace weft
