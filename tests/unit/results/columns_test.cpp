#include "results/columns.hpp"

#include <locale>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "results/summary.hpp"
#include "tests/unit/core/temporary_folder.hpp"
#include "tests/unit/results/sample_records.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsSupersetOf;

Record measured(Record record) {
  summarise(five_samples(), 1.5, record);
  return record;
}

std::vector<Record> through_a_file(const std::vector<Record>& records) {
  const TemporaryFolder folder;
  std::string text = csv_line(column_names());
  for (const Record& record : records) text += csv_line(fields_of(record));
  write_file(folder / "points.csv", text);
  return records_of(read_csv(folder / "points.csv"));
}

std::string field(const Record& record, const std::string& name) {
  for (const Column& column : columns())
    if (column.name == name) return column.write(record);
  return "no such column";
}

TEST(Columns, AreThePromisedOnes) {
  EXPECT_THAT(column_names(),
              IsSupersetOf({"pattern",        "operation",      "algorithm",      "transport",  "ranks",
                            "dtype",          "bytes_per_rank", "bytes_per_peer", "wire_bytes", "iterations",
                            "time_us_median", "time_us_min",    "time_us_max",    "algbw_GBps", "busbw_GBps",
                            "imbalance",      "slowest_rank",   "wrong",          "status",     "reason"}));
}

TEST(Columns, AreAllDocumented) {
  const std::string documentation = file_text(std::string(WEFT_SOURCE_FOLDER) + "/docs/results.md");
  for (const std::string& name : column_names())
    EXPECT_THAT(documentation, HasSubstr("| `" + name + "` |")) << "docs/results.md has no row for it";
}

TEST(Columns, AreUnique) {
  const std::vector<std::string> names = column_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(Columns, EveryOneSurvivesTheFile) {
  Record refused = all_reduce_record(64);
  refused.status = "refused";
  refused.reason = "needs \"a power of two\", but\nthere are 3 ranks";
  Record odd = measured(pipeline_record());
  odd.in_place = odd.oversubscribed = true;
  odd.point = 12;
  std::vector<Record> records = {measured(all_reduce_record(Bytes{3} << 30)), measured(dispatch_record()), refused,
                                 odd};
  for (int i = 0; i < 3; ++i) records[static_cast<std::size_t>(i)].point = i;
  const std::vector<Record> back = through_a_file(records);
  ASSERT_EQ(back.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(fields_of(back[i]), fields_of(records[i])) << i;
    EXPECT_EQ(back[i].key(), records[i].key()) << i;
  }
  EXPECT_EQ(back[2].reason, refused.reason);
  EXPECT_NEAR(back[3].bubble_formula, odd.bubble_formula, 1e-9);
}

TEST(Columns, BytesByLevelSurviveTheFile) {
  Record record = all_reduce_record(1 << 20);
  record.point = 0;
  record.wire_bytes_between_nodes = 0;
  record.wire_bytes_inside_node = 1'572'864;
  const Record back = through_a_file({measured(record)}).front();
  EXPECT_EQ(back.wire_bytes_between_nodes, 0);
  EXPECT_EQ(back.wire_bytes_inside_node, 1'572'864);
  EXPECT_EQ(field(back, "wire_bytes_between_nodes"), "0");
  EXPECT_EQ(field(back, "internodebw_GBps"), "");
  EXPECT_EQ(field(back, "intranodebw_GBps"), "157.2864");
}

// Schema 2 had no bytes by level at first.
TEST(Columns, AFileFromBeforeTheLastColumnsIsRead) {
  constexpr std::size_t kLater = 4;
  const auto without = [](std::vector<std::string> fields, std::size_t number) {
    fields.resize(fields.size() - number);
    return csv_line(fields);
  };
  Record record = measured(all_reduce_record(8));
  record.point = 0;
  const TemporaryFolder folder;
  const auto written = [&](std::size_t number) {
    write_file(folder / "points.csv", without(column_names(), number) + without(fields_of(record), number));
    return read_csv(folder / "points.csv");
  };
  const Record old = records_of(written(kLater)).front();
  EXPECT_EQ(old.time_us_median, record.time_us_median);
  EXPECT_EQ(old.wire_bytes_between_nodes, -1);
  EXPECT_EQ(field(old, "wire_bytes_inside_node"), "");
  for (const std::size_t number : {1U, 2U, 3U, 5U})
    EXPECT_THAT(message_of<UsageError>([&] { records_of(written(number)); }), HasSubstr("of the header is nothing"));
}

TEST(Columns, WhatDoesNotApplyIsEmpty) {
  const Record refused = all_reduce_record(64);
  for (const char* name : {"time_us_median", "time_us_p95", "time_us_first", "algbw_GBps", "busbw_GBps", "imbalance",
                           "bubble", "bubble_formula", "slowest_rank", "slowest_share", "logical_bytes", "wrong",
                           "wire_bytes_between_nodes", "internodebw_GBps"})
    EXPECT_EQ(field(refused, name), "") << name;
  EXPECT_EQ(field(refused, "bytes_per_rank"), "64");
  EXPECT_EQ(field(refused, "in_place"), "false");
}

TEST(Columns, ZeroTimeIsATimeOnceMeasured) {
  Record record = all_reduce_record(0);
  Samples instant;
  instant.completion = {0, 0};
  summarise(instant, 1, record);
  EXPECT_EQ(field(record, "time_us_median"), "0");
  EXPECT_EQ(field(record, "algbw_GBps"), "");
}

TEST(Columns, NumbersKeepTheirDigits) {
  Record record = measured(all_reduce_record(8));
  record.time_us_median = 1234567.891;
  EXPECT_EQ(field(record, "time_us_median"), "1234567.891");
  record.time_us_median = 1.0 / 3;
  EXPECT_EQ(field(record, "time_us_median"), "0.3333333333");
  record.time_us_median = 10;
  EXPECT_EQ(field(record, "time_us_median"), "10");
}

struct DecimalComma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

TEST(Columns, NumbersDoNotFollowTheLocale) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  Record record = measured(all_reduce_record(8));
  record.point = 0;
  record.time_us_median = 8.5;
  record.algbw_gbps = record.busbw_gbps = record.wirebw_gbps = 0;  // those were of another time
  EXPECT_EQ(field(record, "time_us_median"), "8.5");
  EXPECT_DOUBLE_EQ(through_a_file({record}).front().time_us_median, 8.5);
  std::locale::global(before);
}

TEST(Columns, HostileValuesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> hostile = {{"ranks", "four"},
                                                                    {"ranks", "4.5"},
                                                                    {"bytes_per_rank", "-8"},
                                                                    {"bytes_per_rank", "99999999999999999999"},
                                                                    {"time_us_median", "1,5"},
                                                                    {"time_us_median", "nan"},
                                                                    {"time_us_max", "inf"},
                                                                    {"in_place", "yes"},
                                                                    {"wire_bytes", "0x10"},
                                                                    {"slowest_rank", " 1"},
                                                                    {"imbalance", "1e999"},
                                                                    {"status", "fine"},
                                                                    {"point", "-1"},
                                                                    {"time_us_min", "-3"},
                                                                    {"time_us_min", "11"},
                                                                    {"time_us_p05", "13"},
                                                                    {"slowest_share", "1.5"},
                                                                    {"iterations", "-5"},
                                                                    {"wrong", "3"},
                                                                    {"wrong", "some"},
                                                                    {"wrong", "1.5"},
                                                                    {"algbw_GBps", "99"},
                                                                    {"wirebw_GBps", "0.5"},
                                                                    {"busbw_GBps", "1"},
                                                                    {"internodebw_GBps", "2"},
                                                                    {"wire_bytes_inside_node", "-1"},
                                                                    {"slowest_rank", "4"},
                                                                    {"stop", "whenever"},
                                                                    {"sync", "luck"},
                                                                    {"cache", "cold"},
                                                                    {"outliers", "6"},
                                                                    {"ranks", "0"},
                                                                    {"status", "wrong"},
                                                                    {"bubble", "1.2"}};
  for (const auto& [name, value] : hostile) {
    const TemporaryFolder folder;
    Record good = measured(all_reduce_record(8));
    good.point = 0;
    std::vector<std::string> fields = fields_of(good);
    const std::vector<std::string> names = column_names();
    fields[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin())] = value;
    write_file(folder / "points.csv", csv_line(names) + csv_line(fields));
    EXPECT_THAT(message_of<UsageError>([&] { records_of(read_csv(folder / "points.csv")); }),
                AllOf(HasSubstr("points.csv, line 2"), HasSubstr(name), HasSubstr(value)));
  }
}

TEST(Columns, APointThatComesTwiceIsNamed) {
  Record first = measured(all_reduce_record(8));
  Record second = measured(all_reduce_record(64));
  first.point = second.point = 4;
  EXPECT_THAT(message_of<UsageError>([&] {
                through_a_file({first, second});
              }),
              AllOf(HasSubstr("points.csv, line 3"), HasSubstr("point 4 comes twice")));
  second = first;
  second.point = 5;
  EXPECT_THAT(message_of<UsageError>([&] {
                through_a_file({first, second});
              }),
              AllOf(HasSubstr("points.csv, line 3"), HasSubstr("the same as point 4")));
}

TEST(Json, HasTheColumnsWithTheirKinds) {
  const nlohmann::json object = to_json(measured(dispatch_record()));
  EXPECT_EQ(object.size(), columns().size());
  EXPECT_EQ(object["operation"], "dispatch");
  EXPECT_EQ(object["ranks"], 4);
  EXPECT_DOUBLE_EQ(object["imbalance"].get<double>(), 1.25);
  EXPECT_EQ(object["in_place"], false);
  EXPECT_TRUE(object["bubble"].is_null());
  EXPECT_TRUE(object["op"].is_null());
  EXPECT_TRUE(object["wrong"].is_string());
}

}  // namespace
}  // namespace weft
