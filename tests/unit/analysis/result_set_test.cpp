#include "analysis/result_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "results/columns.hpp"
#include "results/csv.hpp"
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
  EXPECT_TRUE(set.skipped.empty());
}

TEST_F(ResultSets, AFolderOfRunsIsSeveralInTheOrderOfTheirNames) {
  for (const char* name : {"c/010", "c/002", "c/001"}) write_small_run(folder_ / name);
  std::filesystem::create_directories(folder_ / "c/plots");
  write_file(folder_ / "c/campaign.json", "{}");
  const ResultSet set = read_result_set(folder_ / "c");
  std::vector<std::string> names;
  for (const Launch& launch : set.launches) names.push_back(launch.run.folder.filename());
  EXPECT_THAT(names, ElementsAre("001", "002", "010"));
}

TEST_F(ResultSets, AKilledRunIsLeftOutAndNamed) {
  write_small_run(folder_ / "c/001");
  write_small_run(folder_ / "c/002", false);
  const ResultSet set = read_result_set(folder_ / "c");
  EXPECT_EQ(set.launches.size(), 1U);
  EXPECT_THAT(set.skipped, ElementsAre((folder_ / "c/002").string()));
  EXPECT_THAT(refusal("c/002"), AllOf(HasSubstr("no finished run"), HasSubstr("--resume")));
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
