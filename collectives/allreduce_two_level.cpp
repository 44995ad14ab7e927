#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/two_level.hpp"

namespace weft::collectives::allreduce_two_level {

namespace {

void build(const Call& call, Program&, Lane& lane) {
  const NodeGrid grid(call);
  const Track sums = chunks_of(call, output_of(call), grid.per_node());
  const Track parts = chunks_of(call, sums[static_cast<std::size_t>(grid.index())], grid.nodes());
  ring_reduce_scatter(lane, grid.inside(), {chunks_of(call, input_of(call), grid.per_node())}, {sums});
  ring_reduce_scatter(lane, grid.between(), {parts}, {parts});
  ring_all_gather(lane, grid.between(), {parts});
  ring_all_gather(lane, grid.inside(), {sums});
}

/// Of a ring all-reduce of so many elements.
Bytes around(const Call& call, std::uint64_t count, int size, int own) {
  const Chunks chunk(count, call.element(), size);
  return 2 * count * call.element() - chunk[own].bytes - chunk[own + 1].bytes;
}

Bytes wire_bytes(const Call& call) {
  const NodeGrid grid(call);
  const Chunks chunk(call.count, call.element(), grid.per_node());
  const std::uint64_t mine = chunk[grid.index()].bytes / call.element();
  return around(call, call.count, grid.per_node(), grid.index()) + around(call, mine, grid.nodes(), grid.node());
}

}  // namespace

/// Two-level all-reduce (Cho, Finkler, Kung & Hunter 2019, "BlueConnect: decomposing all-reduce for deep learning on
/// heterogeneous network hierarchy"). With N nodes of L ranks each: a ring reduce-scatter inside the node, a ring
/// all-reduce of the rank's chunk among the ranks of its index, one of each node, and a ring all-gather inside the
/// node. 2(L-1) + 2(N-1) rounds; each rank sends 2(L-1)/L of the bytes inside its node and 2(N-1)/N of 1/L of them to
/// other nodes, where the flat ring's rank at the end of a node sends 2(n-1)/n of them.
Algorithm entry() {
  return {.collective = Collective::all_reduce,
          .name = "two_level",
          .summary = "N nodes of L ranks: 2(L-1)/L of the bytes inside the node, 2(N-1)/(NL) between; BlueConnect 2019",
          .by_node = true,
          .refuses = refuses_nodes,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::allreduce_two_level
