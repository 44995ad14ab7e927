#pragma once

#include <vector>

#include "collectives/program.hpp"
#include "core/call.hpp"

/// The two halves of the ring all-reduce (Patarasuk & Yuan 2009), for all ranks or a group of them.
namespace weft::collectives {

/// A rank's place in a ring of `size` ranks. There is a chunk for each, and of the neighbours `to` owns chunk own + 1
/// and `from` own - 1. Numbers of chunks are taken modulo size.
struct Ring {
  int to = 0;
  int from = 0;
  int size = 1;
  int own = 0;

  std::size_t chunk(int number) const { return static_cast<std::size_t>(((number % size) + size) % size); }
};

/// Where the chunks of a ring lie, one region for each. Several tracks go around a ring together, in one round.
using Track = std::vector<Region>;

/// `whole` in as many chunks as even as can be.
Track chunks_of(const Call& call, Region whole, int number);

/// size - 1 rounds: a chunk's partial sum starts at the rank after its owner and goes around; each rank adds its share
/// as it arrives and forms the sum in `sums`, whose region of the own chunk has the result. A rank sends all chunks but
/// its own. `sums` may be `shares`.
void ring_reduce_scatter(Lane& lane, const Ring& ring, const std::vector<Track>& shares,
                         const std::vector<Track>& sums);

/// For `sums` of ring_reduce_scatter where they are not all kept: they alternate between two places, because one is
/// sent while the next arrives. The own chunk's is `last`.
Track in_turns(const Ring& ring, Region last, Region spare);

/// size - 1 rounds in which each chunk goes around from its owner. A rank sends all chunks but own + 1.
void ring_all_gather(Lane& lane, const Ring& ring, const std::vector<Track>& tracks);

}  // namespace weft::collectives
