#include <algorithm>

#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::alltoall_bruck {

namespace {

/// How many of the numbers 0 … n - 1 have the bit set.
Bytes blocks_with(int bit, int n) {
  const int rest = n % (2 * bit);
  return static_cast<Bytes>(n / (2 * bit) * bit + std::max(0, rest - bit));
}

void build(const Call& call, Program& program, Lane& lane) {
  const Blocks input(input_apart(call, program, lane), call.ranks);
  const Blocks out(output_of(call), call.ranks);
  const Region resting = reserve(program, output_of(call).bytes);
  // Bit 1 is set in half of all numbers, and no bit in more.
  const Region packed = reserve(program, blocks_with(1, call.ranks) * call.block());
  const Region arrived = reserve(program, packed.bytes);
  lane.copy(out[call.rank], input[call.rank]);
  for (int bit = 1; bit < call.ranks; bit *= 2) {
    Bytes length = 0;
    for (int j = bit; j < call.ranks; ++j) {
      if ((j & bit) == 0) continue;
      const bool sets_out = (j & (bit - 1)) == 0;
      lane.copy(packed.part(length, call.block()), sets_out ? input[call.rank + j] : Blocks(resting, call.ranks)[j]);
      length += call.block();
    }
    lane.send((call.rank + bit) % call.ranks, packed.part(0, length));
    lane.recv((call.rank + call.ranks - bit) % call.ranks, arrived.part(0, length));
    lane.wait();
    length = 0;
    for (int j = bit; j < call.ranks; ++j) {
      if ((j & bit) == 0) continue;
      const bool is_there = (j >> 1) < bit;
      lane.copy(is_there ? out[call.rank - j] : Blocks(resting, call.ranks)[j], arrived.part(length, call.block()));
      length += call.block();
    }
  }
}

Bytes wire_bytes(const Call& call) {
  Bytes blocks = 0;
  for (int bit = 1; bit < call.ranks; bit *= 2) blocks += blocks_with(bit, call.ranks);
  return blocks * call.block();
}

}  // namespace

/// Bruck's all-to-all (Bruck, Ho, Kipnis, Upfal & Weathersby 1997), for small messages. The block for the rank j
/// further travels in the rounds k where bit k of j is set, 2^k ranks at a time: ceil(log2 n) rounds, each with one
/// message of the blocks whose bit is set, about n/2. Blocks are packed from where they lie and unpacked to where they
/// go on or belong, so that the rotations before and after of the textbook are not needed.
Algorithm entry() {
  return {.collective = Collective::all_to_all,
          .name = "bruck",
          .summary = "ceil(log2 n) rounds of about n/2 blocks, for small messages; Bruck et al. 1997",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::alltoall_bruck
