#include <algorithm>

#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::alltoall_linear {

namespace {

constexpr int kWindow = 8;  // pairs in flight: enough to overlap latencies, few enough for unexpected-message queues

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks from(input_apart(call, program, lane), call.ranks);
  const Blocks to(output_of(call), call.ranks);
  for (int first = 1; first < call.ranks; first += kWindow) {
    const int end = std::min(first + kWindow, call.ranks);
    for (int i = first; i < end; ++i) lane.recv((call.rank + call.ranks - i) % call.ranks, to[call.rank - i]);
    for (int i = first; i < end; ++i) lane.send((call.rank + i) % call.ranks, from[call.rank + i]);
    if (first == 1) lane.copy(to[call.rank], from[call.rank]);
    lane.wait();
  }
  if (call.ranks == 1) lane.copy(to[0], from[0]);
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
