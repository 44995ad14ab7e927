// Huang et al., "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism", NeurIPS 2019. All
// forward passes, then all backward passes: the bubble is (p-1)(F+B), every micro-batch's activation is held at once.
#include "patterns/schedules/registry.hpp"

namespace weft::schedules::gpipe {

namespace {

std::vector<Work> order(const PipelineShape& shape, int) {
  std::vector<Work> order;
  alternate(
      shape.micro_batches, shape.micro_batches,
      [&](int i) {
        order.push_back({Pass::forward, i});
      },
      [&](int i) {
        order.push_back({Pass::backward, i});
      });
  return order;
}

double activations(const PipelineShape& shape, int) { return shape.micro_batches; }

}  // namespace

Schedule entry() {
  return {.name = "gpipe",
          .summary = "all forward passes, then all backward passes (Huang et al. 2019)",
          .order = order,
          .activations = activations};
}

}  // namespace weft::schedules::gpipe
