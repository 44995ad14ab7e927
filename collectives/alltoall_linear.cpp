#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/windows.hpp"

namespace weft::collectives::alltoall_linear {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks from(input_apart(call, program, lane), call.ranks);
  const Blocks to(output_of(call), call.ranks);
  exchange_in_windows(
      lane, call.ranks, call.rank, [&](int peer) { lane.recv(peer, to[peer]); },
      [&](int peer) { lane.send(peer, from[peer]); }, [&] { lane.copy(to[call.rank], from[call.rank]); });
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(call.ranks - 1) * call.block(); }

}  // namespace

/// Linear all-to-all with a bounded window, as MPICH's scattered exchange (Thakur, Rabenseifner & Gropp 2005, section
/// 6): everybody posts kWindow receives and sends at a time, starting after its own rank so that no port is everybody's
/// first. ceil((n-1) / 8) rounds; each rank sends n - 1 blocks.
Algorithm entry() {
  return {.collective = Collective::all_to_all,
          .name = "linear",
          .summary = "n-1 blocks, 8 pairs at a time; the classic spread of isend and irecv",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::alltoall_linear
