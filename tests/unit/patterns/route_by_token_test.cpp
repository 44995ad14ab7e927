#include "patterns/route_by_token.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/routing.hpp"
#include "tests/unit/patterns/small_model.hpp"

namespace weft {
namespace {

/// Copies from rank to rank, as count_routings has them.
std::vector<std::uint64_t> copies_of(const TokenRouting& routing) {
  std::vector<std::uint64_t> copies;
  for (int from = 0; from < routing.ranks(); ++from)
    for (int to = 0; to < routing.ranks(); ++to) copies.push_back(routing.count_copies(from, to));
  return copies;
}

/// Pairs of a token and a rank that it goes to.
std::uint64_t token_ranks(const TokenRouting& routing) {
  std::uint64_t pairs = 0;
  for (int from = 0; from < routing.ranks(); ++from)
    for (int to = 0; to < routing.ranks(); ++to) pairs += routing.count_tokens_to(from, to, to + 1);
  return pairs;
}

void expect_same_counts(const Decisions& decisions, const Model& model, const ExpertLayout& layout) {
  const std::vector<Routing> counted = count_routings(decisions, model, layout);
  const auto by_token = route_by_token(decisions, model, layout);
  ASSERT_EQ(by_token.size(), counted.size());
  for (std::size_t i = 0; i < counted.size(); ++i) {
    EXPECT_EQ(copies_of(*by_token[i]), counted[i].copies) << "routing " << i;
    EXPECT_EQ(token_ranks(*by_token[i]), counted[i].token_ranks) << "routing " << i;
  }
}

TEST(RouteByToken, SendsAsManyCopiesAsAreCountedWhateverThePlacement) {
  const Model model = shape(64, 4);
  Request request;
  request.tokens = 100;
  request.routings = 2;
  const auto decisions = make_decisions({"lognormal", 4, ""}, model, request, 8);
  for (const PlacementOptions& placement : {PlacementOptions{}, PlacementOptions{"eplb", 16, 1.1},
                                            PlacementOptions{"incremental", 16, 1.1}, PlacementOptions{"eplb", 0, 1.1}})
    for (const int per_node : {1, 4, 8}) {
      SCOPED_TRACE(describe(placement));
      expect_same_counts(*decisions, model, {.ranks = 8, .ranks_per_node = per_node, .placement = placement});
    }
}

TEST(RouteByToken, NumbersTheExpertsThatARankHoldsThroughAndReplicasTakeTurns) {
  const Model model = shape(4, 1);
  Request request;
  request.tokens = 60;
  request.routings = 1;
  const auto decisions = make_decisions({"lognormal", 3, ""}, model, request, 2);
  const auto routing = route_by_token(
      *decisions, model, {.ranks = 2, .ranks_per_node = 2, .placement = PlacementOptions{"eplb", 4, 1.1}})[0];
  EXPECT_EQ(routing->experts(), 8);
  EXPECT_EQ(routing->end_expert(0), routing->first_expert(1));
  std::vector<std::uint64_t> received(8);
  for (int source = 0; source < 2; ++source)
    for (std::uint64_t token = 0; token < 60; ++token)
      for (const TokenRouting::Copy& copy : routing->copies(source, token)) {
        EXPECT_EQ(copy.rank, copy.expert < routing->end_expert(0) ? 0 : 1);
        ++received[static_cast<std::size_t>(copy.expert)];
      }
  // The expert with three times the mean, 90 of 120 tokens, has most of the four replicas.
  EXPECT_LT(*std::max_element(received.begin(), received.end()), 31U);
}

class Recording : public testing::Test {
 protected:
  Recording() { std::filesystem::create_directories(folder_); }
  ~Recording() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Decisions> replay(const std::string& lines, const Model& model, int ranks) {
    const std::string file = folder_ / "decisions.csv";
    std::ofstream(file) << "step,layer,rank,token,expert0\n" << lines;
    return make_decisions({"replay", 1, file}, model, {}, ranks);
  }

 private:
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "weft_route_by_token";
};

TEST_F(Recording, SourcesAreRanksInTheOrderOfTheirNumbersAsCounted) {
  const Model model = shape(4, 1);
  const auto decisions = replay("0,0,7,0,3\n0,0,7,1,3\n0,0,2,0,0\n0,0,2,1,1\n", model, 2);
  expect_same_counts(*decisions, model, {.ranks = 2, .ranks_per_node = 2, .placement = {}});
  EXPECT_EQ(copies_of(*route_by_token(*decisions, model, {.ranks = 2, .ranks_per_node = 2, .placement = {}})[0]),
            (std::vector<std::uint64_t>{2, 0, 0, 2}));
}

TEST_F(Recording, OfOtherRanksOrUnevenTokensIsRefused) {
  const Model model = shape(4, 1);
  const auto refused = [&](const std::string& lines) {
    EXPECT_THROW(route_by_token(*replay(lines, model, 2), model, {.ranks = 2, .ranks_per_node = 2, .placement = {}}),
                 UsageError);
  };
  refused("0,0,0,0,3\n");
  refused("0,0,0,0,3\n0,0,1,0,3\n0,0,1,1,3\n");
  refused("0,0,0,0,3\n0,0,1,0,3\n0,0,2,0,3\n");
}

/// The same token of rank 0 and rank 1 in turn, without end.
class Endless : public Decisions {
 public:
  std::vector<std::uint64_t> each_token(const TokenAction& token) const override {
    const std::uint32_t experts[] = {0, 1, 2, 3};
    for (std::size_t i = 0;; ++i) token(0, i % 2, experts);
  }
};

TEST(RouteByToken, MoreThanCanBeKeptIsRefusedBeforeItIsKept) {
  try {
    route_by_token(Endless(), shape(4, 4), {.ranks = 2, .ranks_per_node = 2, .placement = {}});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("--replay-step"));
  }
}

}  // namespace
}  // namespace weft
