#pragma once

#include <array>
#include <string>
#include <vector>

#include "patterns/group_call.hpp"
#include "patterns/training_step/step_plan.hpp"

namespace weft {

/// The lanes of every rank's program, named by the dimensions of docs/layouts.md; the pipeline's messages come after.
enum class StepLane : std::uint8_t { compute, tp, etp, cp, ep, dp_cp, edp };
inline constexpr int kStepLanes = 7;
const char* name_of(StepLane lane);

/// Group calls that one after another do one thing; indices into StepCalls::all. Empty where there is nothing to send.
using CallSequence = std::vector<int>;

/// All collectives of one rank in a step, and when they are called.
struct StepCalls {
  std::vector<GroupCall> all;

  struct Expert {
    CallSequence dispatch_forward;  ///< with the counts before it
    CallSequence dispatch_backward;
    CallSequence combine;
  };
  std::vector<Expert> expert;  ///< by routing
  CallSequence expert_tensor_gather, expert_tensor_scatter;
  CallSequence tensor_before, tensor_after;  ///< a block of attention, or of a dense network
  /// By kind of layer: DeepSeek-V4 has two, in turns.
  std::array<CallSequence, 2> context_forward, context_backward;

  /// What data-parallel ranks exchange of one chunk's parameters, once for each bucket.
  struct Parameters {
    CallSequence gather;  ///< before their first use; empty without distributed optimizer
    CallSequence reduce;  ///< after their last gradient
  };
  struct ChunkParameters {
    Parameters dense, experts;
  };
  std::vector<ChunkParameters> chunks;
};

/// Of a rank. The same calls in the same order on all ranks of a group.
StepCalls step_calls(const StepPlan& plan, int rank);

}  // namespace weft
