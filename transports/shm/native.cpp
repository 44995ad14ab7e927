#include "transports/shm/native.hpp"

#include <algorithm>

namespace weft::shm {

void fold(const Board& board, const Call& call, ReduceKernel kernel, std::byte* into, Bytes offset, Bytes bytes) {
  const std::size_t count = bytes / call.element();
  kernel(into, board.view(0) + offset, board.view(1) + offset, count);
  for (int rank = 2; rank < call.ranks; ++rank) kernel(into, into, board.view(rank) + offset, count);
}

void swap_with(Board& board, int peer, std::byte* mine, std::byte* theirs, Bytes bytes) {
  const Share half(bytes, board.rank() < peer ? 0 : 1, 2);
  for (Bytes at = half.begin; at < half.end; at += Board::kBlock) {
    const Bytes part = std::min(half.end - at, Board::kBlock);
    std::memcpy(board.block(), mine + at, part);
    std::memcpy(mine + at, theirs + at, part);
    std::memcpy(theirs + at, board.block(), part);
  }
}

}  // namespace weft::shm
