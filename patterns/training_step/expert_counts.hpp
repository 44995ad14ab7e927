#pragma once

#include <cstdint>
#include <functional>
#include <string>
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

/// Who shares a model's experts, which lie on the ranks in order, equally many on each.
struct ExpertGroup {
  int ranks = 1;
  int nodes = 1;
  std::uint64_t tokens = 0;  ///< of each rank
};

/// Of every routing of the decisions. Where these are not of the group's ranks and tokens, or of other experts, it
/// calls `refuse`, which throws, with what they have: "routing 0 has 20 tokens of rank 3". Throws also what reading
/// them does.
std::vector<ExpertCounts> count_by_expert_rank(const Decisions& decisions, const Model& model, const ExpertGroup& group,
                                               const std::function<void(const std::string& what)>& refuse);

}  // namespace weft
