// What a gate must not call the same: differences that are not excluded, launches that are lost or were measured
// otherwise.
#include "analysis/compare.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/analysis/synthetic_sets.hpp"

namespace weft {
namespace {

using testing::HasSubstr;

/// How many of 200 pairs end with this exit code where NEW is slower by so much.
int pairs_with(int exit_code, double slowdown, double variation) {
  int found = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const SyntheticSet base{.name = "base", .variation = variation, .seed = seed};
    SyntheticSet now = base;
    now.name = "new";
    now.seed += 1000;
    now.slowdown = [slowdown](std::size_t) { return slowdown; };
    found += compare(make_set(base), make_set(now), {}, {}).exit_code() == exit_code ? 1 : 0;
  }
  return found;
}

TEST(CompareDoubts, ASlowDownBeyondTheThresholdIsHardlyEverCalledNone) {
  EXPECT_LE(pairs_with(0, 1.031, 0.01), 10);  // a 95 % interval: 2.5 % on one side
  EXPECT_LE(pairs_with(0, 1.035, 0.01), 2);
  EXPECT_GE(pairs_with(0, 1.0, 0.005), 190);  // and what is the same still is
}

TEST(CompareDoubts, TheReasonNamesTheInterval) {
  const SyntheticSet base{.name = "base", .variation = 0.01};
  SyntheticSet now{.name = "new", .variation = 0.01, .seed = 9};
  now.slowdown = [](std::size_t) { return 1.025; };
  const Comparison comparison = compare(make_set(base), make_set(now), {}, {});
  ASSERT_EQ(comparison.points.front().verdict, Verdict::inconclusive);
  EXPECT_THAT(comparison.points.front().reason, HasSubstr("where 3 % is not excluded"));
}

TEST(CompareDoubts, MoreLostLaunchesThanInBaseAreNotTheSame) {
  SyntheticSet base{.name = "base", .launches = 9, .variation = 0.001};
  SyntheticSet now{.name = "new", .launches = 6, .variation = 0.001, .seed = 9};
  ResultSet one = make_set(base);
  ResultSet other = make_set(now);
  one.lost = {{"base/010", "exit code 139"}};
  other.lost.assign(4, {"new/007", "exit code 139"});
  const Comparison comparison = compare(one, other, {}, {});
  EXPECT_EQ(comparison.exit_code(), 3);
  EXPECT_THAT(comparison.points.front().reason, HasSubstr("BASE has lost some too"));
}

TEST(CompareDoubts, LaunchesOfWhichNobodyKnowsHowTheyEndedLeaveADoubt) {
  const ResultSet base = make_set({.name = "base", .variation = 0.001});
  ResultSet now = make_set({.name = "new", .variation = 0.001, .seed = 9});
  ASSERT_EQ(compare(base, now, {}, {}).exit_code(), 0);
  now.unexplained = {"new/005 is missing"};
  const Comparison comparison = compare(base, now, {}, {});
  EXPECT_EQ(comparison.exit_code(), 3);
  EXPECT_THAT(comparison.points.front().reason, HasSubstr("in NEW new/005 is missing, and no campaign.json"));
}

TEST(CompareDoubts, SamplesOfAnotherNumberOfCallsAreOthers) {
  const ResultSet base = make_set({.name = "base", .variation = 0.001});
  ResultSet now = make_set({.name = "new", .variation = 0.001, .seed = 9});
  now.launches.back().run.records.front().batch = 8;
  const Comparison comparison = compare(base, now, {}, {});
  EXPECT_EQ(comparison.exit_code(), 3);
  EXPECT_EQ(comparison.points.front().reason, "a sample is 1 calls in some launches and 8 in others: give --batch");
}

}  // namespace
}  // namespace weft
