// All-reduce over shared memory. Small: every rank contributes a copy of its input and reduces all contributions
// itself; one round. Two ranks, out of place: each reduces everything straight from both inputs; two rounds. Otherwise
// every rank reduces its share of everybody's input into its own output, and copies the other shares from their owners;
// three rounds. Reading a line that another core has written is several times cheaper than writing one that it has
// read, so nobody writes into another's output, but past the cache, where memory's bandwidth is what counts.
// As in "MPI shared-memory collectives" literature: Graham & Shipman, MPI Support for Multi-core Architectures, 2008.

#include <algorithm>

#include "transports/shm/native.hpp"

namespace weft::shm {

namespace {

/// Reduces everything into our own output only. The ranks begin at different halves, as they would be in each other's
/// way at the same lines.
void reduce_all(const Board& board, const Call& call, ReduceKernel kernel, std::byte* out, Bytes bytes) {
  const Share near(bytes, call.rank, 2);
  const Share far(bytes, 1 - call.rank, 2);
  for (const Share& half : {near, far}) fold(board, call, kernel, out + half.begin, half.begin, half.size());
}

/// Two ranks, past the cache: each reduces its share into both outputs, twice, as computing again from inputs that are
/// near now is cheaper than reading what has just been sent to memory.
void reduce_share_streaming(const Board& board, const Call& call, const Share& share) {
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op, Stores::streaming);
  for (Bytes at = share.begin; at < share.end; at += Board::kBlock)
    for (const int rank : {call.rank, 1 - call.rank})
      fold(board, call, kernel, board.out(rank) + at, at, std::min(share.end - at, Board::kBlock));
}

/// Reduces a share into our own output, which may be our input, as no other rank reads this share of it.
void reduce_share(Board& board, const Call& call, ReduceKernel kernel, const Share& share) {
  for (Bytes at = share.begin; at < share.end; at += Board::kBlock) {
    const Bytes part = std::min(share.end - at, Board::kBlock);
    fold(board, call, kernel, board.block(), at, part);
    std::memcpy(board.out(call.rank) + at, board.block(), part);
  }
}

void gather_shares(const Board& board, const Call& call, std::byte* out, bool streaming) {
  for (int i = 1; i < call.ranks; ++i) {
    const int peer = (call.rank + i) % call.ranks;
    const Share share(call.block(), peer, call.ranks);
    copy(out + share.begin, board.out(peer) + share.begin, share.size(), streaming);
  }
}

}  // namespace

void all_reduce(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes bytes = call.block();
  const bool streaming = streams(call, bytes);
  if (call.ranks == 1) return copy(out, in, bytes, streaming);
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op);
  if (bytes <= board.copies_up_to()) {
    board.share(in, bytes);
    return fold(board, call, kernel, out, 0, bytes);
  }
  board.lend(in, out);
  const Share share(bytes, call.rank, call.ranks);
  if (call.ranks > 2 || call.in_place) {
    reduce_share(board, call, kernel, share);
    board.barrier();
    gather_shares(board, call, out, streaming);
  } else if (streaming) {
    reduce_share_streaming(board, call, share);
  } else {
    reduce_all(board, call, kernel, out, bytes);
  }
  board.barrier();
}

}  // namespace weft::shm
