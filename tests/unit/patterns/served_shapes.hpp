#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include "patterns/schedules/schedule.hpp"

namespace weft {

/// So that GoogleTest prints a schedule's name.
inline std::ostream& operator<<(std::ostream& out, const Schedule& schedule) { return out << schedule.name; }

inline std::string describe(const PipelineShape& shape) {
  return "p=" + std::to_string(shape.devices) + " m=" + std::to_string(shape.micro_batches) +
         " v=" + std::to_string(shape.virtual_stages) + " F=" + std::to_string(shape.forward_ns) +
         " B=" + std::to_string(shape.backward_ns) + " W=" + std::to_string(shape.weight_ns);
}

/// Those of some shapes that the schedule serves; every schedule serves several. Times: F = 12 ns, B = 24 ns, W = 12
/// ns, which 2 and 3 virtual stages divide.
inline std::vector<PipelineShape> served_shapes(const Schedule& schedule,
                                                std::initializer_list<int> devices = {1, 2, 3, 4, 5, 6, 8},
                                                std::initializer_list<int> micro_batches = {1, 2, 3, 4, 6, 8, 12, 16,
                                                                                            17, 24}) {
  std::vector<PipelineShape> shapes;
  for (const int p : devices)
    for (const int m : micro_batches)
      for (const int v : {1, 2, 3}) {
        const PipelineShape shape{.devices = p,
                                  .micro_batches = m,
                                  .virtual_stages = v,
                                  .forward_ns = 12,
                                  .backward_ns = 24,
                                  .weight_ns = 12};
        if (schedule.refuses(shape).empty()) shapes.push_back(shape);
      }
  return shapes;
}

}  // namespace weft
