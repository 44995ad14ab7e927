// All-gather over shared memory: every rank copies every block straight from its owner. Two rounds, one where blocks
// are small enough to be copied beforehand.

#include "transports/shm/native.hpp"

namespace weft::shm {

void all_gather(Board& board, const Call& call, const std::byte* in, std::byte* out) {
  const Bytes block = call.block();
  const bool streaming = streams(call, block * static_cast<Bytes>(call.ranks));
  const auto place = [&](int rank) { return out + static_cast<Bytes>(rank) * block; };
  const std::byte* const mine = call.in_place ? place(call.rank) : in;
  board.share(mine, block);
  copy(place(call.rank), mine, block, streaming);
  for (int i = 1; i < call.ranks; ++i) {
    const int peer = (call.rank + i) % call.ranks;  // not all from the same rank at a time
    copy(place(peer), board.view(peer), block, streaming);
  }
  board.finish();
}

}  // namespace weft::shm
