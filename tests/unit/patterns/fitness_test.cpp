#include "patterns/fitness.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

/// Of 1,000 us of compute.
FitReport verdict_on(std::vector<TrafficRow> rows, std::vector<std::string> hidden = {}) {
  return judge({.compute = {.forward_us = 400, .backward_us = 600, .bubble = 0, .bubble_left_out = {}},
                .micro_batches = 1,
                .hidden = std::move(hidden),
                .rows = std::move(rows)},
               {.fits = 0.05, .marginal = 0.15});
}

TrafficRow exposed_row(double latency_us, double transfer_us, const std::string& dimension = "tp") {
  TrafficRow row;
  row.dimension = dimension;
  row.calls = {0};
  row.wire = 1;
  row.latency_us = latency_us;
  row.transfer_us = transfer_us;
  return row;
}

TEST(Judge, GoesByTheShareOfTheStep) {
  EXPECT_EQ(verdict_on({exposed_row(0, 52)}).overall, Fitness::fits);  // 1000 / 19 are 5 % of a step
  EXPECT_EQ(verdict_on({exposed_row(0, 53)}).overall, Fitness::marginal);
  EXPECT_EQ(verdict_on({exposed_row(0, 176)}).overall, Fitness::marginal);  // 1000 x 15 / 85
  EXPECT_EQ(verdict_on({exposed_row(0, 177)}).overall, Fitness::does_not_fit);
  EXPECT_EQ(verdict_on({exposed_row(0, 1000, "pp")}, {"pp"}).overall, Fitness::fits);
}

TEST(Judge, SaysTheBandwidthThatWouldDo) {
  const FitReport report = verdict_on({exposed_row(10, 100)});
  ASSERT_TRUE(report.needed);
  EXPECT_NEAR(*report.needed, 100 / (1000.0 / 19 - 10), 1e-9);
  ASSERT_TRUE(report.rows[0].needed);
  EXPECT_NEAR(*report.rows[0].needed, *report.needed, 1e-9);
  EXPECT_FALSE(verdict_on({exposed_row(53, 100)}).needed) << "latency alone is too much";
  const FitReport behind = verdict_on({exposed_row(0, 2000, "pp")}, {"pp"});
  EXPECT_NEAR(*behind.needed, 2000 / (1000 + 1000.0 / 19), 1e-9);
}

TEST(Judge, TakesTheDimensionsTogetherAndNamesTheOneThatBinds) {
  const FitReport report = verdict_on({exposed_row(0, 45, "tp"), exposed_row(0, 50, "cp")});
  EXPECT_EQ(report.rows[0].fitness, Fitness::fits);
  EXPECT_EQ(report.rows[1].fitness, Fitness::fits);
  EXPECT_EQ(report.overall, Fitness::marginal);
  EXPECT_EQ(report.binding, 1U);
  EXPECT_NEAR(*report.needed, 95 / (1000.0 / 19), 1e-9);
  EXPECT_LT(*report.rows[1].needed, 1);
  // Nothing is exposed: the one with the least to spare.
  EXPECT_EQ(verdict_on({exposed_row(0, 10, "ep"), exposed_row(0, 300, "pp")}, {"ep", "pp"}).binding, 1U);
  EXPECT_FALSE(verdict_on({}).binding);
  EXPECT_EQ(verdict_on({}).overall, Fitness::fits);
}

TEST(Judge, KnowsWhatItDoesNotKnow) {
  TrafficRow unknown = exposed_row(0, 0, "cp");
  unknown.unknown = {0};
  FitReport report = verdict_on({exposed_row(0, 10), unknown});
  EXPECT_EQ(report.rows[0].fitness, Fitness::fits);
  EXPECT_EQ(report.rows[1].fitness, Fitness::not_known);
  EXPECT_EQ(report.overall, Fitness::not_known);
  report = verdict_on({exposed_row(0, 200), unknown});
  EXPECT_EQ(report.overall, Fitness::does_not_fit) << "whatever the rest takes";
  EXPECT_STREQ(name_of(Fitness::does_not_fit), "does not fit");
  EXPECT_STREQ(name_of(Fitness::not_known), "not known");
}

}  // namespace
}  // namespace weft
