#include <memory>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/model.hpp"
#include "patterns/pipeline_traffic.hpp"
#include "patterns/pipeline_workload.hpp"
#include "patterns/registry.hpp"

namespace weft {

namespace {

constexpr int kMostMicroBatches = 100'000;

void check(const Request& request, int ranks) {
  check_tokens(request);
  if (request.micro_batches < 1 || request.micro_batches > kMostMicroBatches)
    throw UsageError(
        fmt::format("--micro-batches {}: from 1 to {} are needed", request.micro_batches, kMostMicroBatches));
  if (request.stages < 0 || request.stages > ranks)
    throw UsageError(fmt::format("--stages {}: from 1 to as many stages as ranks, here {}, are needed (0: as many)",
                                 request.stages, ranks));
  if (request.forward_ns < 0 || request.backward_ns < 0)
    throw UsageError("the emulated compute of a pass cannot take less than 0 ns");
}

std::vector<std::string> schedules(const Request& request) {
  std::vector<std::string> names = schedule_names();
  if (request.schedule == "all") return names;
  for (const std::string& name : names)
    if (name == request.schedule) return {name};
  names.emplace_back("all");
  throw UsageError(unknown_name("schedule", request.schedule, names));
}

Point make_point(const PipelineShape& shape, const Model& model, const Request& request) {
  Point point;
  point.pattern = "pipeline";
  point.operation = "forward_backward";
  point.algorithm = shape.schedule;
  point.dtype = Datatype::bf16;
  const int neighbours = std::min(shape.stages - 1, 2);
  point.bytes_per_rank = static_cast<Bytes>(neighbours * shape.micro_batches) * shape.message;
  point.bytes_per_peer = static_cast<Bytes>(std::min(neighbours, 1) * shape.micro_batches) * shape.message;
  point.busy_ns = static_cast<double>(shape.forward_ns + shape.backward_ns) * shape.micro_batches;
  point.bubble_formula = bubble_share(shape.stages, shape.micro_batches);
  point.notes = {{"model", model.name},
                 {"tokens", fmt::format("{}", request.tokens)},
                 {"stages", fmt::format("{}", shape.stages)},
                 {"pipelines", fmt::format("{}", shape.pipelines())},
                 {"micro_batches", fmt::format("{}", shape.micro_batches)},
                 {"message_bytes", fmt::format("{}", shape.message)},
                 {"forward_ns", fmt::format("{}", shape.forward_ns)},
                 {"backward_ns", fmt::format("{}", shape.backward_ns)}};
  point.build = [shape](int rank) { return std::make_unique<PipelineWorkload>(shape, rank); };
  return point;
}

std::vector<Point> plan_pipeline(const Request& request, int ranks) {
  check(request, ranks);
  const Model model = load_model(request.model, request.models_directory);
  PipelineShape shape;
  shape.ranks = ranks;
  shape.stages = request.stages == 0 ? ranks : request.stages;
  shape.micro_batches = request.micro_batches;
  shape.message = stage_message(model, request.tokens);
  shape.forward_ns = request.forward_ns;
  shape.backward_ns = request.backward_ns;
  std::vector<Point> points;
  for (const std::string& schedule : schedules(request)) {
    shape.schedule = schedule;
    points.push_back(make_point(shape, model, request));
  }
  return points;
}

}  // namespace

namespace patterns {

Pattern pipeline() {
  Pattern pattern;
  pattern.name = "pipeline";
  pattern.summary = "pipeline parallelism: activations and gradients between stages that emulate their compute";
  pattern.shaped_by_model = true;
  pattern.plan = plan_pipeline;
  return pattern;
}

}  // namespace patterns

}  // namespace weft
