#include <cmath>
#include <map>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectives/account.hpp"
#include "collectives/verify.hpp"
#include "patterns/hiding_rule.hpp"
#include "patterns/registry.hpp"
#include "patterns/step_traffic.hpp"
#include "patterns/training_step/report_step.hpp"
#include "patterns/training_step/step_workload.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

std::shared_ptr<const StepPlan> plan_of(const std::string& layout, int ranks, std::optional<int> divisor) {
  Request request;
  request.models_directory = kModelsFolder;
  request.layout = layout;
  request.shrink = divisor;
  request.routings = 2;
  return std::make_shared<const StepPlan>(plan_step(request, ranks));
}

/// Bytes that a rank sends in a step, by dimension.
std::map<std::string, double> sent_by_dimension(const Program& program) {
  std::map<std::string, double> sent;
  for (std::size_t lane = 0; lane < program.lanes.size(); ++lane)
    if (const Bytes bytes = program.sent_bytes(lane); bytes > 0)
      sent[program.lanes[lane].name().substr(0, program.lanes[lane].name().find(' '))] += static_cast<double>(bytes);
  return sent;
}

std::map<std::string, double> formula_by_dimension(const StepPlan& plan, const StageTraffic& stage) {
  std::map<std::string, double> sent;
  for (const CallTraffic& call : stage.calls) {
    const double scale = call.dimension == "dp-cp" ? plan.shrunk.dense_parameters
                         : call.dimension == "edp" ? plan.shrunk.expert_parameters
                                                   : 1;
    sent[call.dimension] += call.step_wire() * scale;
  }
  return sent;
}

struct FullSize {
  const char* layout;
  int ranks;
};

class BytesOfLayout : public testing::TestWithParam<FullSize> {};

/// Of one rank of each stage. What the router draws is right within its spread, all else but for rounding up to
/// elements.
TEST_P(BytesOfLayout, AreThoseOfTheFormulas) {
  const auto plan = plan_of(GetParam().layout, GetParam().ranks, {});
  const StepTraffic traffic = step_traffic(plan->layout(), plan->model());
  const GroupMap& pipeline = plan->groups.at("pp");
  for (const int rank : pipeline.groups.front()) {
    const StageTraffic& stage = traffic.stages[static_cast<std::size_t>(pipeline.place(rank))];
    std::map<std::string, double> sent = sent_by_dimension(StepWorkload(plan, rank).programs().front());
    for (const auto& [dimension, bytes] : formula_by_dimension(*plan, stage))
      EXPECT_NEAR(sent[dimension] / bytes, 1, dimension == "ep" ? 0.03 : 1e-4) << dimension << " of rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(Published, BytesOfLayout,
                         testing::Values(FullSize{"deepseek-v4-flash-a3-256", 256}, FullSize{"deepseek-v3-a3-512", 512},
                                         FullSize{"deepseek-v3-a2-512", 512}, FullSize{"qwen3-235b-a3-256", 256},
                                         FullSize{"mixtral-8x22b-h100-128", 128},
                                         FullSize{"deepseek-v4-pro-gb300-256", 256},
                                         FullSize{"deepseek-v4-pro-h100-512", 512}),
                         [](const auto& test) {
                           std::string name = test.param.layout;
                           std::erase(name, '-');
                           return name;
                         });

struct Shape {
  const char* layout;
  int ranks;
};

/// One with each dispatcher, context exchange, schedule and kind of gradient exchange.
TEST(TrainingStep, ProgramsMeetAndEndWhateverTheLayout) {
  for (const Shape& shape : {Shape{"deepseek-v3-h800-2048", 2},
                             {"deepseek-v4-flash-a3-128k", 4},
                             {"pangu-ultra-moe-6k", 4},
                             {WEFT_SMALL_LAYOUT, 16}}) {
    const auto plan = plan_of(shape.layout, shape.ranks, 4096);
    ASSERT_EQ(plan->refused, "") << shape.layout;
    std::vector<Program> programs;
    for (int rank = 0; rank < shape.ranks; ++rank) {
      const StepWorkload workload(plan, rank);
      programs.push_back(workload.programs().front());
      EXPECT_EQ(workload.wire_bytes(0), programs.back().sent_bytes()) << shape.layout;
    }
    EXPECT_THAT(verify_traffic(programs), testing::IsEmpty()) << shape.layout;
  }
}

double computed_by(const Program& program) {
  double computed = 0;
  for (const Step& step : program.lanes.front().steps())
    if (step.action == Action::compute) computed += static_cast<double>(step.bytes);
  return computed;
}

/// Bytes that leave a rank of a stage inside the pipeline for each ns of its compute, as if groups were endless.
std::map<std::string, double> bytes_per_compute(const StepPlan& plan, int rank, const Program& program) {
  std::map<std::string, double> bytes = sent_by_dimension(program);
  for (auto& [dimension, sent] : bytes) {
    sent /= computed_by(program);
    if (dimension == "ep" || dimension == "pp") continue;
    const auto group = static_cast<double>(plan.groups.at(dimension).of(rank).size());
    sent *= group / (group - 1);
  }
  return bytes;
}

/// With fewer stages, micro-batches, tensor and expert ranks.
TEST(TrainingStep, ShrinkingKeepsBytesToCompute) {
  const auto full = plan_of("deepseek-v3-a2-512", 512, {});
  const auto few = plan_of("deepseek-v3-a2-512", 16, {});
  const int full_rank = full->groups.at("pp").groups.front()[1];
  const int few_rank = few->groups.at("pp").groups.front()[1];
  std::map<std::string, double> before =
      bytes_per_compute(*full, full_rank, StepWorkload(full, full_rank).programs().front());
  std::map<std::string, double> after =
      bytes_per_compute(*few, few_rank, StepWorkload(few, few_rank).programs().front());
  for (const char* const dimension : {"edp", "dp-cp"})
    EXPECT_NEAR(after[dimension] / before[dimension], 1, 0.15) << dimension;
}

TEST(TrainingStep, AnInfiniteFabricLeavesComputeAndBubble) {
  const auto plan = plan_of("deepseek-v4-pro-a3-1024", 2, 128);
  ASSERT_EQ(plan->shape.devices, 2);
  double most = 0;
  double sum = 0;
  for (int rank = 0; rank < 2; ++rank) {
    const StepWorkload workload(plan, rank);
    const double computed = computed_by(workload.programs().front());
    most = std::max(most, computed);
    sum += computed;
  }
  const auto infinite = static_cast<double>(infinite_fabric_ns(*plan));
  EXPECT_GT(infinite, most);
  EXPECT_LT(infinite, sum);
}

/// Two ranks of two stages; times in ns.
TEST(TrainingStep, AReportTellsWhereTheTimeWent) {
  const auto plan = plan_of("deepseek-v4-pro-a3-1024", 4, 128);
  std::vector<RankAccount> accounts;
  const Nanoseconds infinite = infinite_fabric_ns(*plan);
  const Nanoseconds span = 2 * infinite;
  for (int rank = 0; rank < 4; ++rank) {
    RankAccount account{.lanes = {}, .start = 100, .end = 100 + span};
    for (const char* const name : {"compute", "tp", "etp", "cp", "ep", "dp-cp", "edp"})
      account.lanes.push_back({.name = name, .calls = {}});
    account.lanes[0].computed = span / 4;
    account.lanes[4].busy = span / 2;
    account.lanes[4].sent_bytes = 1000;
    account.lanes[4].kept_waiting = span / 8;
    account.lanes[4].calls = {rank == plan->groups.at("ep").groups.front()[1] ? 600 : 200};
    accounts.push_back(account);
  }
  const StepReport report = report_step(*plan, accounts, static_cast<double>(span));
  EXPECT_NEAR(report.computed, 0.25, 1e-7);
  EXPECT_NEAR(report.mfu, report.infinite_mfu / 2, 1e-12);
  const auto experts = std::find_if(report.dimensions.begin(), report.dimensions.end(),
                                    [](const DimensionReport& one) { return one.dimension == "ep"; });
  ASSERT_NE(experts, report.dimensions.end());
  EXPECT_DOUBLE_EQ(experts->busy, 0.5);
  EXPECT_NEAR(experts->exposed, 0.125, 1e-7);
  EXPECT_DOUBLE_EQ(experts->sent_bytes, 1000);
  EXPECT_EQ(experts->latest_rank, plan->groups.at("ep").groups.front()[1]);
  EXPECT_DOUBLE_EQ(experts->latest_share, 1);
  EXPECT_NEAR(experts->late, 400.0 * (static_cast<double>(plan->layout().expert) - 1) / 4 / static_cast<double>(span),
              1e-15);
  EXPECT_NEAR(report.overlap, 0.75, 1e-7);
  EXPECT_DOUBLE_EQ(report.split_ns, static_cast<double>(span));
  // The 2f rule as `weft fit` has it: a copy for each token and expert, whatever was sent.
  const StepTraffic traffic = step_traffic(plan->layout(), plan->model());
  ASSERT_EQ(traffic.stages.size(), 2U);
  const auto calls = static_cast<double>(traffic.stages[0].all_to_alls + traffic.stages[1].all_to_alls) / 2;
  const HidingRule rule = hiding_rule(plan->layout(), plan->model(), calls, static_cast<double>(span) / 2, plan->peak);
  EXPECT_NEAR(report.flop_per_byte / rule.flop_per_byte, 1, 1e-7);
  EXPECT_DOUBLE_EQ(report.hidden_below, most_flop_per_byte(plan->model()));
}

/// Two stages, each of which computes for half of the time, one before the other.
TEST(TrainingStep, AReportsSharesAddUpWhereStagesEndEarly) {
  const auto plan = plan_of("deepseek-v4-pro-a3-1024", 2, 128);
  const Nanoseconds span = 4 * infinite_fabric_ns(*plan);
  std::vector<RankAccount> accounts;
  for (int rank = 0; rank < 2; ++rank) {
    RankAccount account{.lanes = {}, .start = rank * (span / 2), .end = (rank + 1) * (span / 2)};
    for (const char* const name : {"compute", "tp", "etp", "cp", "ep", "dp-cp", "edp"})
      account.lanes.push_back({.name = name, .calls = {}});
    account.lanes[0].computed = span / 2;
    accounts.push_back(account);
  }
  const StepReport report = report_step(*plan, accounts, static_cast<double>(span));
  EXPECT_NEAR(report.computed, 0.5, 1e-7);
  EXPECT_GT(report.bubble, 0.0);
  EXPECT_GT(report.exposed, 0.0);
  EXPECT_NEAR(report.computed + report.bubble + report.exposed, 1, 1e-7);
}

}  // namespace
}  // namespace weft
