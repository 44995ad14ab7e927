// Each guideline, broken alone, is told alone.
#include "analysis/guidelines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analysis/curves.hpp"

namespace weft {
namespace {

std::vector<Violation> violations_of(const std::vector<Curve>& curves) { return check_guidelines(curves).violations; }

/// Where latency and bytes cost about the same, 1.3 times the time is neither more than that of twice the size nor more
/// than that of two halves.
constexpr Bytes kAt = 32 << 10;

/// A library that keeps all of them.
std::vector<Curve> sane_library() {
  return {curve_of("all_gather", hockney(4, 10)),     curve_of("all_to_all", hockney(5, 8)),
          curve_of("reduce_scatter", hockney(4, 10)), curve_of("all_reduce", hockney(7, 6)),
          curve_of("broadcast", hockney(4, 10)),      curve_of("reduce", hockney(4, 10)),
          curve_of("gather", hockney(3, 12)),         curve_of("scatter", hockney(3, 12))};
}

/// The curves with the operation's time at one size changed.
std::vector<Curve> with(std::vector<Curve> curves, const std::string& operation, double factor, Bytes bytes = kAt) {
  for (Curve& curve : curves) {
    if (curve.operation != operation) continue;
    for (CurvePoint& point : curve.points) {
      if (point.bytes != bytes) continue;
      point.time_us *= factor;
      point.interval_us = {0.99 * point.time_us, 1.01 * point.time_us};
    }
  }
  return curves;
}

/// Only these operations.
std::vector<Curve> only(const std::vector<Curve>& curves, const std::vector<std::string>& operations) {
  std::vector<Curve> left;
  for (const Curve& curve : curves)
    if (std::find(operations.begin(), operations.end(), curve.operation) != operations.end()) left.push_back(curve);
  return left;
}

std::vector<std::string> names_of(const std::vector<Violation>& violations) {
  std::vector<std::string> names;
  for (const Violation& violation : violations) names.push_back(violation.guideline);
  return names;
}

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Guidelines, SaneLibraryKeepsAll) { EXPECT_THAT(names_of(violations_of(sane_library())), IsEmpty()); }

/// The operation at exactly the cost of the others together, and these.
std::vector<Curve> at_the_bound(const std::string& slow, const std::vector<std::string>& faster) {
  std::vector<Curve> curves = only(sane_library(), faster);
  Curve sum = curves.front();
  sum.pattern = sum.operation = slow;
  for (std::size_t i = 0; i < sum.points.size(); ++i) {
    double time_us = 0;
    for (const Curve& curve : curves) time_us += curve.points[i].time_us;
    sum.points[i].time_us = time_us;
    sum.points[i].interval_us = {0.99 * time_us, 1.01 * time_us};
  }
  curves.push_back(sum);
  return curves;
}

TEST(Guidelines, EachBrokenAloneIsToldAlone) {
  struct Case {
    std::string slow;
    std::vector<std::string> faster;
    std::string guideline;
  };
  const std::vector<Case> cases = {
      {"all_gather", {"all_to_all"}, "all_gather <= all_to_all"},
      {"all_gather", {"all_reduce"}, "all_gather <= all_reduce"},
      {"all_reduce", {"reduce_scatter", "all_gather"}, "all_reduce <= reduce_scatter + all_gather"},
      {"all_reduce", {"reduce", "broadcast"}, "all_reduce <= reduce + broadcast"},
      {"reduce_scatter", {"all_reduce"}, "reduce_scatter <= all_reduce"},
      {"reduce", {"all_reduce"}, "reduce <= all_reduce"},
      {"broadcast", {"scatter", "all_gather"}, "broadcast <= scatter + all_gather"},
      {"gather", {"all_gather"}, "gather <= all_gather"},
      {"scatter", {"broadcast"}, "scatter <= broadcast"}};
  for (const Case& broken : cases) {
    SCOPED_TRACE(broken.guideline);
    const std::vector<Curve> curves = at_the_bound(broken.slow, broken.faster);
    EXPECT_THAT(names_of(violations_of(curves)), IsEmpty());
    const std::vector<Violation> violations = violations_of(with(curves, broken.slow, 1.3));
    ASSERT_THAT(names_of(violations), ElementsAre(broken.guideline));
    EXPECT_EQ(violations[0].bytes, kAt);
    EXPECT_NEAR(violations[0].factor, 1.3, 1e-9);
    EXPECT_TRUE(violations[0].has_interval);
    EXPECT_THAT(violations[0].sentence, HasSubstr(broken.slow + ", native over mpi, 4 ranks, f32 of 32K takes"));
  }
}

TEST(Guidelines, MonotonyAndSplittingAreOfOneCurve) {
  const std::vector<Curve> curve = {curve_of("broadcast", hockney(40, 10))};
  const std::vector<Violation> dip = violations_of(with(curve, "broadcast", 1.5, 1 << 10));
  ASSERT_THAT(names_of(dip), ElementsAre("monotony"));
  EXPECT_EQ(dip[0].bytes, 1U << 10);
  EXPECT_NEAR(dip[0].factor, 1.5, 0.01);
  // From 512 KiB on at half the bandwidth: 1 MiB costs more than two of 256 KiB and more than four.
  const std::vector<Curve> steep = {
      curve_of("broadcast", [](Bytes b) { return hockney(1, b >= Bytes{1} << 20 ? 2.5 : 10)(b); })};
  const std::vector<Violation> parts = violations_of(steep);
  ASSERT_THAT(names_of(parts), ElementsAre("splitting"));
  EXPECT_EQ(parts[0].bytes, 1U << 20);
  EXPECT_THAT(parts[0].sentence, HasSubstr("2 parts of 512K: splitting the message pays"));
}

TEST(Guidelines, AFasterAlgorithmNamesAMistunedLibrary) {
  const std::vector<Curve> curves = {curve_of("all_reduce", hockney(7, 6)),
                                     curve_of("all_reduce", hockney(9, 9), "ring")};
  const std::vector<Violation> violations = violations_of(curves);
  ASSERT_FALSE(violations.empty());
  for (const Violation& violation : violations) {
    EXPECT_EQ(violation.guideline, "native <= algorithms");
    EXPECT_GE(violation.bytes, Bytes{32} << 10) << "the ring is slower below";
    EXPECT_THAT(violation.sentence, HasSubstr("of ring"));
  }
}

TEST(Guidelines, FastestIsComparedWithFastest) {
  const std::vector<Curve> curves = {curve_of("all_gather", hockney(4, 5), "ring"),
                                     curve_of("all_to_all", hockney(4, 10), "pairwise")};
  const std::vector<Violation> violations = violations_of(curves);
  ASSERT_FALSE(violations.empty());
  EXPECT_EQ(violations.back().guideline, "all_gather <= all_to_all");
  EXPECT_THAT(violations.back().sentence, HasSubstr("all_to_all (pairwise)"));
}

TEST(Guidelines, OnlyWhatIsLargeAndBeyondTheIntervalsIsTold) {
  const std::vector<Curve> curves = at_the_bound("gather", {"all_gather"});
  EXPECT_THAT(violations_of(with(curves, "gather", 1.04)), IsEmpty());
  std::vector<Curve> unsure = with(curves, "gather", 1.3);
  ASSERT_EQ(violations_of(unsure).size(), 1U);
  for (CurvePoint& point : unsure[1].points) point.interval_us.low = 0.5 * point.time_us;
  EXPECT_THAT(violations_of(unsure), IsEmpty()) << "the intervals meet";
}

TEST(Guidelines, RanksTransportsAndPlacesAreKeptApart) {
  const std::vector<Curve> curves = with(at_the_bound("gather", {"all_gather"}), "gather", 1.3);
  ASSERT_EQ(violations_of(curves).size(), 1U);
  for (const auto& change :
       {+[](Curve& c) { c.transport = "shm"; }, +[](Curve& c) { c.ranks = 8; }, +[](Curve& c) { c.in_place = true; }}) {
    Curve changed = curves[0];
    change(changed);
    EXPECT_THAT(violations_of({changed, curves[1]}), IsEmpty());
  }
  Curve of_bytes = curves[0];
  of_bytes.dtype = "u8";
  EXPECT_EQ(violations_of({of_bytes, curves[1]}).size(), 1U) << "the only type that it was measured with";
}

TEST(Guidelines, TimesWithPausesAreHeldAgainstNothing) {
  Curve curve = curve_of("spaced", [](Bytes bytes) { return 1e6 / static_cast<double>(bytes); });
  EXPECT_GT(check_guidelines({curve}).violations.size(), 0U) << "shorter as messages grow";
  for (CurvePoint& point : curve.points) point.with_pauses = true;
  EXPECT_EQ(check_guidelines({curve}).compared, 0U);
}

}  // namespace
}  // namespace weft
