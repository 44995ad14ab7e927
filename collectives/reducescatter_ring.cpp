#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::reducescatter_ring {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks input(input_of(call), call.ranks);
  const Region result{Space::out, 0, call.block()};
  if (call.ranks == 1) lane.copy(result, input[0]);
  // Partial sums alternate between two places, because one is sent while the next arrives; the last ends in `out`. In
  // place each is formed where its block lies.
  const Region spare = call.in_place || call.ranks < 3 ? result : reserve(program, call.block());
  Region current = input[call.rank - 1];
  for (int left = call.ranks - 2; left >= 0; --left) {
    const Region share = input[call.rank + left];
    const Region next = call.in_place ? share : left % 2 == 0 ? result : spare;
    lane.send(call.next(), current);
    lane.recv_reduce(call.prev(), next, share);
    lane.wait();
    current = next;
  }
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
