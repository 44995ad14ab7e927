// DeepSeek-AI, "DeepSeek-V3 Technical Report", 2024, section 3.2.1, and github.com/deepseek-ai/DualPipe. Micro-batches
// enter from both ends of the pipeline: device d holds stage d of one copy of the model and stage p-1-d of another, and
// each forward pass of one direction overlaps a backward pass of the other, so that its messages are hidden. The bubble
// is (p/2-1)(F&B + B - 3W), for twice the parameters and p+1 activations.
#include <algorithm>

#include <fmt/format.h>

#include "patterns/schedules/dual_order.hpp"
#include "patterns/schedules/registry.hpp"

namespace weft::schedules::dualpipe {

namespace {

std::string refuses(const PipelineShape& shape) {
  if (shape.devices % 2 != 0)
    return fmt::format("--stages {}: dualpipe needs an even number of devices, half for either direction",
                       shape.devices);
  if (shape.micro_batches % 2 != 0 || shape.micro_batches < 2 * shape.devices)
    return fmt::format("--micro-batches {}: dualpipe needs an even number of {} or more on {} devices",
                       shape.micro_batches, 2 * shape.devices, shape.devices);
  return {};
}

std::vector<Path> paths(const PipelineShape& shape) {
  return {straight_path(shape.devices, 0, false), straight_path(shape.devices, 1, true)};
}

std::vector<Work> order(const PipelineShape& shape, int device) {
  const int half = shape.devices / 2;
  const int of_each = shape.micro_batches / 2;
  // The copy whose first stage is at the nearer end is phase 0.
  const int early = device < half ? 0 : 1;
  std::vector<Work> works = dual_order(half, std::min(device, shape.devices - 1 - device), of_each);
  for (Work& work : works) {
    work.chunk = work.chunk == 0 ? early : 1 - early;
    work.micro_batch += work.chunk * of_each;
  }
  return works;
}

double bubble_ns(const PipelineShape& shape) { return dual_bubble_ns(shape, shape.devices / 2, 1); }

double activations(const PipelineShape& shape, int) { return shape.devices + 1; }

}  // namespace

Schedule entry() {
  return {.name = "dualpipe",
          .summary = "from both ends over two copies of the model (DeepSeek-V3 2024)",
          .refuses = refuses,
          .paths = paths,
          .order = order,
          .bubble_ns = bubble_ns,
          .activations = activations};
}

}  // namespace weft::schedules::dualpipe
