#include <algorithm>
#include <array>

#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::allgather_bruck {

namespace {

/// `number` blocks from the first on, going on at block 0 after the last.
std::array<Region, 2> cyclic_run(const Blocks& blocks, int ranks, int first, int number) {
  const int before_end = std::min(number, ranks - first);
  return {blocks.run(first, before_end), blocks.run(0, number - before_end)};
}

void build(const Call& call, Program&, Lane& lane) {
  const Blocks out(output_of(call), call.ranks);
  lane.copy(out[call.rank], input_of(call));
  for (int distance = 1; distance < call.ranks; distance *= 2) {
    const int number = std::min(distance, call.ranks - distance);
    const int to = (call.rank + call.ranks - distance) % call.ranks;
    const int from = (call.rank + distance) % call.ranks;
    for (const Region& part : cyclic_run(out, call.ranks, call.rank, number)) lane.send(to, part);
    for (const Region& part : cyclic_run(out, call.ranks, from, number)) lane.recv(from, part);
    lane.wait();
  }
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(call.ranks - 1) * call.block(); }

}  // namespace

/// Bruck's all-gather (Bruck, Ho, Kipnis, Upfal & Weathersby 1997, "Efficient algorithms for all-to-all communications
/// in multiport message-passing systems"). ceil(log2 n) rounds for any n; before the round of distance d a rank has the
/// d blocks from its own on; it sends them d ranks down and receives the next d from d ranks up. n - 1 blocks are sent.
/// Every block lies at its final place from the start, so that there is no rotation at the end; a run that passes the
/// end of the buffer is sent in two.
Algorithm entry() {
  return {.collective = Collective::all_gather,
          .name = "bruck",
          .summary = "ceil(log2 n) rounds, n-1 blocks, any n; Bruck et al. 1997",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::allgather_bruck
