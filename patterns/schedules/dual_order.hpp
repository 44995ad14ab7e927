#pragma once

#include <vector>

#include "patterns/schedules/schedule.hpp"

namespace weft {

/// The order that DualPipe and DualPipeV share (DualPipeV is DualPipe cut in half), in the terms of DeepSeek's code: a
/// device serves phase 0, whose stages come early on it, and phase 1, whose stages come late. In the works `chunk` is
/// the phase and `micro_batch` counts within the phase.
///   half            devices from the end of the pipeline, where phase 0 begins, to its middle, where the phases meet
///   rank            this device, counted from that end: 0 to half-1
///   micro_batches   of each phase; at least 2 x half
std::vector<Work> dual_order(int half, int rank, int micro_batches);

/// (half-1)(F&B + B - 3W) of passes over one stage, in which F, B and W are the times of the shape over `stages`
/// stages; F&B = F + B, since what weft's overlapped passes hide is messages. ns.
double dual_bubble_ns(const PipelineShape& shape, int half, int stages);

}  // namespace weft
