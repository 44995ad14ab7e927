#include "collectives/layout.hpp"
#include "collectives/registry.hpp"

namespace weft::collectives::allreduce_rabenseifner {

namespace {

/// Of the p chunks the aligned run of `length` (a power of two) in which number `index` lies.
Region chunks(const Call& call, const Fold& fold, Space space, int index, int length) {
  const Chunks chunk(call.count, call.element(), fold.size());
  const int first = index / length * length;
  const Region last = chunk.in(space, first + length - 1);
  const Bytes begin = chunk.in(space, first).offset;
  return {space, begin, last.offset + last.bytes - begin};
}

void build(const Call& call, Program&, Lane& lane) {
  const Fold fold(call);
  const Region out = output_of(call);
  const Region input = input_of(call);
  if (fold.stands_aside()) {
    lane.send(call.rank + 1, input);
    lane.wait();
    lane.recv(call.rank + 1, out);
    return;
  }
  Space current = input.space;
  if (fold.stands_in()) {
    lane.recv_reduce(call.rank - 1, out, input);
    lane.wait();
    current = Space::out;
  }
  if (fold.size() == 1) lane.copy(out, input);
  for (int half = fold.size() / 2; half > 0; half /= 2) {
    const int peer = fold.index() ^ half;
    lane.send(fold.rank_of(peer), chunks(call, fold, current, peer, half));
    lane.recv_reduce(fold.rank_of(peer), chunks(call, fold, Space::out, fold.index(), half),
                     chunks(call, fold, current, fold.index(), half));
    lane.wait();
    current = Space::out;
  }
  for (int half = 1; half < fold.size(); half *= 2) {
    const int peer = fold.index() ^ half;
    lane.send(fold.rank_of(peer), chunks(call, fold, Space::out, fold.index(), half));
    lane.recv(fold.rank_of(peer), chunks(call, fold, Space::out, peer, half));
    lane.wait();
  }
  if (fold.stands_in()) lane.send(call.rank - 1, out);
}

Bytes wire_bytes(const Call& call) {
  const Fold fold(call);
  if (fold.stands_aside()) return call.block();
  Bytes sum = fold.stands_in() ? call.block() : 0;
  for (int half = 1; half < fold.size(); half *= 2)
    sum += chunks(call, fold, Space::out, fold.index() ^ half, half).bytes +
           chunks(call, fold, Space::out, fold.index(), half).bytes;
  return sum;
}

double cost(const Call& call) {
  const Fold fold(call);
  const double scattered = 1.0 * (fold.size() - 1) / fold.size();
  const int folds = fold.more_rounds() / 2;
  return 2 * (fold.rounds() + folds) * kLatencyBytes +
         (2 + kReducedByte) * (scattered + folds) * static_cast<double>(call.block());
}

}  // namespace

/// Rabenseifner's all-reduce (Rabenseifner 2004, "Optimization of collective reduction operations"): reduce-scatter by
/// recursive halving, then all-gather by recursive doubling. With p the largest power of two up to n: 2 log2 p rounds,
/// each rank sends 2(p-1)/p of the bytes; where n is no power of two, two more rounds of all bytes (Fold).
Algorithm entry() {
  return {.collective = Collective::all_reduce,
          .name = "rabenseifner",
          .summary = "2 log2 n rounds, 2(n-1)/n of the bytes where n is a power of two; Rabenseifner 2004",
          .refuses = refuses_nothing,
          .build = build,
          .wire_bytes = wire_bytes,
          .cost = cost};
}

}  // namespace weft::collectives::allreduce_rabenseifner
