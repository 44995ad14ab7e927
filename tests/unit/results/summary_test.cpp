#include "results/summary.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/results/sample_records.hpp"

namespace weft {
namespace {

/// 0, 1, 2, … thousand ns, low and high in turns: a series that is worth all its samples.
Samples ramp(int count) {
  Samples samples = five_samples();
  samples.completion.clear();
  samples.slowest.clear();
  for (int i = 0; i < count; ++i) samples.completion.push_back(1000.0 * (i % 2 == 0 ? i / 2 : count - 1 - i / 2));
  return samples;
}

Record summary_of(const Samples& samples) {
  Record record = all_reduce_record(8);
  summarise(samples, 1.5, record);
  return record;
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
  EXPECT_DOUBLE_EQ(record.time_us_mean_of_ranks, 9.5);
  EXPECT_DOUBLE_EQ(record.time_us_rank_min, 9);
  EXPECT_DOUBLE_EQ(record.time_us_rank_max, 9.9);
  EXPECT_DOUBLE_EQ(record.time_us_first, 250);
}

TEST(Summary, PercentilesNeedEnoughSamples) {
  EXPECT_EQ(summary_of(ramp(71)).time_us_p95, 0);
  EXPECT_EQ(summary_of(ramp(71)).time_us_p05, 0);
  // R: quantile(0:100, c(.05, .95), type = 7); quantile(0:4000, .999, type = 7)
  EXPECT_DOUBLE_EQ(summary_of(ramp(101)).time_us_p05, 5);
  EXPECT_DOUBLE_EQ(summary_of(ramp(101)).time_us_p95, 95);
  EXPECT_EQ(summary_of(ramp(367)).time_us_p99, 0);
  EXPECT_DOUBLE_EQ(summary_of(ramp(401)).time_us_p99, 396);
  EXPECT_EQ(summary_of(ramp(3687)).time_us_p999, 0);
  EXPECT_DOUBLE_EQ(summary_of(ramp(4001)).time_us_p999, 3996);
  Samples batched = ramp(401);
  batched.batch = 10;
  EXPECT_EQ(summary_of(batched).time_us_p95, 0);
  EXPECT_EQ(summary_of(batched).time_us_p05, 0);
  EXPECT_EQ(summary_of(batched).batch, 10);
  EXPECT_DOUBLE_EQ(summary_of(batched).time_us_median, 200);
}

// A level that wanders: 5,000 samples that are worth some tens.
TEST(Summary, PercentilesNeedIndependentSamples) {
  Samples samples = ramp(5000);
  EXPECT_GT(summary_of(samples).time_us_p99, 0);
  for (std::size_t i = 0; i < samples.completion.size(); ++i)
    samples.completion[i] = 10'000 + 5'000 * std::sin(static_cast<double>(i) / 400) + samples.completion[i] / 1e4;
  const Record record = summary_of(samples);
  EXPECT_LT(record.effective_n, 72);
  EXPECT_EQ(record.iterations, 5000);
  EXPECT_EQ(record.time_us_p95, 0);
  EXPECT_EQ(record.time_us_p99, 0);
}

TEST(Summary, TheMedianHasAnInterval) {
  EXPECT_EQ(summary_of(five_samples()).time_us_median_low, 0) << "five samples are too few";
  const Record record = summary_of(ramp(101));
  EXPECT_GT(record.effective_n, 50);
  EXPECT_LE(record.effective_n, 101);
  EXPECT_GT(record.time_us_median_low, 30);
  EXPECT_LT(record.time_us_median_low, 45);
  EXPECT_GT(record.time_us_median_high, 55);
  EXPECT_LT(record.time_us_median_high, 70);
}

TEST(Summary, OutliersAreCountedAndKept) {
  Samples samples = ramp(101);  // quartiles 25 and 75 us: beyond 225 us
  samples.completion[7] = 224'000;
  EXPECT_EQ(summary_of(samples).outliers, 0);
  samples.completion[7] = 1'000'000;
  EXPECT_EQ(summary_of(samples).outliers, 1);
  EXPECT_EQ(summary_of(samples).iterations, 101);
  EXPECT_DOUBLE_EQ(summary_of(samples).time_us_max, 1000);
}

TEST(Summary, InvalidSamplesAreInNoFigure) {
  Samples samples = five_samples();
  samples.completion.push_back(500'000);
  samples.slowest = {2, 1, 2, 3, 2, 0};
  samples.start_skew = {1000, 2000, 3000, 4000, 5000, 90'000};
  samples.valid = {1, 1, 1, 1, 1, 0};
  const Record record = summary_of(samples);
  EXPECT_EQ(record.iterations, 5);
  EXPECT_DOUBLE_EQ(record.time_us_max, 12);
  EXPECT_DOUBLE_EQ(record.slowest_share, 0.6);
  EXPECT_DOUBLE_EQ(record.start_skew_us, 3);
  EXPECT_DOUBLE_EQ(record.invalid_share, 1.0 / 6);
}

TEST(Summary, TooManyInvalidSamplesFailThePoint) {
  Samples samples = ramp(100);
  samples.sync = "round-time";
  samples.valid.assign(100, 1);
  std::fill_n(samples.valid.begin(), 5, char{0});
  EXPECT_EQ(summary_of(samples).status, "ok");
  std::fill_n(samples.valid.begin(), 12, char{0});
  EXPECT_EQ(summary_of(samples).status, "failed");
  EXPECT_EQ(summary_of(samples).reason, "12 % of the 100 samples started late: try --sync barrier");
  samples.valid.assign(100, 0);
  const Record none = summary_of(samples);
  EXPECT_FALSE(none.measured());
  EXPECT_EQ(none.status, "failed");
  EXPECT_EQ(none.reason, "100 % of the 100 samples started late: try --sync barrier");
  Record congest = all_reduce_record(8);
  congest.pattern = "congest";
  summarise(samples, 1, congest);
  EXPECT_EQ(congest.reason, "100 % of the 100 samples started late") << "it takes no barrier";
  samples.wrong = 1;
  EXPECT_EQ(summary_of(samples).status, "wrong") << "wrong data is the worse of the two";
}

TEST(Summary, AnUncertainStartIsSaid) {
  Samples samples = ramp(101);
  samples.start_skew.assign(101, 1500);
  samples.clock_bound_ns = 900;
  EXPECT_EQ(summary_of(samples).reason, "");
  samples.clock_bound_ns = 2000;
  EXPECT_EQ(summary_of(samples).status, "ok");
  EXPECT_EQ(summary_of(samples).reason, "bound of the clocks and skew of the start are 7 % of the median sample");
  samples.batch = 2;
  EXPECT_EQ(summary_of(samples).reason, "") << "of two calls the median sample is twice as long";
  samples.batch = 1;
  samples.sync = "none";
  EXPECT_EQ(summary_of(samples).reason, "") << "the ranks' own times know of no common start";
}

TEST(Summary, SaysHowItWasMeasured) {
  Samples samples = five_samples();
  samples.sync = "barrier";
  samples.stop = "budget";
  samples.steady = false;
  samples.clock_closure_ns = 250;
  samples.disturbance = {.switches_voluntary = 4, .switches_involuntary = 2, .steal_share = 0.25};
  const Record record = summary_of(samples);
  EXPECT_EQ(record.sync, "barrier");
  EXPECT_EQ(record.stop, "budget");
  EXPECT_FALSE(record.steady);
  EXPECT_DOUBLE_EQ(record.clock_closure_us, 0.25);
  EXPECT_EQ(record.switches_voluntary, 4);
  EXPECT_EQ(record.switches_involuntary, 2);
  EXPECT_DOUBLE_EQ(record.steal_share, 0.25);
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
