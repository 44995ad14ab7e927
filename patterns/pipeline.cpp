#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/model.hpp"
#include "patterns/pipeline_traffic.hpp"
#include "patterns/pipeline_workload.hpp"
#include "patterns/registry.hpp"
#include "patterns/schedules/registry.hpp"
#include "patterns/timeline.hpp"

namespace weft::patterns::pipeline {

namespace {

constexpr int kMostMicroBatches = 100'000;
constexpr int kMostVirtualStages = 64;

void check(const Request& request, int ranks) {
  check_tokens(request);
  if (request.micro_batches < 1 || request.micro_batches > kMostMicroBatches)
    throw UsageError(
        fmt::format("--micro-batches {}: from 1 to {} are needed", request.micro_batches, kMostMicroBatches));
  if (request.stages < 0 || request.stages > ranks)
    throw UsageError(fmt::format("--stages {}: from 1 to as many stages as ranks, here {}, are needed (0: as many)",
                                 request.stages, ranks));
  if (request.virtual_stages < 1 || request.virtual_stages > kMostVirtualStages)
    throw UsageError(
        fmt::format("--virtual-stages {}: from 1 to {} are needed", request.virtual_stages, kMostVirtualStages));
  if (request.forward_ns < 0 || request.backward_ns < 0)
    throw UsageError("the emulated compute of a pass cannot take less than 0 ns");
  if (request.weight_ns && (*request.weight_ns < 0 || *request.weight_ns > request.backward_ns))
    throw UsageError(fmt::format("--weight-gradient {} ns: it is a part of the backward pass, from 0 to {} ns",
                                 *request.weight_ns, request.backward_ns));
}

std::string refusal(const Schedule& schedule, const PipelineShape& shape) {
  std::string refused = schedule.refuses(shape);
  if (refused.empty() && shape.micro_batches > kMostMicroBatches / schedule.virtual_stages(shape))
    refused = fmt::format("--micro-batches {}: over {} virtual stages at most {} can be had", shape.micro_batches,
                          schedule.virtual_stages(shape), kMostMicroBatches / schedule.virtual_stages(shape));
  return refused;
}

/// "all" are those that serve the shape.
std::vector<const Schedule*> chosen(const std::string& name, const PipelineShape& shape) {
  if (name != kAllSchedules) return {&schedules::registry().find(name)};
  std::vector<const Schedule*> all;
  for (const Schedule& schedule : schedules::registry().entries())
    if (refusal(schedule, shape).empty()) all.push_back(&schedule);
  return all;
}

/// Sizes of the busiest device, and of the busiest pair.
void set_bytes(Point& point, const PipelineLayout& layout) {
  const std::vector<Path> paths = layout.schedule->paths(layout.shape);
  const Bytes handed_over = static_cast<Bytes>(layout.messages(paths)) * layout.message;
  std::map<int, Bytes> sent;
  std::map<std::pair<int, int>, Bytes> between;
  for (const Handover& handover : handovers_of(paths)) {
    if (!handover.is_message()) continue;
    const int from = handover.from.device;
    point.bytes_per_rank = std::max(point.bytes_per_rank, sent[from] += handed_over);
    point.bytes_per_peer = std::max(point.bytes_per_peer, between[{from, handover.to.device}] += handed_over);
  }
}

void set_formulas(Point& point, const Schedule& schedule, const PipelineShape& shape) {
  point.busy_ns = static_cast<double>(busy_ns(schedule, shape));
  point.bubble_formula = bubble_share(schedule, shape);
  double most = 0;
  for (int device = 0; device < shape.devices; ++device)
    most = std::max(most, live_activations(schedule, shape, device));
  point.notes["activations"] = fmt::format("{:.4g}", most);
  point.notes["parameters"] = fmt::format("{}x", schedule.paths(shape).size());
  point.notes["virtual_stages"] = fmt::format("{}", schedule.virtual_stages(shape));
}

Point make_point(const PipelineLayout& layout, const Model& model, const Request& request) {
  const PipelineShape& shape = layout.shape;
  Point point;
  point.pattern = "pipeline";
  point.operation = "forward_backward";
  point.algorithm = layout.schedule->name;
  point.dtype = Datatype::bf16;
  point.notes = {{"model", model.name},
                 {"tokens", fmt::format("{}", request.tokens)},
                 {"stages", fmt::format("{}", shape.devices)},
                 {"pipelines", fmt::format("{}", layout.pipelines())},
                 {"micro_batches", fmt::format("{}", shape.micro_batches)},
                 {"message_bytes", fmt::format("{}", layout.message)},
                 {"forward_ns", fmt::format("{}", shape.forward_ns)},
                 {"backward_ns", fmt::format("{}", shape.backward_ns)},
                 {"weight_ns", fmt::format("{}", shape.weight_ns)}};
  point.refused = refusal(*layout.schedule, shape);
  if (!point.refused.empty()) return point;
  set_bytes(point, layout);
  set_formulas(point, *layout.schedule, shape);
  point.build = [layout](int rank) { return std::make_unique<PipelineWorkload>(layout, rank); };
  return point;
}

std::vector<Point> plan_pipeline(const Request& request, int ranks) {
  check(request, ranks);
  const Model model = load_model(request.model, request.models_directory);
  PipelineLayout layout;
  layout.shape = pipeline_shape(request, ranks);
  layout.ranks = ranks;
  layout.message = stage_message(model, request.tokens);
  std::vector<Point> points;
  for (const Schedule* const schedule : chosen(request.schedule, layout.shape)) {
    layout.schedule = schedule;
    points.push_back(make_point(layout, model, request));
  }
  return points;
}

}  // namespace

Pattern entry() {
  Pattern pattern;
  pattern.name = "pipeline";
  pattern.summary = "pipeline parallelism: activations and gradients between stages that emulate their compute";
  pattern.shaped_by_model = true;
  pattern.plan = plan_pipeline;
  return pattern;
}

}  // namespace weft::patterns::pipeline
