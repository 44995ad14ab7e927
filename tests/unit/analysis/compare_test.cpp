#include "analysis/compare.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/analysis/synthetic_sets.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Comparison compare_with(const SyntheticSet& base, const SyntheticSet& now, const CompareRules& rules = {}) {
  return compare(make_set(base), make_set(now), rules, {});
}

Comparison compare_pair(const SyntheticSet& base, double slowdown, const CompareRules& rules = {}) {
  SyntheticSet now = base;
  now.name = "new";
  now.seed += 1000;
  now.slowdown = [slowdown](std::size_t) { return slowdown; };
  return compare_with(base, now, rules);
}

TEST(Compare, FindsFivePercentAtTwoPercentOfVariation) {
  int found = 0;
  int false_alarms = 0;
  constexpr int kSeeds = 100;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    found += compare_pair({.name = "base", .seed = seed}, 1.05).exit_code() == 1 ? 1 : 0;
    false_alarms += compare_pair({.name = "base", .seed = seed}, 1.01).exit_code() == 1 ? 1 : 0;
  }
  EXPECT_GE(found, 95);  // the proof's figure
  EXPECT_LE(false_alarms, 5);
}

// Without Benjamini and Hochberg's correction about 5 % of these points have p < 0.05, and in most of the pairs some
// point among them is beyond the threshold.
TEST(Compare, ManyPointsRaiseNoFalseAlarm) {
  int alarms = 0;
  constexpr int kPairs = 40;
  for (unsigned seed = 1; seed <= kPairs; ++seed) {
    const Comparison comparison = compare_pair({.name = "base", .points = 60, .variation = 0.04, .seed = seed}, 1);
    alarms += comparison.count(Verdict::regressed) + comparison.count(Verdict::improved) > 0 ? 1 : 0;
  }
  EXPECT_LE(alarms, 3);
}

TEST(Compare, ASlowDownAtOneSizeIsFoundThereAndOnlyThere) {
  const SyntheticSet base{.name = "base", .launches = 12, .points = 20, .variation = 0.01};
  SyntheticSet now = base;
  now.name = "new";
  now.seed = 7;
  now.slowdown = [](std::size_t point) { return point == 13 ? 1.08 : 1.0; };
  const Comparison comparison = compare_with(base, now);
  ASSERT_EQ(comparison.points.size(), 20U);
  EXPECT_EQ(comparison.count(Verdict::regressed), 1U);
  EXPECT_EQ(comparison.count(Verdict::same), 19U);
  EXPECT_EQ(comparison.points.front().point.point, 13);
  EXPECT_NEAR(comparison.points.front().ratio.ratio, 1.08, 0.02);
  EXPECT_EQ(comparison.exit_code(), 1);
  EXPECT_THAT(comparison.sentence(), AllOf(HasSubstr("regression: 1 point of 20 is slower"), HasSubstr("64K")));
}

TEST(Compare, ExchangingTheSetsExchangesTheVerdicts) {
  const Comparison comparison = compare_pair({.name = "base", .variation = 0.005}, 1 / 1.06);
  EXPECT_EQ(comparison.points.front().verdict, Verdict::improved);
  EXPECT_EQ(comparison.exit_code(), 0);
}

TEST(Compare, WithPowerTheSameIsCalledTheSame) {
  const Comparison comparison = compare_pair({.name = "base", .points = 5, .variation = 0.005}, 1);
  EXPECT_EQ(comparison.count(Verdict::same), 5U);
  EXPECT_EQ(comparison.exit_code(), 0);
  EXPECT_THAT(comparison.sentence(), HasSubstr("no regression: none of 5 points is slower by 3 % or more"));
}

TEST(Compare, WithoutPowerNothingIsCalledTheSame) {
  const Comparison comparison = compare_pair({.name = "base", .variation = 0.08}, 1);
  const PointComparison& point = comparison.points.front();
  EXPECT_EQ(point.verdict, Verdict::inconclusive);
  EXPECT_GT(point.minimum_detectable_effect, 0.03);
  EXPECT_EQ(comparison.exit_code(), 3);
  EXPECT_THAT(point.reason, HasSubstr("launches of each would do"));
  // With so many the next campaign is conclusive.
  EXPECT_NEAR(minimum_detectable_effect(pooled_variation(point.base, point.now), point.launches_needed,
                                        point.launches_needed, comparison.alpha),
              0.03, 0.001);
}

TEST(Compare, FiveLaunchesCannotFlagOnePointAmongMany) {
  SyntheticSet base{.name = "base", .launches = 5, .points = 40, .variation = 0.001};
  SyntheticSet now = base;
  now.seed = 2;
  now.slowdown = [](std::size_t point) { return point == 3 ? 1.5 : 1.0; };
  const Comparison few = compare_with(base, now);
  EXPECT_EQ(few.exit_code(), 3);
  EXPECT_THAT(few.points.front().reason, HasSubstr("5 and 5 launches are too few: p is 0.0079 at best"));
  EXPECT_EQ(few.points.front().launches_needed, 7U);
  EXPECT_THAT(few.sentence(), HasSubstr("with 5 and 5 launches; 7 of each, interleaved"));
  base.launches = now.launches = 7;
  EXPECT_EQ(compare_with(base, now).count(Verdict::regressed), 1U);
}

TEST(Compare, OneLaunchIsInconclusive) {
  const Comparison comparison = compare_pair({.name = "base", .launches = 1, .points = 3}, 2);
  EXPECT_EQ(comparison.count(Verdict::inconclusive), 3U);
  EXPECT_EQ(comparison.exit_code(), 3);
  EXPECT_THAT(comparison.points.front().reason, HasSubstr("1 and 1 launches are too few"));
}

// Significant and small: the floor is what keeps a gate from crying wolf over what nobody feels.
TEST(Compare, WhatIsBelowTheThresholdIsNoRegression) {
  const SyntheticSet base{.name = "base", .variation = 0.001};
  const Comparison comparison = compare_pair(base, 1.02);
  EXPECT_TRUE(comparison.points.front().significant);
  EXPECT_EQ(comparison.points.front().verdict, Verdict::same);
  EXPECT_EQ(compare_pair(base, 1.02, {.threshold = 0.01}).points.front().verdict, Verdict::regressed);
}

TEST(Compare, TheTimersResolutionIsAFloor) {
  ResultSet base = make_set({.name = "base", .variation = 0.001});
  const SyntheticSet slower{.name = "new", .variation = 0.001, .seed = 2, .slowdown = [](std::size_t) { return 1.05; }};
  ResultSet now = make_set(slower);
  EXPECT_EQ(compare(base, now, {}, {}).exit_code(), 1);
  for (Launch& launch : base.launches)
    launch.run.info["clocks"] = {{{"transport", "mpi"}, {"resolution_ns", 5000}},
                                 {{"transport", "shm"}, {"resolution_ns", 1000}}};  // 10 % of 10 us
  const Comparison comparison = compare(base, now, {}, {});
  EXPECT_EQ(comparison.points.front().verdict, Verdict::inconclusive);
  EXPECT_THAT(comparison.points.front().reason, HasSubstr("timer's resolution is 10 %"));
  for (ResultSet* set : {&base, &now}) change_rows(*set, 0, [](Record& record) { record.batch = 100; });
  EXPECT_EQ(compare(base, now, {}, {}).exit_code(), 1);  // of a hundred calls
}

TEST(Compare, TheMetricChoosesTheFigure) {
  const ResultSet base = make_set({.name = "base", .variation = 0.001});
  ResultSet now = make_set({.name = "new", .variation = 0.001, .seed = 2});
  change_rows(now, 0, [](Record& record) { record.time_us_p95 *= 1.2; });
  EXPECT_EQ(compare(base, now, {}, {}).exit_code(), 0);
  EXPECT_EQ(compare(base, now, {.metric = Metric::p95}, {}).exit_code(), 1);
  const Comparison no_p99 = compare(base, now, {.metric = Metric::p99}, {});
  EXPECT_EQ(no_p99.exit_code(), 3);
  EXPECT_THAT(no_p99.points.front().reason, HasSubstr("p99 is n/a in 20 of 20 launches"));
  EXPECT_EQ(find_metric("mean"), Metric::mean);
  EXPECT_THAT(message_of<UsageError>([] { find_metric("medain"); }), HasSubstr("did you mean 'median'"));
}

TEST(Compare, NoiselessLaunchesAreComparedToo) {
  EXPECT_EQ(compare_pair({.name = "base", .launches = 4, .variation = 0}, 1).exit_code(), 0);
  EXPECT_EQ(compare_pair({.name = "base", .launches = 4, .variation = 0}, 1.04).exit_code(), 1);
}

TEST(Compare, ABaseWithoutFiguresIsRefused) {
  ResultSet base = make_set({.name = "base"});
  const ResultSet now = base;
  change_rows(base, 0, [](Record& record) { record.status = "failed"; });
  EXPECT_THAT(message_of<UsageError>([&] { compare(base, now, {}, {}); }), HasSubstr("no measured point"));
}

TEST(SmallestP, IsWhatTheFactsSay) {
  EXPECT_NEAR(smallest_p(5, 5), .0079, 5e-5);
  EXPECT_NEAR(smallest_p(6, 6), .0022, 5e-5);
  EXPECT_NEAR(smallest_p(8, 8), .00016, 5e-6);
  EXPECT_NEAR(smallest_p(10, 10), .00001, 1e-6);
  EXPECT_EQ(smallest_p(1, 1), 1);
}

/// Three quiet points of which each test spoils one.
class StatusVerdicts : public testing::Test {
 protected:
  const PointComparison& worst(const std::vector<std::string>& despite = {}) {
    comparison_ = compare(base_, now_, {}, despite);
    return comparison_.points.front();
  }
  ResultSet base_ = make_set({.name = "base", .points = 3, .variation = 0.001});
  ResultSet now_ = make_set({.name = "new", .points = 3, .variation = 0.001, .seed = 2});
  Comparison comparison_;
};

TEST_F(StatusVerdicts, AbsentInNewIsMissing) {
  for (Launch& launch : now_.launches) launch.run.records.erase(launch.run.records.begin() + 1);
  EXPECT_EQ(worst().verdict, Verdict::missing);
  EXPECT_EQ(worst().point.point, 1);
  EXPECT_THAT(worst().reason, HasSubstr("absent in 10 of 10 launches"));
  EXPECT_EQ(comparison_.exit_code(), 1);
  EXPECT_THAT(comparison_.sentence(), HasSubstr("1 point is missing in new"));
}

TEST_F(StatusVerdicts, FailedOrRefusedInNewIsMissing) {
  for (const char* status : {"failed", "refused"}) {
    now_.launches[3].run.records[1].status = status;
    now_.launches[3].run.records[1].reason = "rank 2 was lost";
    EXPECT_EQ(worst().verdict, Verdict::missing);
    EXPECT_THAT(worst().reason, AllOf(HasSubstr("in 1 of 10 launches: rank 2"), HasSubstr(status)));
  }
  // Where it failed now and then before as well, what was measured decides.
  base_.launches[5].run.records[1].status = "failed";
  EXPECT_EQ(worst().verdict, Verdict::same);
  EXPECT_EQ(comparison_.exit_code(), 0);
}

TEST_F(StatusVerdicts, ALaunchThatFailedCountsForEveryPoint) {
  now_.launches.resize(8);
  now_.lost = {{"new/003", "exit code 139"}, {"new/007", "exit code 124"}};
  EXPECT_EQ(worst().verdict, Verdict::missing);
  EXPECT_EQ(comparison_.count(Verdict::missing), 3U);
  EXPECT_EQ(comparison_.exit_code(), 1);
  EXPECT_THAT(comparison_.sentence(),
              HasSubstr("no result in 2 of 10 launches: new/003 (exit code 139), new/007 (exit code 124)"));
  now_.launches.clear();
  EXPECT_EQ(worst().verdict, Verdict::missing);
  EXPECT_EQ(comparison_.exit_code(), 1);
}

TEST_F(StatusVerdicts, WhereBothFailTheMoreFrequentIsToBlame) {
  base_.launches.resize(9);
  base_.lost = {{"base/001", "exit code 139"}};
  now_.launches.resize(5);
  now_.lost.assign(5, {"new/001", "exit code 139"});
  EXPECT_NE(worst().verdict, Verdict::missing);
  EXPECT_THAT(comparison_.notes, testing::Contains(HasSubstr("without a result: base/001")));
  now_.launches.resize(4);
  now_.lost.resize(6, now_.lost.front());
  EXPECT_EQ(worst().verdict, Verdict::missing);
  EXPECT_THAT(worst().reason, HasSubstr("more often than in BASE"));
  std::swap(base_, now_);
  EXPECT_NE(worst().verdict, Verdict::missing);
}

TEST_F(StatusVerdicts, AMetricThatNoRowHasIsNoCallForLaunches) {
  for (ResultSet* set : {&base_, &now_})
    for (std::size_t point = 0; point < 3; ++point)
      change_rows(*set, point, [](Record& record) {
        record.time_us_mean_of_ranks = record.time_us_median;
        record.time_us_median = std::numeric_limits<double>::quiet_NaN();
      });
  EXPECT_EQ(worst().verdict, Verdict::inconclusive);
  EXPECT_THAT(comparison_.sentence(), HasSubstr("--metric mean_of_ranks"));
  EXPECT_THAT(comparison_.sentence(), testing::Not(HasSubstr("more launches")));
  EXPECT_EQ(compare(base_, now_, {.metric = Metric::mean_of_ranks}, {}).exit_code(), 0);
}

TEST_F(StatusVerdicts, AbsentInBaseIsNew) {
  change_rows(base_, 1, [](Record& record) { record.algorithm = "another"; });
  change_rows(now_, 1, [](Record& record) { record.algorithm = "tree"; });
  comparison_ = compare(base_, now_, {}, {});
  EXPECT_EQ(comparison_.count(Verdict::missing), 1U);
  EXPECT_EQ(comparison_.count(Verdict::added), 1U);
  change_rows(base_, 1, [](Record& record) { record.status = "refused"; });
  EXPECT_EQ(compare(base_, now_, {}, {}).exit_code(), 0);
}

TEST_F(StatusVerdicts, WrongDataIsTheWorst) {
  now_.launches[9].run.records[2].status = "wrong";
  now_.launches[9].run.records[2].wrong = "17";
  change_rows(now_, 0, [](Record& record) { record.time_us_median *= 2; });
  EXPECT_EQ(worst().verdict, Verdict::wrong_data);
  EXPECT_THAT(worst().reason, HasSubstr("17 wrong elements"));
  EXPECT_EQ(comparison_.count(Verdict::regressed), 1U);
  EXPECT_EQ(comparison_.exit_code(), 4);
  EXPECT_THAT(comparison_.sentence(), HasSubstr("wrong data: 1 point of 3"));
}

TEST_F(StatusVerdicts, WrongDataInTheBaseIsNoFigureToCompareWith) {
  change_rows(base_, 1, [](Record& record) { record.status = "wrong"; });
  EXPECT_EQ(worst().verdict, Verdict::added);
  EXPECT_THAT(worst().reason, HasSubstr("wrong in 10 of 10 launches"));
}

TEST_F(StatusVerdicts, BadInBothIsANoteOnly) {
  for (ResultSet* set : {&base_, &now_}) change_rows(*set, 1, [](Record& record) { record.status = "refused"; });
  EXPECT_EQ(worst().verdict, Verdict::same);
  EXPECT_EQ(comparison_.points.size(), 2U);
  EXPECT_THAT(comparison_.notes, testing::Contains(HasSubstr("1 point without a figure in either set")));
}

TEST_F(StatusVerdicts, ExitCodesHaveTheirOrder) {
  // Inconclusive, then incomparable, then a regression, then wrong data: each outranks what is there already.
  for (std::size_t i = 0; i < 10; ++i) now_.launches[i].run.records[0].time_us_median *= i % 2 == 0 ? 0.8 : 1.2;
  EXPECT_EQ(compare(base_, now_, {}, {}).exit_code(), 3);
  change_rows(now_, 1, [](Record& record) { record.oversubscribed = true; });
  EXPECT_EQ(compare(base_, now_, {}, {}).exit_code(), 2);
  change_rows(now_, 2, [](Record& record) { record.time_us_median *= 2; });
  EXPECT_EQ(compare(base_, now_, {}, {}).exit_code(), 1);
  change_rows(now_, 0, [](Record& record) { record.status = "wrong"; });
  EXPECT_EQ(compare(base_, now_, {}, {}).exit_code(), 4);
}

}  // namespace
}  // namespace weft
