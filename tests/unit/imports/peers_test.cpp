// What each peer's log says in weft's terms: sizes, figures, and nothing that the log does not tell.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/imports/logs.hpp"

namespace weft {
namespace {

TEST(ImportNccl, ReadsBothHalvesOfARow) {
  const ReadLog log = import_golden("nccl_all_reduce.log");
  EXPECT_EQ(log.format, "nccl");
  EXPECT_EQ(log.log.tool, "nccl-tests");
  EXPECT_EQ(log.log.version, "2.17.6");
  EXPECT_TRUE(log.log.left_out.empty());
  ASSERT_EQ(log.log.points.size(), 6U);
  const Record& out = row(log, 2);
  EXPECT_EQ(out.key(), "all_reduce|all_reduce|native|nccl|4|f32|sum|out of place|1048576|1048576");
  EXPECT_EQ(out.iterations, 20);
  EXPECT_EQ(out.warmup, 5);
  EXPECT_DOUBLE_EQ(out.time_us_mean_of_ranks, 98.4);
  EXPECT_TRUE(std::isnan(out.time_us_median)) << "a mean is no median";
  EXPECT_TRUE(std::isnan(out.time_us_mean)) << "nor is it the mean of the slowest rank's times";
  EXPECT_NEAR(out.busbw_gbps, 1048576 / 98.4e3 * 1.5, 1e-9);
  EXPECT_EQ(out.wrong, "0");
  EXPECT_TRUE(row(log, 3).in_place);
  EXPECT_DOUBLE_EQ(row(log, 3).time_us_mean_of_ranks, 97.1);
  EXPECT_DOUBLE_EQ(row(log, 5).time_us_mean_of_ranks, 1.2e6);
}

TEST(ImportNccl, EachRunOfALogHasItsOwnRanks) {
  const TemporaryFolder folder;
  const std::string header =
      "#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw "
      "  busbw #wrong\n";
  const std::string table_row =
      "        1024           256     float     sum      -1    10.00    0.10    0.10      0    10.00    0.10 "
      "   0.10      0\n";
  const auto run = [&](const std::string& program, int ranks) {
    std::string text = "# " + program + "\n";
    for (int rank = 0; rank < ranks; ++rank) text += "#  Rank  " + std::to_string(rank) + " Group  0 Pid 1 on host\n";
    return text + header + table_row + "# Avg bus bandwidth    : 0.1\n";
  };
  const ReadLog log = import_text(folder, run("all_reduce_perf", 4) + run("reduce_scatter_perf", 2));
  ASSERT_EQ(log.log.points.size(), 4U);
  EXPECT_EQ(row(log, 0).ranks, 4);
  EXPECT_EQ(row(log, 2).ranks, 2);
}

TEST(ImportNccl, SizeOfAnAllToAllIsTheWholeBuffer) {
  const ReadLog log = import_golden("nccl_alltoall.log");
  EXPECT_EQ(row(log, 0).operation, "all_to_all");
  EXPECT_EQ(row(log, 0).op, "");
  EXPECT_EQ(row(log, 0).bytes_per_rank, 1024U);
  EXPECT_EQ(row(log, 0).bytes_per_peer, 256U);
  EXPECT_EQ(row(log, 1).wrong, "n/a");
}

TEST(ImportNccl, ReadsOldColumnsAndAsksForWhatTheyDoNotSay) {
  const std::string asks = message_of<UsageError>([] { import_golden("nccl_old.log", {.ranks = 8}); });
  EXPECT_THAT(asks, testing::HasSubstr("nccl_old.log, line 6: names no program"));
  EXPECT_THAT(asks, testing::HasSubstr("--operation"));
  const std::string asks_ranks =
      message_of<UsageError>([] { import_golden("nccl_old.log", {.ranks = 0, .operation = "all_gather"}); });
  EXPECT_THAT(asks_ranks, testing::HasSubstr("--ranks"));
  const ReadLog log = import_golden("nccl_old.log", {.ranks = 8, .operation = "all_gather", .transport = "nccl-ib"});
  ASSERT_EQ(log.log.points.size(), 4U);
  EXPECT_EQ(row(log, 0).key(), "all_gather|all_gather|native|nccl-ib|8|f32||out of place|4096|4096");
  EXPECT_DOUBLE_EQ(row(log, 1).time_us_mean_of_ranks, 30.5);
  EXPECT_EQ(row(log, 0).iterations, 100);
  EXPECT_EQ(row(log, 2).wrong, "0") << "an error of rounding is no wrong element";
}

TEST(ImportNccl, ReadsJsonWithItsSamplesAndWrongElements) {
  const ReadLog log = import_golden("nccl_reduce_scatter.json");
  EXPECT_EQ(log.format, "nccl-json");
  ASSERT_EQ(log.log.points.size(), 3U);
  EXPECT_EQ(row(log, 0).key(), "reduce_scatter|reduce_scatter|native|nccl|2|bf16|sum|out of place|4096|4096");
  EXPECT_DOUBLE_EQ(row(log, 0).time_us_mean_of_ranks, 25.5);
  EXPECT_EQ(row(log, 1).status, "wrong");
  EXPECT_EQ(row(log, 1).wrong, "2");
  const Record& sampled = row(log, 2);
  EXPECT_DOUBLE_EQ(sampled.time_us_median, 42.0);
  EXPECT_DOUBLE_EQ(sampled.time_us_max, 90.0);
  EXPECT_EQ(sampled.iterations, 5);
  EXPECT_EQ(log.log.points[2].samples.completion.size(), 5U);
  EXPECT_EQ(log.log.parameters.dump().find("TOKEN"), std::string::npos);
}

TEST(ImportOsu, ReadsFullColumnsAndNoPercentileOfMeans) {
  const ReadLog log = import_golden("osu_allreduce.log", {.ranks = 2});
  EXPECT_EQ(log.log.version, "7.4");
  ASSERT_EQ(log.log.points.size(), 3U);
  const Record& r = row(log, 1);
  EXPECT_EQ(r.key(), "all_reduce|all_reduce|native|mpi|2|u8|sum|out of place|8|8");
  EXPECT_DOUBLE_EQ(r.time_us_mean_of_ranks, 0.67);
  EXPECT_DOUBLE_EQ(r.time_us_rank_min, 0.33);
  EXPECT_DOUBLE_EQ(r.time_us_rank_max, 1.00);
  EXPECT_EQ(r.iterations, 20);
  EXPECT_EQ(r.time_us_p99, 0);
  EXPECT_TRUE(std::isnan(r.time_us_median));
}

TEST(ImportOsu, SizeOfAnAllToAllIsTheBlockForOnePeer) {
  const ReadLog log = import_golden("osu_alltoall.log", {.ranks = 64});
  EXPECT_EQ(row(log, 4).bytes_per_peer, 16U);
  EXPECT_EQ(row(log, 4).bytes_per_rank, 1024U);
  EXPECT_NEAR(row(log, 4).busbw_gbps, 1024 / 680.0 * 63 / 64, 1e-9);
}

TEST(ImportOsu, ReadsPairsBarriersAndRates) {
  const ReadLog latency = import_golden("osu_latency.log", {.ranks = 8});  // a pair whatever the others are
  EXPECT_EQ(row(latency, 1).key(), "send_recv|pingpong|native|mpi|2|u8||out of place|2|2");
  const ReadLog barrier = import_golden("osu_barrier.log", {.ranks = 2});
  ASSERT_EQ(barrier.log.points.size(), 1U);
  EXPECT_EQ(row(barrier, 0).bytes_per_rank, 0U);
  EXPECT_DOUBLE_EQ(row(barrier, 0).time_us_mean_of_ranks, 35900.60);
  const ReadLog rate = import_golden("osu_bw.log");
  EXPECT_EQ(rate.log.left_out.size(), 2U) << "0.00 and 0.01 MB/s give no time";
  ASSERT_EQ(rate.log.points.size(), 2U);
  EXPECT_EQ(row(rate, 0).operation, "stream");
  EXPECT_NEAR(row(rate, 0).time_us_mean_of_ranks, 4 / 26.55, 1e-12);
  EXPECT_NEAR(row(rate, 0).algbw_gbps, 0.02655, 1e-12) << "1e6 B/s";
}

TEST(ImportOsu, ReadsManyPairsByTheirMessages) {
  const ReadLog log = import_golden("osu_mbw_mr.log", {.ranks = 8});  // whatever the ranks of other programs were
  ASSERT_EQ(log.log.points.size(), 13U);
  EXPECT_EQ(row(log, 2).key(), "stream|stream|native|mpi|4|u8||out of place|4|4") << "two ranks a pair";
  EXPECT_DOUBLE_EQ(row(log, 2).time_us_mean_of_ranks, 2e6 / 9010134.64) << "of one pair of the two";
  EXPECT_NEAR(row(log, 2).algbw_gbps, 36.04e-3 / 2, 1e-5);
  const ReadLog latency = import_golden("osu_multi_lat.log", {.ranks = 4});
  EXPECT_EQ(row(latency, 0).key(), "send_recv|pingpong|native|mpi|4|u8||out of place|1|1");
  const TemporaryFolder folder;
  const std::string title = "# OSU MPI Multiple Bandwidth / Message Rate Test v7.4\n# [ pairs: ";
  const ReadLog rates = import_text(folder, title + "1 ] [ window size: 64 ]\n# Size   MB/s\n1   16.23\n2   0.01\n");
  ASSERT_EQ(rates.log.points.size(), 1U);
  EXPECT_DOUBLE_EQ(row(rates, 0).time_us_mean_of_ranks, 1 / 16.23);
  const auto refused = [&](const std::string& rest) {
    return message_of<UsageError>([&] { import_text(folder, title + rest); });
  };
  EXPECT_THAT(refused("1 ] [ window size: varied ]\n#   1   2\n1   2.04   3.67\n"), testing::HasSubstr("(-V)"));
  EXPECT_THAT(refused("0 ] [ window size: 64 ]\n"), testing::HasSubstr("line 2: has no sensible number of pairs"));
}

TEST(ImportOsu, SaysWhatItAsksForAndWhatItCannotHold) {
  EXPECT_THAT(message_of<UsageError>([] { import_golden("osu_allreduce.log"); }), testing::HasSubstr("--ranks"));
  EXPECT_THAT(message_of<UsageError>([] { import_golden("osu_iallreduce.log", {.ranks = 2}); }),
              testing::HasSubstr("Non-blocking Allreduce Latency"));
  const TemporaryFolder folder;
  const ReadLog log = import_text(
      folder, "# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)        Validation\n8  1.5  Fail\n",
      {.ranks = 2});
  EXPECT_EQ(row(log, 0).status, "wrong");
}

TEST(ImportImb, ReadsTheSectionsOfOneLog) {
  const ReadLog log = import_golden("imb.log");
  EXPECT_EQ(log.log.version, "2021.11");
  std::map<std::string, const Record*> last;  // of each operation: 32 B as IMB has it
  for (const ImportedPoint& point : log.log.points) last[point.record.operation] = &point.record;
  ASSERT_EQ(last.size(), 9U);
  EXPECT_EQ(last["pingpong"]->key(), "send_recv|pingpong|native|mpi|2|u8||out of place|32|32");
  EXPECT_EQ(last["exchange"]->time_us_rank_max, 0.26) << "Sendrecv of two ranks";
  EXPECT_EQ(last["neighbour_exchange"]->bytes_per_rank, 32U);
  EXPECT_EQ(last["all_reduce"]->dtype, "f32");
  EXPECT_DOUBLE_EQ(last["all_reduce"]->time_us_rank_min, 0.34);
  EXPECT_DOUBLE_EQ(last["all_reduce"]->time_us_rank_max, 0.36);
  EXPECT_DOUBLE_EQ(last["all_reduce"]->time_us_mean_of_ranks, 0.35);
  EXPECT_EQ(last["all_reduce"]->iterations, 20);
  EXPECT_EQ(last["reduce_scatter"]->bytes_per_rank, 32U);
  EXPECT_EQ(last["all_gather"]->bytes_per_rank, 64U);
  EXPECT_EQ(last["all_to_all"]->bytes_per_rank, 64U);
  EXPECT_EQ(last["all_to_all"]->bytes_per_peer, 32U);
  EXPECT_EQ(last["broadcast"]->bytes_per_rank, 32U);
  EXPECT_DOUBLE_EQ(last["barrier"]->time_us_mean_of_ranks, 0.17);
}

TEST(ImportImb, ReadsBothWaysOfOneOperation) {
  const TemporaryFolder folder;
  const std::string processes = "# #processes = 2\n";
  const std::string table = processes + "#bytes #repetitions t_min[usec] t_max[usec] t_avg[usec]\n 8 100 1 2 1.5\n";
  const ReadLog log = import_text(folder, "# Benchmarking PingPing\n" + processes +
                                              "#bytes #repetitions t[usec] Mbytes/sec\n 8 100 1.5 5\n" +
                                              "# Benchmarking Sendrecv\n" + table + "# Benchmarking Reduce_scatter\n" +
                                              processes + "#bytes #repetitions t_min[usec] t_max[usec] t_avg[usec]\n" +
                                              " 16 100 1 2 1.5\n# Benchmarking Reduce_scatter_block\n" + table);
  ASSERT_EQ(log.log.points.size(), 4U);
  EXPECT_EQ(row(log, 1).algorithm, "sendrecv");
  EXPECT_EQ(row(log, 2).bytes_per_rank, row(log, 3).bytes_per_rank);
  EXPECT_EQ(row(log, 3).algorithm, "block");
}

TEST(ImportImb, DefectsAreWrongData) {
  const TemporaryFolder folder;
  const std::string head = "# Benchmarking Bcast\n# #processes = 2\n";
  const ReadLog log = import_text(folder, head + "#bytes #repetitions t_min[usec] t_max[usec] t_avg[usec] defects\n" +
                                              " 8 100 1 2 1.5 0.00\n 16 100 1 2 1.5 3.00\n");
  EXPECT_EQ(row(log, 0).status + row(log, 0).wrong, "ok0");
  EXPECT_EQ(row(log, 1).status + row(log, 1).wrong, "wrong3");
}

TEST(ImportImb, TellsBlocksFromBuffersAndLeavesOutWhatHasNoPlace) {
  const TemporaryFolder folder;
  const std::string table = "# #processes = 4\n#bytes #repetitions t_min[usec] t_max[usec] t_avg[usec]\n";
  const ReadLog log = import_text(folder, "# Benchmarking Reduce_scatter_block\n" + table + " 8 100 1 2 1.5\n" +
                                              " 16 out-of-mem.; needed X=     0.1 GB\n# Benchmarking Window\n" + table +
                                              " 8 100 1 2 1.5\n");
  ASSERT_EQ(log.log.points.size(), 1U);
  EXPECT_EQ(row(log, 0).bytes_per_rank, 32U);
  EXPECT_EQ(log.log.left_out.size(), 2U);
}

}  // namespace
}  // namespace weft
