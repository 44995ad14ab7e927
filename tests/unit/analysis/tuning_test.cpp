#include "analysis/tuning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace weft {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

/// A time with an interval of +-`share` for each of 8, 64 and 512 bytes.
PlacedCurve curve(const std::string& algorithm, const std::vector<double>& times, double share = 0.01) {
  PlacedCurve placed;
  placed.curve = {.pattern = "all_reduce",
                  .operation = "all_reduce",
                  .algorithm = algorithm,
                  .transport = "tcp",
                  .ranks = 4,
                  .dtype = "f32",
                  .op = "sum",
                  .in_place = false,
                  .points = {}};
  Bytes bytes = 8;
  for (const double time : times) {
    placed.curve.points.push_back({bytes, time, {time * (1 - share), time * (1 + share)}, true});
    bytes *= 8;
  }
  return placed;
}

TEST(Tune, TakesTheFastestAtEachSizeAndSaysWhatItGains) {
  const auto tunings = tune({curve("native", {2, 3, 9}), curve("tree", {1, 2, 9.5}), curve("ring", {5, 5, 6})});
  ASSERT_THAT(tunings, SizeIs(1));
  ASSERT_THAT(tunings[0].sizes, SizeIs(3));
  EXPECT_EQ(tunings[0].sizes[0].algorithm, "tree");
  EXPECT_TRUE(tunings[0].sizes[0].sure);
  ASSERT_TRUE(tunings[0].sizes[0].own);
  EXPECT_EQ(tunings[0].sizes[0].own->algorithm, "native");
  EXPECT_EQ(tunings[0].sizes[0].own->time_us, 2);
  EXPECT_EQ(tunings[0].sizes[2].algorithm, "ring");
  const Selection selection = selection_of(tunings[0]);
  ASSERT_THAT(selection.rules, SizeIs(2)) << "tree for two sizes, then ring";
  EXPECT_EQ(selection.rules[1].from, 512U);
}

TEST(Tune, KeepsWhatCannotBeToldFromTheFastest) {
  const auto tunings = tune({curve("tree", {1, 2.02, 4}), curve("ring", {2, 2, 3})});
  EXPECT_EQ(tunings[0].sizes[1].algorithm, "tree") << "within the intervals";
  EXPECT_FALSE(tunings[0].sizes[1].sure);
  EXPECT_EQ(tunings[0].sizes[2].algorithm, "ring");
  EXPECT_FALSE(tunings[0].sizes[2].own) << "nobody knows whether there is a native one";
}

TEST(Tune, SaysWhatItGainsOverWeftsOwnWhereTheTransportHasNone) {
  PlacedCurve ring = curve("ring", {5, 5, 6});
  ring.weft_own = {{8, "ring"}, {64, "star"}, {512, "tree"}};
  const auto sizes = tune({ring, curve("tree", {1, 2, 9})}).at(0).sizes;
  ASSERT_TRUE(sizes[0].own);
  EXPECT_EQ(sizes[0].own->algorithm, "ring");
  EXPECT_EQ(sizes[0].own->time_us, 5);
  EXPECT_FALSE(sizes[1].own) << "it was not measured";
  ASSERT_TRUE(sizes[2].own);
  EXPECT_EQ(sizes[2].own->time_us, 9);
  EXPECT_EQ(tune({ring, curve("native", {2, 2, 2})}).at(0).sizes[0].own->algorithm, "native");
}

TEST(Tune, TakesCollectivesAlone) {
  const auto renamed = [](const char* algorithm, const char* pattern, const char* operation) {
    PlacedCurve placed = curve(algorithm, {1, 2, 3});
    placed.curve.pattern = pattern;
    placed.curve.operation = operation;
    return placed;
  };
  EXPECT_TRUE(tune({renamed("1f1b", "training_step", "step"), renamed("dualpipe", "training_step", "step")}).empty());
  EXPECT_TRUE(tune({renamed("direct", "pairs", "pingpong"), renamed("direct", "send_recv", "pingpong")}).empty());
  EXPECT_TRUE(tune({renamed("flat", "a plugin's", "all_reduce"), renamed("deep", "a plugin's", "all_reduce")}).empty());
}

TEST(Tune, LeavesTheLibrarysOwnOnlyForWhatIsSurelyFaster) {
  const auto tunings = tune({curve("native", {2, 2.02, 3}), curve("ring", {1, 2, 4}), curve("tree", {3, 3, 2.98})});
  EXPECT_EQ(tunings[0].sizes[0].algorithm, "ring");
  EXPECT_EQ(tunings[0].sizes[1].algorithm, "native") << "before what served the size before";
  EXPECT_EQ(tunings[0].sizes[2].algorithm, "native");
  EXPECT_FALSE(tunings[0].sizes[1].sure);
}

TEST(Tune, LeavesOutWhatHasNoChoiceAndRefusesWhatIsTwo) {
  EXPECT_TRUE(tune({curve("ring", {1, 2, 3})}).empty());
  PlacedCurve elsewhere = curve("tree", {1, 2, 3});
  elsewhere.hosts = 2;
  EXPECT_TRUE(tune({curve("ring", {1, 2, 3}), elsewhere}).empty()) << "of different places";
  PlacedCurve other = curve("tree", {1, 2, 3});
  other.curve.dtype = "bf16";
  try {
    tune({curve("ring", {1, 2, 3}), other});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("with f32 sum and with bf16 sum"));
  }
  EXPECT_THROW(tune({curve("ring", {1, 2, 3}), curve("ring", {1, 2, 3})}), UsageError);
}

TEST(Selection, TheLastRuleNotAboveTheSizeServes) {
  const TuningPlace place{"all_reduce", "tcp", 4, 1};
  const std::vector<Selection> all = {{place, {{64, "tree"}, {512, "ring"}}}};
  EXPECT_EQ(selected_algorithm(all, place, 8), "tree");
  EXPECT_EQ(selected_algorithm(all, place, 511), "tree");
  EXPECT_EQ(selected_algorithm(all, place, 512), "ring");
  EXPECT_EQ(selected_algorithm(all, {"all_reduce", "tcp", 5, 1}, 512), "");
  EXPECT_EQ(selected_algorithm(all, {"all_reduce", "tcp", 4, 2}, 512), "");
}

}  // namespace
}  // namespace weft
