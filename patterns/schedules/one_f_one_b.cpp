// PipeDream-Flush: Narayanan et al., "Memory-Efficient Pipeline-Parallel DNN Training", ICML 2021. After a warm-up of
// p-1-d forward passes, one forward and one backward pass in turn: GPipe's bubble (p-1)(F+B), but device d holds no
// more than p-d activations.
#include <algorithm>

#include "patterns/schedules/registry.hpp"

namespace weft::schedules::one_f_one_b {

namespace {

std::vector<Work> order(const PipelineShape& shape, int device) {
  std::vector<Work> order;
  alternate(
      std::min(shape.devices - 1 - device, shape.micro_batches), shape.micro_batches,
      [&](int i) {
        order.push_back({Pass::forward, i});
      },
      [&](int i) {
        order.push_back({Pass::backward, i});
      });
  return order;
}

double activations(const PipelineShape& shape, int device) {
  return std::min(shape.devices - device, shape.micro_batches);
}

}  // namespace

Schedule entry() {
  return {.name = "1f1b",
          .summary = "a forward and a backward pass in turn (PipeDream-Flush, Narayanan et al. 2021)",
          .order = order,
          .activations = activations};
}

}  // namespace weft::schedules::one_f_one_b
