#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::reducescatter_alltoall {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks input(input_of(call), call.ranks);
  const Region result{Space::out, 0, call.block()};
  if (call.ranks > 1) {
    const Blocks arriving(reserve(program, static_cast<Bytes>(call.ranks - 1) * call.block()), call.ranks - 1);
    for (int i = 1; i < call.ranks; ++i) lane.recv((call.rank + call.ranks - i) % call.ranks, arriving[i - 1]);
    for (int i = 1; i < call.ranks; ++i) lane.send((call.rank + i) % call.ranks, input[call.rank + i]);
    lane.wait();
    lane.copy(result, input[call.rank]);
    for (int i = 1; i < call.ranks; ++i) lane.reduce(result, arriving[i - 1]);
  } else {
    lane.copy(result, input[0]);
  }
}

Bytes wire_bytes(const Call& call) { return static_cast<Bytes>(call.ranks - 1) * call.block(); }

}  // namespace

/// All-to-all, then a local sum: how DeepSeek-V4's report reduces gradients of experts in BF16, since each is rounded
/// once less often than on the way around a ring (there the sum is in FP32; here in the call's type, whose kernels add
/// two at a time). One round; each rank sends n - 1 blocks and has room for as many.
Algorithm entry() {
  return {.collective = Collective::reduce_scatter,
          .name = "alltoall",
          .summary = "n-1 blocks at once, summed where they arrive; DeepSeek-V4 2026",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::reducescatter_alltoall
