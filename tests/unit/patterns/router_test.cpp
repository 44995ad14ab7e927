#include "patterns/router.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/distinct_destinations.hpp"
#include "patterns/hash_router.hpp"
#include "patterns/popularity.hpp"
#include "patterns/routing.hpp"
#include "tests/unit/patterns/small_model.hpp"

namespace weft {
namespace {

/// Mean number of distinct parts (of `parts` equal ones) that the experts of a token lie in.
double mean_distinct(const Router& router, const Model& model, std::uint64_t parts, int tokens) {
  Router::Random random = router.stream(0);
  std::vector<std::uint32_t> chosen(model.top_k);
  std::uint64_t sum = 0;
  for (int token = 0; token < tokens; ++token) {
    router.draw(random, chosen);
    std::set<std::uint64_t> distinct;
    for (const std::uint32_t expert : chosen) distinct.insert(expert * parts / model.experts);
    sum += distinct.size();
  }
  return static_cast<double>(sum) / tokens;
}

TEST(Router, UniformRoutingReachesAsManyRanksAsTheFormulaSays) {
  for (const Model& model : {shape(384, 6), shape(256, 6), shape(256, 8), shape(128, 4)}) {
    const Router router(model, {}, 1, 0);
    for (const std::uint64_t ranks : {8U, 32U, 64U})
      EXPECT_NEAR(mean_distinct(router, model, ranks, 40'000) / expected_distinct(model.experts, model.top_k, ranks), 1,
                  0.005)
          << model.experts << " experts on " << ranks << " ranks";
  }
}

TEST(Router, PublishedDistinctDestinationsAreReproduced) {
  const Model pro = shape(384, 6);
  EXPECT_NEAR(mean_distinct(Router(pro, {}, 1, 0), pro, 64, 40'000), 5.81, 0.005 * 5.81);
  EXPECT_NEAR(mean_distinct(Router(pro, {}, 1, 0), pro, 8, 40'000), 4.43, 0.005 * 4.43);
  // DeepSeek-V3, 4 groups of 8: simulated elsewhere as 7.49 ranks and 3.95 nodes.
  const Model v3 = shape(256, 8, 8, 4);
  EXPECT_NEAR(mean_distinct(Router(v3, {}, 1, 0), v3, 64, 40'000), 7.49, 0.005 * 7.49);
  EXPECT_NEAR(mean_distinct(Router(v3, {}, 1, 0), v3, 8, 40'000), 3.95, 0.005 * 3.95);
}

TEST(Router, ExpertsOfATokenAreDistinctAndWithinTheGroupLimit) {
  for (const RouterOptions& options :
       {RouterOptions{}, RouterOptions{"lognormal", 3, ""}, RouterOptions{"powerlaw", 6, ""}}) {
    const Model model = shape(64, 6, 8, 3);
    const Router router(model, options, 7, 2);
    Router::Random random = router.stream(3);
    std::vector<std::uint32_t> chosen(6);
    for (int token = 0; token < 2'000; ++token) {
      router.draw(random, chosen);
      std::set<std::uint32_t> groups;
      for (const std::uint32_t expert : chosen) groups.insert(expert / 8);
      EXPECT_EQ(std::set<std::uint32_t>(chosen.begin(), chosen.end()).size(), 6U);
      EXPECT_LE(groups.size(), 3U);
      EXPECT_LT(*std::max_element(chosen.begin(), chosen.end()), 64U);
    }
  }
}

TEST(Router, GroupsNoLargerThanNeededAreUsedUp) {
  const Model model = shape(8, 4, 4, 2);
  const Router router(model, {}, 1, 0);
  const std::vector<std::uint64_t> counts = router.count(8'000, 0);
  for (const std::uint64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 4'000, 200);
}

TEST(Router, AchievesTheRequestedMaxOverMean) {
  for (const char* kind : {"lognormal", "powerlaw"})
    for (const double target : {1.3, 2.0, 4.0, 8.0})
      for (const Model& model : {shape(384, 6), shape(256, 8), shape(128, 8)}) {
        const Router router(model, {kind, target, ""}, 5, 0);
        EXPECT_NEAR(max_over_mean(router.count(100'000, 0)) / target, 1, 0.05) << kind << " " << target;
      }
  EXPECT_NEAR(max_over_mean(Router(shape(384, 6), {}, 5, 0).count(1'000'000, 0)), 1, 0.03);
}

TEST(Router, IsDeterministicAndStreamsDiffer) {
  const Model model = shape(384, 6);
  const RouterOptions skewed{"lognormal", 2, ""};
  const auto counts = Router(model, skewed, 1, 0).count(1'000, 0);
  EXPECT_EQ(counts, Router(model, skewed, 1, 0).count(1'000, 0));
  EXPECT_NE(counts, Router(model, skewed, 1, 0).count(1'000, 1));
  EXPECT_NE(counts, Router(model, skewed, 1, 1).count(1'000, 0));
  EXPECT_NE(counts, Router(model, skewed, 2, 0).count(1'000, 0));
}

TEST(Router, KnownDrawsStayAsTheyAre) {
  const Model model = shape(384, 6);
  const Router router(model, {}, 1, 0);
  Router::Random random = router.stream(0);
  std::vector<std::uint32_t> chosen(6);
  router.draw(random, chosen);
  EXPECT_THAT(chosen, testing::ElementsAre(314, 152, 159, 55, 108, 29));
}

TEST(Router, RefusesWhatCannotBe) {
  const Model model = shape(8, 2);
  EXPECT_THROW(Router(model, {"zipf", 2, ""}, 1, 0), UsageError);
  EXPECT_THROW(Router(model, {"powerlaw", 0.5, ""}, 1, 0), UsageError);
  EXPECT_THROW(Router(model, {"lognormal", 4.5, ""}, 1, 0), UsageError);
  EXPECT_THROW(Router(model, {"lognormal", std::nan(""), ""}, 1, 0), UsageError);
}

TEST(Router, ARecordedPopularityGivesTheRecordedLoads) {
  std::vector<double> loads(16, 0.0);
  loads[2] = 0.9;
  loads[7] = 0.6;
  for (std::size_t expert = 8; expert < 16; ++expert) loads[expert] = 2.5 / 8;
  const std::vector<std::uint64_t> counts = Router(popularity_for(loads), shape(16, 4), 1, 0).count(100'000, 0);
  for (std::size_t expert = 0; expert < 16; ++expert)
    EXPECT_NEAR(static_cast<double>(counts[expert]) / 100'000, loads[expert], 0.03) << expert;
  EXPECT_EQ(counts[0], 0U);
}

TEST(HashRouter, LoadFollowsTheFrequencyOfTokenIds) {
  Model model = shape(64, 4);
  model.vocabulary = 1000;
  const HashRouter router(model, 1, 1, 0);
  Router::Random random = router.stream(0);
  std::vector<std::uint32_t> chosen(4);
  std::vector<double> counts(64);
  for (int token = 0; token < 200'000; ++token) {
    router.draw(random, chosen);
    EXPECT_EQ(std::set<std::uint32_t>(chosen.begin(), chosen.end()).size(), 4U);
    for (const std::uint32_t expert : chosen) ++counts[expert];
  }
  // The i-th id has a share of 1 / i / H(1000), and all its tokens go to the same experts.
  double harmonic = 0;
  for (int i = 1; i <= 1000; ++i) harmonic += 1.0 / i;
  std::vector<double> expected(64);
  for (std::uint64_t id = 0; id < 1000; ++id) {
    router.choose(id, chosen);
    for (const std::uint32_t expert : chosen) expected[expert] += 200'000 / harmonic / static_cast<double>(id + 1);
  }
  for (std::size_t expert = 0; expert < 64; ++expert)
    EXPECT_NEAR(counts[expert], expected[expert], 6 * std::sqrt(expected[expert])) << expert;
}

TEST(HashRouter, TheHashIsFixedAndAnotherOneInEachLayer) {
  Model model = shape(64, 4);
  EXPECT_THROW(HashRouter(model, 1, 1, 0), UsageError);  // no vocabulary
  model.vocabulary = 1000;
  std::vector<std::uint32_t> chosen(4);
  std::vector<std::uint32_t> again(4);
  HashRouter(model, 1, 1, 0).choose(17, chosen);
  HashRouter(model, 1.2, 2, 0).choose(17, again);
  EXPECT_EQ(chosen, again);
  HashRouter(model, 1, 1, 1).choose(17, again);
  EXPECT_NE(chosen, again);
}

}  // namespace
}  // namespace weft
