#include "patterns/step_traffic.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "patterns/data_traffic.hpp"
#include "patterns/json_file.hpp"
#include "patterns/pipeline_traffic.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

ParallelLayout published(const std::string& name) { return load_layout(name, kLayoutsFolder); }

StepTraffic traffic_of(const ParallelLayout& layout) {
  const Model model = load_model(layout.model, kModelsFolder);
  check_ranks(layout);
  check_model(layout, model);
  return step_traffic(layout, model);
}

/// The call of a stage, which must be there once.
CallTraffic call_of(const StageTraffic& stage, const std::string& dimension, const std::string& call) {
  const auto matches = [&](const CallTraffic& each) { return each.dimension == dimension && each.call == call; };
  EXPECT_EQ(std::count_if(stage.calls.begin(), stage.calls.end(), matches), 1) << dimension << ": " << call;
  const auto found = std::find_if(stage.calls.begin(), stage.calls.end(), matches);
  return found == stage.calls.end() ? CallTraffic{} : *found;
}

void expect_call(const CallTraffic& call, std::uint64_t calls, double bytes, double wire) {
  EXPECT_EQ(call.calls, calls) << call.call;
  EXPECT_NEAR(call.bytes, bytes, 1) << call.call;
  EXPECT_NEAR(call.wire, wire, 1) << call.call;
}

/// DeepSeek-V4-Pro, 4096 tokens on each of 64 expert ranks in nodes of eight.
ParallelLayout worked_example(Dispatcher dispatcher, TokenFormat dispatch) {
  ParallelLayout layout = layout_of(
      {.ranks = 64, .per_node = 8, .tensor = 1, .context = 1, .pipeline = 1, .expert = 64, .expert_tensor = 1});
  layout.model = "deepseek-v4-pro";
  layout.sequence_length = 4096;
  layout.dispatcher = dispatcher;
  layout.dispatch_format = dispatch;
  return layout;
}

TEST(StepTraffic, OfTheWorkedExample) {
  const StageTraffic stage = traffic_of(worked_example(Dispatcher::hierarchical, TokenFormat::fp8)).stages.at(0);
  const double nodes = 4.4298233;  // D(8)
  EXPECT_NEAR(call_of(stage, "ep", "dispatch forward, between nodes").bytes, 134e6, 0.5e6);
  EXPECT_NEAR(call_of(stage, "ep", "dispatch forward, between nodes").bytes, 4096 * nodes * 7392, 1e3);
  EXPECT_NEAR(call_of(stage, "ep", "combine forward, between nodes").bytes, 260e6, 0.5e6);
  EXPECT_NEAR(call_of(stage, "ep", "combine forward, between nodes").wire, 4096 * nodes * 14336 * 7 / 8, 2e3);
  EXPECT_NEAR(call_of(stage, "ep", "dispatch forward, inside a node").wire, 4096 * 5.81 * 7392 * 56 / 64, 0.005 * 27e6);
  const StageTraffic flat = traffic_of(worked_example(Dispatcher::flat, TokenFormat::bf16)).stages.at(0);
  expect_call(call_of(flat, "ep", "dispatch forward"), 122, 352'321'536, 346'816'512);
  expect_call(call_of(flat, "ep", "combine backward"), 122, 352'321'536, 346'816'512);
  EXPECT_EQ(flat.all_to_alls, 61U * 2 * 4);
}

TEST(StepTraffic, OfTheWorkedExampleBesideTheTokens) {
  const StageTraffic flat = traffic_of(worked_example(Dispatcher::flat, TokenFormat::bf16)).stages.at(0);
  expect_call(call_of(flat, "ep", "all-gather of token counts"), 122, 8 * 384, 8 * 384 * 63);
  expect_call(call_of(flat, "ep", "probabilities backward"), 122, 4096 * 6 * 4, 4096 * 6 * 4 * 63.0 / 64);
  const StageTraffic normal = traffic_of(worked_example(Dispatcher::hierarchical, TokenFormat::fp8)).stages.at(0);
  // Each node is told of 8 ranks, 48 experts and all; each of the 8 ranks of 8 nodes, 6 experts and all.
  expect_call(call_of(normal, "ep", "notify, between nodes"), 122, 4 * 8 * (8 + 48 + 1), 4 * 7 * (8 + 48 + 1));
  expect_call(call_of(normal, "ep", "notify, inside a node"), 122, 4 * 8 * (8 + 6 + 1), 4 * 7 * (8 + 6 + 1));
  EXPECT_NEAR(call_of(normal, "ep", "metadata forward, between nodes").wire, 4096 * 64 * 4.4298233 * 7 / 8, 20);
  EXPECT_NEAR(call_of(normal, "ep", "metadata backward, between nodes").wire, 4096 * 16 * 4.4298233 * 7 / 8, 5);
  EXPECT_NEAR(call_of(normal, "ep", "metadata backward, inside a node").wire, 4096 * 16 * 5.81 * 56 / 64, 400);
  const StageTraffic low = traffic_of(worked_example(Dispatcher::low_latency, TokenFormat::fp8)).stages.at(0);
  expect_call(call_of(low, "ep", "dispatch forward"), 122, 4096 * 6 * 7408, 4096 * 6 * 7408 * 63.0 / 64);
  expect_call(call_of(low, "ep", "expert counts"), 122, 4 * 384, 4 * 384 * 63.0 / 64);
  const StageTraffic pangu = traffic_of(worked_example(Dispatcher::node_all_gather, TokenFormat::bf16)).stages.at(0);
  expect_call(call_of(pangu, "ep", "dispatch forward, between nodes"), 122, 4096.0 * 14336 * 8, 4096.0 * 14336 * 7);
  expect_call(call_of(pangu, "ep", "combine forward, inside a node"), 122, 4096.0 * 14336 * 6,
              4096.0 * 14336 * 6 * 56 / 64);
}

TEST(StepTraffic, OfMixtralByHand) {
  const StepTraffic traffic = traffic_of(published("mixtral-8x22b-h100-128"));
  ASSERT_EQ(traffic.stages.size(), 8U);
  const StageTraffic& stage = traffic.stages[3];  // 7 chunks of one layer, 32 micro-batches of 2048 tokens on a rank
  expect_call(call_of(stage, "ep", "dispatch forward"), 224, 50'331'648, 44'040'192);
  expect_call(call_of(stage, "ep", "dispatch backward"), 224, 50'331'648, 44'040'192);
  EXPECT_EQ(stage.all_to_alls, 896U);
  expect_call(call_of(stage, "tp", "attention all-gather"), 672, 50'331'648, 25'165'824);
  expect_call(call_of(stage, "tp", "attention reduce-scatter"), 448, 50'331'648, 25'165'824);
  expect_call(call_of(stage, "pp", "activations"), 224, 25'165'824, 25'165'824);
  expect_call(call_of(stage, "pp", "gradients"), 224, 25'165'824, 25'165'824);
  expect_call(call_of(traffic.stages[0], "pp", "gradients"), 192, 25'165'824, 25'165'824);
  expect_call(call_of(traffic.stages[7], "pp", "activations"), 192, 25'165'824, 25'165'824);
  const CallTraffic experts = call_of(stage, "edp", "reduce-scatter of gradients");  // 7 x 3 x 6144 x 16384 parameters
  EXPECT_EQ(experts.calls, 53U);                                                     // in buckets of 40 M
  EXPECT_NEAR(experts.step_wire(), 2'113'929'216.0 * 4 / 2, 1e3);
  EXPECT_NEAR(call_of(stage, "edp", "all-gather of parameters").step_wire(), 2'113'929'216.0 * 2 / 2, 1e3);
  expect_call(call_of(stage, "dp-cp", "reduce-scatter of gradients"), 1, 7 * 6144 * 8 * 4, 7 * 6144 * 8 * 4 * 7.0 / 8);
  EXPECT_THAT(traffic.left_out, testing::Contains(testing::HasSubstr("attention parameters of mixtral-8x22b")));
}

TEST(StepTraffic, OfDualPipeByHand) {
  const StepTraffic traffic = traffic_of(published("deepseek-v3-h800-2048"));
  const StageTraffic& end = traffic.stages[0];  // stages of 4 and 3 layers, of which 3 are dense; 60 micro-batches each
  EXPECT_EQ(end.work.layers, 7U);
  EXPECT_EQ(end.work.moe_layers, 4U);
  EXPECT_EQ(end.all_to_alls, 960U);
  expect_call(call_of(end, "pp", "activations"), 60, 4096 * 14336, 4096 * 14336);
  expect_call(call_of(end, "pp", "gradients"), 60, 4096 * 14336, 4096 * 14336);
  const StageTraffic& middle = traffic.stages[7];
  EXPECT_EQ(middle.work.layers, 8U);
  EXPECT_EQ(middle.all_to_alls, 8U * 60 * 4);
  EXPECT_EQ(call_of(middle, "pp", "activations").calls + call_of(middle, "pp", "gradients").calls,
            4U * 60);  // 4 of a pair
  // Each stage lies on two ranks: experts over 2 x 2, 8 layers of 4 experts of 3 x 7168 x 2048.
  const double experts = 8.0 * 4 * 3 * 7168 * 2048;
  EXPECT_NEAR(call_of(middle, "edp", "reduce-scatter of gradients").step_wire(), experts * 4 * 3 / 4, 1e3);
  EXPECT_NEAR(call_of(middle, "ep", "dispatch forward, between nodes").wire, 4096 * 3.95 * 7392 * 7 / 8, 0.005 * 105e6);
}

TEST(StepTraffic, OfAnUnevenSplitIsEachStagesOwn) {
  const StepTraffic traffic = traffic_of(published("deepseek-v4-flash-a3-128k"));  // 43 layers on 4 stages
  std::vector<std::uint64_t> layers;
  for (const StageTraffic& stage : traffic.stages) layers.push_back(stage.work.layers);
  EXPECT_THAT(layers, testing::ElementsAre(11, 11, 11, 10));
  // 16 micro-batches, repeated forward passes; 8192 tokens of 512 values in BF16 to 15 others.
  expect_call(call_of(traffic.stages[0], "cp", "all-gather of keys and values"), 352, 8'388'608, 125'829'120);
  expect_call(call_of(traffic.stages[3], "cp", "reduce-scatter of their gradients"), 160, 134'217'728, 125'829'120);
  EXPECT_EQ(traffic.stages[0].all_to_alls, 11U * 16 * 6);
  EXPECT_EQ(traffic.stages[3].all_to_alls, 10U * 16 * 6);
}

TEST(StepTraffic, OfAVShapedPipeline) {
  const StepTraffic traffic = traffic_of(published("deepseek-v3-a3-512"));  // 16 chunks on 8 ranks, 120 micro-batches
  EXPECT_EQ(call_of(traffic.stages[0], "pp", "activations").calls, 120U);   // the last chunk has no next one
  EXPECT_EQ(call_of(traffic.stages[3], "pp", "activations").calls, 240U);
  EXPECT_EQ(call_of(traffic.stages[3], "pp", "gradients").calls, 240U);
  EXPECT_EQ(call_of(traffic.stages[7], "pp", "activations").calls, 120U);  // the turn is on the rank itself
  EXPECT_EQ(traffic.stages[0].work.embeddings, 1U);
  EXPECT_EQ(traffic.stages[0].work.heads, 1U);
  EXPECT_EQ(traffic.stages[7].work.heads, 0U);
  EXPECT_EQ(call_of(traffic.stages[0], "tp", "dense network all-gather").calls, 3U * 120 * 4);  // with full recompute
}

TEST(StepTraffic, OfTheOtherExchanges) {
  ParallelLayout layout = published("deepseek-v4-flash-a3-128k");
  layout.context_exchange = ContextExchange::v4_two_stage;
  const StageTraffic two_stage = traffic_of(layout).stages[0];  // 176 passes, half with either compression
  expect_call(call_of(two_stage, "cp", "last entries to the next rank of m = 4"), 176, 4 * 1024, 4 * 1024);
  expect_call(call_of(two_stage, "cp", "all-gather of compressed entries of m = 128"), 176, 65 * 1024, 65 * 1024 * 15);
  expect_call(call_of(two_stage, "cp", "reduce-scatter of gradients of m = 4"), 88, 2049 * 1024 * 16, 2049 * 1024 * 15);
  layout.context_exchange = ContextExchange::ulysses;  // 64 heads of 512 values
  expect_call(call_of(traffic_of(layout).stages[0], "cp", "all-to-all of queries, keys, values, output"), 2112,
              8192.0 * 64 * 512 * 2, 8192.0 * 64 * 512 * 2 * 15 / 16);
}

TEST(StepTraffic, WithoutSequenceParallelismOrDistributedOptimizer) {
  ParallelLayout layout = published("mixtral-8x22b-h100-128");
  layout.sequence_parallel = false;
  layout.distributed_optimizer = false;
  const StageTraffic stage = traffic_of(layout).stages[3];
  expect_call(call_of(stage, "tp", "attention all-reduce"), 448, 50'331'648, 50'331'648);
  EXPECT_NEAR(call_of(stage, "edp", "all-reduce of gradients").step_wire(), 2'113'929'216.0 * 4, 1e3);
  expect_call(call_of(stage, "pp", "activations"), 224, 50'331'648, 50'331'648);
}

TEST(StepTraffic, OfExpertsSplitOverTensorRanks) {
  const StageTraffic stage = traffic_of(published("pangu-ultra-moe-6k")).stages[5];
  const std::uint64_t passes = 16 * stage.work.moe_layers;  // no recompute
  const double copies = 1024.0 * 8 * 15360;                 // 4096 x 2 / 8 tokens
  expect_call(call_of(stage, "etp", "all-gather"), 2 * passes, copies, 7 * copies);
  expect_call(call_of(stage, "etp", "reduce-scatter"), 2 * passes, 8 * copies, 7 * copies);
  expect_call(call_of(stage, "ep", "dispatch forward, between nodes"), passes, 1024.0 * 15360 * 4, 1024.0 * 15360 * 3);
}

void expect_group(const CallTraffic& call, Collective collective, double ranks, double nodes) {
  EXPECT_EQ(call.collective, collective) << call.call;
  EXPECT_EQ(call.ranks, ranks) << call.call;
  EXPECT_EQ(call.nodes, nodes) << call.call;
}

TEST(StepTraffic, SaysWhoTakesPartInEachCall) {
  const StageTraffic v3 = traffic_of(published("deepseek-v3-h800-2048")).stages[7];
  expect_group(call_of(v3, "ep", "dispatch forward, between nodes"), Collective::all_to_all, 8, 8);
  expect_group(call_of(v3, "ep", "combine backward, inside a node"), Collective::all_to_all, 8, 1);
  expect_group(call_of(v3, "ep", "metadata forward, between nodes"), Collective::all_to_all, 8, 8);
  expect_group(call_of(v3, "ep", "notify, between nodes"), Collective::all_to_all, 8, 8);
  expect_group(call_of(v3, "ep", "notify, inside a node"), Collective::all_to_all, 8, 1);
  expect_group(call_of(v3, "pp", "gradients"), Collective::send_recv, 2, 16);
  expect_group(call_of(v3, "edp", "all-gather of parameters"), Collective::all_gather, 4, 2);  // each stage twice
  expect_group(call_of(v3, "dp-cp", "reduce-scatter of gradients"), Collective::reduce_scatter, 256, 16);
  const StageTraffic a3 = traffic_of(published("deepseek-v3-a3-512")).stages[2];
  expect_group(call_of(a3, "ep", "dispatch forward"), Collective::all_to_all, 32, 2);
  expect_group(call_of(a3, "ep", "all-gather of token counts"), Collective::all_gather, 32, 2);
  expect_group(call_of(a3, "tp", "attention reduce-scatter"), Collective::reduce_scatter, 2, 1);
  const StageTraffic pangu = traffic_of(published("pangu-ultra-moe-6k")).stages[5];
  expect_group(call_of(pangu, "etp", "all-gather"), Collective::all_gather, 8, 1);
  const StageTraffic flash = traffic_of(published("deepseek-v4-flash-a3-128k")).stages[0];
  expect_group(call_of(flash, "cp", "reduce-scatter of their gradients"), Collective::reduce_scatter, 16, 1);
}

/// Of the whole buffer, as MPI counts it, so much leaves a rank.
double share_on_wire(const CallTraffic& call) {
  if (call.collective == Collective::send_recv) return 1;
  return (call.collective == Collective::all_reduce ? 2 : 1) * (call.ranks - 1) / call.ranks;
}

TEST(StepTraffic, HasTheWireBytesOfItsCollectives) {
  for (const std::string& name : json_names_in(kLayoutsFolder))
    for (const StageTraffic& stage : traffic_of(published(name)).stages)
      for (const CallTraffic& call : stage.calls) {
        // Gathers hand over a rank's own block, or as tensor and data parallelism have it the buffer that comes of it.
        const double whole = call.wire / share_on_wire(call);
        EXPECT_NEAR(std::min(std::abs(call.bytes / whole - 1), std::abs(call.bytes * call.ranks / whole - 1)), 0, 1e-9)
            << name << ": " << call.dimension << " " << call.call;
        EXPECT_GE(call.nodes, 1) << name << ": " << call.call;
      }
}

TEST(StageMessage, HasAllResidualStreams) {
  Model model = load_model("deepseek-v4-pro", kModelsFolder);
  EXPECT_EQ(stage_message(model, 4096), Bytes{224} << 20);
  model.streams = 1;
  EXPECT_EQ(stage_message(model, 4096), Bytes{56} << 20);
}

}  // namespace
}  // namespace weft
