#pragma once

#include <cstdint>
#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/model.hpp"

namespace weft {

/// Where the tokens of one routing go inside an expert group whose ranks lie node by node, as many on each.
struct ExpertCounts {
  int ranks = 1;
  int nodes = 1;
  std::vector<std::uint64_t> tokens;    ///< of each rank
  std::vector<std::uint64_t> copies;    ///< [from * ranks + to]: (token, expert) pairs
  std::vector<std::uint64_t> to_ranks;  ///< [from * ranks + to]: tokens with an expert there
  std::vector<std::uint64_t> to_nodes;  ///< [from * nodes + node]: tokens with an expert there

  int ranks_per_node() const { return ranks / nodes; }
  std::uint64_t received(int rank) const;  ///< pairs, its own included
  std::uint64_t most_received() const;
};

/// Of every routing of the decisions, which are those of `ranks` ranks. Experts lie on the ranks in order, equally many
/// on each. Throws what reading the decisions throws, and UsageError where a recording is of more ranks.
std::vector<ExpertCounts> count_by_expert_rank(const Decisions& decisions, const Model& model, int ranks, int nodes);

}  // namespace weft
