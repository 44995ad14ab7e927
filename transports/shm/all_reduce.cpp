// All-reduce over shared memory. Small: every rank contributes a copy of its input and reduces all contributions
// itself; one round. Larger: rank r reduces share r of everybody's input straight from their buffers and writes it into
// everybody's output; two rounds, and each byte crosses between two cores at most twice.
// As in "MPI shared-memory collectives" literature: Graham & Shipman, MPI Support for Multi-core Architectures, 2008.

#include <algorithm>

#include "transports/shm/native.hpp"

namespace weft::shm {

namespace {

/// Up to here reading everything (ranks x bytes) is cheaper than a second round.
constexpr Bytes kReadAllUpTo = 4 << 10;

/// Reduces one block into everybody's output. It may be read from and written to the same places (in place): no other
/// rank touches this block, and the block is complete in our own memory before any output is written.
void reduce_block(Board& board, const Call& call, ReduceKernel kernel, Bytes at, Bytes bytes) {
  fold(board, call, kernel, board.block(), at, bytes);
  for (int i = 0; i < call.ranks; ++i)
    copy(board.out((call.rank + i) % call.ranks) + at, board.block(), bytes, call.block());
}

/// Two ranks, results within the cache: straight into our own output, and from there, still near, into the other.
void reduce_block_of_two(Board& board, const Call& call, ReduceKernel kernel, Bytes at, Bytes bytes) {
  fold(board, call, kernel, board.out(call.rank) + at, at, bytes);
  std::memcpy(board.out(1 - call.rank) + at, board.out(call.rank) + at, bytes);
}

}  // namespace

void all_reduce(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes bytes = call.block();
  if (call.ranks == 1) return copy(out, in, bytes, bytes);
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op);
  if (bytes <= kReadAllUpTo) {
    board.share(in, bytes);
    return fold(board, call, kernel, out, 0, bytes);
  }
  board.lend(in, out);
  const bool straight = call.ranks == 2 && bytes < kStreamResultsFrom;
  const Share share(bytes, call.rank, call.ranks);
  for (Bytes at = share.begin; at < share.end; at += Board::kBlock) {
    const Bytes part = std::min(share.end - at, Board::kBlock);
    if (straight)
      reduce_block_of_two(board, call, kernel, at, part);
    else
      reduce_block(board, call, kernel, at, part);
  }
  board.barrier();
}

}  // namespace weft::shm
