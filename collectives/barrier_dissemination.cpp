#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::barrier_dissemination {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Region token = reserve(program, 1);
  const Region arrived = reserve(program, 1);
  for (int distance = 1; distance < call.ranks; distance *= 2) {
    lane.send((call.rank + distance) % call.ranks, token);
    lane.recv((call.rank + call.ranks - distance) % call.ranks, arrived);
    lane.wait();
  }
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(log2_ceil(call.ranks)); }

}  // namespace

/// Dissemination barrier (Hensgen, Finkel & Manber 1988, "Two algorithms for barrier synchronization"). In round k
/// every rank tells the one 2^k further; ceil(log2 n) rounds, after which everybody has heard of everybody. The wire
/// carries 1 byte per round, because a message of none is no step.
Algorithm entry() {
  return {.collective = Collective::barrier,
          .name = "dissemination",
          .summary = "ceil(log2 n) rounds of 1 byte; Hensgen, Finkel & Manber 1988",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::barrier_dissemination
