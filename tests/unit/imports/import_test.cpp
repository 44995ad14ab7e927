// Any log into a run folder, weft's own tables there and back, and what is no log.
#include <cmath>

#include "analysis/result_set.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/format.hpp"
#include "results/summary.hpp"
#include "tests/unit/imports/logs.hpp"
#include "tests/unit/results/sample_records.hpp"

namespace weft {
namespace {

const char* const kOsu =
    "# OSU MPI Allreduce Latency Test v7.4\n# Datatype: MPI_CHAR.\n# Size       Avg Latency(us)\n8   1.50\n16   1.75\n";

TEST(Import, WritesARunFolderThatKeepsWhatIsNotKnownEmpty) {
  const TemporaryFolder folder;
  write_imported_run({import_text(folder, kOsu, {.ranks = 2})}, folder / "run");
  const weft::Run run = read_run(folder / "run");
  ASSERT_EQ(run.records.size(), 2U);
  EXPECT_TRUE(std::isnan(run.records[0].time_us_median));
  EXPECT_TRUE(std::isnan(run.records[0].clock_bound_us));
  EXPECT_DOUBLE_EQ(run.records[0].time_us(), 1.5);
  const nlohmann::json imported = run.info["provenance"]["imported"];
  EXPECT_EQ(imported["tool"], "OSU Micro-Benchmarks");
  EXPECT_EQ(imported["version"], "7.4");
  EXPECT_EQ(imported["logs"][0]["file"], "a.log");
  EXPECT_EQ(imported["logs"][0]["fnv1a64"].get<std::string>().size(), 16U);
  EXPECT_FALSE(run.info["provenance"].contains("host")) << "this host has measured nothing";
  EXPECT_EQ(read_result_set(folder / "run").launches.size(), 1U);
}

TEST(Import, MergesThePartsOfOneLaunch) {
  const TemporaryFolder folder;
  const ImportOptions two{.ranks = 2};
  write_imported_run({import_golden("osu_allreduce.log", two), import_golden("osu_barrier.log", two)}, folder / "run");
  EXPECT_EQ(read_run(folder / "run").records.size(), 4U);
  const ReadLog log = import_golden("osu_barrier.log", two);
  EXPECT_THAT(message_of<UsageError>([&] {
                write_imported_run({log, log}, folder / "twice");
              }),
              testing::HasSubstr("both measure barrier"));
  EXPECT_THAT(message_of<UsageError>([&] {
                write_imported_run({log, import_golden("imb.log")}, folder / "two");
              }),
              testing::HasSubstr("do not come from the same benchmark"));
}

/// Records of three sizes in a format of weft's, imported again.
ReadLog there_and_back(const TemporaryFolder& folder, const std::string& format, const std::string& operation,
                       std::vector<Record>& records) {
  const std::unique_ptr<Formatter> formatter = find_format(format).make();
  std::string text;
  for (const Bytes bytes : {Bytes{64}, Bytes{4096}, Bytes{1 << 20}}) {
    Record record = all_reduce_record(bytes);
    record.pattern = operation == "pingpong" ? "send_recv" : operation;
    record.operation = operation;
    if (operation != "all_reduce") record.op.clear();
    if (operation == "all_to_all") record.bytes_per_peer = bytes / 4;
    summarise(five_samples(), 1.5, record);
    text += formatter->add(record);
    records.push_back(record);
  }
  return import_text(folder, text + formatter->finish());
}

TEST(Import, ReadsWeftsOwnTablesBack) {
  for (const std::string format : {"nccl", "osu", "imb"}) {
    for (const std::string operation : {"all_reduce", "all_gather", "all_to_all", "pingpong"}) {
      SCOPED_TRACE(testing::Message() << format << ", " << operation);
      const TemporaryFolder folder;
      std::vector<Record> records;
      const ReadLog log = there_and_back(folder, format, operation, records);
      EXPECT_EQ(log.format, format);
      ASSERT_EQ(log.log.points.size(), records.size());
      for (std::size_t i = 0; i < records.size(); ++i) {
        EXPECT_EQ(row(log, i).key(), records[i].key());
        const bool median = format == "nccl";
        EXPECT_DOUBLE_EQ(row(log, i).time_us(), median ? records[i].time_us_median : records[i].time_us_mean_of_ranks);
        if (format == "imb") {
          EXPECT_DOUBLE_EQ(row(log, i).time_us_rank_max, records[i].time_us_rank_max);
        }
      }
    }
  }
}

TEST(Import, RefusesWhatIsNoLogOfABenchmark) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text) {
    return message_of<UsageError>([&] { import_text(folder, text, {.ranks = 2}); });
  };
  EXPECT_THAT(refused(""), testing::HasSubstr("a.log: is empty"));
  EXPECT_THAT(refused("hello\nworld\n"), testing::HasSubstr("a.log: is no log of a benchmark that weft knows"));
  EXPECT_THAT(refused(std::string("# OSU\nab\0c", 10)), testing::HasSubstr("a.log, line 2: has a byte 0"));
  EXPECT_THAT(refused("# OSU\n" + std::string(2 << 20, 'x')),
              testing::HasSubstr("a.log, line 2: is longer than 1 MiB"));
  EXPECT_THAT(refused("{\"results\": [{\"size\": 8"), testing::HasSubstr("a.log, line 1: is no JSON"));
  EXPECT_THAT(refused("{\"results\": [7]}"), testing::HasSubstr("result 0 lacks \"size\""));
  EXPECT_THAT(message_of<UsageError>([&] { import_log(folder / "none.log", "auto", {}); }),
              testing::HasSubstr("none.log: cannot be read"));
  EXPECT_THAT(message_of<UsageError>([&] { import_text(folder, kOsu, {}, "osuu"); }), testing::HasSubstr("'osu'"));
}

TEST(Import, RefusesDamagedRowsByTheirLine) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& rows) {
    return message_of<UsageError>([&] { import_text(folder, kOsu + rows, {.ranks = 2}); });
  };
  EXPECT_THAT(refused("32   1.9"), testing::HasSubstr("a.log, line 6: the log is cut in the middle of this line"));
  EXPECT_THAT(refused("32\n"), testing::HasSubstr("line 6: has 1 fields where the table's header has 2"));
  EXPECT_THAT(refused("32   nan\n"), testing::HasSubstr("line 6: 'nan' stands where the average latency should"));
  EXPECT_THAT(refused("32   -1\n"), testing::HasSubstr("line 6: '-1' stands"));
  EXPECT_THAT(refused("3.2   1\n"), testing::HasSubstr("line 6: '3.2' stands where the size should"));
  EXPECT_THAT(refused("8   1.6\n"), testing::HasSubstr("line 6: measures the point of line 4 again"));
  EXPECT_THAT(message_of<UsageError>([&] {
                import_text(folder,
                            "# weft all_reduce, ring over shm, 4 ranks, f32 sum, OSU's columns\n"
                            "# Size       Avg Latency(us)\n8  1\n",
                            {.ranks = 2});
              }),
              testing::HasSubstr("is of 4 ranks, where --ranks says 2"));
}

TEST(Import, RefusesRowsThatNobodyCanHaveMeasured) {
  const TemporaryFolder folder;
  const std::string full =
      "# OSU MPI All-to-All Personalized Exchange Latency Test v7.4\n"
      "# Size  Avg Latency(us)  Min Latency(us)  Max Latency(us)  Iterations\n";
  const auto refused = [&](const std::string& rows) {
    return message_of<UsageError>([&] { import_text(folder, full + rows, {.ranks = 1000}); });
  };
  EXPECT_THAT(refused("18446744073709551615 5 5 5 10\n"), testing::HasSubstr("a.log, line 3: a size of 184467"));
  EXPECT_THAT(refused("1125899906842624 5e12 5e12 5e12 10\n"), testing::HasSubstr("larger than 1 PiB"));
  EXPECT_THAT(refused("1 5 5 5 10\n8 4 5 3 10\n"),
              testing::HasSubstr("line 4: the time of the fastest rank, 5 us, is more than that of the slowest, 3 us"));
  EXPECT_THAT(refused("8 4 4.5 5 10\n"), testing::HasSubstr("that of the mean, 4 us"));
  EXPECT_THAT(refused("8 6 4 5 10\n"), testing::HasSubstr("the time of the mean rank, 6 us"));
  EXPECT_THAT(refused("8 1e300 1 1e300 10\n"), testing::HasSubstr("is more than a year"));
  EXPECT_THAT(refused("1048576 0.00 0.00 0.00 10\n"), testing::HasSubstr("1048576 B took 0.00 us"));
  EXPECT_THAT(refused("1000000000 1 1 1 10\n"), testing::HasSubstr("more than 100 TB/s"));
  EXPECT_THAT(
      message_of<UsageError>([&] { import_text(folder, R"({"config": {"iterations": 1e30}, "results": []})"); }),
      testing::HasSubstr("\"iterations\" is no whole number from 0"));
}

TEST(Import, KeepsTinyMessagesThatTookNoTimeToSpeakOf) {
  const TemporaryFolder folder;
  const ReadLog log = import_text(folder, kOsu + std::string("32   0.00\n"), {.ranks = 2});
  EXPECT_EQ(row(log, 2).time_us_mean_of_ranks, 0);
  EXPECT_EQ(row(log, 2).algbw_gbps, 0);
  write_imported_run({log}, folder / "run");
  EXPECT_EQ(read_run(folder / "run").records.size(), 3U);
  const ReadLog alone = import_text(folder,
                                    "# Benchmarking Bcast\n# #processes = 1\n"
                                    "#bytes #repetitions t_min[usec] t_max[usec] t_avg[usec]\n"
                                    " 4194304 10 0.00 0.00 0.00\n");
  EXPECT_EQ(row(alone, 0).time_us_mean_of_ranks, 0) << "a rank alone has nothing to send";
}

}  // namespace
}  // namespace weft
