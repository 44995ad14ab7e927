#pragma once

#include <vector>

#include "core/units.hpp"
#include "patterns/step_traffic.hpp"

namespace weft {

/// Bytes that a stage hands on for one micro-batch: its tokens in BF16, with all residual streams of the model (4 with
/// DeepSeek-V4's hyper-connections).
Bytes stage_message(const Model& model, std::uint64_t tokens);

/// Activations to the next stage and gradients to the one before: heading "PP" of docs/layouts.md. Sources: Megatron-LM
/// (1F1B, interleaved); deepseek-ai/DualPipe.
std::vector<CallTraffic> pipeline_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work);

}  // namespace weft
