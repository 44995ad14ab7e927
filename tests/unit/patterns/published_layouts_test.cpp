#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/json_file.hpp"
#include "patterns/model_parameters.hpp"
#include "patterns/rank_groups.hpp"
#include "patterns/step_traffic.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

/// A published run; 0 where it was not published.
struct PublishedRun {
  std::string layout, model;
  std::uint64_t ranks, tensor, context, pipeline, virtual_stages, expert, global_batch;
};

const std::vector<PublishedRun>& runs() {
  static const std::vector<PublishedRun> all = {
      {"deepseek-v3-h800-2048", "deepseek-v3", 2048, 1, 1, 16, 1, 64, 15360},
      {"deepseek-v4-pro-h100-512", "deepseek-v4-pro", 512, 1, 1, 8, 0, 64, 1024},
      {"deepseek-v4-pro-gb300-256", "deepseek-v4-pro", 256, 1, 0, 4, 4, 64, 4096},
      {"deepseek-v4-flash-a3-256", "deepseek-v4-flash", 256, 2, 1, 2, 0, 128, 1024},
      {"deepseek-v4-flash-a3-128k", "deepseek-v4-flash", 0, 1, 16, 4, 0, 32, 64},
      {"deepseek-v3-a3-512", "deepseek-v3", 512, 2, 1, 8, 2, 32, 3840},
      {"deepseek-v3-a2-512", "deepseek-v3", 512, 4, 1, 8, 2, 32, 3840},
      {"glm-5-a3-512", "glm-5", 512, 2, 0, 8, 2, 64, 2048},
      {"qwen3-235b-a3-256", "qwen3-235b-a22b", 256, 1, 0, 4, 8, 32, 1024},
      {"pangu-ultra-moe-6k", "pangu-ultra-moe", 0, 8, 0, 16, 2, 4, 0},
      {"deepseek-v3-h100-1024", "deepseek-v3", 1024, 2, 1, 8, 4, 64, 8192},
      {"mixtral-8x22b-h100-128", "mixtral-8x22b", 128, 2, 1, 8, 7, 8, 256},
      {"kimi-k2-h100-256", "kimi-k2", 256, 0, 0, 8, 0, 32, 0},
      {"deepseek-v4-pro-a3-1024", "deepseek-v4-pro", 0, 0, 0, 0, 0, 0, 0}};
  return all;
}

TEST(PublishedLayouts, HaveThePublishedDegreesAndSayWhatIsAssumed) {
  for (const PublishedRun& run : runs()) {
    const ParallelLayout layout = load_layout(run.layout, kLayoutsFolder);
    std::set<std::string> assumed;
    for (const std::string& assumption : layout.assumptions) assumed.insert(assumption.substr(0, assumption.find(':')));
    const auto expect = [&](const std::string& member, std::uint64_t value, std::uint64_t wanted) {
      EXPECT_EQ(assumed.contains(member), wanted == 0) << run.layout << " " << member;
      EXPECT_TRUE(wanted == 0 || value == wanted) << run.layout << " " << member << " " << value;
    };
    EXPECT_EQ(layout.model, run.model);
    expect("ranks", layout.ranks, run.ranks);
    expect("tensor", layout.tensor, run.tensor);
    expect("context", layout.context, run.context);
    expect("pipeline", layout.pipeline, run.pipeline);
    expect("virtual_stages", layout.virtual_stages, run.virtual_stages);
    expect("expert", layout.expert, run.expert);
    expect("global_batch", layout.global_batch, run.global_batch);
    EXPECT_GT(layout.source.size(), 20U) << run.layout;
  }
}

TEST(PublishedLayouts, AreAllInTheTable) {
  std::vector<std::string> names;
  for (const PublishedRun& run : runs()) names.push_back(run.layout);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(json_names_in(kLayoutsFolder), names);
}

TEST(PublishedLayouts, HaveEveryRankOnceInEachDimension) {
  for (const PublishedRun& run : runs()) {
    const ParallelLayout layout = load_layout(run.layout, kLayoutsFolder);
    for (const std::string& dimension : group_dimensions()) {
      std::vector<int> times(layout.ranks);
      for (const auto& group : rank_groups(layout, dimension).groups)
        for (const std::uint32_t rank : group) ++times[rank];
      EXPECT_TRUE(std::all_of(times.begin(), times.end(), [](int n) { return n == 1; })) << run.layout << dimension;
    }
  }
}

// The formulas a second time, from their sources and not from the code: of a whole pipeline, summed over its ranks, so
// that neither the split of the layers nor the schedule is in them.

double log_binomial(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

/// D(R) by logarithms of factorials.
double distinct(const Model& model, double destinations) {
  const auto experts = static_cast<double>(model.experts);
  const auto top_k = static_cast<double>(model.top_k);
  const double elsewhere = experts - experts / destinations;
  if (elsewhere < top_k) return destinations;
  return destinations * (1 - std::exp(log_binomial(elsewhere, top_k) - log_binomial(experts, top_k)));
}

double token(TokenFormat format, double hidden) {
  const double scales = std::ceil(hidden / 128) * 4;
  return format == TokenFormat::bf16  ? hidden * 2
         : format == TokenFormat::fp8 ? hidden + scales
                                      : hidden * 1.25 + scales;
}

/// Wire bytes of dispatches and combines.
double expert_formula(const ParallelLayout& layout, const Model& model, double nodes) {
  const auto ranks = static_cast<double>(layout.expert);
  const auto hidden = static_cast<double>(model.hidden);
  const double header = layout.dispatcher == Dispatcher::low_latency ? 16 : 0;
  const double both = header + token(layout.dispatch_format, hidden) + token(layout.combine_format, hidden);
  double copies = static_cast<double>(model.top_k) * (1 - 1 / ranks);
  if (layout.dispatcher == Dispatcher::hierarchical)
    copies = distinct(model, nodes) * (1 - 1 / nodes) + distinct(model, ranks) * (1 - nodes / ranks);
  if (layout.dispatcher == Dispatcher::node_all_gather)
    copies = nodes - 1 + static_cast<double>(model.top_k) * (1 - nodes / ranks);
  const double tokens = static_cast<double>(layout.sequence_length * layout.micro_batch) /
                        static_cast<double>(layout.context * (layout.sequence_parallel ? layout.tensor : 1));
  const double passes = static_cast<double>(model.moe_layers() * layout.micro_batches());
  return tokens * copies * both * passes * (layout.full_recompute ? 3 : 2);
}

double tensor_formula(const ParallelLayout& layout, const Model& model) {
  const auto t = static_cast<double>(layout.tensor);
  const double message = static_cast<double>(layout.sequence_length * layout.micro_batch) /
                         static_cast<double>(layout.context) * static_cast<double>(model.hidden) * 2;
  const double blocks = static_cast<double>(model.layers + (model.layers - model.moe_layers()));
  const double calls = layout.sequence_parallel ? (layout.full_recompute ? 7 : 5) : 2 * (layout.full_recompute ? 3 : 2);
  return blocks * static_cast<double>(layout.micro_batches()) * calls * message * (t - 1) / t;
}

/// Over the borders between chunks that are on different ranks: activations one way, gradients back.
double pipeline_formula(const ParallelLayout& layout, const Model& model) {
  const double chunks = static_cast<double>(layout.pipeline * layout.virtual_stages);
  const double borders = layout.pipeline == 1 ? 0 : chunks - (layout.schedule == PipelineSchedule::dualpipev ? 2 : 1);
  const double tokens = static_cast<double>(layout.sequence_length * layout.micro_batch) /
                        static_cast<double>(layout.context * (layout.sequence_parallel ? layout.tensor : 1));
  return 2 * borders * static_cast<double>(layout.micro_batches()) * tokens *
         static_cast<double>(2 * model.hidden * model.streams);
}

/// Gradients of 4 or 2 bytes and parameters of 2 over all replicas of the experts.
double expert_parameter_formula(const ParallelLayout& layout, const Model& model) {
  const double copies = layout.schedule == PipelineSchedule::dualpipe ? 2 : 1;
  const double replicas = copies * static_cast<double>(layout.expert_data());
  const double parameters = 3.0 * static_cast<double>(model.experts * model.hidden) *
                            static_cast<double>(model.expert_intermediate * model.moe_layers()) /
                            static_cast<double>(layout.expert * layout.expert_tensor);
  const double bytes = (layout.gradient_type == Datatype::f32 ? 4 : 2) + 2;
  return copies * parameters * bytes * (replicas - 1) / replicas;
}

std::map<std::string, double> sums_of(const StepTraffic& traffic) {
  std::map<std::string, double> sums;
  for (const StageTraffic& stage : traffic.stages)
    for (const CallTraffic& call : stage.calls) {
      const bool of_tokens = call.call.starts_with("dispatch") || call.call.starts_with("combine");
      if (call.dimension != "ep" || of_tokens) sums[call.dimension] += call.step_wire();
    }
  return sums;
}

double nodes_of_experts(const ParallelLayout& layout) {
  std::set<std::uint64_t> nodes;
  for (const auto& group : rank_groups(layout, "ep").groups)
    if (group.front() == 0)
      for (const std::uint32_t rank : group) nodes.insert(rank / layout.ranks_per_node);
  return static_cast<double>(nodes.size());
}

void expect_formulas(const ParallelLayout& layout, const Model& model) {
  const std::string where = layout.name + " with " + model.name;
  const std::map<std::string, double> sums = sums_of(step_traffic(layout, model));
  const auto expect = [&](const std::string& dimension, double wanted, double tolerance) {
    const auto found = sums.find(dimension);
    EXPECT_NEAR(found == sums.end() ? 0 : found->second, wanted, wanted * tolerance) << dimension << " of " << where;
  };
  const bool simulated = model.groups > model.top_groups && layout.dispatcher == Dispatcher::hierarchical;
  if (!simulated) expect("ep", expert_formula(layout, model, nodes_of_experts(layout)), 1e-9);
  expect("tp", tensor_formula(layout, model), 1e-9);
  expect("pp", pipeline_formula(layout, model), 1e-9);
  expect("edp", expert_parameter_formula(layout, model), 1e-9);
}

TEST(PublishedLayouts, SendWhatTheFormulasSayForEveryModel) {
  int pairs = 0;
  for (const PublishedRun& run : runs()) {
    const ParallelLayout layout = load_layout(run.layout, kLayoutsFolder);
    for (const std::string& name : json_names_in(kModelsFolder)) {
      const Model model = load_model(name, kModelsFolder);
      try {
        check_model(layout, model);
      } catch (const UsageError&) {
        EXPECT_NE(name, run.model) << run.layout;
        continue;
      }
      expect_formulas(layout, model);
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 100);
}

}  // namespace
}  // namespace weft
