#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::alltoall_pairwise {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks from(input_apart(call, program, lane), call.ranks);
  const Blocks to(output_of(call), call.ranks);
  lane.copy(to[call.rank], from[call.rank]);
  for (int round = 1; round < call.ranks; ++round) {
    const Pair pair = pair_of_round(call, round);
    lane.recv(pair.from, to[pair.from]);
    lane.send(pair.to, from[pair.to]);
    lane.wait();
  }
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(call.ranks - 1) * call.block(); }

}  // namespace

/// Pairwise exchange (Thakur, Rabenseifner & Gropp 2005, "Optimization of collective communication operations in
/// MPICH", section 6). n - 1 rounds; in round i a rank exchanges with rank XOR i where n is a power of two, else it
/// sends to rank + i and receives from rank - i. Each rank sends n - 1 blocks, one at a time.
Algorithm entry() {
  return {.collective = Collective::all_to_all,
          .name = "pairwise",
          .summary = "n-1 rounds of one block; Thakur, Rabenseifner & Gropp 2005",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::alltoall_pairwise
