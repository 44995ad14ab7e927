#include "analysis/reports.hpp"

#include "analysis/google_benchmark.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/analysis/synthetic_sets.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

/// One point regressed, one missing, one the same, one inconclusive, one new, and a difference that is allowed.
class Reports : public testing::Test {
 protected:
  Reports() {
    change_rows(now_, 0, [](Record& record) { record.time_us_median *= 1.2; });
    change_rows(now_, 1, [](Record& record) {
      record.status = "failed";
      record.reason = "rank 2 <was> lost & \"gone\" | \x01\xff";
    });
    for (std::size_t i = 0; i < 10; ++i) now_.launches[i].run.records[3].time_us_median *= i % 2 == 0 ? 0.8 : 1.2;
    change_rows(base_, 4, [](Record& record) { record.status = "refused"; });
    for (Launch& launch : now_.launches) launch.run.info["provenance"]["host"]["kernel"] = "6.2";
    comparison_ = compare(base_, now_, {}, {"host.kernel"});
  }
  ResultSet base_ = make_set({.name = "base", .points = 5, .variation = 0.001});
  ResultSet now_ = make_set({.name = "new", .points = 5, .variation = 0.001, .seed = 2});
  Comparison comparison_;
};

TEST_F(Reports, TheTableHasTheWorstFirstAndEndsWithTheVerdict) {
  const std::string text = comparison_table(comparison_);
  EXPECT_LT(text.find("\nmissing"), text.find("\nregressed"));
  EXPECT_LT(text.find("\nregressed"), text.find("\ninconclusive"));
  EXPECT_LT(text.find("\ninconclusive"), text.find("\nnew"));
  EXPECT_LT(text.find("\nnew"), text.find("\nsame"));
  EXPECT_THAT(text, ContainsRegex("regressed +all_reduce 8 ring over shm, 2 ranks, f32 sum +1[0-9.]+ +1[0-9.]+ +"
                                  "1\\.20. \\[1\\...., 1\\....\\] +1e-05 +0\\.. % +10\\+10\n"));
  EXPECT_THAT(text, HasSubstr("# differs, as --despite allows: host.kernel (\"6.1\" → \"6.2\"): 5 points\n"));
  EXPECT_TRUE(text.ends_with(comparison_.sentence() + "\n"));
}

TEST_F(Reports, JsonHoldsTheFigures) {
  const nlohmann::json report = nlohmann::json::parse(comparison_json(comparison_));
  EXPECT_EQ(report["exit_code"], 1);
  EXPECT_EQ(report["verdict"], "regression");
  EXPECT_EQ(report["counts"]["inconclusive"], 1);
  EXPECT_EQ(report["tested"], 3);
  EXPECT_EQ(report["differences"][0]["key"], "host.kernel");
  ASSERT_EQ(report["points"].size(), 5U);
  EXPECT_TRUE(report["points"][0]["figures"].is_null());
  const nlohmann::json& slower = report["points"][1];
  EXPECT_EQ(slower["verdict"], "regressed");
  EXPECT_EQ(slower["bytes_per_rank"], 8);
  EXPECT_EQ(slower["figures"]["base_us"].size(), 10U);
  EXPECT_NEAR(slower["figures"]["ratio"].get<double>(), 1.2, 0.01);
  EXPECT_GT(slower["figures"]["ratio_low"].get<double>(), 1.1);
}

TEST_F(Reports, WhatIsInfiniteIsNullInJson) {
  for (ResultSet* set : {&base_, &now_}) set->launches.resize(1);
  const nlohmann::json report = nlohmann::json::parse(comparison_json(compare(base_, now_, {}, {"host"})));
  EXPECT_TRUE(report["points"][1]["figures"]["ratio_high"].is_null());
  EXPECT_TRUE(report["points"][1]["figures"]["minimum_detectable_effect"].is_null());
}

TEST_F(Reports, MarkdownKeepsItsCells) {
  const std::string text = comparison_markdown(comparison_);
  EXPECT_TRUE(text.starts_with("### weft: regression\n"));
  EXPECT_THAT(text, AllOf(HasSubstr("&lt;was&gt; lost &amp;"), HasSubstr("\"gone\" \\| "), HasSubstr("<details>"),
                          HasSubstr("1 point the same, 1 inconclusive"), Not(HasSubstr("<was>"))));
}

TEST_F(Reports, JunitCountsFailuresAndSkips) {
  const std::string text = comparison_junit(comparison_);
  EXPECT_THAT(text, AllOf(HasSubstr("tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"2\""),
                          HasSubstr("<failure type=\"missing\" message=\"missing: failed in 10 of 10 launches: rank 2 "
                                    "&lt;was&gt; lost &amp; &quot;gone&quot; |  \xef\xbf\xbd\"/>")));
}

TEST_F(Reports, GoogleBenchmarkHasLaunchesAndAggregates) {
  const nlohmann::json report = nlohmann::json::parse(google_benchmark_json(base_, Metric::median));
  ASSERT_EQ(report["benchmarks"].size(), 4U * (10 + 4)) << "what was refused has no figure";
  const nlohmann::json& first = report["benchmarks"][0];
  EXPECT_EQ(first["name"], "all_reduce/ring/shm/ranks:2/dtype:f32/op:sum/bytes:8");
  EXPECT_EQ(first["run_type"], "iteration");
  EXPECT_EQ(first["real_time"], base_.launches[0].run.records[0].time_us_median);
  EXPECT_EQ(first["time_unit"], "us");
  EXPECT_EQ(report["benchmarks"][10]["aggregate_name"], "mean");
  EXPECT_NEAR(report["benchmarks"][13]["real_time"].get<double>(), 0.001, 0.0005);  // the cv
  base_.launches.resize(1);
  EXPECT_EQ(nlohmann::json::parse(google_benchmark_json(base_, Metric::median))["benchmarks"].size(), 4U);
  base_.launches[0].run.records[0].status = "wrong";
  EXPECT_EQ(nlohmann::json::parse(google_benchmark_json(base_, Metric::median))["benchmarks"].size(), 3U)
      << "nor what moved wrong data";
}

}  // namespace
}  // namespace weft
