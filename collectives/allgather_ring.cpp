#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/ring.hpp"

namespace weft::collectives::allgather_ring {

namespace {

void build(const Call& call, Program&, Lane& lane) {
  const Blocks out(output_of(call), call.ranks);
  Track blocks;
  for (int rank = 0; rank < call.ranks; ++rank) blocks.push_back(rank == call.rank ? input_of(call) : out[rank]);
  ring_all_gather(lane, {.to = call.next(), .from = call.prev(), .size = call.ranks, .own = call.rank}, {blocks});
  lane.copy(out[call.rank], input_of(call));
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(call.ranks - 1) * call.block(); }

}  // namespace

/// Ring all-gather, the second half of the ring all-reduce (Patarasuk & Yuan 2009). n - 1 rounds; each rank sends n - 1
/// blocks: its own, then what came in the round before.
Algorithm entry() {
  return {.collective = Collective::all_gather,
          .name = "ring",
          .summary = "n-1 rounds of one block; Patarasuk & Yuan 2009",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::allgather_ring
