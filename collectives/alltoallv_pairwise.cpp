#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::alltoallv_pairwise {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const std::vector<Region> from = regions_to_peers(call, input_apart(call, program, lane));
  const std::vector<Region> to = regions_from_peers(call);
  const auto self = static_cast<std::size_t>(call.rank);
  lane.copy(to[self], from[self]);
  for (int round = 1; round < call.ranks; ++round) {
    const Pair pair = pair_of_round(call, round);
    lane.recv(pair.from, to[static_cast<std::size_t>(pair.from)]);
    lane.send(pair.to, from[static_cast<std::size_t>(pair.to)]);
    lane.wait();
  }
}

Bytes wire_bytes(const Call& call) { return least_wire_bytes(call); }

}  // namespace

/// Pairwise exchange with different lengths (Thakur, Rabenseifner & Gropp 2005, section 6). n - 1 rounds with the pairs
/// of alltoall_pairwise; each rank sends what the matrix says, each byte once. A round lasts as long as its largest
/// message, which is what makes it slow under skew.
Algorithm entry() {
  return {.collective = Collective::all_to_allv,
          .name = "pairwise",
          .summary = "n-1 rounds with one peer each; Thakur, Rabenseifner & Gropp 2005",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::alltoallv_pairwise
