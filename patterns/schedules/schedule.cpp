#include "patterns/schedules/schedule.hpp"

namespace weft {

const char* letter_of(Pass pass) {
  switch (pass) {
    case Pass::forward:
      return "F";
    case Pass::backward:
      return "B";
    case Pass::input_gradient:
      return "I";
    case Pass::weight_gradient:
      return "W";
  }
  return "?";
}

Path straight_path(int devices, int chunk, bool downward) {
  Path path;
  for (int stage = 0; stage < devices; ++stage) path.push_back({downward ? devices - 1 - stage : stage, chunk});
  return path;
}

std::vector<Path> stage_per_device(const PipelineShape& shape) { return {straight_path(shape.devices, 0, false)}; }

double fill_and_drain_ns(const PipelineShape& shape) {
  return static_cast<double>(shape.devices - 1) * static_cast<double>(shape.forward_ns + shape.backward_ns);
}

Nanoseconds Schedule::duration(const PipelineShape& shape, Pass pass) const {
  const int parts = virtual_stages(shape);
  switch (pass) {
    case Pass::forward:
      return shape.forward_ns / parts;
    case Pass::backward:
      return shape.backward_ns / parts;
    case Pass::input_gradient:
      return shape.backward_ns / parts - shape.weight_ns / parts;
    case Pass::weight_gradient:
      return shape.weight_ns / parts;
  }
  return 0;
}

}  // namespace weft
