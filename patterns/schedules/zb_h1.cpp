// Qi, Wan, Huang & Lin, "Zero Bubble Pipeline Parallelism", 2023 (ICLR 2024): 1F1B whose backward pass is split. The
// input gradient, for which the stage before waits, is computed at once; the weight gradient d micro-batches later,
// which fills the bubble of the drain and lets every device hold p activations, as many as 1F1B's first. The bubble is
// (p-1)(F + B - 2W).
#include <algorithm>

#include "patterns/schedules/registry.hpp"

namespace weft::schedules::zb_h1 {

namespace {

std::vector<Work> order(const PipelineShape& shape, int device) {
  std::vector<Work> order;
  const int late = std::min(device, shape.micro_batches);
  alternate(
      std::min(shape.devices - 1 - device, shape.micro_batches), shape.micro_batches,
      [&](int i) {
        order.push_back({Pass::forward, i});
      },
      [&](int i) {
        order.push_back({Pass::input_gradient, i});
        if (i >= late) order.push_back({Pass::weight_gradient, i - late});
      });
  for (int i = shape.micro_batches - late; i < shape.micro_batches; ++i) order.push_back({Pass::weight_gradient, i});
  return order;
}

double bubble_ns(const PipelineShape& shape) {
  return static_cast<double>(shape.devices - 1) *
         static_cast<double>(shape.forward_ns + shape.backward_ns - 2 * shape.weight_ns);
}

double activations(const PipelineShape& shape, int) { return std::min(shape.devices, shape.micro_batches); }

}  // namespace

Schedule entry() {
  return {.name = "zb-h1",
          .summary = "1f1b with weight gradients put off into the bubble (Qi et al. 2023)",
          .order = order,
          .bubble_ns = bubble_ns,
          .activations = activations};
}

}  // namespace weft::schedules::zb_h1
