#include "collectives/registry.hpp"
#include "collectives/two_level.hpp"
#include "collectives/two_level_exchange.hpp"

namespace weft::collectives::alltoall_two_level {

namespace {

Bytes wire_bytes(const Call& call) {
  const NodeGrid grid(call);
  return static_cast<Bytes>(grid.nodes() * (grid.per_node() - 1) + (grid.nodes() - 1) * grid.per_node()) * call.block();
}

}  // namespace

/// Two-level all-to-all (Träff & Rougier 2014, "MPI collectives and datatypes for hierarchical all-to-all
/// communication"; two_level_exchange.hpp). With N nodes of L ranks each a rank sends N blocks to each of the L - 1
/// others of its node, then L blocks to each of the N - 1 others of its index: (N-1)L blocks leave the node as in a
/// flat all-to-all, in N - 1 messages instead of (N-1)L, at the price of N(L-1) blocks inside instead of L - 1. For
/// small blocks. ceil((L-1) / 8) + ceil((N-1) / 8) rounds.
Algorithm entry() {
  return {.collective = Collective::all_to_all,
          .name = "two_level",
          .summary = "N nodes of L ranks: N-1 messages of L blocks between nodes; small blocks; Träff & Rougier 2014",
          .by_node = true,
          .refuses = refuses_nodes,
          .build = exchange_in_two_levels,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::alltoall_two_level
