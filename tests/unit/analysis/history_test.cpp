#include "analysis/history.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tests/unit/analysis/result_sets.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A folder of campaigns, written in an order of its own.
class HistoryFolder : public testing::Test {
 protected:
  /// A launch that began on this day, with points of 8 and 64 bytes of so many us.
  void write_launch(const std::string& name, int day, double us_of_8, double us_of_64, int seed = 1,
                    const std::string& kernel = "6.1", const std::string& provider = "") const {
    RunInfo info = plain_run_info();
    if (!provider.empty()) info.provenance["transports"]["ofi"]["provider"] = provider;
    info.configuration["seed"] = seed;
    info.provenance["host"]["kernel"] = kernel;
    RunWriter writer = RunWriter::create(path_ / name, info);
    for (const auto& [bytes, us] : {std::pair{Bytes{8}, us_of_8}, {Bytes{64}, us_of_64}}) {
      Record record = all_reduce_record(bytes);
      Samples samples = five_samples();
      std::fill(samples.completion.begin(), samples.completion.end(), us * 1e3);
      summarise(samples, 1.5, record);
      record.status = "ok";
      record.point = bytes == 8 ? 0 : 1;
      writer.append(record, samples);
    }
    writer.finish(0);
    nlohmann::json json = nlohmann::json::parse(file_text(path_ / name / "run.json"));
    json["started"] = fmt::format("2026-01-{:02}T00:00:00Z", day);
    write_file(path_ / name / "run.json", json.dump());
  }

  /// Twelve days of one launch each, with names that run against the time; 64 bytes are slower from the seventh on.
  void write_days(int seed_of_the_second_half = 1) const {
    for (int day = 1; day <= 12; ++day)
      write_launch(fmt::format("set{:02}", 30 - day), day, 10 + 0.01 * ((day * 5) % 7),
                   (day < 7 ? 20 : 26) + 0.01 * ((day * 3) % 7), day < 7 ? 1 : seed_of_the_second_half);
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "history";
};

TEST_F(HistoryFolder, FindsTheDayAndThePointOfAChange) {
  write_days();
  const History history = read_history(path_);
  ASSERT_EQ(history.entries.size(), 12U);
  EXPECT_EQ(history.entries.front().name, "set29");
  ASSERT_EQ(history.points.size(), 2U);
  EXPECT_EQ(history.points[0].point.bytes_per_rank, 8U);
  EXPECT_TRUE(history.points[0].changes.empty());
  ASSERT_EQ(history.points[1].changes.size(), 1U);
  EXPECT_EQ(history.points[1].changes[0].index, 6U);
  EXPECT_NEAR(history.points[1].changes[0].after / history.points[1].changes[0].before, 1.3, 0.01);
  const std::string table = history_table(history);
  EXPECT_THAT(table, HasSubstr("12 result sets, 2 points, 1 changes of level"));
  EXPECT_THAT(table, HasSubstr("2026-01-07T00:00:00Z set23"));
  const nlohmann::json json = to_json(history);
  EXPECT_EQ(json["points"][1]["changes"][0]["since"], "2026-01-07T00:00:00Z");
  EXPECT_EQ(json["points"][0]["time_us"].size(), 12U);
}

TEST_F(HistoryFolder, KeepsConfigurationsApart) {
  write_days(2);
  const History history = read_history(path_);
  ASSERT_EQ(history.points.size(), 4U);
  EXPECT_THAT(history.points[3].entries, ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_THAT(history_table(history), HasSubstr("0 changes"));
  EXPECT_THAT(history_table(history), HasSubstr("no point was measured 8 times with one configuration"));
}

TEST_F(HistoryFolder, TakesTheMedianOfACampaignsLaunchesAndItsNewSide) {
  const double us[] = {7, 9, 100};
  for (int launch = 1; launch <= 3; ++launch) {
    write_launch(fmt::format("one/00{}", launch), 10 + launch, us[launch - 1], 1);
    write_launch(fmt::format("two/base/00{}", launch), launch, 1, 1);
    write_launch(fmt::format("two/new/00{}", launch), launch, 2 * us[launch - 1], 1);
  }
  std::filesystem::create_directories(path_ / "plots");
  write_file(path_ / "notes.txt", "of no interest");
  const History history = read_history(path_);
  ASSERT_EQ(history.entries.size(), 2U);
  EXPECT_EQ(history.entries[0].name, "two");
  EXPECT_EQ(history.entries[0].started, "2026-01-01T00:00:00Z");
  EXPECT_EQ(history.entries[1].launches, 3U);
  EXPECT_THAT(history.points[0].medians_us, ElementsAre(18, 9));
}

TEST_F(HistoryFolder, NamesSinceWhenTheKernelIsAnotherOne) {
  write_launch("a", 1, 10, 20);
  write_launch("b/001", 2, 10, 20, 1, "6.6");
  write_launch("b/002", 3, 10, 20, 1, "6.6");
  write_launch("c", 4, 10, 20, 1, "6.6");
  const History history = read_history(path_);
  ASSERT_EQ(history.entries.size(), 3U);
  EXPECT_TRUE(history.entries[0].changed.empty());
  ASSERT_EQ(history.entries[1].changed.size(), 1U);
  EXPECT_TRUE(history.entries[2].changed.empty());
  EXPECT_THAT(history_table(history), HasSubstr("2026-01-02T00:00:00Z b        host.kernel \"6.1\" → \"6.6\"\n"));
  EXPECT_EQ(to_json(history)["entries"][1]["changed"][0]["key"], "host.kernel");
}

TEST_F(HistoryFolder, NamesSinceWhenAProviderIsAnotherOneWhereOneIsTold) {
  int day = 0;
  for (const char* provider : {"", "tcp", "", "tcp", "shm", ""}) {
    ++day;
    write_launch(fmt::format("set{}", day), day, 10, 20, 1, "6.1", provider);
  }
  const History history = read_history(path_);
  for (const HistoryEntry& entry : history.entries)
    EXPECT_EQ(entry.changed.size(), entry.name == "set5" ? 1U : 0U) << entry.name;
}

TEST_F(HistoryFolder, OfOneHostNamesNoChange) {
  write_days();
  EXPECT_THAT(history_table(read_history(path_)), testing::Not(HasSubstr("measured elsewhere")));
}

TEST_F(HistoryFolder, RefusesAFolderWithoutRuns) {
  const auto refusal = [this] { return message_of<UsageError>([this] { read_history(path_); }); };
  EXPECT_THAT(refusal(), HasSubstr("cannot be read"));
  std::filesystem::create_directories(path_ / "empty");
  EXPECT_THAT(refusal(), HasSubstr("holds no campaign"));
}

}  // namespace
}  // namespace weft
