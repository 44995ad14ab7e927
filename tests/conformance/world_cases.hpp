#pragma once

#include <functional>
#include <string>

#include "worlds/world.hpp"

namespace weft {

inline std::string blob_of(int rank, std::size_t length) {
  std::string blob(length, '\0');
  for (std::size_t i = 0; i < length; ++i)
    blob[i] = static_cast<char>((i * 31 + static_cast<std::size_t>(rank) * 7) & 127);
  return blob;
}

inline bool allgather_is_right(World& world, const std::function<std::size_t(int)>& length) {
  const auto all = world.allgather(blob_of(world.rank(), length(world.rank())));
  if (all.size() != static_cast<std::size_t>(world.ranks())) return false;
  for (int peer = 0; peer < world.ranks(); ++peer)
    if (all[static_cast<std::size_t>(peer)] != blob_of(peer, length(peer))) return false;
  return true;
}

/// What World::allgather promises, in any world with 2 or more ranks: blobs of any lengths, in the order of the ranks.
/// Collective. 0, or the number of the promise that was broken.
inline int check_allgather(World& world) {
  for (int turn = 0; turn < 50; ++turn)
    if (!allgather_is_right(
            world, [turn](int rank) { return static_cast<std::size_t>(rank) * static_cast<std::size_t>(turn); }))
      return 1;
  if (!allgather_is_right(world, [](int) { return std::size_t{0}; })) return 2;
  if (!allgather_is_right(world, [](int rank) { return rank == 1 ? std::size_t{1} << 20 : std::size_t{3}; })) return 3;
  for (std::size_t edge : {16383U, 16384U, 16385U, 32768U})
    if (!allgather_is_right(world, [edge](int rank) { return rank == 1 ? std::size_t{0} : edge; })) return 4;
  world.barrier();
  return 0;
}

}  // namespace weft
