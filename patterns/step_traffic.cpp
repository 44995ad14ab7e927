#include "patterns/step_traffic.hpp"

#include <map>
#include <numeric>

#include <fmt/format.h>

#include "patterns/attention_traffic.hpp"
#include "patterns/data_traffic.hpp"
#include "patterns/expert_traffic.hpp"
#include "patterns/model_parameters.hpp"
#include "patterns/pipeline_traffic.hpp"
#include "patterns/rank_groups.hpp"

namespace weft {

namespace {

/// On how many nodes the groups of each dimension lie at most.
std::map<std::string, double> nodes_of(const ParallelLayout& layout) {
  std::map<std::string, double> nodes;
  for (const std::string& dimension : group_dimensions())
    nodes[dimension] = static_cast<double>(node_span(rank_groups(layout, dimension), layout.ranks_per_node).most);
  return nodes;
}

/// Adds the calls that send something. Those that do not say where their ranks are lie as their dimension does.
void append(std::vector<CallTraffic>& all, const std::map<std::string, double>& nodes,
            const std::vector<CallTraffic>& more) {
  for (CallTraffic call : more) {
    if (call.step_wire() == 0) continue;
    if (call.nodes == 0) call.nodes = nodes.at(call.dimension);
    all.push_back(std::move(call));
  }
}

std::vector<std::string> left_out_of(const ParallelLayout& layout, const Model& model) {
  std::vector<std::string> sentences;
  const auto missing = [&](const std::string& what) {
    sentences.push_back(fmt::format("{} of {} are left out: its file does not give their shape", what, model.name));
  };
  if (!attention_parameters(model)) missing("attention parameters");
  if (model.moe_layers() < model.layers && !dense_network_parameters(model))
    missing("parameters of layers without experts");
  if (!embedding_parameters(model)) missing("embedding and output parameters");
  const bool ulysses = layout.context_exchange == ContextExchange::ulysses;
  if (layout.context > 1 && (ulysses ? model.heads * model.head_values == 0 : !key_value_values(model)))
    missing("the exchanges of context parallelism");
  return sentences;
}

}  // namespace

double StageTraffic::step_wire() const {
  return std::accumulate(calls.begin(), calls.end(), 0.0,
                         [](double sum, const CallTraffic& call) { return sum + call.step_wire(); });
}

StepTraffic step_traffic(const ParallelLayout& layout, const Model& model) {
  StepTraffic traffic{.stages = {}, .left_out = left_out_of(layout, model)};
  const ExpertSpread spread = expert_spread(layout, model);
  const std::map<std::string, double> nodes = nodes_of(layout);
  for (const StageWork& work : stage_works(layout, model)) {
    StageTraffic stage{.work = work, .calls = {}, .all_to_alls = all_to_alls(layout, work)};
    append(stage.calls, nodes, expert_traffic(layout, model, spread, work));
    append(stage.calls, nodes, tensor_traffic(layout, model, work));
    append(stage.calls, nodes, context_traffic(layout, model, work));
    append(stage.calls, nodes, pipeline_traffic(layout, model, work));
    append(stage.calls, nodes, data_traffic(layout, model, work));
    traffic.stages.push_back(std::move(stage));
  }
  return traffic;
}

}  // namespace weft
