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

/// From this size of a rank's result on, results go past the cache: what they displace is worth more.
inline constexpr Bytes kStreamResultsFrom = 2 << 20;

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

/// Copies within a result of `result` bytes.
inline void copy(std::byte* into, const std::byte* from, Bytes bytes, Bytes result) {
  if (bytes == 0 || into == from) return;
  if (result >= kStreamResultsFrom)
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
