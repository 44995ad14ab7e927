#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/schedules/registry.hpp"
#include "patterns/timeline.hpp"
#include "tests/conformance/entry_names.hpp"
#include "tests/unit/patterns/served_shapes.hpp"

namespace weft {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const Schedule& schedule(const char* name) { return schedules::registry().find(name); }

/// "F0.1+B2.0": the forward pass of micro-batch 0 through chunk 1, overlapped with the backward pass of 2 through 0.
std::string order_of(const char* name, const PipelineShape& shape, int device) {
  std::string text;
  for (const Work& work : schedule(name).order(shape, device))
    text += letter_of(work.pass) + std::to_string(work.micro_batch) + "." + std::to_string(work.chunk) +
            (work.overlapped ? "+" : " ");
  return text.substr(0, text.size() - 1);
}

PipelineShape shape_of(int devices, int micro_batches, Nanoseconds f = 0, Nanoseconds b = 0, Nanoseconds w = 0) {
  return {.devices = devices, .micro_batches = micro_batches, .forward_ns = f, .backward_ns = b, .weight_ns = w};
}

class EverySchedule : public testing::TestWithParam<Schedule> {};

TEST_P(EverySchedule, PutsEachVirtualStageOnASeatOfItsOwn) {
  ASSERT_GE(served_shapes(GetParam()).size(), 8U);
  for (const PipelineShape& shape : served_shapes(GetParam())) {
    const auto parts = static_cast<std::size_t>(GetParam().virtual_stages(shape));
    const std::vector<Path> paths = GetParam().paths(shape);
    std::set<std::pair<int, int>> seats;
    for (const Path& path : paths) {
      EXPECT_EQ(path.size(), parts * static_cast<std::size_t>(shape.devices)) << describe(shape);
      for (const Seat& seat : path) {
        EXPECT_TRUE(seats.insert({seat.device, seat.chunk}).second) << describe(shape);
        EXPECT_TRUE(0 <= seat.device && seat.device < shape.devices) << describe(shape);
        EXPECT_TRUE(0 <= seat.chunk && seat.chunk < static_cast<int>(paths.size() * parts)) << describe(shape);
      }
    }
  }
}

TEST_P(EverySchedule, DoesEachPassOfEachMicroBatchOnceAndInOrder) {
  for (const PipelineShape& shape : served_shapes(GetParam())) {
    const std::vector<Path> paths = GetParam().paths(shape);
    const int of_each_path = shape.micro_batches / static_cast<int>(paths.size());
    for (std::size_t path = 0; path < paths.size(); ++path)
      for (const Seat& seat : paths[path]) {
        std::map<int, std::string> passes;
        for (const Work& work : GetParam().order(shape, seat.device))
          if (work.chunk == seat.chunk) passes[work.micro_batch] += letter_of(work.pass);
        EXPECT_EQ(passes.size(), static_cast<std::size_t>(of_each_path)) << describe(shape);
        for (const auto& [micro_batch, letters] : passes) {
          EXPECT_TRUE(letters == "FB" || letters == "FIW") << letters << " " << describe(shape);
          EXPECT_EQ(micro_batch / of_each_path, static_cast<int>(path)) << describe(shape);
        }
      }
  }
}

TEST_P(EverySchedule, OverlapsAForwardPassWithABackwardPassOfAnotherMicroBatch) {
  for (const PipelineShape& shape : served_shapes(GetParam()))
    for (int device = 0; device < shape.devices; ++device) {
      const std::vector<Work> order = GetParam().order(shape, device);
      for (std::size_t i = 0; i < order.size(); ++i) {
        if (!order[i].overlapped) continue;
        ASSERT_LT(i + 1, order.size()) << describe(shape);
        EXPECT_EQ(order[i].pass, Pass::forward) << describe(shape);
        EXPECT_EQ(order[i + 1].pass, Pass::backward) << describe(shape);
        EXPECT_FALSE(order[i + 1].overlapped) << describe(shape);
        EXPECT_NE(order[i].micro_batch, order[i + 1].micro_batch) << describe(shape);
      }
    }
}

TEST_P(EverySchedule, HoldsTheActivationsOfItsFormula) {
  for (const PipelineShape& shape : served_shapes(GetParam()))
    for (int device = 0; device < shape.devices; ++device)
      EXPECT_DOUBLE_EQ(live_activations(GetParam(), shape, device), GetParam().activations(shape, device))
          << describe(shape) << " device " << device;
}

TEST_P(EverySchedule, HasTheBubbleOfItsFormulaWhereForwardAndBothGradientsTakeAsLong) {
  for (const PipelineShape& shape : served_shapes(GetParam())) {
    if (shape.micro_batches < shape.devices)
      continue;  // the pipeline is never full, which some formulas take for granted
    const Nanoseconds idle = length(timeline(GetParam(), shape, 0)) - busy_ns(GetParam(), shape);
    EXPECT_DOUBLE_EQ(static_cast<double>(idle), GetParam().bubble_ns(shape)) << describe(shape);
    EXPECT_DOUBLE_EQ(bubble_share(GetParam(), shape),
                     GetParam().bubble_ns(shape) / (GetParam().bubble_ns(shape) + 36.0 * shape.micro_batches));
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EverySchedule, testing::ValuesIn(schedules::registry().entries()),
                         name_of_entry<Schedule>);

TEST(Schedules, OrdersAreThoseOfThePapers) {
  EXPECT_EQ(order_of("gpipe", shape_of(3, 2), 1), "F0.0 F1.0 B0.0 B1.0");
  EXPECT_EQ(order_of("1f1b", shape_of(3, 4), 0), "F0.0 F1.0 F2.0 B0.0 F3.0 B1.0 B2.0 B3.0");
  EXPECT_EQ(order_of("1f1b", shape_of(3, 2), 2), "F0.0 B0.0 F1.0 B1.0");
  EXPECT_EQ(order_of("zb-h1", shape_of(3, 4), 0), "F0.0 F1.0 F2.0 I0.0 W0.0 F3.0 I1.0 W1.0 I2.0 W2.0 I3.0 W3.0");
  EXPECT_EQ(order_of("zb-h1", shape_of(3, 4), 2), "F0.0 I0.0 F1.0 I1.0 F2.0 I2.0 W0.0 F3.0 I3.0 W1.0 W2.0 W3.0");
  EXPECT_EQ(order_of("interleaved", shape_of(2, 4), 0),
            "F0.0 F1.0 F0.1 F1.1 F2.0 B0.1 F3.0 B1.1 F2.1 B0.0 F3.1 B1.0 B2.1 B3.1 B2.0 B3.0");
  EXPECT_EQ(order_of("interleaved", shape_of(2, 4), 1),
            "F0.0 F1.0 F0.1 B0.1 F1.1 B1.1 F2.0 B0.0 F3.0 B1.0 F2.1 B2.1 F3.1 B3.1 B2.0 B3.0");
}

// Written down from DeepSeek's dualpipe.py and dualpipev.py.
TEST(Schedules, OrdersOfDualPipeAreDeepSeeks) {
  EXPECT_EQ(order_of("dualpipe", shape_of(4, 8), 0),
            "F0.0 F1.0 F2.0 F4.1 I4.1 W4.1 F5.1 F3.0+B5.1 F6.1+B0.0 B6.1 F7.1+B1.0 B7.1 I2.0 W2.0 I3.0 W3.0");
  EXPECT_EQ(order_of("dualpipe", shape_of(4, 8), 2),
            "F4.1 F0.0 F5.1 F1.0 F6.1 B0.0 F2.0+B4.1 F7.1+B1.0 F3.0+B5.1 B2.0 B6.1 I3.0 I7.1 W3.0 W7.1");
  EXPECT_EQ(order_of("dualpipev", shape_of(2, 5), 0),
            "F0.0 F1.0 F2.0 F0.1 I0.1 W0.1 F1.1 F3.0+B1.1 F2.1+B0.0 F4.0+B2.1 F3.1+B1.0 B3.1 F4.1+B2.0 B4.1 I3.0 W3.0 "
            "I4.0 W4.0");
  EXPECT_EQ(order_of("dualpipev", shape_of(2, 5), 1),
            "F0.0 F0.1 F1.0 F1.1 F2.0 B0.1 F2.1+B0.0 F3.0+B1.1 F3.1+B1.0 F4.0+B2.1 F4.1+B2.0 B3.1 B3.0 I4.1 I4.0 W4.1 "
            "W4.0");
}

TEST(Schedules, SayWhatTheyCannotServe) {
  PipelineShape shape = shape_of(4, 8);
  for (const Schedule& each : schedules::registry().entries()) EXPECT_THAT(each.refuses(shape), IsEmpty()) << each.name;
  shape.virtual_stages = 1;
  EXPECT_THAT(schedule("interleaved").refuses(shape), HasSubstr("--virtual-stages 1: interleaved needs 2 or more"));
  EXPECT_THAT(schedule("interleaved").refuses(shape_of(4, 6)), HasSubstr("--micro-batches 6"));
  EXPECT_THAT(schedule("dualpipe").refuses(shape_of(3, 8)), HasSubstr("--stages 3: dualpipe needs an even number"));
  EXPECT_THAT(schedule("dualpipe").refuses(shape_of(4, 9)), HasSubstr("--micro-batches 9: dualpipe needs an even"));
  EXPECT_THAT(schedule("dualpipe").refuses(shape_of(4, 6)), HasSubstr("8 or more on 4 devices"));
  EXPECT_THAT(schedule("dualpipev").refuses(shape_of(4, 7)), HasSubstr("8 or more on 4 devices"));
  EXPECT_THROW(schedule("1fb1"), UsageError);
}

TEST(Schedules, OneForwardOneBackwardHoldsFewActivations) {
  for (int device = 0; device < 6; ++device)
    EXPECT_DOUBLE_EQ(live_activations(schedule("1f1b"), shape_of(6, 20), device), 6 - device);
  EXPECT_DOUBLE_EQ(live_activations(schedule("gpipe"), shape_of(6, 20), 3), 20);
  EXPECT_DOUBLE_EQ(live_activations(schedule("zb-h1"), shape_of(6, 20), 3), 6);
  EXPECT_DOUBLE_EQ(live_activations(schedule("interleaved"), shape_of(4, 8), 0), 5.5);  // 4 (1 + 3/8)
  EXPECT_DOUBLE_EQ(live_activations(schedule("dualpipe"), shape_of(4, 8), 1), 5);
  EXPECT_DOUBLE_EQ(live_activations(schedule("dualpipev"), shape_of(4, 8), 2), 4.5);  // 9 of 8 stages, two a device
}

/// Idle time of a device on a free fabric.
double idle_of(const char* name, const PipelineShape& shape) {
  return static_cast<double>(length(timeline(schedule(name), shape, 0)) - busy_ns(schedule(name), shape));
}

// What docs/pipeline.md says of the formulas.
TEST(Bubbles, OfWholePassesAreExactWhateverTheirTimes) {
  for (const char* name : {"gpipe", "1f1b", "interleaved"})
    for (const Nanoseconds f : {2, 10, 50}) {
      const PipelineShape shape = shape_of(4, 8, f, 20, 0);
      EXPECT_DOUBLE_EQ(idle_of(name, shape), schedule(name).bubble_ns(shape)) << name;
    }
  for (const char* name : {"gpipe", "1f1b"}) EXPECT_DOUBLE_EQ(idle_of(name, shape_of(7, 2, 10, 20, 0)), 180) << name;
}

TEST(Bubbles, OfZeroBubbleAreExactWhereWeightGradientsAreTheShortest) {
  const auto published = [](const PipelineShape& shape) { return schedule("zb-h1").bubble_ns(shape); };
  for (const Nanoseconds w : {0, 3, 10}) {
    const PipelineShape shape = shape_of(4, 8, 10, 12 + w, w);
    EXPECT_DOUBLE_EQ(idle_of("zb-h1", shape), published(shape));
  }
  for (const PipelineShape& shape : {shape_of(4, 8, 10, 30, 20), shape_of(4, 3, 10, 20, 10)})
    EXPECT_GT(idle_of("zb-h1", shape), published(shape)) << describe(shape);
}

TEST(Bubbles, OfDualPipeAreThePublishedOnesOnlyWhereForwardTakesAsLongAsInputGradient) {
  for (const char* name : {"dualpipe", "dualpipev"}) {
    const auto published = [&](const PipelineShape& shape) { return schedule(name).bubble_ns(shape); };
    for (const Nanoseconds w : {0, 4, 10}) {
      const PipelineShape shape = shape_of(4, 8, 10, 10 + w, w);
      EXPECT_DOUBLE_EQ(idle_of(name, shape), published(shape)) << name << " " << w;
    }
    // With a shorter input gradient the order's own is (p/2-1)(2F + B - 2W), of DualPipeV (p-1)/2 times that.
    for (const PipelineShape& shape : {shape_of(4, 8, 20, 24, 8), shape_of(4, 8, 20, 20, 10)}) {
      const auto per_step = static_cast<double>(2 * shape.forward_ns + shape.backward_ns - 2 * shape.weight_ns);
      EXPECT_DOUBLE_EQ(idle_of(name, shape), per_step * (name == std::string("dualpipe") ? 1 : 1.5)) << describe(shape);
      EXPECT_GT(idle_of(name, shape), published(shape)) << describe(shape);
    }
  }
  EXPECT_DOUBLE_EQ(idle_of("dualpipe", shape_of(4, 8, 10, 20, 5)), 30);
  EXPECT_DOUBLE_EQ(schedule("dualpipe").bubble_ns(shape_of(4, 8, 10, 20, 5)), 35);
}

TEST(Bubbles, OfNothingAndBelowNothingAreNone) {
  EXPECT_EQ(bubble_share(schedule("1f1b"), shape_of(4, 8)), -1);
  EXPECT_EQ(bubble_share(schedule("zb-h1"), shape_of(4, 8, 10, 20, 18)), -1);
  EXPECT_DOUBLE_EQ(bubble_share(schedule("1f1b"), shape_of(4, 8, 10, 20, 10)), 3.0 / 11);
}

}  // namespace
}  // namespace weft
