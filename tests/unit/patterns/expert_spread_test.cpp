#include "patterns/expert_spread.hpp"

#include <cmath>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "patterns/distinct_destinations.hpp"
#include "patterns/routing.hpp"
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

const std::vector<Cell>& table() {
  static const std::vector<Cell> cells = {{"deepseek-v4-pro", 32, 5.58, 3.30},   {"deepseek-v4-pro", 64, 5.81, 4.43},
                                          {"deepseek-v4-pro", 128, 5.92, 5.17},  {"deepseek-v4-flash", 32, 5.60, 3.30},
                                          {"deepseek-v4-flash", 64, 5.83, 4.44}, {"deepseek-v4-flash", 128, 5.94, 5.18},
                                          {"kimi-k2", 64, 7.64, 5.28},           {"qwen3-235b-a22b", 32, 7.36, 3.63},
                                          {"qwen3-235b-a22b", 64, 7.78, 5.34},   {"gpt-oss-120b", 64, 3.95, 3.34}};
  return cells;
}

TEST(ExpectedDestinations, AreThoseOfTheTable) {
  for (const Cell& cell : table()) {
    const Model model = load_model(cell.model, kModelsFolder);
    const std::vector<double> distinct = expected_destinations(model, {cell.ranks, cell.ranks / 8});
    EXPECT_NEAR(distinct[0], cell.distinct_ranks, 0.005) << cell.model << cell.ranks;
    EXPECT_NEAR(distinct[1], cell.distinct_nodes, 0.005) << cell.model << cell.ranks;
  }
}

/// Sums over tokens of how many of `parts` equal parts of the experts a token is in, and of the squares.
struct Counted {
  std::uint64_t tokens = 0, sum = 0, squares = 0;

  void add(std::span<const std::uint32_t> experts, std::uint64_t parts, std::uint64_t all) {
    std::set<std::uint64_t> distinct;
    for (const std::uint32_t expert : experts) distinct.insert(expert * parts / all);
    ++tokens;
    sum += distinct.size();
    squares += distinct.size() * distinct.size();
  }
  double mean() const { return static_cast<double>(sum) / static_cast<double>(tokens); }
  double standard_error() const {
    const double variance = static_cast<double>(squares) / static_cast<double>(tokens) - mean() * mean();
    return std::sqrt(variance / static_cast<double>(tokens));
  }
};

/// With a million tokens scripts/prove destinations holds the same against 0.5 %.
TEST(ExpectedDestinations, AreReachedByDrawnTokens) {
  for (const Cell& cell : table()) {
    SCOPED_TRACE(cell.model + " on " + std::to_string(cell.ranks));
    const Model model = load_model(cell.model, kModelsFolder);
    Request request;
    request.tokens = 100'000 / cell.ranks;
    request.routings = 1;
    const ExpertLayout layout{.ranks = static_cast<int>(cell.ranks), .ranks_per_node = 8, .placement = {}};
    const auto decisions = make_decisions({}, model, request, layout.ranks);
    Counted ranks;
    Counted nodes;
    decisions->each_token([&](std::size_t, std::size_t, std::span<const std::uint32_t> experts) {
      ranks.add(experts, cell.ranks, model.experts);
      nodes.add(experts, cell.ranks / 8, model.experts);
    });
    const Routing routing = count_routings(*decisions, model, layout).at(0);
    EXPECT_EQ(routing.token_ranks, ranks.sum);
    EXPECT_EQ(routing.token_nodes, nodes.sum);
    constexpr double kErrors = 5;
    EXPECT_NEAR(ranks.mean(), expected_distinct(model.experts, model.top_k, cell.ranks),
                kErrors * ranks.standard_error());
    EXPECT_NEAR(nodes.mean(), expected_distinct(model.experts, model.top_k, cell.ranks / 8),
                kErrors * nodes.standard_error());
    EXPECT_LT(kErrors * nodes.standard_error(), 0.005 * nodes.mean());
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
