#include "patterns/training_step/step_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/decisions.hpp"
#include "patterns/rank_groups.hpp"
#include "patterns/schedules/registry.hpp"
#include "patterns/stage_work.hpp"
#include "patterns/training_step/exchange_matrices.hpp"

namespace weft {

namespace {

GroupMap map_groups(const ParallelLayout& layout, const std::string& dimension) {
  GroupMap map;
  map.group_of.resize(layout.ranks);
  map.place_of.resize(layout.ranks);
  for (const std::vector<std::uint32_t>& group : rank_groups(layout, dimension).groups) {
    for (std::size_t place = 0; place < group.size(); ++place) {
      map.group_of[group[place]] = static_cast<int>(map.groups.size());
      map.place_of[group[place]] = static_cast<int>(place);
    }
    map.groups.emplace_back(group.begin(), group.end());
  }
  return map;
}

std::vector<VirtualStage> stages_of(const Model& model, std::uint64_t count) {
  std::vector<VirtualStage> stages;
  for (const LayerChunk& chunk : layer_chunks(model, count)) {
    const std::size_t number = stages.size();
    VirtualStage stage{.number = static_cast<int>(number),
                       .first_layer = chunk.first,
                       .layers = {},
                       .embeds = number == 0,
                       .predicts = number + 1 == count};
    for (std::uint64_t i = 0; i < chunk.layers; ++i)
      stage.layers.push_back(has_experts(model, chunk.first + i) ? 1 : 0);
    stages.push_back(std::move(stage));
  }
  return stages;
}

/// What is recorded must be of this very step: all else that a rank sends and computes goes with its tokens, and with
/// fewer ranks and experts the skew between them would be another.
[[noreturn]] void refuse_recording(const RouterOptions& router, const StepPlan& plan, const std::string& what) {
  const Shrunk& shrunk = plan.shrunk;
  const std::string why = shrunk.changes.empty()
                              ? std::string()
                              : fmt::format(
                                    ", since this step is shrunk ({}), which a recording cannot be without "
                                    "another skew: replay one of this size, or give --ranks {} and no --shrink",
                                    join(shrunk.changes, ", "), shrunk.ranks_before);
  throw UsageError(fmt::format("--router {}: {}, and here {} ranks share the experts 0 to {} and have {} tokens each{}",
                               describe(router), what, plan.layout().expert, plan.model().experts - 1,
                               plan.layout().tokens(), why));
}

/// The tokens of an expert group's ranks, by the request's first router.
std::vector<ExpertCounts> draw_routings(const Request& request, const StepPlan& plan) {
  if (request.routers.size() != 1) throw UsageError("training_step takes one --router at a time");
  const ParallelLayout& layout = plan.layout();
  const RouterOptions& router = request.routers.front();
  Request drawn = request;
  drawn.tokens = layout.tokens();
  const ExpertGroup group{
      .ranks = static_cast<int>(layout.expert),
      .nodes = plan.by_node() ? static_cast<int>(node_span(rank_groups(layout, "ep"), layout.ranks_per_node).most) : 1,
      .tokens = layout.tokens()};
  // A recording is read as of the model that it may be of, so that it is what does not fit that is said.
  const Model& read = router.kind == "replay" ? plan.shrunk.model_before : plan.model();
  const auto decisions = make_decisions(router, read, drawn, group.ranks);
  return count_by_expert_rank(*decisions, plan.model(), group,
                              [&](const std::string& what) { refuse_recording(router, plan, what); });
}

/// The steps of a rank's program, and with them its memory, go with the passes of its layers.
void check_passes(const ParallelLayout& layout, const Model& model) {
  constexpr std::uint64_t kMostPasses = 1 << 18;
  std::uint64_t most = 0;
  for (const StageWork& work : stage_works(layout, model)) most = std::max(most, work.layer_passes);
  if (most > kMostPasses)
    throw UsageError(
        fmt::format("{}: \"global_batch\" gives a pipeline {} micro-batches here, so that a rank has {} "
                    "passes of a layer in a step, and {} can be run: make it {} times smaller",
                    layout.file, layout.micro_batches(), most, kMostPasses, (most + kMostPasses - 1) / kMostPasses));
}

Shrunk shrunk_of(const Request& request, int ranks) {
  const ParallelLayout layout = load_layout(request.layout, request.models_directory + "/layouts");
  const std::string& name = request.layout_model.empty() ? layout.model : request.layout_model;
  const Model model = load_model(name, request.models_directory);
  check_model(layout, model);
  return shrink(layout, model, ranks, request.shrink);
}

}  // namespace

std::size_t StepPlan::routing_of(std::uint64_t layer, int micro_batch) const {
  return (layer + model().layers * static_cast<std::uint64_t>(micro_batch)) % routings.size();
}

const VirtualStage& StepPlan::stage_at(int device, int chunk) const {
  for (const Path& path : schedule->paths(shape))
    for (std::size_t stage = 0; stage < path.size(); ++stage)
      if (path[stage] == Seat{device, chunk}) return stages[stage];
  throw std::logic_error("no virtual stage is there");
}

StepPlan plan_step(const Request& request, int ranks) {
  StepPlan plan;
  plan.shrunk = shrunk_of(request, ranks);
  plan.refused = plan.shrunk.refused;
  if (!plan.refused.empty()) return plan;
  const ParallelLayout& layout = plan.layout();
  check_passes(layout, plan.model());
  plan.schedule = &schedules::registry().find(name_of(layout.schedule));
  plan.shape = {.devices = static_cast<int>(layout.pipeline),
                .micro_batches = static_cast<int>(layout.micro_batches()),
                .virtual_stages = static_cast<int>(layout.virtual_stages)};
  plan.refused = plan.schedule->refuses(plan.shape);
  if (!plan.refused.empty()) return plan;
  plan.peak = request.peak_tflops.value_or(kReferencePeak) * 1e3;
  plan.speed = plan.peak * request.efficiency;
  for (const std::string& dimension : group_dimensions()) plan.groups[dimension] = map_groups(layout, dimension);
  plan.stages = stages_of(plan.model(), layout.pipeline * layout.virtual_stages);
  plan.routings = draw_routings(request, plan);
  for (const ExpertCounts& counts : plan.routings)
    plan.exchanges.push_back(exchange_matrices(layout, plan.model(), counts));
  return plan;
}

}  // namespace weft
