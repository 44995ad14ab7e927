#include "patterns/schedule.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace weft {
namespace {

TEST(Schedule, OneForwardOneBackwardWarmsUpByStage) {
  const Pass f = Pass::forward;
  const Pass b = Pass::backward;
  EXPECT_EQ(schedule_of("1f1b", 3, 0, 4),
            (std::vector<Work>{{f, 0}, {f, 1}, {f, 2}, {b, 0}, {f, 3}, {b, 1}, {b, 2}, {b, 3}}));
  EXPECT_EQ(schedule_of("1f1b", 3, 2, 2), (std::vector<Work>{{f, 0}, {b, 0}, {f, 1}, {b, 1}}));
  EXPECT_EQ(schedule_of("gpipe", 3, 1, 2), (std::vector<Work>{{f, 0}, {f, 1}, {b, 0}, {b, 1}}));
  EXPECT_THROW(schedule_of("1fb1", 3, 1, 2), UsageError);
}

TEST(Schedule, OneForwardOneBackwardKeepsFewMicroBatchesInFlight) {
  for (int stage = 0; stage < 6; ++stage) {
    int flying = 0;
    int most = 0;
    for (const Work& work : schedule_of("1f1b", 6, stage, 20)) {
      flying += work.pass == Pass::forward ? 1 : -1;
      most = std::max(most, flying);
    }
    EXPECT_EQ(most, 6 - stage);
  }
}

TEST(Timeline, HasTheBubbleOfTheFormulaWhereMessagesAreFree) {
  for (const std::string& schedule : schedule_names())
    for (const int stages : {1, 2, 4, 7})
      for (const int micro_batches : {1, 2, 8, 32}) {
        const std::vector<Slice> slices = timeline(schedule, stages, micro_batches, 10, 20, 0);
        ASSERT_EQ(slices.size(), static_cast<std::size_t>(2 * stages * micro_batches));
        Nanoseconds end = 0;
        for (const Slice& slice : slices) end = std::max(end, slice.end);
        EXPECT_NEAR(1 - micro_batches * 30.0 / static_cast<double>(end), bubble_share(stages, micro_batches), 1e-9)
            << schedule << " " << stages << " " << micro_batches;
      }
}

TEST(Timeline, PassesFollowTheirInputs) {
  const std::vector<Slice> slices = timeline("1f1b", 4, 6, 10, 20, 3);
  const auto end_of = [&](int stage, Pass pass, int micro_batch) {
    for (const Slice& slice : slices)
      if (slice.stage == stage && slice.work == Work{pass, micro_batch}) return slice.end;
    return Nanoseconds{-1};
  };
  for (const Slice& slice : slices) {
    const bool forward = slice.work.pass == Pass::forward;
    const int before = forward ? slice.stage - 1 : slice.stage + 1;
    if (before < 0 || before > 3) continue;
    EXPECT_GE(slice.start, end_of(before, slice.work.pass, slice.work.micro_batch) + 3);
  }
}

TEST(Timeline, ALinkCarriesOneMessageAtATime) {
  const std::vector<Slice> slices = timeline("gpipe", 2, 4, 1, 1, 10);
  for (const Slice& slice : slices) {
    if (slice.stage != 1 || slice.work.pass != Pass::forward) continue;
    EXPECT_EQ(slice.start, 1 + 10 * (slice.work.micro_batch + 1));
  }
}

}  // namespace
}  // namespace weft
