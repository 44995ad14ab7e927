#include "analysis/side_by_side.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tests/unit/analysis/result_sets.hpp"

namespace weft {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// An all-reduce whose median is known to 1 % either way.
Record row_of(Bytes bytes, double us, const std::string& transport = "model") {
  Record record = all_reduce_record(bytes);
  record.transport = transport;
  record.point = static_cast<int>(bytes);
  record.iterations = 100;
  record.status = "ok";
  record.time_us_median = us;
  record.time_us_median_low = 0.99 * us;
  record.time_us_median_high = 1.01 * us;
  return record;
}

/// One launch with these rows.
ResultSet set_of_rows(const std::string& folder, std::vector<Record> rows) {
  const RunInfo info = plain_run_info();
  Run run{.folder = folder,
          .info = {{"provenance", info.provenance}, {"configuration", info.configuration}},
          .records = {}};
  run.records = std::move(rows);
  ResultSet set;
  set.folder = folder;
  set.launches.push_back({run});
  return set;
}

/// latency + bytes / bandwidth over 1 KiB, 4 KiB … 1 MiB.
ResultSet fabric_set(const std::string& folder, double latency_us, double gbps) {
  std::vector<Record> rows;
  for (Bytes bytes = 1 << 10; bytes <= 1 << 20; bytes *= 4)
    rows.push_back(row_of(bytes, latency_us + static_cast<double>(bytes) / (1000 * gbps)));
  return set_of_rows(folder, rows);
}

TEST(SideBySide, MatchesPointsWhateverTheirOrder) {
  const SideBySide sides = side_by_side({set_of_rows("a", {row_of(8, 10), row_of(64, 20)}),
                                         set_of_rows("b", {row_of(64, 10), row_of(512, 9), row_of(8, 30)})});
  ASSERT_EQ(sides.rows.size(), 2U);
  EXPECT_EQ(sides.rows[0].point.bytes_per_rank, 8U);
  EXPECT_DOUBLE_EQ(*ratio_of(sides.rows[0], 1, SideReference::first), 3);
  EXPECT_DOUBLE_EQ(*ratio_of(sides.rows[1], 1, SideReference::first), 0.5);
  EXPECT_DOUBLE_EQ(*ratio_of(sides.rows[1], 0, SideReference::best), 2);
  EXPECT_THAT(sides.notes, ElementsAre(HasSubstr("1 of 3 points are in one column only")));
}

TEST(SideBySide, TheTransportsOfOneRunAreColumns) {
  const SideBySide sides = side_by_side({set_of_rows("a", {row_of(8, 10, "shm"), row_of(8, 20, "mpi")})});
  ASSERT_EQ(sides.columns.size(), 2U);
  EXPECT_EQ(sides.columns[0].name, "shm");
  EXPECT_EQ(sides.columns[1].name, "mpi");
  EXPECT_EQ(sides.rows.size(), 1U);
}

TEST(SideBySide, FoldersOfOneNameAreToldApart) {
  const SideBySide sides =
      side_by_side({set_of_rows("x/run", {row_of(8, 1)}), set_of_rows("y/run", {row_of(8, 1), row_of(8, 2, "mpi")})});
  ASSERT_EQ(sides.columns.size(), 3U);
  EXPECT_EQ(sides.columns[0].name, "x/run");
  EXPECT_EQ(sides.columns[1].name, "y/run model");
  EXPECT_EQ(sides.columns[2].name, "y/run mpi");
}

TEST(SideBySide, NamesHaveNoDoubleSlash) {
  const SideBySide sides = side_by_side({set_of_rows("/run", {row_of(8, 1)}), set_of_rows("/x/run/", {row_of(8, 1)})});
  EXPECT_EQ(sides.columns[0].name, "run");
  EXPECT_EQ(sides.columns[1].name, "x/run");
}

TEST(SideBySide, TheBestIsApartFromAllOthers) {
  const auto three = [](double a, double b, double c) {
    return side_by_side(
               {set_of_rows("a", {row_of(8, a)}), set_of_rows("b", {row_of(8, b)}), set_of_rows("c", {row_of(8, c)})})
        .rows.front();
  };
  using enum SideMark;
  EXPECT_THAT(three(10, 20, 30).marks, ElementsAre(best, none, none));
  EXPECT_THAT(three(20, 10, 30).marks, ElementsAre(none, best, none));
  const SideRow tie = three(30, 10.1, 10);
  EXPECT_EQ(tie.fastest, 2U);
  EXPECT_THAT(tie.marks, ElementsAre(none, tied, tied));
}

TEST(SideBySide, WithoutAnIntervalNothingIsBestOrATie) {
  using enum SideMark;
  const auto vague = [](double us) {
    Record record = row_of(8, us);
    record.time_us_median_low = record.time_us_median_high = 0;
    return record;
  };
  const auto marks = [](const Record& a, const Record& b, const Record& c) {
    const SideBySide sides = side_by_side({set_of_rows("a", {a}), set_of_rows("b", {b}), set_of_rows("c", {c})});
    return sides.rows.front().marks;
  };
  EXPECT_THAT(marks(row_of(8, 100), vague(1), vague(2)), ElementsAre(unknown, unknown, unknown));
  EXPECT_THAT(marks(row_of(8, 1), vague(100), row_of(8, 2)), ElementsAre(unknown, unknown, none));
  EXPECT_THAT(marks(row_of(8, 1), vague(1), row_of(8, 1.01)), ElementsAre(tied, unknown, tied));
  const SideBySide sides = side_by_side({set_of_rows("a", {row_of(8, 100)}), set_of_rows("b", {vague(1)})});
  EXPECT_THAT(side_table(sides, SideReference::first), HasSubstr("x0.010 ?"));
  EXPECT_THAT(side_json(sides, SideReference::first), HasSubstr(R"("mark": "unknown")"));
}

/// The sentence with which these are refused.
std::string refusal_of(const std::vector<ResultSet>& sets) {
  try {
    side_by_side(sets);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "not refused";
}

TEST(SideBySide, SetsWithoutATimeAreNamed) {
  Record refused = row_of(8, 0);
  refused.iterations = 0;
  refused.status = "refused";
  const ResultSet timed = set_of_rows("timed", {row_of(8, 1)});
  const ResultSet empty = set_of_rows("empty", {});
  const ResultSet untimed = set_of_rows("none", {refused, row_of(64, 0)});
  EXPECT_THAT(refusal_of({timed, empty}), HasSubstr("empty: holds no point"));
  EXPECT_THAT(refusal_of({empty}), HasSubstr("empty: holds no point"));
  const std::string both = refusal_of({untimed, set_of_rows("other", {refused})});
  EXPECT_THAT(both, HasSubstr("none: has no time over model (1 refused, 1 without a time above 0)"));
  EXPECT_THAT(both, HasSubstr("other: has no time over model (1 refused)"));
  EXPECT_THAT(both, testing::Not(HasSubstr("combination")));
  Record elsewhere = row_of(8, 1);
  elsewhere.ranks = 16;
  const std::string three = refusal_of({timed, set_of_rows("elsewhere", {elsewhere}), empty});
  EXPECT_THAT(three, HasSubstr("empty: holds no point"));
  EXPECT_THAT(three, HasSubstr("ranks: 4 | 16"));
  EXPECT_THAT(side_by_side({timed, empty, timed}).notes, ElementsAre("empty: holds no point"));
}

TEST(SideBySide, TransportsWithoutATimeHaveNoSides) {
  EXPECT_FALSE(has_sides(set_of_rows("a", {row_of(8, 0), row_of(8, 3, "shm")})));
  EXPECT_FALSE(has_sides(set_of_rows("a", {row_of(8, 1), row_of(64, 3, "shm")})));
  EXPECT_FALSE(has_sides(set_of_rows("a", {})));
  EXPECT_TRUE(has_sides(set_of_rows("a", {row_of(8, 1), row_of(8, 3, "shm")})));
}

TEST(SideBySide, ACampaignAloneIsShownWhole) {
  ResultSet campaign = set_of_rows("c/001", {row_of(8, 1), row_of(64, 5)});
  campaign.launches.push_back(set_of_rows("c/002", {row_of(8, 3), row_of(64, 5)}).launches.front());
  campaign.folder = "c";
  const SideBySide sides = side_by_side({campaign});
  ASSERT_EQ(sides.columns.size(), 1U);
  ASSERT_EQ(sides.rows.size(), 2U);
  EXPECT_DOUBLE_EQ(sides.rows[0].cells[0]->time_us, 2);
  EXPECT_THAT(sides.rows[0].marks, ElementsAre(SideMark::none));
  const std::string text = side_table(sides, SideReference::first);
  EXPECT_THAT(text, HasSubstr("median over the launches"));
  EXPECT_THAT(text, testing::Not(HasSubstr("best")));
  EXPECT_THAT(refusal_of({set_of_rows("run", {row_of(8, 1)})}), HasSubstr("there is one transport"));
}

TEST(SideBySide, OfSeveralLaunchesTheMedianAndTheirInterval) {
  ResultSet many = set_of_rows("many", {row_of(8, 1)});
  for (const double us : {2.0, 3.0, 4.0, 5.0, 6.0, 7.0})
    many.launches.push_back(set_of_rows("many", {row_of(8, us)}).launches.front());
  const SideBySide sides = side_by_side({many, set_of_rows("one", {row_of(8, 8)})});
  EXPECT_DOUBLE_EQ(sides.rows[0].cells[0]->time_us, 4);
  EXPECT_DOUBLE_EQ(sides.rows[0].cells[0]->interval->low, 1);
  EXPECT_EQ(sides.columns[0].launches, 7U);
}

TEST(SideBySide, FailedRowsHaveNoCell) {
  Record failed = row_of(64, 1);
  failed.status = "failed";
  const SideBySide sides = side_by_side({set_of_rows("a", {row_of(8, 1), row_of(64, 1)}),
                                         set_of_rows("b", {row_of(8, 1), failed}), set_of_rows("c", {row_of(64, 3)})});
  ASSERT_EQ(sides.rows.size(), 2U);
  EXPECT_FALSE(sides.rows[1].cells[1]);
  EXPECT_FALSE(ratio_of(sides.rows[1], 1, SideReference::first));
  EXPECT_THAT(side_table(sides, SideReference::first), HasSubstr(" - "));
}

TEST(SideBySide, TwoFabricsCrossWhereTheirTimesAreEqual) {
  // 2 us + m / 10 GB/s = 10 us + m / 50 GB/s at m = 100,000 bytes.
  const SideBySide sides = side_by_side({fabric_set("low", 2, 10), fabric_set("wide", 10, 50)});
  ASSERT_EQ(sides.crossovers.size(), 1U);
  const Crossover& crossover = sides.crossovers.front();
  EXPECT_NEAR(crossover.bytes, 100'000, 1e-6);
  EXPECT_EQ(crossover.from, 64U << 10);
  EXPECT_EQ(crossover.to, 256U << 10);
  EXPECT_EQ(sides.columns[crossover.below].name, "low");
  EXPECT_EQ(sides.columns[crossover.above].name, "wide");
  EXPECT_THAT(side_table(sides, SideReference::first),
              HasSubstr("low is overtaken by wide at about 97.7K (interpolated between 64K and 256K)"));
}

TEST(SideBySide, ACrossoverSaysWhetherItsRowsAreInPlace) {
  std::vector<Record> slow;
  std::vector<Record> fast;
  for (const bool in_place : {false, true})
    for (const auto& [bytes, one, other] : {std::tuple(Bytes{8}, 1.0, 2.0), std::tuple(Bytes{64}, 4.0, 2.0)}) {
      slow.push_back(row_of(bytes, one));
      fast.push_back(row_of(bytes, other));
      slow.back().in_place = fast.back().in_place = in_place;
    }
  const std::string text =
      side_table(side_by_side({set_of_rows("a", slow), set_of_rows("b", fast)}), SideReference::first);
  EXPECT_THAT(text, HasSubstr("4 ranks: a is overtaken by b"));
  EXPECT_THAT(text, HasSubstr("4 ranks in place: a is overtaken by b"));
}

TEST(SideBySide, ThreeFabricsCrossInPairs) {
  const SideBySide sides = side_by_side({fabric_set("a", 2, 10), fabric_set("b", 10, 50), fabric_set("never", 20, 5)});
  EXPECT_EQ(sides.crossovers.size(), 1U);
}

TEST(SideBySide, WhatIsNotApartIsNoCrossover) {
  const SideBySide sides = side_by_side(
      {set_of_rows("a", {row_of(8, 10), row_of(64, 10.1)}), set_of_rows("b", {row_of(8, 10.1), row_of(64, 10)})});
  EXPECT_THAT(sides.crossovers, IsEmpty());
}

TEST(SideBySide, ATieBetweenIsCrossedWhereTheMediansCross) {
  const SideBySide sides = side_by_side({set_of_rows("a", {row_of(100, 10), row_of(200, 20), row_of(400, 60)}),
                                         set_of_rows("b", {row_of(100, 15), row_of(200, 20.1), row_of(400, 40)})});
  ASSERT_EQ(sides.crossovers.size(), 1U);
  EXPECT_EQ(sides.crossovers[0].from, 200U);
  EXPECT_NEAR(sides.crossovers[0].bytes, 200 + 200 * 0.1 / 20.1, 1e-9);
}

TEST(SideBySide, ConditionsThatDifferAreNamedByColumn) {
  ResultSet other = set_of_rows("b", {row_of(8, 1)});
  other.launches[0].run.info["provenance"]["host"]["cpu"] = "another";
  other.launches[0].run.info["provenance"]["libraries"]["mpi"] = "5";
  const SideBySide sides = side_by_side({set_of_rows("a", {row_of(8, 1)}), other});
  ASSERT_EQ(sides.differences.size(), 1U) << "MPI has no part in it";
  EXPECT_EQ(sides.differences[0].key, "host.cpu");
  EXPECT_THAT(sides.differences[0].values, ElementsAre("\"a cpu\"", "\"another\""));
}

TEST(SideBySide, NothingInCommonIsASentence) {
  Record other = row_of(8, 1);
  other.ranks = 16;
  try {
    side_by_side({set_of_rows("a", {row_of(8, 1)}), set_of_rows("b", {other})});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no two of these have a point in common (ranks: 4 | 16)"));
  }
}

TEST(SideBySide, EveryFormatHasTheSameFigures) {
  const SideBySide sides = side_by_side({fabric_set("low", 2, 10), fabric_set("wide|r", 10, 50)});
  const nlohmann::json json = nlohmann::json::parse(side_json(sides, SideReference::first));
  EXPECT_EQ(json.at("points").size(), 6U);
  EXPECT_EQ(json.at("points")[0].at("cells")[0].at("mark"), "best");
  EXPECT_NEAR(json.at("crossovers")[0].at("bytes_per_rank").get<double>(), 100'000, 1e-6);
  EXPECT_EQ(json.at("crossovers")[0].at("faster_above"), 1);
  EXPECT_THAT(side_csv(sides, SideReference::best), HasSubstr("low time_us,low time_us_low"));
  EXPECT_THAT(side_markdown(sides, SideReference::best), HasSubstr("| wide\\|r |"));
}

}  // namespace
}  // namespace weft
