#include "collectives/layout.hpp"
#include "collectives/registry.hpp"
#include "collectives/windows.hpp"

namespace weft::collectives::alltoallv_linear {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const std::vector<Region> from = regions_to_peers(call, input_apart(call, program, lane));
  const std::vector<Region> to = regions_from_peers(call);
  const auto at = [](int peer) { return static_cast<std::size_t>(peer); };
  exchange_in_windows(
      lane, call.ranks, call.rank, [&](int peer) { lane.recv(peer, to[at(peer)]); },
      [&](int peer) { lane.send(peer, from[at(peer)]); }, [&] { lane.copy(to[at(call.rank)], from[at(call.rank)]); });
}

Bytes wire_bytes(const Call& call) { return least_wire_bytes(call); }

}  // namespace

/// Linear all-to-all-v with a bounded window, as alltoall_linear: kWindow receives and sends at a time, starting after
/// the own rank. ceil((n-1) / 8) rounds; each rank sends what the matrix says, each byte once.
Algorithm entry() {
  return {.collective = Collective::all_to_allv,
          .name = "linear",
          .summary = "what the matrix says, 8 pairs at a time; the classic spread of isend and irecv",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::alltoallv_linear
