#pragma once

#include <vector>

#include "patterns/step_traffic.hpp"

namespace weft {

/// Parameters of one rank, as far as the model's file says.
struct RankParameters {
  double dense = 0;    ///< attention, networks without experts, shared experts, router, embedding and head
  double experts = 0;  ///< routed experts
};
/// All but the router are divided by the tensor ranks, routed experts by expert and expert tensor ranks.
RankParameters rank_parameters(const ParallelLayout& layout, const Model& model, const StageWork& work);

/// Gradients and parameters, once a step: heading "DP" of docs/layouts.md. Dense ones over dp-cp, experts over edp;
/// with DualPipe over the two ranks of either that hold a stage. In buckets of max(40 M, 1 M x ranks) parameters, as
/// Megatron-LM's DistributedDataParallel has them. Source: Rajbhandari et al. 2020 (ZeRO).
std::vector<CallTraffic> data_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work);

}  // namespace weft
