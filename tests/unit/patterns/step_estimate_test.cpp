#include "patterns/step_estimate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "patterns/model_flops.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TrafficRow row_of(const std::string& dimension, double latency_us, double transfer_us) {
  TrafficRow row;
  row.dimension = dimension;
  row.calls = {0};
  row.wire = 1e6;
  row.latency_us = latency_us;
  row.transfer_us = transfer_us;
  return row;
}

/// 3,000 us of compute in 4 micro-batches, and a tenth of that as bubble.
StepProblem problem_of(std::vector<TrafficRow> rows, std::vector<std::string> hidden) {
  return {.compute = {.forward_us = 1000, .backward_us = 2000, .bubble = 0.1, .bubble_left_out = {}},
          .micro_batches = 4,
          .hidden = std::move(hidden),
          .rows = std::move(rows)};
}

TEST(EstimateStep, AddsWhatComputeDoesNotHide) {
  const StepProblem problem =
      problem_of({row_of("tp", 10, 90), row_of("pp", 50, 3000), row_of("dp-cp", 0, 800)}, {"pp", "dp-cp"});
  const StepEstimate estimate = estimate_step(problem);
  EXPECT_DOUBLE_EQ(estimate.ideal_us, 3300);
  EXPECT_DOUBLE_EQ(estimate.rows[0].exposed_us, 100 * 1.1);
  EXPECT_DOUBLE_EQ(estimate.rows[1].exposed_us, 50 * 1.1);
  EXPECT_DOUBLE_EQ(estimate.rows[2].exposed_us, 50);  // once a step, behind the 750 us of one micro-batch
  EXPECT_DOUBLE_EQ(estimate.step_us, 3300 + 110 + 55 + 50);
  EXPECT_DOUBLE_EQ(estimate.lost(), 215.0 / 3515);
  EXPECT_DOUBLE_EQ(estimate.share(estimate.rows[0]), 110.0 / 3515);
  EXPECT_DOUBLE_EQ(estimate_step(problem, {2, 1, 1}).rows[0].exposed_us, (10 + 45) * 1.1);
  EXPECT_DOUBLE_EQ(estimate_step(problem, {1, 10, 1}).rows[1].exposed_us, 0);
}

TEST(EstimateStep, HiddenTrafficSharesTheTimeOfCompute) {
  const StepEstimate estimate = estimate_step(
      problem_of({row_of("ep", 0, 2000), row_of("pp", 0, 1500), row_of("dp-cp", 0, 500), row_of("edp", 0, 500)},
                 {"ep", "pp", "dp-cp", "edp"}));
  EXPECT_DOUBLE_EQ(estimate.rows[0].exposed_us, 0);
  EXPECT_DOUBLE_EQ(estimate.rows[1].exposed_us, 500 * 1.1);
  EXPECT_DOUBLE_EQ(estimate.rows[2].exposed_us, 0);
  EXPECT_DOUBLE_EQ(estimate.rows[3].exposed_us, 250);
}

TEST(HiddenDimensions, HaveExpertsOnlyWhereTwoMicroBatchesOverlap) {
  EXPECT_THAT(hidden_dimensions(PipelineSchedule::dualpipe), ElementsAre("ep", "pp", "dp-cp", "edp"));
  EXPECT_THAT(hidden_dimensions(PipelineSchedule::dualpipev), ElementsAre("ep", "pp", "dp-cp", "edp"));
  EXPECT_THAT(hidden_dimensions(PipelineSchedule::interleaved), ElementsAre("pp", "dp-cp", "edp"));
  EXPECT_THAT(hidden_dimensions(PipelineSchedule::one_forward_one_backward), ElementsAre("pp", "dp-cp", "edp"));
}

TEST(TrafficRows, AddUpTheCallsOfADimensionOnALevel) {
  StageTraffic stage;
  const auto add = [&](const std::string& dimension, std::uint64_t calls, double wire, double nodes) {
    stage.calls.push_back({.dimension = dimension,
                           .call = "",
                           .formula = "",
                           .calls = calls,
                           .bytes = wire,
                           .wire = wire,
                           .nodes = nodes});
  };
  add("ep", 3, 1000, 4);
  add("ep", 3, 500, 1);
  add("ep", 2, 100, 4);
  add("pp", 1, 50, 4);
  const std::vector<TrafficRow> rows =
      traffic_rows(stage, {CallCost{1, 10}, CallCost{2, 20}, CallCost{4, 40}, std::nullopt});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_TRUE(rows[0].between_nodes);
  EXPECT_THAT(rows[0].calls, ElementsAre(0, 2));
  EXPECT_DOUBLE_EQ(rows[0].wire, 3200);
  EXPECT_DOUBLE_EQ(rows[0].latency_us, 3 * 1 + 2 * 4);
  EXPECT_DOUBLE_EQ(rows[0].transfer_us, 3 * 10 + 2 * 40);
  EXPECT_DOUBLE_EQ(rows[0].gbps(), 3200 / 110.0 / 1e3);
  EXPECT_FALSE(rows[1].between_nodes);
  EXPECT_DOUBLE_EQ(rows[1].time_us(), 66);
  EXPECT_EQ(rows[2].dimension, "pp");
  EXPECT_THAT(rows[2].unknown, ElementsAre(3));
  EXPECT_DOUBLE_EQ(rows[2].time_us(), 0);
}

/// Two stages of 47 layers, two micro-batches.
ParallelLayout two_stages() {
  return layout_of(
      {.ranks = 4, .per_node = 4, .tensor = 1, .context = 1, .pipeline = 2, .expert = 2, .expert_tensor = 1});
}

TEST(StageCompute, IsFlopsOverSpeedAndTheBubbleOfTheSchedule) {
  ParallelLayout layout = two_stages();
  const Model model = load_model("qwen3-235b-a22b", kModelsFolder);
  const StageWork work = stage_works(layout, model)[0];
  const double forward = stage_flops(layout, rank_flops(layout, model), work);
  StageCompute compute = stage_compute(layout, model, work, 2e8);
  EXPECT_DOUBLE_EQ(compute.forward_us, forward / 2e8);
  EXPECT_DOUBLE_EQ(compute.backward_us, 2 * compute.forward_us);
  EXPECT_DOUBLE_EQ(compute.bubble, 1.0 / 2);  // (p-1) (F+B) of m (F+B)
  layout.full_recompute = true;
  compute = stage_compute(layout, model, work, 2e8);
  EXPECT_DOUBLE_EQ(compute.backward_us, 3 * compute.forward_us);
  EXPECT_DOUBLE_EQ(compute.bubble, 1.0 / 2);
  layout.schedule = PipelineSchedule::interleaved;
  layout.virtual_stages = 4;
  EXPECT_DOUBLE_EQ(stage_compute(layout, model, work, 2e8).bubble, 1.0 / 8);
  layout.schedule = PipelineSchedule::dualpipe;
  compute = stage_compute(layout, model, work, 2e8);
  EXPECT_EQ(compute.bubble, 0);
  EXPECT_THAT(compute.bubble_left_out, HasSubstr("dualpipe needs an even number of 4 or more"));
}

TEST(StageCompute, HasDualPipesBubble) {
  // DeepSeek-V3: p = 16, m = 120; F = 1, B = 2, W = 1: (p/2 - 1) (F + B + B - 3 W) = 14 of 360.
  const ParallelLayout layout = load_layout("deepseek-v3-h800-2048", kLayoutsFolder);
  const Model model = load_model(layout.model, kModelsFolder);
  const StageCompute compute = stage_compute(layout, model, stage_works(layout, model)[0], 1e9);
  EXPECT_DOUBLE_EQ(compute.bubble, 14.0 / 360);
}

}  // namespace
}  // namespace weft
