#pragma once

#include <vector>

#include "patterns/step_traffic.hpp"

namespace weft {

/// Where an expert group lies, and where its tokens go on average: once for all stages.
struct ExpertSpread {
  double ranks = 0;           ///< R: of the group
  double nodes = 0;           ///< N: that it lies on
  double distinct_ranks = 0;  ///< D(R) of a token
  double distinct_nodes = 0;  ///< D(N)
};
ExpertSpread expert_spread(const ParallelLayout& layout, const Model& model);

/// Dispatch and combine of one MoE layer after another, forward and backward, and what a dispatcher sends besides:
/// headings "EP" and "ETP" of docs/layouts.md. Sources: DeepEP (hierarchical, low latency), Megatron-LM's
/// token_dispatcher.py (flat, expert tensor parallelism), arXiv 2505.04519 (node all-gather).
std::vector<CallTraffic> expert_traffic(const ParallelLayout& layout, const Model& model, const ExpertSpread& spread,
                                        const StageWork& work);

/// Dispatches and combines of a rank in a step: four of each pass through a layer, and two more with full recompute.
std::uint64_t all_to_alls(const ParallelLayout& layout, const StageWork& work);

}  // namespace weft
