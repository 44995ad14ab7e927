#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "patterns/model.hpp"

namespace weft {

/// How experts are put on ranks.
struct PlacementOptions {
  std::string kind = "contiguous";  ///< of placement_kinds()
  std::uint64_t redundant = 0;      ///< eplb, incremental: slots beyond one for each expert, over all ranks
  double target = 1.1;              ///< incremental: max/mean over ranks at which it has done enough
};

const std::vector<std::string>& placement_kinds();

/// As the flag has it: "contiguous", "eplb:32", "incremental:32:1.1".
std::string describe(const PlacementOptions& options);

/// Which expert each slot of each rank holds. An expert may have replicas in several slots.
struct Placement {
  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();

  std::uint64_t ranks = 0;
  std::uint64_t slots = 0;                    ///< per rank, the same on all
  std::vector<std::uint32_t> expert_of_slot;  ///< [rank * slots + slot], kFree where the slot holds none

  /// Those of one rank.
  std::span<const std::uint32_t> of_rank(std::uint64_t rank) const {
    return std::span(expert_of_slot).subspan(rank * slots, slots);
  }
};

/// The ranks that hold each expert, a rank as often as it holds it. Every expert has one at least.
std::vector<std::vector<std::uint32_t>> ranks_of_experts(const Placement& placement, std::uint64_t experts);

/// Tokens that each rank gets where the replicas of an expert share its `loads` alike.
std::vector<double> rank_loads(const Placement& placement, std::span<const double> loads);

/// The experts in order on the ranks, as evenly as can be. `slots` per rank of at least experts / ranks rounded up;
/// what is not needed stays free.
Placement place_contiguous(std::uint64_t experts, std::uint64_t ranks, std::uint64_t slots);

/// The shape of what is balanced. Groups are of the model's experts; nodes are of equally many ranks.
struct BalancerShape {
  std::uint64_t groups = 1;
  std::uint64_t nodes = 1;
  std::uint64_t ranks = 1;
  std::uint64_t slots = 1;  ///< per rank
};

/// As DeepSeek's expert parallelism load balancer (EPLB, 2025). Hierarchical where the nodes divide the groups: groups
/// are packed on nodes, then each node's busiest experts are replicated until its slots are full, then the replicas are
/// packed on its ranks. Else the same with all ranks as one node and one group. A packing takes the heaviest first and
/// gives it to the lightest that has room; of equal ones the first.
Placement place_eplb(std::span<const double> loads, const BalancerShape& shape);

/// Changes `current` until the busiest rank's load over the mean is `target` or less, or no single change lowers the
/// busiest rank: a replica in a free slot or in the place of another expert's spare one, a move to a free slot, or a
/// swap of two experts; each time the change that lowers the load most for each expert whose weights are sent. Greedy:
/// few moves, not provably the fewest. The busiest rank's load never rises.
Placement place_incremental(std::span<const double> loads, const Placement& current, double target);

/// How many experts' weights are sent to make `after` of `before`: slots of all ranks that hold an expert which that
/// rank did not hold before.
std::uint64_t expert_moves(const Placement& before, const Placement& after);

/// Bytes of one routed expert's weights in BF16: gate, up and down projection.
inline std::uint64_t expert_bytes(const Model& model) { return 3 * model.hidden * model.expert_intermediate * 2; }

/// The placement that `options` ask for, with these `loads` of the model's experts known beforehand; `contiguous` needs
/// none. Throws UsageError where the slots cannot be dealt evenly to the ranks.
Placement place(const PlacementOptions& options, const Model& model, std::span<const double> loads, std::uint64_t ranks,
                std::uint64_t ranks_per_node);

}  // namespace weft
