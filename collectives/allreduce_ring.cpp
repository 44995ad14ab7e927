#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/ring.hpp"

namespace weft::collectives::allreduce_ring {

namespace {

void build(const Call& call, Program&, Lane& lane) {
  const Track sums = chunks_of(call, output_of(call), call.ranks);
  const Ring ring{.to = call.next(), .from = call.prev(), .size = call.ranks, .own = call.rank + 1};
  if (call.ranks == 1) lane.copy(output_of(call), input_of(call));
  ring_reduce_scatter(lane, ring, {chunks_of(call, input_of(call), call.ranks)}, {sums});
  ring_all_gather(lane, ring, {sums});
}

Bytes wire_bytes(const Call& call) {
  if (call.ranks == 1) return 0;
  const Chunks chunk(call.count, call.element(), call.ranks);
  return 2 * call.block() - chunk[call.rank + 1].bytes - chunk[call.rank + 2].bytes;
}

double cost(const Call& call) {
  const int reductions = call.ranks - 1;
  const double chunk = static_cast<double>(call.block()) / call.ranks;
  return 2 * reductions * (kLatencyBytes + chunk) + reductions * kReducedByte * chunk;
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
          .wire_bytes = wire_bytes,
          .cost = cost};
}

}  // namespace weft::collectives::allreduce_ring
