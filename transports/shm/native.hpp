#pragma once

#include "core/call.hpp"
#include "core/kernels.hpp"
#include "transports/shm/board.hpp"

namespace weft::shm {

/// The collectives of this transport, blocking; `in` and `out` as Call describes them, in == out base when in place.
/// Every rank calls with the same call. All ranks compute in the same order: results are equal bit by bit.
void all_reduce(Board& board, const Call& call, const std::byte* in, std::byte* out);
void reduce_scatter(Board& board, const Call& call, const std::byte* in, std::byte* out);
void all_gather(Board& board, const Call& call, const std::byte* in, std::byte* out);
void all_to_all(Board& board, const Call& call, const std::byte* in, std::byte* out);
void all_to_allv(Board& board, const Call& call, const std::byte* in, std::byte* out);
void broadcast(Board& board, const Call& call, const std::byte* in, std::byte* out);

/// Whether results go past the cache, `bytes` being one rank's: where they would displace from its core's cache what is
/// worth more (measured with 2 and with 4 ranks). Not in place, where a result's lines are in the cache already because
/// they were read.
inline bool streams(const Call& call, Bytes bytes) {
  constexpr Bytes kStreamFrom = 2 << 20;
  return !call.in_place && bytes >= kStreamFrom;
}

/// Part `index` of `parts` of a buffer, at cache line borders, so that no line is written by two ranks.
struct Share {
  Bytes begin;
  Bytes end;

  Share(Bytes bytes, int index, int parts) : begin(border(bytes, index, parts)), end(border(bytes, index + 1, parts)) {}
  Bytes size() const { return end - begin; }

 private:
  static Bytes border(Bytes bytes, int index, int parts) {
    const Bytes lines = (bytes + 63) / 64;
    const Bytes at = lines * static_cast<Bytes>(index) / static_cast<Bytes>(parts) * 64;
    return at < bytes ? at : bytes;
  }
};

/// Copies, past the cache or not; nothing where both are the same place.
inline void copy(std::byte* into, const std::byte* from, Bytes bytes, bool streaming) {
  if (bytes == 0 || into == from) return;
  if (streaming)
    copy_streaming(into, from, bytes);
  else
    std::memcpy(into, from, bytes);
}

/// into = view(0) op view(1) op ..., each from `offset` on. `into` may be one of the views' memory only where there are
/// two ranks.
void fold(const Board& board, const Call& call, ReduceKernel kernel, std::byte* into, Bytes offset, Bytes bytes);

/// Swaps, together with `peer`, who calls the same with its own place: each rank does one half.
void swap_with(Board& board, int peer, std::byte* mine, std::byte* theirs, Bytes bytes);

}  // namespace weft::shm
