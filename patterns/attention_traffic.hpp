#pragma once

#include <vector>

#include "patterns/step_traffic.hpp"

namespace weft {

/// Tensor parallelism of attention, and of the networks of layers without experts: heading "TP" of docs/layouts.md.
/// Source: Korthikanti et al. 2022 (sequence parallelism), Shoeybi et al. 2019 (without).
std::vector<CallTraffic> tensor_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work);

/// Context parallelism: heading "CP". Nothing where the model does not say how many values are exchanged. Sources:
/// Megatron-LM (all-gather of keys and values); Jacobs et al. 2023 (Ulysses); DeepSeek-V4's report (two stages).
std::vector<CallTraffic> context_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work);

}  // namespace weft
