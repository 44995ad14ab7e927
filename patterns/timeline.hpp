#pragma once

#include <functional>
#include <vector>

#include "patterns/schedules/schedule.hpp"

namespace weft {

/// A pass in time, for drawing and for tests. Overlapped passes share one stretch of time, as long as both together.
struct Slice {
  int device = 0;
  Work work;
  Nanoseconds start = 0;
  Nanoseconds end = 0;
};

/// When each pass would run if a message took message_ns on its link (one link per direction between two devices, which
/// carries one message at a time) and a device did nothing but its passes, each as soon as it can: device by device, in
/// the order of the schedule. Throws std::logic_error where the order can never be finished.
std::vector<Slice> timeline(const Schedule& schedule, const PipelineShape& shape, Nanoseconds message_ns);

/// How long a pass takes on a device.
using PassDuration = std::function<Nanoseconds(int device, const Work&)>;

/// The same with passes that differ from stage to stage and from micro-batch to micro-batch.
std::vector<Slice> timeline(const Schedule& schedule, const PipelineShape& shape, Nanoseconds message_ns,
                            const PassDuration& duration);

/// The end of the last slice.
Nanoseconds length(const std::vector<Slice>& slices);

/// What a device computes in one iteration, ns: m(F+B), less what cutting into chunks rounds off.
Nanoseconds busy_ns(const Schedule& schedule, const PipelineShape& shape);

/// Idle share of an iteration by the schedule's published formula; -1 where it gives none: no compute, or a bubble
/// below zero, which the formulas with W give for a W far from F.
double bubble_share(const Schedule& schedule, const PipelineShape& shape);

/// The most micro-batches whose activations the device holds at once, each over all of its virtual stages: an
/// activation lives from its forward pass to its backward pass, or to its weight gradient where the two are apart.
double live_activations(const Schedule& schedule, const PipelineShape& shape, int device);

}  // namespace weft
