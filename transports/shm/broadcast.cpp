// Broadcast over shared memory: every rank copies straight from the root's buffer. In place the root, which has nothing
// to copy for itself, takes one share in n of everybody's copying. Two rounds, one where the data is small enough to be
// copied beforehand.

#include "transports/shm/native.hpp"

namespace weft::shm {

void broadcast(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes bytes = call.block();
  const bool streaming = streams(call, bytes);
  const bool is_root = call.rank == call.root;
  const std::byte* const source = call.in_place ? out : in;
  if (bytes <= board.copies_up_to()) {
    board.share(is_root ? source : nullptr, is_root ? bytes : 0);
    return copy(out, is_root ? source : board.view(call.root), bytes, streaming);
  }
  board.lend(is_root ? source : nullptr, out);
  const Share helped(bytes, call.in_place ? call.ranks - 1 : call.ranks, call.ranks);
  if (!is_root) {
    copy(out, board.in(call.root), helped.begin, streaming);
  } else if (!call.in_place) {
    copy(out, source, bytes, streaming);
  } else {
    for (int peer = 0; peer < call.ranks; ++peer)
      if (peer != call.root) copy(board.out(peer) + helped.begin, source + helped.begin, helped.size(), streaming);
  }
  board.barrier();
}

}  // namespace weft::shm
