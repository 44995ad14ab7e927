// Known curves give their parameters back.
#include "analysis/loggp.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analysis/curves.hpp"
#include "tests/unit/analysis/result_sets.hpp"

namespace weft {
namespace {

TEST(CurveFit, FindsLatencyAndBandwidth) {
  const auto fit = fit_of(curve_of("all_reduce", hockney(2, 50)));
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->hockney.latency_us, 2, 0.04);
  EXPECT_NEAR(fit->hockney.bandwidth_gbps(), 50, 1);
  EXPECT_NEAR(fit->half_bytes, 100'000, 2'000);
  EXPECT_TRUE(fit->breaks.empty());
  EXPECT_LT(fit->worst_residual, 0.01);
}

TEST(CurveFit, FindsThemThroughNoiseOfOnePercent) {
  int index = 0;
  const auto fit = fit_of(curve_of(
      "all_reduce", [&](Bytes bytes) { return hockney(2, 50)(bytes) * (1 + 0.01 * ((++index * 7) % 5 - 2) / 2); }));
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->hockney.latency_us, 2, 0.04);
  EXPECT_NEAR(fit->hockney.bandwidth_gbps(), 50, 1);
}

TEST(CurveFit, FindsTheBreakOfAProtocolSwitch) {
  const auto fit = fit_of(curve_of(
      "pingpong", [](Bytes bytes) { return bytes < Bytes{32} << 10 ? hockney(1, 4)(bytes) : hockney(6, 40)(bytes); }));
  ASSERT_TRUE(fit);
  EXPECT_THAT(fit->breaks, testing::ElementsAre(Bytes{32} << 10));
  EXPECT_NEAR(fit->pieces.front().latency_us, 1, 0.02);
  EXPECT_NEAR(fit->pieces.front().bandwidth_gbps(), 4, 0.08);
  EXPECT_NEAR(fit->pieces.back().latency_us, 6, 0.12);
  EXPECT_NEAR(fit->pieces.back().bandwidth_gbps(), 40, 0.8);
}

TEST(CurveFit, NeedsThreeSizes) {
  Curve curve = curve_of("all_reduce", hockney(2, 50));
  curve.points.resize(2);
  EXPECT_FALSE(fit_of(curve));
}

TEST(CurveFit, PingPongGivesLogGpAsFarAsItGoes) {
  std::vector<Curve> curves = {curve_of("pingpong", hockney(2, 50))};
  ASSERT_EQ(loggp_of(curves).size(), 1U);
  EXPECT_NEAR(loggp_of(curves)[0].l_plus_2o_us, 2, 0.04);
  EXPECT_NEAR(loggp_of(curves)[0].gap_per_byte_ns, 0.02, 0.0004);
  EXPECT_FALSE(loggp_of(curves)[0].gap_us);
  curves.push_back(curve_of("stream", hockney(0.5, 50)));
  curves.back().dtype = "u8";
  ASSERT_TRUE(loggp_of(curves)[0].gap_us);
  EXPECT_NEAR(*loggp_of(curves)[0].gap_us, 0.5, 0.01);
}

/// A round trip of loggp as LogGP has it, 16 messages where there are several; `us` is what the messages but one add.
Curve round_trip(const std::string& operation, int messages, const std::function<double(double)>& added_us) {
  Curve curve = curve_of(operation, [&](Bytes bytes) {
    const double s = static_cast<double>(bytes);
    return 2 * (3 + 2 * 0.4 + (s - 1) * 0.0001) + 15 * added_us(s);
  });
  curve.pattern = "loggp";
  for (CurvePoint& point : curve.points) point.messages = messages;
  return curve;
}

TEST(LogGP, RoundTripsGiveAllOfItBack) {
  const double pause = 500;
  std::vector<Curve> curves = {
      round_trip("round_trip", 1, [](double) { return 0; }),
      round_trip("burst", 16, [](double s) { return std::max(0.4, 0.7 + (s - 1) * 0.0001); }),
      round_trip("spaced", 16, [&](double) { return pause + 0.4; }),
      round_trip("pauses", 1, [&](double) { return pause; }),
  };
  const std::vector<LogGP> all = loggp_of(curves);
  ASSERT_EQ(all.size(), 1U);
  ASSERT_TRUE(all[0].overhead_us);
  EXPECT_NEAR(all[0].overhead_us->us, 0.4, 0.001);
  ASSERT_TRUE(all[0].overhead_us->half_width_us);
  EXPECT_GT(*all[0].overhead_us->half_width_us, 0);
  EXPECT_NEAR(*all[0].latency_us, 3, 0.06);
  EXPECT_NEAR(*all[0].gap_us, 0.8, 0.016) << "of 1 KiB: g + 1023 G";
  EXPECT_NEAR(all[0].gap_per_byte_ns, 0.1, 0.002);
}

TEST(LogGP, GapPerByteIsNotTheSlopeOfWhatTheOverheadHides) {
  for (const double overhead : {2.0, 30.0, 1000.0}) {
    const std::vector<LogGP> all =
        loggp_of({round_trip("round_trip", 1, [](double) { return 0; }),
                  round_trip("burst", 16, [&](double s) { return std::max(overhead, s * 0.0001); })});
    ASSERT_EQ(all.size(), 1U);
    EXPECT_NEAR(all[0].gap_per_byte_ns, 0.1, 0.002) << overhead;
  }
}

TEST(LogGP, NoiseMakesNoNegativeOverheadAndNoIntervalOfNothing) {
  std::vector<Curve> curves = {
      round_trip("round_trip", 1, [](double) { return 0; }), round_trip("burst", 16, [](double) { return 0.1; }),
      round_trip("spaced", 16, [](double) { return 99.9; }), round_trip("pauses", 1, [](double) { return 100; })};
  for (CurvePoint& point : curves.back().points) point.has_interval = false;
  const std::vector<LogGP> all = loggp_of(curves);
  ASSERT_EQ(all.size(), 1U);
  ASSERT_TRUE(all[0].overhead_us);
  EXPECT_EQ(all[0].overhead_us->us, 0);
  EXPECT_FALSE(all[0].overhead_us->half_width_us);
  EXPECT_DOUBLE_EQ(*all[0].latency_us, all[0].l_plus_2o_us);
}

TEST(LogGP, SaysNothingOfTheOverheadWherePausesAreShorterThanGaps) {
  const std::vector<LogGP> all = loggp_of(
      {round_trip("round_trip", 1, [](double) { return 0; }), round_trip("burst", 16, [](double) { return 50; }),
       round_trip("spaced", 16, [](double) { return 50; }), round_trip("pauses", 1, [](double) { return 25; })});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].overhead_us);
  EXPECT_FALSE(all[0].latency_us);
  EXPECT_NE(all[0].lacks, "");
}

TEST(LogGP, SaysNoLatencyWhereTwiceTheOverheadIsMoreThanTheTrip) {
  const std::vector<LogGP> all = loggp_of(
      {round_trip("round_trip", 1, [](double) { return 0; }), round_trip("burst", 16, [](double) { return 5; }),
       round_trip("spaced", 16, [](double) { return 105; }), round_trip("pauses", 1, [](double) { return 100; })});
  ASSERT_EQ(all.size(), 1U);
  ASSERT_TRUE(all[0].overhead_us);
  EXPECT_NEAR(all[0].overhead_us->us, 5, 0.01);
  EXPECT_FALSE(all[0].latency_us);
  EXPECT_NE(all[0].lacks, "");
}

TEST(Curves, AreOfTheMediansOfLaunches) {
  const TemporaryFolder folder;
  for (const char* launch : {"001", "002", "003"}) write_small_run(folder / launch);
  const ResultSet set = read_result_set(folder / "");
  const std::vector<Curve> curves = curves_of(set);
  ASSERT_EQ(curves.size(), 1U);
  EXPECT_EQ(curves[0].title(), "all_reduce, ring over shm, 4 ranks, f32 sum");
  ASSERT_EQ(curves[0].points.size(), 3U);
  EXPECT_EQ(curves[0].points[1].bytes, 64U);
  EXPECT_DOUBLE_EQ(curves[0].points[1].time_us, 10);
  EXPECT_TRUE(curves[0].points[1].has_interval) << "the range of the launches";
}

TEST(Curves, KnowMessagesAndPausesByTheNotesOfTheirRows) {
  ResultSet set{"a", {}, {}, {}, {}};
  set.launches.emplace_back();
  for (const char* notes : {"messages=16;pause_ns=25010", "messages=1"}) {
    Record record = all_reduce_record(8);
    summarise(five_samples(), 1, record);
    record.pattern = "loggp";
    record.operation = record.algorithm = notes;
    record.notes = notes;
    set.launches[0].run.records.push_back(record);
  }
  const std::vector<Curve> curves = curves_of(set);
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves[0].points[0].messages, 16);
  EXPECT_TRUE(curves[0].points[0].with_pauses);
  EXPECT_EQ(curves[1].points[0].messages, 1);
  EXPECT_FALSE(curves[1].points[0].with_pauses);
}

}  // namespace
}  // namespace weft
