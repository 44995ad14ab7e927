#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::broadcast_binomial {

namespace {

int place_of(const Call& call) { return (call.rank + call.ranks - call.root) % call.ranks; }
int rank_at(const Call& call, int place) { return (place + call.root) % call.ranks; }

/// The lowest set bit of the rank's place; for the root a power of two that is at least n.
int reach(const Call& call) {
  const int place = place_of(call);
  return place == 0 ? 1 << log2_ceil(call.ranks) : place & -place;
}

void build(const Call& call, Program&, Lane& lane) {
  const int place = place_of(call);
  const Region from = place == 0 ? input_of(call) : output_of(call);
  if (place != 0) {
    lane.recv(rank_at(call, place - reach(call)), output_of(call));
    lane.wait();
  }
  for (int distance = reach(call) / 2; distance > 0; distance /= 2)
    if (place + distance < call.ranks) lane.send(rank_at(call, place + distance), from);
  lane.copy(output_of(call), place == 0 ? from : output_of(call));
}

Bytes wire_bytes(const Call& call) {
  Bytes children = 0;
  for (int distance = reach(call) / 2; distance > 0; distance /= 2)
    children += place_of(call) + distance < call.ranks ? 1 : 0;
  return children * call.block();
}

}  // namespace

/// Binomial-tree broadcast (Thakur, Rabenseifner & Gropp 2005, section 4). ceil(log2 n) rounds. Ranks are counted from
/// the root; one with lowest set bit b receives from the one without that bit and passes all bytes on to those
/// b/2, b/4, … 1 further, as far as they exist. The root, and so the busiest port, sends ceil(log2 n) times.
Algorithm entry() {
  return {.collective = Collective::broadcast,
          .name = "binomial",
          .summary = "ceil(log2 n) rounds; the root sends ceil(log2 n) times the bytes; binomial tree",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::broadcast_binomial
