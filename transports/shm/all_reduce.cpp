// All-reduce over shared memory. Small: every rank contributes a copy of its input and reduces all contributions
// itself; one round. Larger, two rounds: two ranks, within the cache, each reduce everything straight from both inputs;
// otherwise rank r reduces share r of everybody's input and writes it into everybody's output.
// As in "MPI shared-memory collectives" literature: Graham & Shipman, MPI Support for Multi-core Architectures, 2008.

#include <algorithm>

#include "transports/shm/native.hpp"

namespace weft::shm {

namespace {

/// Up to here contributions are copied: one round, where lending takes two. A round costs two cache lines' way where
/// every rank has its core, but a turn of the scheduler where it has not.
constexpr Bytes kCopyUpTo = 512;
constexpr Bytes kCopyOversubscribedUpTo = kSlotBytes;

/// Reduces everything into our own output only. The ranks begin at different halves, as they would be in each other's
/// way at the same lines.
void reduce_all(const Board& board, const Call& call, ReduceKernel kernel, std::byte* out, Bytes bytes) {
  const Share near(bytes, call.rank, 2);
  const Share far(bytes, 1 - call.rank, 2);
  for (const Share& half : {near, far}) fold(board, call, kernel, out + half.begin, half.begin, half.size());
}

/// Reduces a part of two ranks' inputs into both outputs, past the cache: twice, as computing again from inputs that
/// are near now is cheaper than reading what has just been sent to memory.
void reduce_part_streaming(const Board& board, const Call& call, Bytes at, Bytes bytes) {
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op, Stores::streaming);
  for (const int rank : {call.rank, 1 - call.rank}) fold(board, call, kernel, board.out(rank) + at, at, bytes);
}

/// Reduces a part into everybody's output: two ranks' straight into our own, and from there, still near, into the
/// other; more ranks' in a block of our own first. The outputs may be the inputs (in place), as no other rank reads or
/// writes this part.
void reduce_part(Board& board, const Call& call, ReduceKernel kernel, Bytes at, Bytes bytes, bool streaming) {
  std::byte* const result = call.ranks == 2 ? board.out(call.rank) + at : board.block();
  fold(board, call, kernel, result, at, bytes);
  for (int i = 0; i < call.ranks; ++i) copy(board.out((call.rank + i) % call.ranks) + at, result, bytes, streaming);
}

void reduce_share(Board& board, const Call& call, ReduceKernel kernel, bool streaming) {
  const Share share(call.block(), call.rank, call.ranks);
  for (Bytes at = share.begin; at < share.end; at += Board::kBlock) {
    const Bytes part = std::min(share.end - at, Board::kBlock);
    if (streaming && call.ranks == 2)
      reduce_part_streaming(board, call, at, part);
    else
      reduce_part(board, call, kernel, at, part, streaming);
  }
}

}  // namespace

void all_reduce(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes bytes = call.block();
  const bool streaming = streams(call, bytes);
  if (call.ranks == 1) return copy(out, in, bytes, streaming);
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op);
  const Bytes copy_up_to = board.oversubscribed() ? kCopyOversubscribedUpTo : kCopyUpTo;
  if (bytes <= copy_up_to) {
    board.share(in, bytes);
    return fold(board, call, kernel, out, 0, bytes);
  }
  board.lend(in, out);
  // Reading a line that another core has written is several times cheaper than writing one that it has read, so two
  // ranks rather compute everything twice than write into each other's output.
  if (call.ranks == 2 && !call.in_place && !streaming)
    reduce_all(board, call, kernel, out, bytes);
  else
    reduce_share(board, call, kernel, streaming);
  board.barrier();
}

}  // namespace weft::shm
