#include "worlds/together.hpp"

#include <vector>

namespace weft {

void agree_on_failure(World& world, const std::string& reason) {
  const std::vector<std::string> reasons = world.allgather(reason);
  for (std::size_t rank = 0; rank < reasons.size(); ++rank)
    if (!reasons[rank].empty()) throw TransportError("rank " + std::to_string(rank) + ": " + reasons[rank]);
}

}  // namespace weft
