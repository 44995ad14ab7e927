// All-reduce over shared memory. Small: every rank contributes a copy of its input and reduces all contributions
// itself; one round. Larger: rank r reduces share r of everybody's input straight from their buffers and writes it into
// everybody's output; two rounds, and each byte crosses between two cores at most twice.
// As in "MPI shared-memory collectives" literature: Graham & Shipman, MPI Support for Multi-core Architectures, 2008.

#include <algorithm>

#include "transports/shm/native.hpp"

namespace weft::shm {

namespace {

/// Up to here one round in which every rank reads everything beats two rounds. A round costs two cache lines' way where
/// every rank has its core, but a turn of the scheduler where it has not.
constexpr Bytes kReadAllUpTo = 512;
constexpr Bytes kReadAllOversubscribedUpTo = kSlotBytes;

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

}  // namespace

void all_reduce(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes bytes = call.block();
  const bool streaming = streams(call, bytes);
  if (call.ranks == 1) return copy(out, in, bytes, streaming);
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op);
  if (bytes <= (board.oversubscribed() ? kReadAllOversubscribedUpTo : kReadAllUpTo)) {
    board.share(in, bytes);
    return fold(board, call, kernel, out, 0, bytes);
  }
  board.lend(in, out);
  const Share share(bytes, call.rank, call.ranks);
  for (Bytes at = share.begin; at < share.end; at += Board::kBlock) {
    const Bytes part = std::min(share.end - at, Board::kBlock);
    if (streaming && call.ranks == 2)
      reduce_part_streaming(board, call, at, part);
    else
      reduce_part(board, call, kernel, at, part, streaming);
  }
  board.barrier();
}

}  // namespace weft::shm
