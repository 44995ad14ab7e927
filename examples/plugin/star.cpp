#include "entries.hpp"

#include "collectives/layout.hpp"

namespace example {

namespace {

using weft::collectives::input_of;
using weft::collectives::output_of;

void build(const weft::Call& call, weft::Program&, weft::Lane& lane) {
  if (call.rank != 0) {
    lane.send(0, input_of(call));
    lane.wait();  // in place the result comes to where the input lies
    lane.recv(0, output_of(call));
    return;
  }
  lane.copy(output_of(call), input_of(call));
  for (int rank = 1; rank < call.ranks; ++rank) {
    lane.recv_reduce(rank, output_of(call));
    lane.wait();
  }
  for (int rank = 1; rank < call.ranks; ++rank) lane.send(rank, output_of(call));
}

weft::Bytes wire_bytes(const weft::Call& call) {
  const auto others = static_cast<weft::Bytes>(call.ranks - 1);
  return call.rank == 0 ? others * call.block() : call.block();
}

}  // namespace

// Rank 0 gathers, reduces one rank after another, and sends the result to each: the way that nobody should go.
weft::Algorithm star() {
  return {.collective = weft::Collective::all_reduce,
          .name = "star",
          .summary = "through rank 0, which sends and receives n-1 times the bytes",
          .refuses = weft::collectives::refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace example
