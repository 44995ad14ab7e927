#include "collectives/registry.hpp"
#include "collectives/two_level.hpp"
#include "collectives/two_level_exchange.hpp"

namespace weft::collectives::alltoallv_two_level {

namespace {

Bytes wire_bytes(const Call& call) {
  const NodeGrid grid(call);
  Bytes sum = 0;
  for (int node = 0; node < grid.nodes(); ++node)
    for (int index = 0; index < grid.per_node(); ++index) {
      if (index != grid.index()) sum += call.sent_to(grid.rank_of(node, index));
      if (node != grid.node())
        sum += call.bytes_between(grid.rank_of(grid.node(), index), grid.rank_of(node, grid.index()));
    }
  return sum;
}

}  // namespace

/// Two-level all-to-all-v: alltoall_two_level with different lengths. A rank sends inside its node what it has for
/// ranks of other indices, on whatever node, and to other nodes what all ranks of its node have there for its own
/// index: what leaves a node is spread over its ranks by where it goes, not by who has it.
Algorithm entry() {
  return {.collective = Collective::all_to_allv,
          .name = "two_level",
          .summary = "one message between nodes for each rank and node; small blocks; Träff & Rougier 2014",
          .by_node = true,
          .refuses = refuses_nodes,
          .build = exchange_in_two_levels,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::alltoallv_two_level
