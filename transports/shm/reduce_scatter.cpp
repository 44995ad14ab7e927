// Reduce-scatter over shared memory: every rank reduces its own block straight from everybody's input. Two rounds, one
// where inputs are small enough to be copied.

#include <algorithm>

#include "transports/shm/native.hpp"

namespace weft::shm {

void reduce_scatter(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes block = call.block();
  const bool streaming = streams(call, block);
  if (call.ranks == 1) return copy(out, in, block, streaming);
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op);
  const Bytes mine = static_cast<Bytes>(call.rank) * block;
  const Bytes total = block * static_cast<Bytes>(call.ranks);
  board.share(in, total);
  // In place the result's final place is input that rank 0 has yet to read: it waits in this rank's own block, of which
  // nobody else reads.
  const bool waits = call.in_place && total > board.copies_up_to();
  std::byte* const into = waits ? out + mine : out;
  for (Bytes at = 0; at < block; at += Board::kBlock) {
    const Bytes part = std::min(block - at, Board::kBlock);
    fold(board, call, kernel, board.block(), mine + at, part);
    copy(into + at, board.block(), part, streaming);
  }
  board.finish();
  if (waits && call.rank != 0) std::memmove(out, into, block);
}

}  // namespace weft::shm
