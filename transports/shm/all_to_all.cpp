// All-to-all over shared memory: every rank copies its blocks straight from their owners' inputs. Two rounds, one where
// inputs are small enough to be copied beforehand. In place, each pair of ranks swaps its two blocks, half each.

#include <numeric>

#include "transports/shm/native.hpp"

namespace weft::shm {

void all_to_all(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes block = call.block();
  const Bytes total = block * static_cast<Bytes>(call.ranks);
  const bool streaming = streams(call, total);
  const auto offset = [&](int rank) { return static_cast<Bytes>(rank) * block; };
  if (call.in_place && total > board.copies_up_to()) {
    board.lend(nullptr, out);
    for (int i = 1; i < call.ranks; ++i) {
      const int peer = (call.rank + i) % call.ranks;
      swap_with(board, peer, out + offset(peer), board.out(peer) + offset(call.rank), block);
    }
    return board.barrier();
  }
  board.share(in, total);
  for (int i = 0; i < call.ranks; ++i) {
    const int peer = (call.rank + i) % call.ranks;
    copy(out + offset(peer), board.view(peer) + offset(call.rank), block, streaming);
  }
  board.finish();
}

void all_to_allv(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes* const matrix = call.matrix->data();
  const auto ranks = static_cast<std::size_t>(call.ranks);
  // Where rank `from` keeps what it sends to `to`.
  const auto sent_at = [&](int from, int to) {
    const Bytes* const row = matrix + static_cast<std::size_t>(from) * ranks;
    return std::accumulate(row, row + to, Bytes{0});
  };
  if (call.in_place) {
    board.lend(nullptr, out);
    for (int i = 1; i < call.ranks; ++i) {
      const int peer = (call.rank + i) % call.ranks;
      swap_with(board, peer, out + sent_at(call.rank, peer), board.out(peer) + sent_at(peer, call.rank),
                call.sent_to(peer));
    }
    return board.barrier();
  }
  const bool streaming = streams(call, call.out_bytes());
  board.share(in, call.in_bytes());
  Bytes at = 0;
  for (int peer = 0; peer < call.ranks; ++peer) {
    const Bytes bytes = call.received_from(peer);
    copy(out + at, board.view(peer) + sent_at(peer, call.rank), bytes, streaming);
    at += bytes;
  }
  board.finish();
}

}  // namespace weft::shm
