#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::allgather_recursive_doubling {

namespace {

void build(const Call& call, Program&, Lane& lane) {
  const Fold fold(call);
  const Blocks out(output_of(call), call.ranks);
  lane.copy(out[call.rank], input_of(call));
  if (fold.stands_aside()) {
    lane.send(call.rank + 1, out[call.rank]);
    lane.recv(call.rank + 1, out.run(0, call.rank));
    lane.recv(call.rank + 1, out.run(call.rank + 1, call.ranks - call.rank - 1));
    return;
  }
  if (fold.stands_in()) lane.recv(call.rank - 1, out[call.rank - 1]);
  lane.wait();
  for (int half = 1; half < fold.size(); half *= 2) {
    const int peer = fold.index() ^ half;
    lane.send(fold.rank_of(peer), fold.blocks(out, fold.index(), half));
    lane.recv(fold.rank_of(peer), fold.blocks(out, peer, half));
    lane.wait();
  }
  if (!fold.stands_in()) return;
  lane.send(call.rank - 1, out.run(0, call.rank - 1));
  lane.send(call.rank - 1, out.run(call.rank, call.ranks - call.rank));
}

Bytes wire_bytes(const Call& call) {
  const Fold fold(call);
  if (fold.stands_aside()) return call.block();
  const Blocks out(output_of(call), call.ranks);
  Bytes sum = fold.stands_in() ? static_cast<Bytes>(call.ranks - 1) * call.block() : 0;
  for (int half = 1; half < fold.size(); half *= 2) sum += fold.blocks(out, fold.index(), half).bytes;
  return sum;
}

}  // namespace

/// Recursive doubling all-gather (Thakur, Rabenseifner & Gropp 2005, section 5). With p the largest power of two up to
/// n: log2 p rounds, in which a rank exchanges all that it has with the rank that differs in one bit; it sends n - 1
/// blocks where n = p. Where n is no power of two, of a folded pair the even one first hands its block to the odd one,
/// which at the end gives it the n - 1 others (Fold).
Algorithm entry() {
  return {.collective = Collective::all_gather,
          .name = "recursive_doubling",
          .summary = "log2 n rounds, n-1 blocks where n is a power of two; Thakur, Rabenseifner & Gropp 2005",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::allgather_recursive_doubling
