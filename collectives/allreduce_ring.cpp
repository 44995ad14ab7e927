#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::allreduce_ring {

namespace {

void build(const Call& call, Program&, Lane& lane) {
  const Space input = input_of(call).space;
  const Chunks chunk(call.count, call.element(), call.ranks);
  if (call.ranks == 1) lane.copy(output_of(call), input_of(call));
  // Reduce-scatter: a chunk's partial sum travels around the ring, and each rank adds its own share straight from its
  // input as it arrives. The sum of chunk rank + 1 ends here.
  for (int round = 0; round + 1 < call.ranks; ++round) {
    lane.send(call.next(), chunk.in(round == 0 ? input : Space::out, call.rank - round));
    lane.recv_reduce(call.prev(), chunk[call.rank - round - 1], chunk.in(input, call.rank - round - 1));
    lane.wait();
  }
  // All-gather: the finished chunks go around.
  for (int round = 0; round + 1 < call.ranks; ++round) {
    lane.send(call.next(), chunk[call.rank + 1 - round]);
    lane.recv(call.prev(), chunk[call.rank - round]);
    lane.wait();
  }
}

Bytes wire_bytes(const Call& call) {
  if (call.ranks == 1) return 0;
  const Chunks chunk(call.count, call.element(), call.ranks);
  return 2 * call.block() - chunk[call.rank + 1].bytes - chunk[call.rank + 2].bytes;
}

}  // namespace

/// Ring all-reduce (Patarasuk & Yuan 2009, "Bandwidth optimal all-reduce algorithms for clusters of workstations").
/// 2(n-1) rounds with one chunk of 1/n each; each rank sends 2(n-1)/n of the bytes: twice all of them, less the chunks
/// rank + 1 (which the reduce-scatter brings here last) and rank + 2 (which the all-gather brings here last).
Algorithm entry() {
  return {.collective = Collective::all_reduce,
          .name = "ring",
          .summary = "2(n-1) rounds, 2(n-1)/n of the bytes; Patarasuk & Yuan 2009",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::allreduce_ring
