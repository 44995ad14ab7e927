#include "patterns/expert_spread.hpp"

#include <gtest/gtest.h>

#include "patterns/distinct_destinations.hpp"
#include "patterns/token_bytes.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

/// A cell of the table of published and derived destinations: a model on so many expert ranks, eight to a node.
struct Cell {
  std::string model;
  std::uint64_t ranks;
  double distinct_ranks, distinct_nodes;
};

TEST(ExpectedDestinations, AreThoseOfTheTable) {
  const Cell cells[] = {{"deepseek-v4-pro", 32, 5.58, 3.30},   {"deepseek-v4-pro", 64, 5.81, 4.43},
                        {"deepseek-v4-pro", 128, 5.92, 5.17},  {"deepseek-v4-flash", 32, 5.60, 3.30},
                        {"deepseek-v4-flash", 64, 5.83, 4.44}, {"deepseek-v4-flash", 128, 5.94, 5.18},
                        {"kimi-k2", 64, 7.64, 5.28},           {"qwen3-235b-a22b", 32, 7.36, 3.63},
                        {"qwen3-235b-a22b", 64, 7.78, 5.34},   {"gpt-oss-120b", 64, 3.95, 3.34}};
  for (const Cell& cell : cells) {
    const Model model = load_model(cell.model, kModelsFolder);
    const std::vector<double> distinct = expected_destinations(model, {cell.ranks, cell.ranks / 8});
    EXPECT_NEAR(distinct[0], cell.distinct_ranks, 0.005) << cell.model << cell.ranks;
    EXPECT_NEAR(distinct[1], cell.distinct_nodes, 0.005) << cell.model << cell.ranks;
  }
}

TEST(ExpectedDestinations, OfGroupedRoutingAreSimulated) {
  const Model model = load_model("deepseek-v3", kModelsFolder);
  const std::vector<double> distinct = expected_destinations(model, {64, 8}, 1'000'000);
  EXPECT_NEAR(distinct[0], 7.49, 0.005 * 7.49);
  EXPECT_NEAR(distinct[1], 3.95, 0.005 * 3.95);
  EXPECT_NEAR(expected_distinct(model.experts, model.top_k, 64), 7.68, 0.005);  // without groups
  EXPECT_NEAR(expected_distinct(model.experts, model.top_k, 8), 5.29, 0.005);
}

TEST(ExpectedDestinations, AtTheEnds) {
  EXPECT_DOUBLE_EQ(expected_distinct(8, 2, 1), 1);
  EXPECT_DOUBLE_EQ(expected_distinct(8, 2, 8), 2);
  EXPECT_DOUBLE_EQ(expected_distinct(8, 8, 4), 4);
  EXPECT_NEAR(expected_distinct(4, 2, 2), 5.0 / 3, 1e-12);  // of six pairs, four are spread over both
}

TEST(TokenBytes, AreThoseOfThePublishedFormats) {
  EXPECT_EQ(token_bytes(TokenFormat::fp8, 7168), 7392U);
  EXPECT_EQ(token_bytes(TokenFormat::bf16, 7168), 14'336U);
  EXPECT_EQ(token_bytes(TokenFormat::logfmt10, 7168), 9184U);
  EXPECT_EQ(kLowLatencyHeader + token_bytes(TokenFormat::fp8, 7168), 7408U);
  EXPECT_EQ(token_bytes(TokenFormat::fp8, 2880), 2880U + 23 * 4);  // the last block of 64 has a scale too
  EXPECT_EQ(dispatch_metadata_bytes(8), 80U);
  EXPECT_EQ(dispatch_metadata_bytes(6), 64U);
}

}  // namespace
}  // namespace weft
