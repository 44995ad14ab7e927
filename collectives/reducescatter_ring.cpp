#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/ring.hpp"

namespace weft::collectives::reducescatter_ring {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks input(input_of(call), call.ranks);
  const Region result{Space::out, 0, call.block()};
  if (call.ranks == 1) lane.copy(result, input[0]);
  const Ring ring{.to = call.next(), .from = call.prev(), .size = call.ranks, .own = call.rank};
  Track shares;
  for (int rank = 0; rank < call.ranks; ++rank) shares.push_back(input[rank]);
  // In place each sum is formed where its block lies.
  const Region spare = call.in_place || call.ranks < 3 ? result : reserve(program, call.block());
  ring_reduce_scatter(lane, ring, {shares}, {call.in_place ? shares : in_turns(ring, result, spare)});
  if (call.in_place) lane.copy(result, input[call.rank]);
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(call.ranks - 1) * call.block(); }

}  // namespace

/// Ring reduce-scatter, the first half of the ring all-reduce (Patarasuk & Yuan 2009). n - 1 rounds; each rank sends
/// n - 1 blocks. A block's partial sum starts at the rank after its owner, goes around the ring and ends at the owner.
Algorithm entry() {
  return {.collective = Collective::reduce_scatter,
          .name = "ring",
          .summary = "n-1 rounds of one block; Patarasuk & Yuan 2009",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::reducescatter_ring
