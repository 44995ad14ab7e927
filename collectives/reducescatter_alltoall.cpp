#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::reducescatter_alltoall {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks input(input_of(call), call.ranks);
  const Region result{Space::out, 0, call.block()};
  if (call.ranks > 1) {
    const Region room = reserve(program, static_cast<Bytes>(call.ranks - 1) * call.block());
    const Blocks arriving(room, call.ranks - 1);
    for (int i = 1; i < call.ranks; ++i) lane.recv((call.rank + call.ranks - i) % call.ranks, arriving[i - 1]);
    for (int i = 1; i < call.ranks; ++i) lane.send((call.rank + i) % call.ranks, input[call.rank + i]);
    lane.wait();
    lane.copy(result, input[call.rank]);
    lane.reduce(result, room);
  } else {
    lane.copy(result, input[0]);
  }
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(call.ranks - 1) * call.block(); }

}  // namespace

/// All-to-all, then a local sum: how DeepSeek-V4's report reduces gradients of experts, which are sent in BF16 and
/// accumulated in FP32, so that a sum is rounded once; on the way around a ring it is at each rank. One round; each
/// rank sends n - 1 blocks and has room for as many.
Algorithm entry() {
  return {.collective = Collective::reduce_scatter,
          .name = "alltoall",
          .summary = "n-1 blocks at once, summed where they arrive, rounded once; DeepSeek-V4 2026",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::reducescatter_alltoall
