#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/model.hpp"
#include "patterns/routing_placements.hpp"

namespace weft {

/// Where the tokens of one routing go, as counts.
struct Routing {
  int ranks = 0;
  std::vector<std::uint64_t> copies;   ///< [from * ranks + to]: (token, expert) pairs
  std::vector<std::uint64_t> experts;  ///< tokens that each expert gets from all ranks
  std::uint64_t tokens = 0;            ///< of all ranks
  std::uint64_t token_ranks = 0;       ///< pairs of a token and a rank that one of its experts lies on
  std::uint64_t token_nodes = 0;       ///< the same of nodes
  std::uint64_t moves = 0;  ///< experts whose weights are sent to come from the contiguous placement to this one

  /// (token, expert) pairs that each rank gets.
  std::vector<std::uint64_t> received() const;
};

/// Counts where all tokens go, the experts lying as RoutingPlacements has them and their replicas taking turns. Sources
/// are taken for the ranks in the order of their numbers where there are as many; else all tokens of a routing are
/// dealt to the ranks evenly. Throws what RoutingPlacements does.
std::vector<Routing> count_routings(const Decisions& decisions, const Model& model, const ExpertLayout& layout);

/// The largest over the mean of the values.
double max_over_mean(std::span<const std::uint64_t> values);

/// Gini coefficient of the values: 0 where all are equal, (n - 1) / n where one has all.
double gini(std::span<const std::uint64_t> values);

}  // namespace weft
