#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/two_level.hpp"

namespace weft::collectives::reducescatter_two_level {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const NodeGrid grid(call);
  const Blocks input(input_of(call), call.ranks);
  const Region result{Space::out, 0, call.block()};
  // In place each sum is formed where its block lies, else in scratch.
  const Bytes room = call.in_place ? 0 : static_cast<Bytes>(grid.nodes()) * call.block();
  const Blocks last(reserve(program, room), grid.nodes());
  const Blocks spare(reserve(program, room), grid.nodes());
  std::vector<Track> shares;
  std::vector<Track> sums;
  Track of_node;  // what its ranks have for those of this index
  for (int node = 0; node < grid.nodes(); ++node) {
    Track& blocks = shares.emplace_back();
    for (int index = 0; index < grid.per_node(); ++index) blocks.push_back(input[grid.rank_of(node, index)]);
    sums.push_back(call.in_place ? blocks : in_turns(grid.inside(), last[node], spare[node]));
    of_node.push_back(sums.back()[static_cast<std::size_t>(grid.index())]);
  }
  const Track totals = call.in_place ? of_node : in_turns(grid.between(), result, spare[0]);
  ring_reduce_scatter(lane, grid.inside(), shares, sums);
  ring_reduce_scatter(lane, grid.between(), {of_node}, {totals});
  lane.copy(result, totals[static_cast<std::size_t>(grid.node())]);
}

Bytes wire_bytes(const Call& call) {
  const NodeGrid grid(call);
  return static_cast<Bytes>(grid.nodes() - 1 + grid.nodes() * (grid.per_node() - 1)) * call.block();
}

}  // namespace

/// Two-level reduce-scatter (a half of BlueConnect, Cho, Finkler, Kung & Hunter 2019). With N nodes of L ranks each: a
/// ring inside the node, after which a rank has the node's sums of the N blocks for the ranks of its index; then a ring
/// among those, one of each node. (L-1) + (N-1) rounds; each rank sends N(L-1) blocks inside its node and N - 1 to
/// other nodes: n - 1 as the flat ring does, whose rank at the end of a node sends all of them to another one.
Algorithm entry() {
  return {.collective = Collective::reduce_scatter,
          .name = "two_level",
          .summary = "N nodes of L ranks: N(L-1) blocks inside the node, N-1 between; BlueConnect 2019",
          .by_node = true,
          .refuses = refuses_nodes,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::reducescatter_two_level
