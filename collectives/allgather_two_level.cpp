#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/two_level.hpp"

namespace weft::collectives::allgather_two_level {

namespace {

void build(const Call& call, Program&, Lane& lane) {
  const NodeGrid grid(call);
  const Blocks out(output_of(call), call.ranks);
  Track of_index;
  std::vector<Track> of_nodes;
  for (int node = 0; node < grid.nodes(); ++node) {
    of_index.push_back(out[grid.rank_of(node, grid.index())]);
    Track& blocks = of_nodes.emplace_back();
    for (int index = 0; index < grid.per_node(); ++index) blocks.push_back(out[grid.rank_of(node, index)]);
  }
  lane.copy(out[call.rank], input_of(call));
  ring_all_gather(lane, grid.between(), {of_index});
  ring_all_gather(lane, grid.inside(), of_nodes);
}

Bytes wire_bytes(const Call& call) {
  const NodeGrid grid(call);
  return static_cast<Bytes>(grid.nodes() - 1 + grid.nodes() * (grid.per_node() - 1)) * call.block();
}

}  // namespace

/// Two-level all-gather (a half of BlueConnect, Cho, Finkler, Kung & Hunter 2019). With N nodes of L ranks each: a ring
/// among the ranks of one index, one of each node, then a ring inside the node with the N blocks of an index at a time.
/// (N-1) + (L-1) rounds; each rank sends N - 1 blocks to other nodes and N(L-1) inside its own: n - 1 as the flat ring
/// does, whose rank at the end of a node sends all of them to another one.
Algorithm entry() {
  return {.collective = Collective::all_gather,
          .name = "two_level",
          .summary = "N nodes of L ranks: N-1 blocks between nodes, N(L-1) inside; BlueConnect 2019",
          .by_node = true,
          .refuses = refuses_nodes,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::allgather_two_level
