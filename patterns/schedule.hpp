#pragma once

#include <string>
#include <vector>

#include "core/units.hpp"

namespace weft {

enum class Pass : std::uint8_t { forward, backward };

/// One pass of one micro-batch on one stage.
struct Work {
  Pass pass = Pass::forward;
  int micro_batch = 0;
  bool operator==(const Work&) const = default;
};

/// The schedules by name: "gpipe" (Huang et al. 2019: all forward passes, then all backward passes) and "1f1b"
/// (PipeDream- Flush, Narayanan et al. 2021: after a warm-up of stages - 1 - stage forward passes, one forward and one
/// backward in turn, so that no more than stages - stage micro-batches are in flight).
const std::vector<std::string>& schedule_names();

/// What the stage does, in order. Throws UsageError with the nearest right name for an unknown schedule.
std::vector<Work> schedule_of(const std::string& schedule, int stages, int stage, int micro_batches);

/// A pass in time, for drawing and for tests.
struct Slice {
  int stage = 0;
  Work work;
  Nanoseconds start = 0;
  Nanoseconds end = 0;
};

/// When each pass would run if a forward pass took forward_ns, a backward pass backward_ns and a message message_ns on
/// its link (one link per direction between neighbours, which carries one message at a time): stage by stage, in order
/// of time.
std::vector<Slice> timeline(const std::string& schedule, int stages, int micro_batches, Nanoseconds forward_ns,
                            Nanoseconds backward_ns, Nanoseconds message_ns);

/// Idle share of the time where messages are free, both schedules: (p - 1) / (m + p - 1).
double bubble_share(int stages, int micro_batches);

}  // namespace weft
