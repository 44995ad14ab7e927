#include "analysis/impact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using testing::HasSubstr;

/// A row whose median is known to 10 % either way.
Record congest_row(const std::string& aggression, double median, double p99 = 0, const std::string& transport = "tcp") {
  Record record;
  record.pattern = "congest";
  record.operation = "pingpong";
  record.algorithm = aggression;
  record.transport = transport;
  record.bytes_per_rank = record.bytes_per_peer = 8;
  record.iterations = 500;
  record.status = "ok";
  record.sync = "round-time";
  record.time_us_median = median;
  record.time_us_median_low = 0.9 * median;
  record.time_us_median_high = 1.1 * median;
  record.time_us_p99 = p99;
  return record;
}

TEST(Impact, IsTheTimeBesideOverTheTimeAlone) {
  const std::vector<Record> rows = {congest_row("incast", 30, 90), congest_row("alone", 10, 15)};
  const std::vector<Impact> impacts = impacts_of(rows);
  ASSERT_EQ(impacts.size(), 1U);
  EXPECT_DOUBLE_EQ(*impacts[0].median, 3);
  EXPECT_DOUBLE_EQ(*impacts[0].p99, 6);
  EXPECT_DOUBLE_EQ(impacts[0].interval->low, 27.0 / 11);
  EXPECT_DOUBLE_EQ(impacts[0].interval->high, 33.0 / 9);
}

TEST(Impact, OfEachTransportItsOwn) {
  const std::vector<Record> rows = {congest_row("alone", 1, 0, "shm"), congest_row("incast", 30),
                                    congest_row("alone", 10), congest_row("incast", 7, 0, "shm")};
  const std::vector<Impact> impacts = impacts_of(rows);
  EXPECT_DOUBLE_EQ(*impacts[0].median, 3);
  EXPECT_DOUBLE_EQ(*impacts[1].median, 7);
}

TEST(Impact, HasNoP99WhereEitherHasNoneOrSamplesOutlastedTheirLoad) {
  std::vector<Record> rows = {congest_row("incast", 30, 90), congest_row("alone", 10)};
  EXPECT_FALSE(impacts_of(rows)[0].p99);
  rows[1].time_us_p99 = 15;
  EXPECT_TRUE(impacts_of(rows)[0].p99);
  rows[0].notes = "victims=2;uncovered=1";
  EXPECT_FALSE(impacts_of(rows)[0].p99) << "it would be in the tail";
  EXPECT_TRUE(impacts_of(rows)[0].median);
}

TEST(Impact, SaysWhyThereIsNone) {
  std::vector<Record> rows = {congest_row("incast", 30)};
  EXPECT_THAT(impacts_of(rows)[0].why_none, HasSubstr("not measured alone"));
  rows.push_back(congest_row("alone", 10));
  rows[1].status = "failed";
  rows[1].reason = "it was late";
  EXPECT_EQ(impacts_of(rows)[0].why_none, "alone: failed: it was late");
  rows[0].status = "failed";
  rows[0].reason = "beside 9 of the 10 samples the load did not run from start to end";
  EXPECT_THAT(impacts_of(rows)[0].why_none, HasSubstr("failed: beside 9"));
  EXPECT_FALSE(impacts_of(rows)[0].median);
}

TEST(Impact, HasNoneWhereEitherWasNotStartedByTheClock) {
  for (const std::size_t row : {0U, 1U}) {
    std::vector<Record> rows = {congest_row("incast", 30), congest_row("alone", 10)};
    rows[row].sync = "barrier";
    rows[row].oversubscribed = true;
    const std::vector<Impact> impacts = impacts_of(rows);
    EXPECT_THAT(impacts[0].why_none, HasSubstr("started by barrier, not by the common clock: there are more ranks"));
    EXPECT_FALSE(impacts[0].median || impacts[0].interval || impacts[0].p99);
  }
}

TEST(Impact, OtherPatternsHaveNone) {
  std::vector<Record> rows = {congest_row("incast", 30), congest_row("alone", 10)};
  for (Record& row : rows) row.pattern = "pairs";
  EXPECT_TRUE(impacts_of(rows).empty());
}

}  // namespace
}  // namespace weft
