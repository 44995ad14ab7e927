#include "patterns/step_traffic.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "patterns/attention_traffic.hpp"
#include "patterns/data_traffic.hpp"
#include "patterns/expert_traffic.hpp"
#include "patterns/model_parameters.hpp"
#include "patterns/pipeline_traffic.hpp"

namespace weft {

namespace {

void append(std::vector<CallTraffic>& all, const std::vector<CallTraffic>& more) {
  std::copy_if(more.begin(), more.end(), std::back_inserter(all),
               [](const CallTraffic& call) { return call.step_wire() > 0; });
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
  for (const StageWork& work : stage_works(layout, model)) {
    StageTraffic stage{.work = work, .calls = {}, .all_to_alls = all_to_alls(layout, work)};
    append(stage.calls, expert_traffic(layout, model, spread, work));
    append(stage.calls, tensor_traffic(layout, model, work));
    append(stage.calls, context_traffic(layout, model, work));
    append(stage.calls, pipeline_traffic(layout, model, work));
    append(stage.calls, data_traffic(layout, model, work));
    traffic.stages.push_back(std::move(stage));
  }
  return traffic;
}

}  // namespace weft
