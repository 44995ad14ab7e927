#pragma once

#include <array>
#include <vector>

#include "patterns/step_traffic.hpp"

namespace weft {

/// Tensor parallelism of attention, and of the networks of layers without experts: heading "TP" of docs/layouts.md.
/// Source: Korthikanti et al. 2022 (sequence parallelism), Shoeybi et al. 2019 (without).
std::vector<CallTraffic> tensor_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work);

/// What a rank exchanges of one layer under context parallelism, bytes. DeepSeek-V4 has layers of two kinds, in turns;
/// elsewhere both are alike. 0: not exchanged.
struct ContextShapes {
  struct Layer {
    Bytes boundary = 0;   ///< last entries, to the next rank
    Bytes gathered = 0;   ///< to all others
    Bytes exchanged = 0;  ///< by all-to-all, of queries, keys, values and output each; the part that stays included
  };
  std::array<Layer, 2> layers;
};
ContextShapes context_shapes(const ParallelLayout& layout, const Model& model);

/// Context parallelism: heading "CP". Nothing where the model does not say how many values are exchanged. Sources:
/// Megatron-LM (all-gather of keys and values); Jacobs et al. 2023 (Ulysses); DeepSeek-V4's report (two stages).
std::vector<CallTraffic> context_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work);

}  // namespace weft
