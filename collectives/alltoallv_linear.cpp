#include <algorithm>

#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::alltoallv_linear {

namespace {

constexpr int kWindow = 8;  // as alltoall_linear

void build(const Call& call, Program& program, Lane& lane) {
  const std::vector<Region> from = regions_to_peers(call, input_apart(call, program, lane));
  const std::vector<Region> to = regions_from_peers(call);
  const auto self = static_cast<std::size_t>(call.rank);
  for (int first = 1; first < call.ranks; first += kWindow) {
    const int end = std::min(first + kWindow, call.ranks);
    for (int i = first; i < end; ++i) {
      const int peer = (call.rank + call.ranks - i) % call.ranks;
      lane.recv(peer, to[static_cast<std::size_t>(peer)]);
    }
    for (int i = first; i < end; ++i) {
      const int peer = (call.rank + i) % call.ranks;
      lane.send(peer, from[static_cast<std::size_t>(peer)]);
    }
    if (first == 1) lane.copy(to[self], from[self]);
    lane.wait();
  }
  if (call.ranks == 1) lane.copy(to[0], from[0]);
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
