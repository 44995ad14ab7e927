#include "analysis/result_set.hpp"

#include "analysis/campaign.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/columns.hpp"
#include "tests/unit/analysis/result_sets.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ResultSets : public testing::Test {
 protected:
  std::string refusal(const std::string& name) const {
    return message_of<UsageError>([&] { read_result_set(folder_ / name); });
  }
  TemporaryFolder folder_;
};

TEST_F(ResultSets, ARunFolderIsOneLaunch) {
  write_small_run(folder_ / "run");
  const ResultSet set = read_result_set(folder_ / "run");
  ASSERT_EQ(set.launches.size(), 1U);
  EXPECT_EQ(set.launches[0].run.records.size(), 3U);
  EXPECT_TRUE(set.notes.empty());
}

TEST_F(ResultSets, AFolderOfRunsIsSeveralInTheOrderOfTheirNames) {
  for (const char* name : {"c/010", "c/002", "c/001"}) write_small_run(folder_ / name);
  std::filesystem::create_directories(folder_ / "c/plots");
  const ResultSet set = read_result_set(folder_ / "c");
  std::vector<std::string> names;
  for (const Launch& launch : set.launches) names.push_back(launch.run.folder.filename());
  EXPECT_THAT(names, ElementsAre("001", "002", "010"));
}

TEST_F(ResultSets, AKilledRunIsLeftOutAndNamed) {
  write_small_run(folder_ / "c/001");
  write_small_run(folder_ / "c/002", std::nullopt);
  write_file(folder_ / "c/002/points.csv", "cut");
  const ResultSet set = read_result_set(folder_ / "c");
  EXPECT_EQ(set.launches.size(), 1U);
  EXPECT_THAT(set.notes, ElementsAre("left out: " + (folder_ / "c/002").string() + " was killed"));
  EXPECT_THAT(refusal("c/002"), AllOf(HasSubstr("no finished run"), HasSubstr("--resume")));
}

TEST_F(ResultSets, AnInterruptedRunIsLeftOutAndNamed) {
  write_small_run(folder_ / "c/001");
  write_small_run(folder_ / "c/002", 130);
  const ResultSet set = read_result_set(folder_ / "c");
  EXPECT_EQ(set.launches.size(), 1U);
  EXPECT_THAT(set.notes, ElementsAre(HasSubstr("c/002 was interrupted (exit code 130)")));
}

TEST_F(ResultSets, WithoutTheirCampaignMissingNumbersAreUnexplained) {
  for (const char* launch : {"001", "002", "004"}) write_small_run(folder_ / "c" / launch);
  EXPECT_THAT(read_result_set(folder_ / "c").unexplained, ElementsAre(HasSubstr("c/003 is missing")));
  write_small_run(folder_ / "c/003");
  EXPECT_TRUE(read_result_set(folder_ / "c").unexplained.empty());
  write_small_run(folder_ / "d/001");
  write_small_run(folder_ / "d/mine");  // not numbered by weft repeat
  EXPECT_TRUE(read_result_set(folder_ / "d").unexplained.empty());
}

TEST_F(ResultSets, ALaunchIsNotComparedWithItself) {
  for (const char* launch : {"a/001", "b/001"}) write_small_run(folder_ / launch);
  ResultSet a = read_result_set(folder_ / "a");
  ResultSet b = read_result_set(folder_ / "b");
  a.launches.front().run.info["started"] = "2026-01-01T00:00:00Z";
  b.launches.front().run.info["started"] = "2026-01-01T00:00:09Z";
  EXPECT_NO_THROW(require_different_launches(a, b));
  EXPECT_THROW(require_different_launches(a, a), UsageError);
  b.launches.push_back(b.launches.front());
  EXPECT_THROW(require_different_launches(a, b), UsageError) << "nor does a copy count as another";
}

/// A campaign of two commands with what each launch of `new` has come to, and `base` without a fault.
class CampaignSets : public ResultSets {
 protected:
  void attempt(const std::string& launch, std::optional<int> exit_code) {
    const int number = std::stoi(launch.substr(launch.size() - 3));
    campaign_.attempts.push_back({.folder = launch,
                                  .number = number,
                                  .attempt = campaign_.last(launch) == nullptr ? 1 : 2,
                                  .started = "then",
                                  .ended = exit_code ? "later" : "",
                                  .exit_code = exit_code});
  }
  ResultSet read(const std::string& side) {
    write_campaign(campaign_);
    return read_result_set(folder_ / "c" / side);
  }
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "c/new");
    campaign_.folder = folder_ / "c";
  }
  Campaign campaign_{.folder = {},
                     .commands = {{"a"}, {"b"}},
                     .directory = "/",
                     .n = 6,
                     .started = "then",
                     .ended = {},
                     .attempts = {}};
};

TEST_F(CampaignSets, ALaunchThatFailedIsLost) {
  for (const char* launch : {"new/001", "new/002", "new/003", "new/004"}) write_small_run(folder_ / "c" / launch);
  write_small_run(folder_ / "c/new/005", 5);
  attempt("new/001", 0);
  attempt("new/002", 139);  // at its very end
  attempt("new/003", 4);
  attempt("new/004", 124);
  attempt("new/005", 5);  // lost a rank, and no row says so
  attempt("new/006", 0);
  const ResultSet set = read("new");
  EXPECT_EQ(set.launches.size(), 2U);
  const std::string folder = (folder_ / "c/new").string();
  EXPECT_EQ(named(set.lost), fmt::format("{0}/002 (exit code 139), {0}/004 (exit code 124), {0}/005 (exit code 5), "
                                         "{0}/006 (exit code 0, but no finished run)",
                                         folder));
  EXPECT_EQ(read("new/").lost.size(), 4U);
}

TEST_F(CampaignSets, ARowThatFailedSpeaksForItsLaunch) {
  write_small_run(folder_ / "c/new/001", 5);
  Record failed = all_reduce_record(4096);
  failed.point = 3;
  failed.status = "failed";
  write_file(folder_ / "c/new/001/points.csv",
             file_text(folder_ / "c/new/001/points.csv") + csv_line(fields_of(failed)));
  attempt("new/001", 5);
  EXPECT_EQ(read("new").launches.size(), 1U);
}

TEST_F(CampaignSets, WhatAnInterruptionLeftIsNoFailure) {
  write_small_run(folder_ / "c/new/001");
  write_small_run(folder_ / "c/new/002", 130);
  attempt("new/001", 139);
  attempt("new/001", 0);
  attempt("new/002", std::nullopt);
  const ResultSet set = read("new");
  EXPECT_EQ(set.launches.size(), 1U);
  EXPECT_TRUE(set.lost.empty());
  EXPECT_THAT(set.notes, ElementsAre(HasSubstr("new/001 was measured again after attempt 1 ended with exit code 139"),
                                     HasSubstr("new/002 was cut off"), HasSubstr("4 never begun")));
}

TEST_F(CampaignSets, WhereAllAreLostThereIsNothingToCheck) {
  attempt("new/001", 139);
  const ResultSet set = read("new");
  EXPECT_THAT(message_of<UsageError>([&] { require_launch(set); }), HasSubstr("all launches failed"));
}

TEST_F(CampaignSets, ADamagedCampaignIsRefused) {
  write_small_run(folder_ / "c/001");
  write_file(folder_ / "c/campaign.json", "{");
  EXPECT_THAT(refusal("c"), HasSubstr("campaign.json"));
}

TEST_F(ResultSets, SaysWhatIsNoResultSet) {
  EXPECT_THAT(refusal("absent"), AllOf(HasSubstr("absent"), HasSubstr("No such file")));
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THAT(refusal("empty"), HasSubstr("neither a run folder"));
  write_small_run(folder_ / "c/001");
  write_file(folder_ / "c/001/points.csv", "");
  EXPECT_THAT(refusal("c"), HasSubstr("points.csv: is empty"));
}

TEST_F(ResultSets, RefusesTwoRowsOfOnePoint) {
  write_small_run(folder_ / "run");
  Record again = read_run(folder_ / "run").records[1];
  const std::string text = file_text(folder_ / "run/points.csv");
  again.point = 3;
  write_file(folder_ / "run/points.csv", text + csv_line(fields_of(again)));
  EXPECT_THAT(refusal("run"), HasSubstr("point 3 is the same as point 1"));
}

}  // namespace
}  // namespace weft
