#include "results/format.hpp"

#include <algorithm>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/columns.hpp"
#include "results/summary.hpp"
#include "tests/unit/results/sample_records.hpp"

namespace weft {
namespace {

using testing::HasSubstr;

Record measured(Record record, double factor) {
  summarise(five_samples(), factor, record);
  return record;
}

/// Batched and unsteady; with an interval, percentiles and some late samples; with many of them; with starts apart.
std::vector<Record> gathered_records() {
  std::vector<Record> records;
  for (const Bytes bytes : {Bytes{8}, Bytes{4096}, Bytes{64 << 10}, Bytes{1 << 20}}) {
    Record record = all_reduce_record(bytes);
    record.pattern = record.operation = "all_gather";
    record.op.clear();
    Samples samples = many_samples();
    if (bytes == 8) {
      samples.batch = 100;
      samples.steady = false;
    }
    samples.valid.assign(samples.completion.size(), 1);
    std::fill_n(samples.valid.begin(), bytes == 4096 ? 4 : bytes == (64 << 10) ? 40 : 0, char{0});
    if (bytes == 1 << 20) samples.clock_bound_ns = 3000;
    summarise(samples, 0.75, record);
    records.push_back(record);
  }
  return records;
}

/// One of each kind: measured, in place, wrong, refused, all-to-all, barrier, pipeline.
std::vector<Record> assorted_records() {
  std::vector<Record> records = {measured(all_reduce_record(8), 1.5), measured(all_reduce_record(1 << 20), 1.5)};
  Record wrong = measured(all_reduce_record(4 << 20), 1.5);
  wrong.wrong = "12";
  wrong.status = "wrong";
  records.push_back(wrong);
  Record refused = all_reduce_record(16 << 20);
  refused.transport = "mpi";
  refused.status = "refused";
  refused.reason = "this transport has no f8";
  records.push_back(refused);
  Record barrier = all_reduce_record(0);
  barrier.pattern = barrier.operation = "barrier";
  barrier.algorithm = "dissemination";
  barrier.op.clear();
  records.push_back(measured(barrier, 0));
  Record all_to_all = measured(dispatch_record(), 0.75);
  all_to_all.pattern = all_to_all.operation = "all_to_all";
  all_to_all.imbalance = 0;
  all_to_all.logical_bytes = 0;
  records.push_back(all_to_all);
  records.push_back(measured(dispatch_record(), 0.75));
  records.push_back(measured(pipeline_record(), 1));
  for (Record& record : gathered_records()) records.push_back(std::move(record));
  for (std::size_t i = 0; i < records.size(); ++i) records[i].point = static_cast<int>(i);
  return records;
}

std::string text_of(const std::string& format, const std::vector<Record>& records) {
  const std::unique_ptr<Formatter> formatter = find_format(format).make();
  std::string text;
  for (const Record& record : records) text += formatter->add(record);
  return text + formatter->finish();
}

/// The text that the format gave when a person last looked at it: tests/unit/results/golden/FORMAT.txt.
void expect_golden(const std::string& format) {
  std::ifstream file(std::string(WEFT_GOLDEN_FOLDER) + "/" + format + ".txt");
  ASSERT_TRUE(file);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text_of(format, assorted_records()), golden);
}

TEST(Formats, Table) { expect_golden("table"); }
TEST(Formats, Nccl) { expect_golden("nccl"); }
TEST(Formats, Osu) { expect_golden("osu"); }
TEST(Formats, Imb) { expect_golden("imb"); }
TEST(Formats, Csv) { expect_golden("csv"); }  // tests/scripts/plot_test.py draws this one

TEST(Formats, UnknownNameGetsTheNearest) {
  try {
    find_format("tabel");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'table'"));
  }
}

TEST(Formats, CsvIsWhatThePointsFileHolds) {
  const std::vector<Record> records = assorted_records();
  std::string expected = csv_line(column_names());
  for (const Record& record : records) expected += csv_line(fields_of(record));
  EXPECT_EQ(text_of("csv", records), expected);
  EXPECT_EQ(text_of("csv", {}), csv_line(column_names()));
}

TEST(Formats, JsonIsOneValidDocument) {
  const nlohmann::json all = nlohmann::json::parse(text_of("json", assorted_records()));
  ASSERT_EQ(all.size(), assorted_records().size());
  EXPECT_EQ(all[0]["bytes_per_rank"], 8);
  EXPECT_EQ(nlohmann::json::parse(text_of("json", {})), nlohmann::json::array());
}

/// Rows out of place and in place in turns, as in a log of nccl-tests, which knows means only.
std::vector<Record> imported_records() {
  std::vector<Record> records;
  for (const Bytes bytes : {Bytes{64}, Bytes{4096}})
    for (const bool in_place : {false, true}) {
      Record record = measured(all_reduce_record(bytes), 1.5);
      record.in_place = in_place;
      record.time_us_median = std::numeric_limits<double>::quiet_NaN();
      records.push_back(record);
    }
  return records;
}

/// As of a log with one time, and without a type.
Record record_with_one_time(Bytes bytes) {
  constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();
  Record record = measured(all_reduce_record(bytes), 1.5);
  record.pattern = "send_recv";
  record.operation = "pingpong";
  record.dtype.clear();
  record.op.clear();
  record.ranks = 2;
  record.time_us_median = record.time_us_rank_min = record.time_us_rank_max = kNotKnown;
  record.time_us_mean_of_ranks = 2;
  return record;
}

TEST(Formats, ImbHasATableWithOneTimeForRowsThatHaveOneOnly) {
  std::vector<Record> records = {record_with_one_time(64), all_reduce_record(64), record_with_one_time(4096)};
  records[1] = measured(records[1], 1.5);
  const std::string text = text_of("imb", records);
  EXPECT_THAT(text, HasSubstr("# Benchmarking send_recv pingpong, ring over shm\n# #processes = 2\n"));
  EXPECT_THAT(text, HasSubstr("       #bytes #repetitions      t[usec]   Mbytes/sec\n"
                              "           64            5         2.00        32.00\n"));
  EXPECT_THAT(text, HasSubstr("         4096            5         2.00      2048.00\n"));
  EXPECT_THAT(text, HasSubstr("t_min[usec]"));
  EXPECT_THAT(text, testing::Not(HasSubstr("nan")));
}

TEST(Formats, ImbHasATableForEachNumberOfRanks) {
  std::vector<Record> records = {measured(all_reduce_record(64), 1.5), measured(all_reduce_record(64), 1.5)};
  records[1].ranks = 8;
  const std::string text = text_of("imb", records);
  EXPECT_THAT(text, HasSubstr("# #processes = 4\n"));
  EXPECT_THAT(text, HasSubstr("# #processes = 8\n"));
}

TEST(Formats, OfMeansLeaveOutARowThatHasNone) {
  Record record = record_with_one_time(64);
  record.time_us_median = 2;
  record.time_us_mean_of_ranks = std::numeric_limits<double>::quiet_NaN();
  for (const char* format : {"osu", "imb"}) {
    const std::string text = text_of(format, {record});
    EXPECT_THAT(text, HasSubstr("# n/a: 64 ring over shm: its log has no mean over the ranks\n")) << format;
    EXPECT_THAT(text, testing::Not(HasSubstr("nan"))) << format;
  }
}

TEST(Formats, TitlesOfRowsWithoutATypeEndWithWhatTheyHave) {
  Record record = record_with_one_time(64);
  EXPECT_THAT(text_of("osu", {record}),
              HasSubstr("# weft send_recv pingpong, ring over shm, 2 ranks, OSU's columns\n"));
  record.op = "sum";
  EXPECT_THAT(text_of("osu", {record}), HasSubstr("2 ranks, ? sum, OSU's columns\n"));
}

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Formats, TableHasOneTableOfRowsThatComeInTurns) {
  const std::string text = text_of("table", imported_records());
  EXPECT_EQ(count_of("mean us", text), 2U) << text;
  EXPECT_EQ(count_of("all_reduce, 4 ranks, in place", text), 1U) << text;
}

TEST(Formats, NcclSaysWhatItsTimesAre) {
  EXPECT_THAT(text_of("nccl", imported_records()), HasSubstr("times are means"));
  EXPECT_THAT(text_of("nccl", assorted_records()), testing::Not(HasSubstr("times are means")));
}

TEST(Formats, TableSaysWhatWasAskedFor) {
  Record late = all_reduce_record(64);
  late.notes = "tokens=3;arrival=one-late:0:5000ns";
  late.cache.clear();
  Samples samples = many_samples();
  samples.start_skew.assign(400, 5000);
  summarise(samples, 1.5, late);
  EXPECT_EQ(late.reason, "");
  const std::string text = text_of("table", {late});
  EXPECT_THAT(text, HasSubstr("sync round-time, arrival one-late:0:5000ns, n 400"));
  EXPECT_THAT(text, HasSubstr(" skew "));
  EXPECT_THAT(text, testing::Not(HasSubstr("!")));
  late.notes.clear();
  EXPECT_THAT(text_of("table", {late}), HasSubstr("! clock bound and start skew"));
}

TEST(Formats, TableHasBandwidthsByLevelWhereNodesAreCrossed) {
  Record inside = all_reduce_record(64);
  inside.wire_bytes_between_nodes = 0;
  inside.wire_bytes_inside_node = 96;
  EXPECT_THAT(text_of("table", {measured(inside, 1.5)}), testing::Not(HasSubstr("inter GB/s")));
  Record crossing = all_reduce_record(1 << 20);
  crossing.wire_bytes_between_nodes = 1 << 19;
  crossing.wire_bytes_inside_node = 1 << 20;
  const std::string text = text_of("table", {measured(crossing, 1.5)});
  EXPECT_THAT(text, HasSubstr(" inter GB/s intra GB/s "));
  EXPECT_THAT(text, HasSubstr("     52.429    104.858 "));
}

TEST(Formats, TableHasNoHalfWidthBeyondTheMedian) {
  Record wide = measured(all_reduce_record(64), 1.5);
  wide.time_us_median_low = 1;
  wide.time_us_median_high = 2400;
  EXPECT_THAT(text_of("table", {wide}), HasSubstr(" >100% "));
}

TEST(Formats, NcclJoinsInPlaceAndOutOfPlace) {
  const Record out_of_place = measured(all_reduce_record(64), 1.5);
  Record in_place = out_of_place;
  in_place.in_place = true;
  const std::string both = text_of("nccl", {out_of_place, in_place});
  EXPECT_EQ(both.find("N/A"), std::string::npos);
  EXPECT_THAT(text_of("nccl", {in_place}), HasSubstr("N/A"));
}

TEST(Formats, NcclClosesWithTheWrongElements) {
  Record wrong = measured(all_reduce_record(64), 1.5);
  wrong.status = "wrong";
  wrong.wrong = "3";
  EXPECT_THAT(text_of("nccl", {wrong}), HasSubstr("# Out of bounds values : 3 FAILED\n"));
}

TEST(Formats, SizeIsPerPeerWhereOsuSaysSo) {
  Record record = dispatch_record();
  record.operation = "all_to_all";
  EXPECT_EQ(peer_benchmark_size(record), Bytes{1} << 20);
  record.operation = "all_gather";
  EXPECT_EQ(peer_benchmark_size(record), Bytes{1} << 20);
  record.operation = "reduce_scatter";
  EXPECT_EQ(peer_benchmark_size(record), Bytes{4} << 20);
}

TEST(Fixed, KeepsToTheWidth) {
  EXPECT_EQ(fixed(0), "0.00");
  EXPECT_EQ(fixed(0.2664), "0.266");
  EXPECT_EQ(fixed(0.9996), "1.00");
  EXPECT_EQ(fixed(123.456), "123.46");
  EXPECT_EQ(fixed(1234.56), "1234.6");
  EXPECT_EQ(fixed(123456.7), "123457");
}

}  // namespace
}  // namespace weft
