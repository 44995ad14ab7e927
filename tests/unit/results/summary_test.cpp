#include "results/summary.hpp"

#include "statistics/quantile.hpp"
#include <gtest/gtest.h>

#include "tests/unit/results/sample_records.hpp"

namespace weft {
namespace {

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  // R: quantile(c(1,2,3,4), type = 7)
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0), 1);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.05), 1.15);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 1), 4);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.95), 7);
  EXPECT_DOUBLE_EQ(quantile({}, 0.5), 0);
}

TEST(Summary, TimesAreMicroseconds) {
  Record record = all_reduce_record(1 << 20);
  summarise(five_samples(), 1.5, record);
  EXPECT_EQ(record.iterations, 5);
  EXPECT_EQ(record.warmup, 3);
  EXPECT_DOUBLE_EQ(record.time_us_median, 10);
  EXPECT_DOUBLE_EQ(record.time_us_min, 8);
  EXPECT_DOUBLE_EQ(record.time_us_max, 12);
  EXPECT_DOUBLE_EQ(record.time_us_mean, 10);
  EXPECT_DOUBLE_EQ(record.time_us_p05, 8.2);
  EXPECT_DOUBLE_EQ(record.time_us_p95, 11.8);
  EXPECT_DOUBLE_EQ(record.time_us_mean_of_ranks, 9.5);
  EXPECT_DOUBLE_EQ(record.time_us_rank_min, 9);
  EXPECT_DOUBLE_EQ(record.time_us_rank_max, 9.9);
  EXPECT_DOUBLE_EQ(record.time_us_first, 250);
}

TEST(Summary, BandwidthsAreOfTheMedian) {
  Record record = dispatch_record();
  summarise(five_samples(), 0.75, record);
  const double mebibyte_in_10us = 104.8576;
  EXPECT_DOUBLE_EQ(record.algbw_gbps, 4 * mebibyte_in_10us);
  EXPECT_DOUBLE_EQ(record.busbw_gbps, 3 * mebibyte_in_10us);
  EXPECT_DOUBLE_EQ(record.wirebw_gbps, 3 * mebibyte_in_10us);
  EXPECT_DOUBLE_EQ(record.logicalbw_gbps, 4 * mebibyte_in_10us);
}

TEST(Summary, NamesTheRankThatIsSlowestMostOften) {
  Record record = all_reduce_record(8);
  summarise(five_samples(), 1.5, record);
  EXPECT_EQ(record.slowest_rank, 2);
  EXPECT_DOUBLE_EQ(record.slowest_share, 0.6);
  Samples tie = five_samples();
  tie.slowest = {3, 1, 3, 1};
  summarise(tie, 1.5, record);
  EXPECT_EQ(record.slowest_rank, 1);
}

TEST(Summary, WrongPayloadIsAStatus) {
  Samples samples = five_samples();
  Record record = all_reduce_record(8);
  summarise(samples, 1.5, record);
  EXPECT_EQ(record.wrong, "0");
  EXPECT_EQ(record.status, "ok");
  samples.wrong = 17;
  summarise(samples, 1.5, record);
  EXPECT_EQ(record.wrong, "17");
  EXPECT_EQ(record.status, "wrong");
}

TEST(Summary, UncheckedPayloadSaysWhy) {
  Samples samples = five_samples();
  samples.checked = false;
  samples.unchecked_reason = "-c 0";
  Record record = all_reduce_record(8);
  summarise(samples, 1.5, record);
  EXPECT_EQ(record.wrong, "n/a");
  EXPECT_EQ(record.status, "ok");
  EXPECT_EQ(record.reason, "-c 0");
}

TEST(Summary, NoIterationsLeaveNoTimes) {
  Record record = all_reduce_record(8);
  summarise(Samples{}, 1.5, record);
  EXPECT_FALSE(record.measured());
  EXPECT_EQ(record.time_us_median, 0);
}

}  // namespace
}  // namespace weft
