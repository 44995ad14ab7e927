#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::reducescatter_recursive_halving {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Fold fold(call);
  const Region input = input_of(call);
  const Region result{Space::out, 0, call.block()};
  if (fold.stands_aside()) {
    lane.send(call.rank + 1, input);
    lane.wait();
    lane.recv(call.rank + 1, result);
    return;
  }
  const Blocks work(call.in_place ? input : reserve(program, input.bytes), call.ranks);
  Blocks current(input, call.ranks);
  Region mine = current[call.rank];
  if (fold.stands_in()) {
    lane.recv_reduce(call.rank - 1, work.run(0, call.ranks), input);
    lane.wait();
    current = work;
  }
  for (int half = fold.size() / 2; half > 0; half /= 2) {
    const int peer = fold.index() ^ half;
    const Region kept = fold.blocks(current, fold.index(), half);
    mine = half == 1 && kept.bytes == call.block() && !call.in_place ? result : fold.blocks(work, fold.index(), half);
    lane.send(fold.rank_of(peer), fold.blocks(current, peer, half));
    lane.recv_reduce(fold.rank_of(peer), mine, kept);
    lane.wait();
    current = work;
  }
  if (fold.stands_in()) {
    lane.send(call.rank - 1, work[call.rank - 1]);
    lane.wait();
    mine = work[call.rank];
  }
  lane.copy(result, mine);
}

Bytes wire_bytes(const Call& call) {
  const Fold fold(call);
  const auto all = static_cast<Bytes>(call.ranks);
  if (fold.stands_aside()) return all * call.block();
  return (fold.stands_in() ? all - 2 + 1 : all - 1) * call.block();
}

}  // namespace

/// Recursive halving reduce-scatter (Thakur, Rabenseifner & Gropp 2005, section 7). With p the largest power of two up
/// to n: log2 p rounds, in which a rank hands half of the blocks that it still works on to a rank of the other half.
/// Each sends the n blocks less those that it keeps. Where n is no power of two, of a folded pair the even one first
/// hands all n blocks to the odd one, and gets its block back at the end (Fold).
Algorithm entry() {
  return {.collective = Collective::reduce_scatter,
          .name = "recursive_halving",
          .summary = "log2 n rounds, n-1 blocks where n is a power of two; Thakur, Rabenseifner & Gropp 2005",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::reducescatter_recursive_halving
