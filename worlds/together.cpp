#include "worlds/together.hpp"

#include <ctime>
#include <vector>

namespace weft {

void agree_on_failure(World& world, const std::string& reason) {
  const std::vector<std::string> reasons = world.allgather(reason);
  for (std::size_t rank = 0; rank < reasons.size(); ++rank)
    if (!reasons[rank].empty()) throw TransportError("rank " + std::to_string(rank) + ": " + reasons[rank]);
}

void hear_of_losses(World& world) {
  // Open MPI's mpirun ends the others a second after one failed: what there is to say has been said by then.
  constexpr Nanoseconds kPatience = 1'500'000'000;
  const Nanoseconds end = monotonic_now() + kPatience;
  while (monotonic_now() < end) {
    world.check();
    const timespec pause = {.tv_sec = 0, .tv_nsec = 10'000'000};
    nanosleep(&pause, nullptr);
  }
}

}  // namespace weft
