#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::allreduce_recursive_doubling {

namespace {

void build(const Call& call, Program& program, Lane& lane) {
  const Fold fold(call);
  const Region out = output_of(call);
  Region current = input_of(call);
  if (fold.stands_aside()) {
    lane.send(call.rank + 1, current);
    lane.wait();
    lane.recv(call.rank + 1, out);
    return;
  }
  if (fold.rounds() == 0) lane.copy(out, current);
  const Region spare = fold.rounds() > 1 || call.in_place || fold.stands_in() ? reserve(program, out.bytes) : out;
  // What is being sent must not be written, so that the rounds alternate between two buffers; the last ends in `out`.
  const auto target = [&](int rounds_left) { return rounds_left % 2 == 0 ? out : spare; };
  if (fold.stands_in()) {
    lane.recv_reduce(call.rank - 1, target(fold.rounds()), current);
    lane.wait();
    current = target(fold.rounds());
  }
  for (int round = 0; round < fold.rounds(); ++round) {
    const int peer = fold.rank_of(fold.index() ^ (1 << round));
    const Region next = target(fold.rounds() - 1 - round);
    lane.send(peer, current);
    if (next == current) {  // in place, the first of an odd number of rounds: cheaper than a copy of what is sent
      lane.recv(peer, spare);
      lane.wait();
      lane.reduce(current, spare);
      continue;
    }
    lane.recv_reduce(peer, next, current);
    lane.wait();
    current = next;
  }
  if (fold.stands_in()) lane.send(call.rank - 1, out);
}

Bytes wire_bytes(const Call& call) {
  const Fold fold(call);
  if (fold.stands_aside()) return call.block();
  return static_cast<Bytes>(fold.rounds() + (fold.stands_in() ? 1 : 0)) * call.block();
}

double cost(const Call& call) {
  const Fold fold(call);
  const int rounds = fold.rounds() + fold.more_rounds();
  const int reductions = fold.rounds() + fold.more_rounds() / 2;
  // What is put down before it is reduced counts as much as its reduction.
  const int put_down = call.in_place && fold.rounds() % 2 == 1 ? 1 : 0;
  return rounds * kLatencyBytes + (rounds + (reductions + put_down) * kReducedByte) * static_cast<double>(call.block());
}

}  // namespace

/// Recursive doubling all-reduce (Thakur, Rabenseifner & Gropp 2005, section 8). floor(log2 n) rounds in which a rank
/// exchanges all bytes with the one that differs in one bit, for small messages; where n is no power of two, two more
/// (Fold). Each rank sends floor(log2 n) times the bytes; of a folded pair the even one sends them once, the odd one
/// once more.
Algorithm entry() {
  return {.collective = Collective::all_reduce,
          .name = "recursive_doubling",
          .summary = "log2 n rounds of all bytes (+2 where n is no power of two); Thakur, Rabenseifner & Gropp 2005",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes,
          .cost = cost};
}

}  // namespace weft::collectives::allreduce_recursive_doubling
