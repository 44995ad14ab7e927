#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::sendrecv_direct {

namespace {

void build(const Call& call, Program&, Lane& lane) {
  const int peer = call.partner();
  if (peer < 0) return;
  const bool first = call.rank < peer;
  if (call.both_ways || !first) lane.recv(peer, output_of(call));
  if (!call.both_ways) lane.wait();
  lane.send(peer, input_of(call));
  if (!call.both_ways) lane.wait();
  if (!call.both_ways && first) lane.recv(peer, output_of(call));
}

Bytes wire_bytes(const Call& call) { return call.partner() >= 0 ? call.block() : 0; }

}  // namespace

/// Send and receive between the ranks of each pair, 2i and 2i + 1 where no pairing says otherwise, as the ping-pong and
/// the bidirectional test of every MPI benchmark. By default there and back: 2 steps one after the other. With
/// Call::both_ways at once. Each rank sends one block; one without a partner, as the last of an odd number of ranks, is
/// idle.
Algorithm entry() {
  return {.collective = Collective::send_recv,
          .name = "direct",
          .summary = "there and back (ping-pong), or both ways at once; one block each",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes};
}

}  // namespace weft::collectives::sendrecv_direct
