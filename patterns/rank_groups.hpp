#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "patterns/parallel_layout.hpp"

namespace weft {

/// The groups of one dimension: together all ranks, each once; ascending.
struct RankGroups {
  std::string dimension;
  std::vector<std::vector<std::uint32_t>> groups;
};

/// Dimensions in the order of the tables: tp, cp, dp, dp-cp (who share dense parameters), pp, etp, ep, edp.
const std::vector<std::string>& group_dimensions();

/// The groups along a dimension, as Megatron-LM's RankGenerator makes them: a rank is a number whose digits are its
/// places along the dimensions, the fastest of `order` last; a group has all ranks that differ in one digit only (in
/// dp and cp for dp-cp). Attention counts in tp, cp, dp, pp, experts in etp (in tp's place), ep, edp (in dp's) and pp.
/// The layout's ranks must divide.
RankGroups rank_groups(const ParallelLayout& layout, const std::string& dimension);

/// Throws UsageError naming the layout's file where `order` does not name tp, cp, dp, pp once each, and ep at most
/// once, or would put a rank into another stage for attention than for its experts.
void check_order(const ParallelLayout& layout);

/// On how many nodes of consecutive ranks the groups lie.
struct NodeSpan {
  std::uint64_t fewest = 0;
  std::uint64_t most = 0;
  std::uint64_t crossing = 0;  ///< groups on more than one node
};
NodeSpan node_span(const RankGroups& groups, std::uint64_t ranks_per_node);

/// Whether each group has equally many ranks on each of its nodes, and as many nodes as the others.
bool lies_evenly(const RankGroups& groups, std::uint64_t ranks_per_node);

}  // namespace weft
