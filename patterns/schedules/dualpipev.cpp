// Sea AI Lab's "cut-in-half" of DualPipe (hackmd.io/@ufotalent/r1lVXsa9Jg, 2025), in github.com/deepseek-ai/DualPipe.
// One path in the shape of a V: device d holds stages d and 2p-1-d of 2p, so that one copy of the model does what
// DualPipe needs two for. By DeepSeek's count, over PP = 2p stages: bubble (PP/2-1)(F&B + B - 3W) and PP+1 activations
// of a stage.
#include <fmt/format.h>

#include "patterns/schedules/dual_order.hpp"
#include "patterns/schedules/registry.hpp"

namespace weft::schedules::dualpipev {

namespace {

constexpr int kStagesPerDevice = 2;

std::string refuses(const PipelineShape& shape) {
  if (shape.micro_batches >= 2 * shape.devices) return {};
  return fmt::format("--micro-batches {}: dualpipev needs {} or more on {} devices", shape.micro_batches,
                     2 * shape.devices, shape.devices);
}

int virtual_stages(const PipelineShape&) { return kStagesPerDevice; }

std::vector<Path> paths(const PipelineShape& shape) {
  Path path = straight_path(shape.devices, 0, false);
  const Path back = straight_path(shape.devices, 1, true);
  path.insert(path.end(), back.begin(), back.end());
  return {path};
}

std::vector<Work> order(const PipelineShape& shape, int device) {
  return dual_order(shape.devices, device, shape.micro_batches);
}

double bubble_ns(const PipelineShape& shape) { return dual_bubble_ns(shape, shape.devices, kStagesPerDevice); }

double activations(const PipelineShape& shape, int) {
  return static_cast<double>(kStagesPerDevice * shape.devices + 1) / kStagesPerDevice;
}

}  // namespace

Schedule entry() {
  return {.name = "dualpipev",
          .summary = "dualpipe cut in half: down and up a V over one copy of the model (Sea AI Lab 2025)",
          .refuses = refuses,
          .virtual_stages = virtual_stages,
          .paths = paths,
          .order = order,
          .bubble_ns = bubble_ns,
          .activations = activations};
}

}  // namespace weft::schedules::dualpipev
