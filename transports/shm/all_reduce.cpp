// All-reduce over shared memory. Small: every rank contributes a copy of its input and reduces all contributions
// itself; one round. Otherwise every rank reduces its share of everybody's input into everybody's output; two rounds.
// As in "MPI shared-memory collectives" literature: Graham & Shipman, MPI Support for Multi-core Architectures, 2008.

#include <algorithm>

#include "transports/shm/native.hpp"

namespace weft::shm {

namespace {

/// Two ranks, past the cache: each reduces its share into both outputs, twice, as computing again from inputs that are
/// near now is cheaper than reading what has just been sent to memory.
void reduce_share_streaming(const Board& board, const Call& call, const Share& share) {
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op, Stores::streaming);
  for (Bytes at = share.begin; at < share.end; at += Board::kBlock)
    for (const int rank : {call.rank, 1 - call.rank})
      fold(board, call, kernel, board.out(rank) + at, at, std::min(share.end - at, Board::kBlock));
}

/// Reduces a share into everybody's output, which may be the input, as no other rank reads this share of it.
void reduce_share(Board& board, const Call& call, const Share& share, bool streaming) {
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op);
  for (Bytes at = share.begin; at < share.end; at += Board::kBlock) {
    const Bytes part = std::min(share.end - at, Board::kBlock);
    fold(board, call, kernel, board.block(), at, part);
    for (int i = 0; i < call.ranks; ++i)
      copy(board.out((call.rank + i) % call.ranks) + at, board.block(), part, streaming);
  }
}

}  // namespace

void all_reduce(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes bytes = call.block();
  const bool streaming = streams(call, bytes);
  if (call.ranks == 1) return copy(out, in, bytes, streaming);
  if (bytes <= board.copies_up_to()) {
    board.share(in, bytes);
    return fold(board, call, reduce_kernel(call.dtype, call.op), out, 0, bytes);
  }
  board.lend(in, out);
  const Share share(bytes, call.rank, call.ranks);
  if (streaming && call.ranks == 2)
    reduce_share_streaming(board, call, share);
  else
    reduce_share(board, call, share, streaming);
  board.barrier();
}

}  // namespace weft::shm
