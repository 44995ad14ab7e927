// Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM", SC 2021. Device
// d holds v chunks, chunk c being virtual stage c p + d, so that each chunk ends with a message from the last device to
// the first. Micro-batches go through each chunk in groups of p. The bubble is (p-1)(F+B)/v, for v times the messages;
// the warm-up of Megatron-LM's schedules.py, 2(p-1-d) + (v-1)p chunks, holds up to p (1 + (p-1)/(p v)) activations
// (Korthikanti et al., MLSys 2023).
#include <algorithm>

#include <fmt/format.h>

#include "patterns/schedules/registry.hpp"

namespace weft::schedules::interleaved {

namespace {

std::string refuses(const PipelineShape& shape) {
  if (shape.virtual_stages < 2)
    return fmt::format("--virtual-stages {}: interleaved needs 2 or more per device", shape.virtual_stages);
  if (shape.micro_batches % shape.devices != 0)
    return fmt::format("--micro-batches {}: interleaved needs a multiple of the {} devices of its pipeline",
                       shape.micro_batches, shape.devices);
  return {};
}

int virtual_stages(const PipelineShape& shape) { return shape.virtual_stages; }

std::vector<Path> paths(const PipelineShape& shape) {
  Path path;
  for (int chunk = 0; chunk < shape.virtual_stages; ++chunk)
    for (int device = 0; device < shape.devices; ++device) path.push_back({device, chunk});
  return {path};
}

int warm_up(const PipelineShape& shape, int device) {
  const int chunks = 2 * (shape.devices - 1 - device) + (shape.virtual_stages - 1) * shape.devices;
  return std::min(chunks, shape.micro_batches * shape.virtual_stages);
}

/// The i-th forward pass of any device.
Work forward(const PipelineShape& shape, int i) {
  const int group = shape.devices * shape.virtual_stages;
  return {Pass::forward, i / group * shape.devices + i % shape.devices, i % group / shape.devices};
}

std::vector<Work> order(const PipelineShape& shape, int device) {
  std::vector<Work> order;
  alternate(
      warm_up(shape, device), shape.micro_batches * shape.virtual_stages,
      [&](int i) { order.push_back(forward(shape, i)); },
      [&](int i) {
        const Work mirrored = forward(shape, i);
        order.push_back({Pass::backward, mirrored.micro_batch, shape.virtual_stages - 1 - mirrored.chunk});
      });
  return order;
}

double bubble_ns(const PipelineShape& shape) { return fill_and_drain_ns(shape) / shape.virtual_stages; }

double activations(const PipelineShape& shape, int device) {
  const int chunks = std::min(warm_up(shape, device) + 1, shape.micro_batches * shape.virtual_stages);
  return static_cast<double>(chunks) / shape.virtual_stages;
}

}  // namespace

Schedule entry() {
  return {.name = "interleaved",
          .summary = "1f1b over v virtual stages per device (Megatron-LM, Narayanan et al. 2021)",
          .refuses = refuses,
          .virtual_stages = virtual_stages,
          .paths = paths,
          .order = order,
          .bubble_ns = bubble_ns,
          .activations = activations};
}

}  // namespace weft::schedules::interleaved
